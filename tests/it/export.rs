//! Exported tables, read by another program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::crm::CrmFile;
use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// Exports a table of a tenant's lake to a file, and reads it.
fn exported(tenant: &Tenant, what: &str, file: &str) -> Value {
    let out = tenant.folder().join(file);
    let mut export = with_config(&tenant.config(), &["export", what]);
    expect_code(export.arg(&out), 0);
    let mode = fs::metadata(&out).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    python::json(python::script("exported.py").arg(&out))
}

fn rows(exported: &Value) -> &Vec<Value> {
    exported["rows"].as_array().unwrap()
}

#[test]
fn exported_tables_hold_current_rows_in_both_formats() {
    let mut tenant = Tenant::generated(77, 16);
    tenant.run();
    let contacts = CrmFile::halve_contacts(&tenant);
    let current = python::json(python::script("current_rows.py").arg(tenant.folder().join("lake")));

    let parquet = exported(&tenant, "activity", "activity.parquet");
    let csv = exported(&tenant, "activity", "activity.csv");
    assert_eq!(rows(&parquet).len() as u64, current["contact_activity"]);
    assert_eq!(rows(&csv).len(), rows(&parquet).len());
    assert_eq!(csv["columns"], parquet["columns"]);
    let comment = parquet["comments"]["match_rule"].as_str().unwrap();
    assert_eq!(comment, "contact_email, contact_alias or account_domain.");
    let mut states = rows(&csv).iter().map(|row| &row["state"]);
    assert!(states.all(|state| state == "active"));

    let found = exported(&tenant, "contacts", "contacts.out.csv");
    assert_eq!(rows(&found).len(), contacts.rows.len());
    assert!(!rows(&exported(&tenant, "accounts", "accounts.parquet")).is_empty());
}

#[test]
fn exported_relationships_are_those_of_who() {
    let mut tenant = Tenant::generated(78, 16);
    tenant.run();
    let found = exported(&tenant, "relationships", "relationships.parquet");
    let of_account = |row: &&Value| row["account_id"] == "A-002" && row["contact_id"].is_null();
    let scores = rows(&found).iter().filter(of_account);
    let mut scores: Vec<(&str, f64)> = scores
        .map(|row| {
            let address = row["user_address"].as_str().unwrap();
            (address, row["score"].as_f64().unwrap())
        })
        .collect();
    let ask = [
        "--format",
        "json",
        "who",
        "account:A-002",
        "--limit",
        "1000",
    ];
    let asked = expect_code(&mut with_config(&tenant.config(), &ask), 0);
    let asked: Value = serde_json::from_str(&asked).unwrap();
    let relations = asked["relations"].as_array().unwrap();
    assert!(relations.len() > 3);
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    assert_eq!(scores.len(), relations.len());
    for relation in relations {
        let colleague = relation["colleague"].as_str().unwrap();
        let (_, score) = scores
            .iter()
            .find(|(address, _)| *address == colleague)
            .unwrap();
        let expected = relation["score"].as_f64().unwrap();
        assert!(
            (score - expected).abs() < 0.11,
            "{colleague}: {score} {expected}"
        );
    }
    let config = fs::read_to_string(tenant.config()).unwrap();
    fs::write(
        tenant.config(),
        config + "\n[view]\nmail_activity = false\n",
    )
    .unwrap();
    let meetings = exported(&tenant, "activity", "meetings.csv");
    let mut kinds = rows(&meetings).iter().map(|row| &row["kind"]);
    assert!(kinds.all(|kind| kind == "meeting"));
}

#[test]
fn a_cell_is_no_formula_and_a_failed_export_leaves_the_file_as_it_was() {
    let folder = archive_of_one_mail(&archive_config("mails", "eml"));
    let config = folder.path().join("touchpoint.toml");
    let contacts =
        "id,name,email,other_emails,account_id\nc1,=HYPERLINK(1),ann@customer.example,,a1\n";
    fs::write(folder.path().join("contacts.csv"), contacts).unwrap();
    let out = folder.path().join("out.csv");
    let export = |arguments: &[&str]| {
        let mut command = with_config(&config, arguments);
        command.arg(&out).output().unwrap()
    };
    fs::write(&out, "earlier").unwrap();
    let early = export(&["export", "contacts"]);
    assert_eq!(early.status.code(), Some(2), "{}", text_of(&early));
    assert!(text_of(&early).contains("touchpoint run makes it"));
    assert_eq!(fs::read_to_string(&out).unwrap(), "earlier");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);

    run_report(&config, &[], 0);
    let done = export(&["export", "contacts"]);
    assert!(done.status.success(), "{}", text_of(&done));
    assert!(fs::read_to_string(&out).unwrap().contains("'=HYPERLINK(1)"));
    let wrong = export(&["--format", "json", "export", "contacts"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", text_of(&wrong));
}
