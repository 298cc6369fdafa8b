//! What the members file says of each person, as the service sees it.

use std::collections::BTreeSet;
use std::fs;

use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

fn set_members(tenant: &Tenant, text: &str) {
    fs::write(tenant.folder().join("members.csv"), text).unwrap();
}

/// Sets a key of `[capture]`.
fn set_capture(tenant: &Tenant, line: &str) {
    let config = fs::read_to_string(tenant.config()).unwrap();
    let config = config.replace("[capture]\n", &format!("[capture]\n{line}\n"));
    fs::write(tenant.config(), config).unwrap();
}

/// Id and address of the mailboxes that were read completely.
fn complete(tenant: &Tenant) -> Vec<(String, String)> {
    let report = run_report(&tenant.config(), &[], 1);
    let mailboxes = report["mailboxes"].as_array().unwrap().iter();
    let complete = mailboxes.filter(|mailbox| mailbox["status"] == "complete");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    complete
        .map(|mailbox| {
            (
                text(&mailbox["mailbox_id"]),
                text(&mailbox["mailbox_address"]),
            )
        })
        .collect()
}

/// The mailboxes of which calendars were requested.
fn calendars_asked_for(tenant: &Tenant) -> BTreeSet<String> {
    let log = tenant.log(0);
    let calendars = log.iter().filter(|request| {
        let path = request["path"].as_str().unwrap().to_lowercase();
        path.contains("calendar") || path.contains("events")
    });
    let mailboxes = calendars.filter_map(|request| request["mailbox"].as_str());
    mailboxes.map(str::to_owned).collect()
}

#[test]
fn calendars_of_members_without_a_seat_are_not_requested() {
    let tenant = Tenant::generated(65, 14);
    set_members(&tenant, "address,seat\n");
    set_capture(&tenant, "meetings_need_seat = true");
    let mailboxes = complete(&tenant);
    assert!(mailboxes.len() > 1);
    assert_eq!(calendars_asked_for(&tenant), BTreeSet::new());
    let (id, address) = &mailboxes[0];
    set_members(&tenant, &format!("address,seat\n{address},yes\n"));
    complete(&tenant);
    assert_eq!(calendars_asked_for(&tenant), BTreeSet::from([id.clone()]));
}

#[test]
fn a_person_whom_two_rows_name_stops_the_run() {
    let tenant = Tenant::generated(66, 14);
    let plan = run_report(&tenant.config(), &["--plan"], 0);
    let lines = plan["mailboxes"].as_array().unwrap().iter();
    let mut in_scope = lines.filter(|line| line["in_scope"] == true);
    let address = in_scope.next().unwrap()["mailbox"].as_str().unwrap();
    // Their address in capital letters is the same one, and refused as such.
    let twice = format!(
        "address,mail\n{address},off\n{},on\n",
        address.to_uppercase()
    );
    set_members(&tenant, &twice);
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    let text = text_of(&output);
    assert!(
        text.contains("members.csv:3:") && !text.contains('@'),
        "{text}"
    );
    assert!(!tenant.folder().join("lake").exists());
}
