//! The selected properties change from one run to the next: existing chains must return them.

use std::fs;

use serde_json::Value;
use serde_json::json;

use crate::support::python;
use crate::support::tenant::Tenant;

/// The rows of `interactions`, one object each.
fn rows(tenant: &Tenant) -> Vec<Value> {
    let columns = [
        "run_id",
        "kind",
        "state",
        "revision",
        "preview",
        "body_text",
        "subject",
        "bulk_reason",
        "interaction_id",
        "mailbox_id",
        "sensitivity_known",
        "is_recurring",
    ];
    python::rows(tenant.folder(), "interactions", &columns)
}

/// Those of one run that hold content.
fn of_run<'a>(rows: &'a [Value], report: &Value, kind: &str) -> Vec<&'a Value> {
    let is_wanted = |row: &&Value| {
        row["run_id"] == report["run_id"] && row["kind"] == kind && !row["subject"].is_null()
    };
    rows.iter().filter(is_wanted).collect()
}

fn world(meetings: u32) -> Tenant {
    Tenant::of_world(&format!(
        "seed = 71\nusers = 16\nmails_per_user = 60\nmeetings_per_user = {meetings}\n"
    ))
}

fn set_content(tenant: &Tenant, level: &str) {
    let config = fs::read_to_string(tenant.config()).unwrap();
    let is_content = |line: &&str| line.starts_with("content = ");
    let before = config.lines().find(is_content).unwrap();
    let after = config.replace(before, &format!("content = \"{level}\""));
    fs::write(tenant.config(), after).unwrap();
}

fn have(rows: &[&Value], column: &str) -> usize {
    rows.iter().filter(|row| !row[column].is_null()).count()
}

/// Facts 1.2.
#[test]
fn raising_the_content_level_restarts_chains_without_duplicates() {
    let mut tenant = world(0);
    set_content(&tenant, "envelope");
    let report = tenant.run();
    let first = rows(&tenant);
    let of_first = of_run(&first, &report, "email");
    assert_eq!(have(&of_first, "preview"), 0);
    set_content(&tenant, "full");
    tenant.advance(3);
    let report = tenant.night();
    let second = rows(&tenant);
    let of_second = of_run(&second, &report, "email");
    assert!(!of_second.is_empty());
    for column in ["preview", "body_text"] {
        assert_eq!(have(&of_second, column), of_second.len(), "{column}");
    }
    assert!(second.iter().all(|row| row["revision"] == 1));
    // Rows of the first run are unchanged, and nothing else differs.
    let expected = json!({ "preview": of_first.len() });
    assert_eq!(tenant.differences_from_truth(), expected);
    // From now on the chains have the requested selection: nothing is read twice.
    let before = tenant.served_requests();
    tenant.night();
    let asked = tenant.log(before);
    let first_pages = asked
        .iter()
        .filter(|one| one["query"].to_string().contains("$select=subject"));
    assert_eq!(first_pages.count(), 0);
}

#[test]
fn less_content_reaches_what_waits_to_be_recorded() {
    let mut tenant = world(6);
    set_content(&tenant, "full");
    let report = tenant.run();
    assert!(have(&of_run(&rows(&tenant), &report, "meeting"), "body_text") > 0);
    set_content(&tenant, "envelope");
    let mut reports = Vec::new();
    for _ in 0..3 {
        tenant.advance(20);
        reports.push(tenant.night());
    }
    let rows = rows(&tenant);
    let later = reports
        .iter()
        .flat_map(|report| of_run(&rows, report, "meeting"));
    // Vanished items are reported with their recorded content.
    let later: Vec<&Value> = later.filter(|row| row["state"] == "active").collect();
    assert!(later.iter().any(|row| row["is_recurring"] == true));
    assert_eq!(have(&later, "body_text") + have(&later, "preview"), 0);
}
