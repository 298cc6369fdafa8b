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

/// A tenant is known once it was listed: the domains of an earlier run are not those of a new one.
#[test]
fn a_new_tenant_that_fails_ends_the_run() {
    let (first, second) = two();
    let both = fs::read_to_string(first.config()).unwrap();
    let (one, _) = both.rsplit_once("[[tenants]]").unwrap();
    fs::write(first.config(), one).unwrap();
    run_report(&first.config(), &[], 1);
    fs::write(first.config(), &both).unwrap();
    fs::write(second.folder().join("secret.txt"), "wrong").unwrap();
    let output = with_config(&first.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    let mut plan = with_config(&first.config(), &["--format", "json", "run", "--plan"]);
    let plan: Value = serde_json::from_str(&expect_code(&mut plan, 2)).unwrap_or_default();
    assert_eq!(plan, Value::Null);
}

/// One directory, read by two sections: each has its own part of it in scope, and the application may
/// read both.
#[test]
fn two_sections_of_one_tenant_do_not_take_each_other_for_outsiders() {
    let tenant = Tenant::of_world("seed = 83\nusers = 16\nmails_per_user = 30\n");
    tenant.unset("probe");
    let all = fs::read_to_string(tenant.config()).unwrap();
    let (_, section) = all.split_once("[[tenants]]").unwrap();
    let section = section.replace("name = \"contoso\"", "name = \"sales\"");
    tenant.set("scope", "{ users = [\"carla.olsen@contoso.com\"] }");
    tenant.configure(&format!("[[tenants]]{section}"));
    run_report(&tenant.config(), &[], 1);
    let checked = with_config(&tenant.config(), &["check"]).output().unwrap();
    assert!(!text_of(&checked).contains("the restriction does not work"));
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

/// Who is on the deny list of a section that fails is unknown, however the directory is named there.
#[test]
fn of_two_sections_of_one_tenant_none_is_read_where_one_fails() {
    let tenant = Tenant::of_world("seed = 84\nusers = 16\nmails_per_user = 30\n");
    let all = fs::read_to_string(tenant.config()).unwrap();
    let (_, section) = all.split_once("[[tenants]]").unwrap();
    let id = section.lines().find(|line| line.starts_with("tenant_id"));
    let section = section
        .replace(id.unwrap(), "tenant_id = \"Contoso.com\"")
        .replace("name = \"contoso\"", "name = \"sales\"")
        .replace("secret.txt", "other.txt");
    let secret = tenant.folder().join("other.txt");
    fs::copy(tenant.folder().join("secret.txt"), &secret).unwrap();
    tenant.configure(&format!("[[tenants]]{section}"));
    run_report(&tenant.config(), &[], 1);
    fs::write(&secret, "wrong").unwrap();
    let before = tenant.served_requests();
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert_eq!(tenant.asked_for(before), BTreeSet::new());
}

#[test]
fn a_plan_names_the_tenant_that_failed_and_has_no_digest() {
    let (first, second) = two();
    run_report(&first.config(), &[], 1);
    fs::write(second.folder().join("secret.txt"), "wrong").unwrap();
    let plan = run_report(&first.config(), &["--plan"], 1);
    assert_eq!(plan["failed_tenants"][0]["tenant"], "fabrikam");
    assert_eq!(plan["digest"], Value::Null);
    assert!(!plan["mailboxes"].as_array().unwrap().is_empty());
}

#[test]
fn mailboxes_of_a_tenant_that_left_the_configuration_are_out_of_scope() {
    let (first, _second) = two();
    run_report(&first.config(), &[], 1);
    let both = fs::read_to_string(first.config()).unwrap();
    let (one, _) = both.rsplit_once("[[tenants]]").unwrap();
    fs::write(first.config(), one).unwrap();
    run_report(&first.config(), &[], 1);
    let mut status = with_config(&first.config(), &["--format", "json", "status"]);
    let status: Value = serde_json::from_str(&expect_code(&mut status, 0)).unwrap();
    let lines = status["mailboxes"].as_array().unwrap().iter();
    let mut left = lines.filter(|line| line["tenant"] == "fabrikam");
    assert!(left.clone().count() > 10);
    assert!(
        left.all(|line| ["out_of_scope", "never"].contains(&line["connection"].as_str().unwrap()))
    );
}
