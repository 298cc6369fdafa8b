//! Which mailboxes a scope selects, and that nothing is read where it is unknown.

use std::collections::BTreeSet;

use serde_json::Value;

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
        ("refused", "admin consent"),
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
