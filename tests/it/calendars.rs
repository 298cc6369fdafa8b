//! Known defects of calendars, against the real program: they change no row.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::commands::json;
use crate::support::expect_code;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// A small tenant with a defect of its calendars.
fn world(switches: &str) -> Tenant {
    world_of(3, switches)
}

/// The same with this number of meetings per user.
fn world_of(meetings: u32, switches: &str) -> Tenant {
    Tenant::of_world(&format!(
        "seed = 7\nusers = 16\nmails_per_user = 10\nmeetings_per_user = {meetings}\n\
         [switches]\n{switches}\n"
    ))
}

/// Two runs; returns the paths of the calendar requests.
fn check(switches: &str) -> Vec<String> {
    let mut tenant = world(switches);
    tenant.nights(2, |tenant, _| {
        tenant.compare_rows_with_truth();
    });
    calendar_requests(&tenant, 0)
}

/// Requests for complete events; lists of ids are completeness checks.
fn calendar_requests(tenant: &Tenant, since: u64) -> Vec<String> {
    let log = tenant.log(since);
    let is_of_ids = |request: &&Value| {
        let query = request["query"].as_str().unwrap_or_default();
        query.to_lowercase().contains("select=id")
    };
    let whole = log.iter().filter(|request| !is_of_ids(request));
    let paths = whole.filter_map(|request| request["path"].as_str());
    let paths = paths.map(str::to_lowercase);
    paths.filter(|path| path.contains("calendarview")).collect()
}

fn lists(paths: &[String]) -> usize {
    let is_list = |path: &&String| path.ends_with("/calendarview");
    paths.iter().filter(is_list).count()
}

/// Facts 2.2 and 2.3.
#[test]
fn key_case_custom_zones_and_full_exceptions_change_no_row() {
    let paths = check("capital_times = true\ncustom_zones = true\nfull_exceptions = true");
    assert_eq!(lists(&paths), 0, "an intact chain is not listed");
}

/// Facts 2.2.
#[test]
fn an_endless_chain_falls_back_to_listing() {
    assert!(lists(&check("calendar_chain = \"endless\"")) > 0);
}

/// Facts 2.2.
#[test]
fn a_repeating_chain_falls_back_to_listing() {
    assert!(lists(&check("calendar_chain = \"duplicates\"")) > 0);
}

/// Facts 1.6.
#[test]
fn a_calendar_whose_chain_was_lost_restarts_without_duplicates() {
    check("calendar_chain = \"expired\"");
}

/// Facts 2.1.
#[test]
fn a_chain_is_replaced_before_its_window_ends() {
    let mut tenant = world_of(6, "");
    tenant.night();
    tenant.advance(330);
    let before = tenant.served_requests();
    tenant.night();
    tenant.compare_rows_with_truth();
    let log = tenant.log(before);
    let begins = |request: &&Value| {
        let query = request["query"].as_str().unwrap_or_default();
        query.to_lowercase().contains("startdatetime")
    };
    assert!(log.iter().filter(begins).count() > 5, "no chain restarted");
    tenant.advance(1);
    tenant.night();
    tenant.compare_rows_with_truth();
}

/// Facts 13.
#[test]
fn a_calendar_whose_chain_keeps_failing_is_listed() {
    let mut tenant = world("calendar_chain = \"forgotten\"");
    tenant.configure("[run]\npage_size = 10\n");
    tenant.nights(2, |tenant, _| {
        tenant.compare_rows_with_truth();
    });
    assert!(lists(&calendar_requests(&tenant, 0)) > 0);
}

/// Facts 2.2.
#[test]
fn a_truncated_round_removes_only_deleted_events() {
    let mut tenant = world("calendar_chain = \"cut_short\"");
    tenant.configure("[run]\npage_size = 10\n");
    tenant.night();
    // A lost state cache restarts every chain.
    std::fs::remove_dir_all(tenant.folder().join("state")).unwrap();
    tenant.advance(1);
    let before = tenant.served_requests();
    tenant.night();
    tenant.compare_rows_with_truth();
    assert!(
        lists(&calendar_requests(&tenant, before)) > 0,
        "no round was cut short"
    );
}

/// Facts 13.
#[test]
fn a_ten_year_window_is_read_in_slices() {
    let mut tenant = world_of(3, "");
    let config = std::fs::read_to_string(tenant.config()).unwrap();
    let config = config.replace("window = \"12 months\"", "window = \"10 years\"");
    std::fs::write(tenant.config(), config).unwrap();
    let report = tenant.night();
    let mailboxes = report["mailboxes"].as_array().unwrap();
    assert!(
        mailboxes.iter().all(|one| one["status"] != "failed"),
        "{report}"
    );
    let first = calendar_requests(&tenant, 0);
    let before = tenant.served_requests();
    tenant.advance(1);
    tenant.night();
    let second = calendar_requests(&tenant, before);
    assert!(lists(&first) > 0, "the past was not listed");
    assert_eq!(lists(&second), 0, "the past is read once");
}

/// Runs after which most series of a small tenant have changed.
const NIGHTS: u32 = 5;

/// Facts 2.2.
#[test]
fn unreported_cancelled_occurrences_are_found_by_comparing_the_series() {
    let mut tenant = world("unreported_cancellations = true");
    let (mut derived, mut cancelled) = (0, 0);
    tenant.nights(NIGHTS + 1, |tenant, report| {
        derived += report["totals"]["derived"].as_u64().unwrap();
        let compared = tenant.compare_with_truth();
        let states = &compared["states"];
        let of = |state: &str| states[state].as_u64().unwrap_or_default();
        cancelled = of("cancelled") + of("removed");
    });
    assert!(derived > 0 && cancelled > 0, "{derived}, {cancelled}");
}

/// Facts 2.2.
#[test]
fn a_series_missing_from_the_round_is_fetched_by_id() {
    let mut tenant = world("missing_masters = \"found\"");
    tenant.nights(4, |tenant, report| {
        assert_eq!(
            report["totals"]["reasons"]["unreadable"]["no_master"],
            Value::Null
        );
        tenant.compare_with_truth();
    });
}

/// Facts 2.2.
#[test]
fn an_unavailable_series_makes_only_its_occurrences_unreadable() {
    let mut tenant = world("missing_masters = \"lost\"");
    for night in 0..3 {
        if night > 0 {
            tenant.advance(1);
        }
        let report = tenant.night();
        let lost = &report["totals"]["reasons"]["unreadable"]["no_master"];
        assert!(night > 0 || lost.as_u64().unwrap() > 0, "{report}");
        let differences = tenant.differences_from_truth();
        let kinds: Vec<&String> = differences.as_object().unwrap().keys().collect();
        assert_eq!(kinds, ["a planted meeting is missing"], "{differences}");
    }
}

/// Series that `status` reports as unavailable.
fn unread(tenant: &Tenant) -> u64 {
    let status = json(tenant, &["status"], 0);
    let mailboxes = status["mailboxes"].as_array().unwrap().iter();
    mailboxes.filter_map(|one| one["unreadable"].as_u64()).sum()
}

/// Facts 2.2.
#[test]
fn an_unavailable_series_is_retried_and_its_occurrences_recorded() {
    let mut tenant = world(
        "missing_masters = \"found\"\n[[faults]]\nkind = \"status\"\nstatus = 404\n\
         code = \"ErrorItemNotFound\"\nrequest = \"event\"\nuntil = \"2026-03-02T02:09:00Z\"\n\
         [crm_changes]\neach = 0",
    );
    // Within minutes nothing changes besides.
    for minute in ["02:00", "02:05"] {
        tenant.advance_to(&format!("2026-03-02T{minute}:00Z"));
        tenant.run();
        let missing = tenant.differences_from_truth();
        assert!(missing["a planted meeting is missing"].as_u64().unwrap() > 10);
        assert!(unread(&tenant) > 0);
    }
    tenant.advance_to("2026-03-02T02:10:00Z");
    tenant.run();
    tenant.compare_rows_with_truth();
    assert_eq!(unread(&tenant), 0);
}

/// The mailboxes whose calendar chains were restarted since the `since`-th request.
fn begun_anew(tenant: &Tenant, since: u64) -> BTreeSet<String> {
    let log = tenant.log(since).into_iter();
    let first = log.filter(|request| {
        let path = request["path"].as_str().unwrap().to_lowercase();
        let query = request["query"].as_str().unwrap_or_default().to_lowercase();
        path.ends_with("/calendarview/delta") && query.contains("startdatetime")
    });
    first
        .map(|request| request["mailbox"].as_str().unwrap().to_owned())
        .collect()
}

/// Facts 6.2.
#[test]
fn corrupt_events_and_series_affect_only_themselves() {
    let until = "until = \"2026-03-02T02:09:00Z\"";
    let mut tenant = world(&format!(
        "missing_masters = \"found\"\n\
         [[faults]]\nkind = \"poisoned_event\"\nmailbox = 0\nitems = 2\n{until}\n\
         [[faults]]\nkind = \"poisoned_master\"\nmailbox = 1\n{until}\n\
         [crm_changes]\neach = 0"
    ));
    tenant.configure("\n[run]\nretry_seconds = 0.01\n");
    let mut missing = Vec::new();
    // Within minutes nothing changes besides.
    for minute in ["02:00", "02:05"] {
        let since = tenant.served_requests();
        tenant.advance_to(&format!("2026-03-02T{minute}:00Z"));
        let report = tenant.run();
        let mailboxes = report["mailboxes"].as_array().unwrap().iter();
        let failed = mailboxes.filter(|one| one["status"] == "failed");
        assert_eq!(failed.count(), 0, "{report}");
        let differences = tenant.differences_from_truth();
        let kinds: Vec<&String> = differences.as_object().unwrap().keys().collect();
        assert_eq!(kinds, ["a planted meeting is missing"], "{differences}");
        missing.push(differences["a planted meeting is missing"].as_u64());
        assert_eq!(unread(&tenant), 3);
        // After a malformed page the next run restarts the chain; other chains continue.
        assert!(minute == "02:00" || begun_anew(&tenant, since).len() == 1);
    }
    assert!(
        missing[0] > Some(1) && missing[0] == missing[1],
        "{missing:?}"
    );
    tenant.advance_to("2026-03-02T02:10:00Z");
    tenant.run();
    tenant.compare_rows_with_truth();
    assert_eq!(unread(&tenant), 0);
    tenant.advance(1);
    tenant.run();
    tenant.compare_rows_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// Facts 2.2.
#[test]
fn removals_of_unknown_events_leave_no_row() {
    let mut tenant = world("");
    let report = tenant.night();
    // They come in the first round, in which nothing can have been removed.
    let removed = report["totals"]["outcomes"]["removed"].as_u64().unwrap();
    assert!(removed > 0, "{report}");
    assert_eq!(report["totals"]["derived"], 0);
    let compared = tenant.compare_with_truth();
    assert_eq!(compared["states"]["removed"], Value::Null, "{compared}");
}

/// Facts 2.2.
#[test]
fn pages_larger_than_requested_lose_nothing() {
    let mut tenant = world("page_items_max = 1000");
    tenant.night();
    tenant.compare_with_truth();
    let log = tenant.log(0);
    let is_larger = |request: &Value| {
        let path = request["path"].as_str().unwrap().to_lowercase();
        let prefer = request["prefer"].as_str().unwrap_or_default();
        let size = prefer.split("odata.maxpagesize=").nth(1);
        let size = size.and_then(|rest| rest.split(',').next()?.parse::<u64>().ok());
        path.contains("calendarview/delta")
            && size.is_some_and(|size| request["items"].as_u64().unwrap() > size)
    };
    assert!(
        log.iter().any(is_larger),
        "no page was larger than requested"
    );
}
