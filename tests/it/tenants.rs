//! Several tenants in one configuration: each has its own sign-in, and one that fails does not stop the
//! others.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// Two tenants of which the first one's configuration reads the second one as well, as `fabrikam`.
fn two() -> (Tenant, Tenant) {
    let world = |seed: u32| format!("seed = {seed}\nusers = 16\nmails_per_user = 30\n");
    let (first, second) = (Tenant::of_world(&world(81)), Tenant::of_world(&world(82)));
    let config = fs::read_to_string(second.config()).unwrap();
    let (_, section) = config.split_once("[[tenants]]").unwrap();
    let mut section = section.replace("name = \"contoso\"", "name = \"fabrikam\"");
    for file in ["secret.txt", "members.csv", "teams.csv"] {
        let path = second.folder().join(file);
        section = section.replace(&format!("\"{file}\""), &format!("\"{}\"", path.display()));
    }
    first.configure(&format!("[[tenants]]{section}"));
    (first, second)
}

/// The tenants of which a run tried mailboxes.
fn tried(report: &Value) -> BTreeSet<&str> {
    let mailboxes = report["mailboxes"].as_array().unwrap().iter();
    mailboxes
        .map(|mailbox| mailbox["tenant"].as_str().unwrap())
        .collect()
}

/// How many requests a tenant refused because of their token.
fn foreign_tokens(tenant: &Tenant) -> usize {
    let log = tenant.log(0);
    log.iter()
        .filter(|request| request["status"] == 401)
        .count()
}

#[test]
fn a_tenant_that_fails_does_not_stop_the_other() {
    let (first, second) = two();
    let report = run_report(&first.config(), &[], 1);
    assert_eq!(tried(&report), BTreeSet::from(["contoso", "fabrikam"]));
    assert_eq!(report["failed_tenants"], serde_json::json!([]));
    assert_eq!(foreign_tokens(&first) + foreign_tokens(&second), 0);

    fs::write(second.folder().join("secret.txt"), "wrong").unwrap();
    let before = second.served_requests();
    let report = run_report(&first.config(), &[], 1);
    assert_eq!(tried(&report), BTreeSet::from(["contoso"]));
    assert_eq!(report["failed_tenants"][0]["tenant"], "fabrikam");
    let reason = report["exit_reason"].as_str().unwrap();
    assert!(
        reason.contains("fabrikam") && reason.contains("AADSTS7000215"),
        "{reason}"
    );
    assert_eq!(second.asked_for(before), BTreeSet::new());
    let mut status = with_config(
        &first.config(),
        &["--format", "json", "status", "--problems"],
    );
    let status: Value = serde_json::from_str(&expect_code(&mut status, 0)).unwrap();
    let lines = status["mailboxes"].as_array().unwrap().iter();
    let mut failed = lines.filter(|line| line["code"] == "AADSTS7000215");
    assert!(failed.clone().count() > 10);
    assert!(failed.all(|line| line["tenant"] == "fabrikam" && line["connection"] == "error"));
    // With its own domains forgotten, its people would become outsiders.
    let domains = first.folder().join("lake/_touchpoint/own_domains.json");
    assert!(fs::read_to_string(domains).unwrap().contains("contoso.de"));
}

/// Who is internal is decided once for each row.
#[test]
fn no_first_run_begins_before_the_domains_of_all_tenants_are_known() {
    let (first, second) = two();
    fs::write(second.folder().join("secret.txt"), "wrong").unwrap();
    let output = with_config(&first.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert!(text_of(&output).contains("knows the domains of all tenants"));
    assert_eq!(first.asked_for(0), BTreeSet::new());
}

/// What is wrong in the configuration is not the service's failure.
#[test]
fn a_scope_that_selects_no_one_in_one_tenant_ends_the_run() {
    let (first, second) = two();
    run_report(&first.config(), &[], 1);
    let config = fs::read_to_string(first.config()).unwrap();
    let config = config.replacen("touchpoint@contoso.com", "touchpiont@contoso.com", 1);
    fs::write(first.config(), config).unwrap();
    let before = second.served_requests();
    let output = with_config(&first.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert_eq!(second.asked_for(before), BTreeSet::new());
}
