//! Which mailboxes a scope selects, and that nothing is read where it is unknown.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// Users 2, 6 and 15 of a world of 16: in the group nested in the scope group, or in the one nested
/// in that.
const NESTED: [&str; 3] = [
    "carla.olsen@contoso.com",
    "greta.costa@contoso.com",
    "paula.falk@contoso.de",
];

fn in_scope(plan: &Value) -> BTreeSet<String> {
    let lines = plan["mailboxes"].as_array().unwrap().iter();
    let lines = lines.filter(|line| line["in_scope"] == true);
    lines
        .map(|line| line["mailbox"].as_str().unwrap().to_owned())
        .collect()
}

fn plan(tenant: &Tenant) -> Value {
    run_report(&tenant.config(), &["--plan"], 0)
}

/// A run that must not begin; returns what it says.
fn refused(tenant: &Tenant) -> String {
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert_eq!(tenant.asked_for(0), BTreeSet::new());
    text_of(&output)
}

/// Facts 3.5.
#[test]
fn an_administrative_unit_selects_the_users_directly_in_it() {
    let tenant = Tenant::generated(71, 16);
    let of_group = in_scope(&plan(&tenant));
    let expected: BTreeSet<String> = of_group
        .iter()
        .filter(|address| !NESTED.contains(&address.as_str()))
        .cloned()
        .collect();
    assert_eq!(of_group.len(), expected.len() + NESTED.len());

    tenant.set("scope", "{ admin_unit = \"Touchpoint unit\" }");
    let of_unit = plan(&tenant);
    assert_eq!(in_scope(&of_unit), expected);
    let line = &of_unit["mailboxes"][0];
    assert_eq!(line["included_by"], "admin_unit Touchpoint unit");
    let before = tenant.served_requests();
    let report = run_report(&tenant.config(), &[], 1);
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("1 groups are in its administrative unit"),
        "{notes}"
    );
    // Of one of them neither mail nor meetings are captured.
    assert_eq!(tenant.asked_for(before).len(), expected.len() - 1);
}

#[test]
fn a_scope_that_does_not_exist_reads_nothing() {
    let tenant = Tenant::generated(72, 14);
    tenant.set("scope", "{ admin_unit = \"Touchpoint\" }");
    let said = refused(&tenant);
    assert!(
        said.contains("the administrative unit was not found"),
        "{said}"
    );
    tenant.set(
        "scope",
        "{ admin_unit = \"3f9a6c1e-2222-4333-8444-5555555555aa\" }",
    );
    let said = refused(&tenant);
    assert!(
        said.contains("the administrative unit was not found"),
        "{said}"
    );
    tenant.set("scope", "{ group = \"touchpiont@contoso.com\" }");
    let said = refused(&tenant);
    assert!(said.contains("the group was not found"), "{said}");
}

/// Facts 3.4, 3.5: what is shown of hidden members without the permission is not documented.
#[test]
fn members_that_are_hidden_end_the_run() {
    for (shown, remedy) in [
        ("empty", "Member.Read.Hidden"),
        ("refused", "touchpoint check"),
    ] {
        let tenant = Tenant::of_world(&format!(
            "users = 16\nmails_per_user = 30\n[switches]\nhidden_membership = \"{shown}\"\n\
             [permissions]\nentra = [\"User.Read.All\", \"Organization.Read.All\", \
             \"GroupMember.Read.All\", \"AdministrativeUnit.Read.All\"]\n"
        ));
        let said = refused(&tenant);
        assert!(said.contains(remedy), "{said}");
        tenant.set("scope", "{ admin_unit = \"Touchpoint unit\" }");
        let said = refused(&tenant);
        assert!(said.contains(remedy), "{said}");
    }
}

/// Facts 3.3.
#[test]
fn shared_mailboxes_are_read_where_the_configuration_says_so() {
    let tenant = Tenant::generated(73, 16);
    tenant.set("shared_mailboxes", "false");
    let report = run_report(&tenant.config(), &[], 1);
    let lines = report["mailboxes"].as_array().unwrap();
    let of = |address: &str| {
        let found = lines.iter().find(|line| line["mailbox_address"] == address);
        found.unwrap().clone()
    };
    let shared = of("info@contoso.com");
    assert_eq!(shared["status"], "left_out");
    assert!(
        shared["reason"]
            .as_str()
            .unwrap()
            .contains("shared_mailboxes = true")
    );
    assert_eq!(shared["items"]["received"], 0);
    assert_eq!(of("raum.elbe@contoso.com")["status"], "complete");
    tenant.set("shared_mailboxes", "true");
    let report = run_report(&tenant.config(), &[], 1);
    let lines = report["mailboxes"].as_array().unwrap().iter();
    let mut shared = lines.filter(|line| line["mailbox_address"] == "info@contoso.com");
    assert_eq!(shared.next().unwrap()["status"], "complete");
}

/// Facts 3.1, 3.3, 6.2.
#[test]
fn a_plan_tells_every_kind_of_user_apart() {
    let tenant = Tenant::of_world(
        "users = 16\nmails_per_user = 30\n\
         [switches]\nresource = \"equipment\"\non_premises = true\n",
    );
    tenant.set("shared_mailboxes", "false");
    let found = plan(&tenant);
    let lines = found["mailboxes"].as_array().unwrap();
    let line = |found: &Value, address: &str| {
        let mut lines = found["mailboxes"].as_array().unwrap().iter();
        lines
            .find(|line| line["mailbox"] == address)
            .unwrap()
            .clone()
    };
    let expect = |address: &str, key: &str, expected: Value| {
        assert_eq!(line(&found, address)[key], expected, "{address} {key}");
    };
    expect("anna.albrecht@contoso.com", "kind", "user".into());
    expect("anna.albrecht@contoso.com", "new", true.into());
    expect(
        "anna.albrecht@contoso.com",
        "other_addresses",
        serde_json::json!(["anna0@contoso.com"]),
    );
    expect("raum.elbe@contoso.com", "kind", "equipment".into());
    expect("raum.elbe@contoso.com", "in_scope", true.into());
    expect("info@contoso.com", "kind", "shared".into());
    expect("info@contoso.com", "in_scope", true.into());
    expect("felix.peters@contoso.com", "account_disabled", true.into());
    expect("ivan.quint@contoso.com", "kind", "none".into());
    expect("ivan.quint@contoso.com", "account_on_premises", true.into());
    // A policy leaves it out, and with it what kind it is.
    expect("hannah.jansen@contoso.de", "kind", Value::Null);
    // Nothing is captured of it, so nothing is requested.
    expect("katja.keller@contoso.com", "kind", Value::Null);
    expect("katja.keller@contoso.com", "meetings", "none".into());
    assert!(lines.iter().any(|line| line["reason"] == "guest"));
    assert_eq!(tenant.asked_for_mail(0), BTreeSet::new());

    let mut wide = with_config(&tenant.config(), &["run", "--plan"]);
    let text = expect_code(wide.env("COLUMNS", "1000"), 0);
    assert!(
        text.starts_with("13 of 17 mailboxes are in scope, 13 of them new\n"),
        "{text}"
    );
    for said in [
        "equipment mailbox",
        "shared mailbox, not read: shared_mailboxes is not set",
        "perhaps one on premises",
        "account disabled",
        "neither mail nor meetings",
        "also anna0@contoso.com",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
}

#[test]
fn a_plan_knows_what_earlier_runs_found() {
    let tenant = Tenant::of_world(
        "users = 16\nmails_per_user = 30\n[switches]\nresource = \"equipment\"\non_premises = true\n",
    );
    tenant.set("scope", "{ users = [\"anna.albrecht@contoso.com\", \"raum.elbe@contoso.com\", \"ivan.quint@contoso.com\"] }");
    run_report(&tenant.config(), &[], 1);
    let kinds = python::rows(
        tenant.folder(),
        "mailboxes",
        &["mailbox_address", "mailbox_kind", "reason"],
    );
    let of = |address: &str| {
        kinds
            .iter()
            .find(|row| row["mailbox_address"] == address)
            .unwrap()
    };
    assert_eq!(of("raum.elbe@contoso.com")["mailbox_kind"], "equipment");
    let reason = of("ivan.quint@contoso.com")["reason"].as_str().unwrap();
    assert!(
        reason.contains("synchronised from a directory on premises"),
        "{reason}"
    );
    tenant.set("scope", "{ users = [\"anna.albrecht@contoso.com\", \"raum.elbe@contoso.com\", \"ben.hansen@contoso.com\"] }");
    let unlink = &mut with_config(&tenant.config(), &["unlink", "anna.albrecht@contoso.com"]);
    expect_code(unlink, 0);
    let before = tenant.served_requests();
    let found = plan(&tenant);
    let lines = found["mailboxes"].as_array().unwrap();
    let of = |address: &str| {
        lines
            .iter()
            .find(|line| line["mailbox"] == address)
            .unwrap()
    };
    assert_eq!(of("anna.albrecht@contoso.com")["reason"], "unlinked");
    assert_eq!(of("raum.elbe@contoso.com")["kind"], "equipment");
    assert_eq!(of("raum.elbe@contoso.com")["new"], false);
    assert_eq!(of("ben.hansen@contoso.com")["new"], true);
    // What earlier runs found is not requested again.
    assert_eq!(tenant.asked_for(before).len(), 1);
}

#[test]
fn addresses_that_the_directory_does_not_have_are_reported() {
    let tenant = Tenant::generated(75, 16);
    let members = tenant.folder().join("members.csv");
    fs::write(
        &members,
        "address,never\nana.albrecht@contoso.com,yes\nben1@contoso.com,\nBEN@contoso.co,yes\n",
    )
    .unwrap();
    tenant.set(
        "scope",
        "{ users = [\"anna.albrecht@contoso.com\", \"bem.hansen@contoso.com\"] }",
    );
    let report = run_report(&tenant.config(), &[], 0);
    let notes = report["notes"].to_string();
    assert!(notes.contains("1 people whom its scope names"), "{notes}");
    assert!(notes.contains("for no one: lines 2, 4; are"), "{notes}");
}

/// Facts 3.3.
#[test]
fn of_a_shared_mailbox_that_is_not_read_only_its_kind_is_requested() {
    let tenant = Tenant::generated(76, 16);
    tenant.set("shared_mailboxes", "false");
    for _ in 0..3 {
        run_report(&tenant.config(), &[], 1);
    }
    let columns = ["mailbox_id", "mailbox_address", "status"];
    let rows = python::rows(tenant.folder(), "mailboxes", &columns);
    let shared: Vec<&Value> = rows
        .iter()
        .filter(|row| row["mailbox_address"] == "info@contoso.com")
        .collect();
    assert_eq!(shared.len(), 1, "{shared:?}");
    let id = shared[0]["mailbox_id"].as_str().unwrap();
    assert!(!tenant.asked_for_mail(0).contains(id));
    assert!(!tenant.asked_for_calendars(0).contains(id));
    assert!(tenant.asked_for(0).contains(id));
}
