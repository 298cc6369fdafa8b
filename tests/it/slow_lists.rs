//! Plain lists of a service that does not manage large or deep pages (facts 1.7, 13).

use serde_json::Value;

use crate::support::tenant::Tenant;

/// A world whose lists answer no more than 100 items to a page, and none deeper than `depth`.
fn world(depth: u32, more: &str) -> Tenant {
    let tenant = Tenant::of_world(&format!(
        "seed = 73\nusers = 16\nmails_per_user = 120\nmeetings_per_user = 3\n[switches]\n\
         list_top_max = 100\nlist_skip_max = {depth}\n{more}"
    ));
    tenant.configure("\n[run]\nretry_seconds = 0.02\n");
    tenant
}

/// Requests for lists, by their query.
fn lists(tenant: &Tenant, path: &str) -> Vec<String> {
    let log = tenant.log(0);
    let is_list = |one: &&Value| {
        let asked = one["path"].as_str().unwrap_or_default().to_lowercase();
        asked.ends_with(path)
    };
    let queries = log.iter().filter(is_list);
    queries
        .map(|one| one["query"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Facts 13.
#[test]
fn folders_are_listed_in_smaller_pages_and_by_time() {
    let mut tenant = world(
        60,
        "[[faults]]\nkind = 'status'\nstatus = 403\ncode = 'ErrorQuotaExceeded'\n\
         request = 'delta'\n",
    );
    tenant.run();
    tenant.compare_rows_with_truth();
    let lists = lists(&tenant, "/messages");
    let has = |part: &str| lists.iter().any(|query| query.contains(part));
    assert!(
        has("$top=250") && has("skip=") && has("receivedDateTime%20le"),
        "{lists:#?}"
    );
}

/// Facts 13.
#[test]
fn calendars_are_listed_in_smaller_pages_and_slices() {
    let mut tenant = world(300, "calendar_chain = 'endless'\n");
    tenant.run();
    tenant.compare_rows_with_truth();
    let lists = lists(&tenant, "/calendarview");
    let windows = lists.iter().filter_map(|query| {
        let window = query
            .split('&')
            .find(|part| part.starts_with("endDateTime"))?;
        Some(window.to_owned())
    });
    let windows: std::collections::BTreeSet<String> = windows.collect();
    assert!(windows.len() > 2, "no window was halved: {lists:#?}");
}

#[test]
fn a_calendar_whose_lists_fail_keeps_its_chain() {
    for (window, due) in [
        ("12 months", "could not be checked for completeness"),
        ("10 years", "before its chain's window could not be listed"),
    ] {
        let mut tenant = Tenant::of_world(
            "seed = 74\nusers = 16\nmails_per_user = 20\nmeetings_per_user = 3\n\
             [[faults]]\nkind = 'status'\nstatus = 504\ncode = 'UnknownError'\n\
             request = 'events'\n",
        );
        tenant.configure("\n[run]\nretry_seconds = 0.02\n");
        let config = std::fs::read_to_string(tenant.config()).unwrap();
        let config = config.replace("window = \"12 months\"", &format!("window = \"{window}\""));
        std::fs::write(tenant.config(), config).unwrap();
        tenant.night();
        tenant.advance(1);
        let before = tenant.served_requests();
        let report = tenant.night();
        let text = report.to_string();
        assert!(
            text.contains(due) && !text.contains("\"failed\""),
            "{report:#}"
        );
        let log = tenant.log(before);
        let begins = log.iter().filter(|one| {
            let (path, query) = (one["path"].to_string(), one["query"].to_string());
            path.to_lowercase().contains("calendarview/delta") && query.contains("startDateTime")
        });
        assert_eq!(begins.count(), 0, "a chain restarted");
        if window == "12 months" {
            tenant.compare_rows_with_truth();
        }
    }
}
