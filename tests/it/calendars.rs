//! What is known to go wrong with calendars, against the real program: no row differs for it.

use crate::support::tenant::Tenant;

/// A small tenant with a defect of its calendars.
fn world(switches: &str) -> Tenant {
    Tenant::of_world(&format!(
        "seed = 7\nusers = 16\nmails_per_user = 10\nmeetings_per_user = 6\n[switches]\n{switches}\n"
    ))
}

/// Three nights; gives the paths of the requests for calendars.
fn check(switches: &str) -> Vec<String> {
    let mut tenant = world(switches);
    for night in 0..3 {
        if night > 0 {
            tenant.advance(1);
        }
        tenant.night();
        tenant.compare_rows_with_truth();
    }
    calendar_requests(&tenant, 0)
}

fn calendar_requests(tenant: &Tenant, since: u64) -> Vec<String> {
    let log = tenant.log(since);
    let paths = log.iter().filter_map(|request| request["path"].as_str());
    let paths = paths.map(str::to_lowercase);
    paths.filter(|path| path.contains("calendarview")).collect()
}

fn lists(paths: &[String]) -> usize {
    let is_list = |path: &&String| path.ends_with("/calendarview");
    paths.iter().filter(is_list).count()
}

#[test]
fn facts_2_2_and_2_3_capital_keys_custom_zones_and_whole_exceptions_change_no_row() {
    let paths = check("capital_times = true\ncustom_zones = true\nfull_exceptions = true");
    assert_eq!(lists(&paths), 0, "a sound chain is not listed");
}

#[test]
fn fact_2_2_a_chain_that_never_ends_is_given_up_for_a_plain_list() {
    assert!(lists(&check("calendar_chain = \"endless\"")) > 0);
}

#[test]
fn fact_2_2_a_chain_that_only_repeats_itself_is_given_up_for_a_plain_list() {
    assert!(lists(&check("calendar_chain = \"duplicates\"")) > 0);
}

#[test]
fn fact_1_6_a_calendar_whose_chain_was_forgotten_is_read_anew_and_nothing_is_doubled() {
    check("calendar_chain = \"expired\"");
}

#[test]
fn fact_2_1_a_chain_is_replaced_before_its_window_ends() {
    let mut tenant = world("");
    tenant.night();
    tenant.advance(330);
    let before = tenant.served_requests();
    tenant.night();
    tenant.compare_rows_with_truth();
    let log = tenant.log(before);
    let begins = |request: &&serde_json::Value| {
        let query = request["query"].as_str().unwrap_or_default();
        query.to_lowercase().contains("startdatetime")
    };
    assert!(log.iter().filter(begins).count() > 5, "no chain began anew");
    tenant.advance(1);
    tenant.night();
    tenant.compare_rows_with_truth();
}
