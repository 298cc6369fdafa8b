//! No mailbox is read before its list was seen: deny lists, new mailboxes, and the digest that confirms them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// A scope of some users.
fn users(users: &[String]) -> String {
    format!("{{ users = {users:?} }}")
}

fn plan(tenant: &Tenant) -> Value {
    run_report(&tenant.config(), &["--plan"], 0)
}

/// The addresses in scope.
fn in_scope(plan: &Value) -> Vec<String> {
    let lines = plan["mailboxes"].as_array().unwrap().iter();
    let lines = lines.filter(|line| line["in_scope"] == true);
    lines
        .map(|line| line["mailbox"].as_str().unwrap().to_owned())
        .collect()
}

/// The addresses of mailboxes that a run tried to read.
fn tried(report: &Value) -> BTreeSet<String> {
    let mailboxes = report["mailboxes"].as_array().unwrap().iter();
    mailboxes
        .map(|mailbox| mailbox["mailbox_address"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_first_run_reads_no_mailbox_before_the_list_is_confirmed() {
    let tenant = Tenant::generated(61, 14);
    tenant.unset("confirm");
    let report = run_report(&tenant.config(), &[], 1);
    assert_eq!(tenant.asked_for(0), BTreeSet::new());
    let plan = plan(&tenant);
    let before = tenant.served_requests();
    let all = in_scope(&plan);
    assert_eq!(report["waiting_for_confirmation"], all.len());
    assert_eq!(tried(&report), BTreeSet::new());
    let reason = report["exit_reason"].as_str().unwrap();
    assert!(reason.contains("--confirm"), "{reason}");

    let other = with_config(&tenant.config(), &["run", "--confirm", "0123"]).output();
    let other = other.unwrap();
    assert_eq!(other.status.code(), Some(2), "{}", text_of(&other));
    assert_eq!(tenant.asked_for(before), BTreeSet::new());

    let digest = plan["digest"].as_str().unwrap();
    // What was confirmed stays so, also where a run ends before it has begun with any mailbox.
    let ended = ["--confirm", digest, "--until", "2020-01-01T00:00:00Z"];
    run_report(&tenant.config(), &ended, 1);
    assert_eq!(tenant.asked_for(before), BTreeSet::new());
    let report = run_report(&tenant.config(), &[], 1);
    assert_eq!(tried(&report), all.iter().cloned().collect());
    // Those that were denied or have no mailbox are known as well.
    let report = run_report(&tenant.config(), &[], 1);
    assert_eq!(report["waiting_for_confirmation"], 0);
    assert_eq!(tried(&report), all.into_iter().collect());
}

#[test]
fn new_mailboxes_wait_where_they_are_many() {
    let tenant = Tenant::generated(62, 16);
    let everybody = in_scope(&plan(&tenant));
    let (known, new) = everybody.split_at(everybody.len() - 3);
    tenant.set("scope", &users(known));
    run_report(&tenant.config(), &[], 1);

    tenant.set("scope", &users(&everybody));
    tenant.set("confirm", "{ max_new = 100, max_growth = \"10 %\" }");
    let report = run_report(&tenant.config(), &[], 1);
    assert_eq!(report["waiting_for_confirmation"], 3);
    assert_eq!(tried(&report), known.iter().cloned().collect());
    let waiting = report["left_out"].as_array().unwrap().iter();
    let waiting = waiting.filter(|line| line["in_scope"] == true);
    let waiting: Vec<&str> = waiting
        .map(|line| line["mailbox"].as_str().unwrap())
        .collect();
    assert_eq!(waiting, new);

    // One that is named is confirmed by that; the two others are still many.
    run_report(&tenant.config(), &["--mailbox", &new[0]], 0);
    let report = run_report(&tenant.config(), &[], 1);
    assert_eq!(report["waiting_for_confirmation"], 2);
    tenant.set("confirm", "{ max_new = 2 }");
    let report = run_report(&tenant.config(), &[], 1);
    assert_eq!(tried(&report), everybody.into_iter().collect());
}

#[test]
fn who_is_on_the_deny_list_is_not_read() {
    let tenant = Tenant::generated(63, 14);
    let everybody = in_scope(&plan(&tenant));
    let file = format!("address\n{}\n", everybody[1]);
    fs::write(tenant.folder().join("deny.csv"), file).unwrap();
    let users = [everybody[0].as_str(), "no.one@contoso.com"];
    tenant.configure(&format!(
        "deny = {{ users = {users:?}, file = \"deny.csv\" }}\n"
    ));
    let plan = plan(&tenant);
    assert_eq!(in_scope(&plan), everybody[2..]);
    let report = run_report(&tenant.config(), &[], 1);
    assert_eq!(tried(&report), everybody[2..].iter().cloned().collect());
    let left_out = report["left_out"].as_array().unwrap().iter();
    let denied = left_out.filter(|line| line["reason"] == "on the deny list");
    assert_eq!(denied.count(), 2);
    let notes = report["notes"].to_string();
    assert!(notes.contains("1 people of its deny list"), "{notes}");
    assert!(!notes.contains("no.one@"), "{notes}");
}

#[test]
fn a_deny_group_that_is_not_found_ends_the_run() {
    let tenant = Tenant::generated(64, 14);
    tenant.configure("deny = { group = \"no-such-group@contoso.com\" }\n");
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert_eq!(tenant.asked_for(0), BTreeSet::new());
}
