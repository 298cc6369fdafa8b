//! `touchpoint rematch`: the history follows the CRM files, and no mailbox is read.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::crm::CrmFile;
use crate::support::expect_code;
use crate::support::files_below;
use crate::support::python;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// Runs `touchpoint rematch --format json`; no request may reach the tenant.
pub(crate) fn rematch(tenant: &Tenant, options: &[&str]) -> Value {
    let since = tenant.served_requests();
    let mut command = with_config(&tenant.config(), &["rematch", "--format", "json"]);
    let report = serde_json::from_str(&expect_code(command.args(options), 0)).unwrap();
    assert_eq!(
        tenant.log(since),
        Vec::<Value>::new(),
        "there were requests"
    );
    report
}

/// Contacts (`true`) and accounts that have current rows, and how many; most rows first.
pub(crate) fn with_history(tenant: &Tenant) -> Vec<(bool, String, u64)> {
    let files = [
        CrmFile::contacts(tenant.folder()),
        CrmFile::accounts(tenant.folder()),
    ];
    // Under a snapshot without matches, all of them would be removed.
    for mut file in [
        CrmFile::contacts(tenant.folder()),
        CrmFile::accounts(tenant.folder()),
    ] {
        file.rows.clear();
        file.save();
    }
    let plan = rematch(tenant, &["--plan"]);
    files.iter().for_each(CrmFile::save);
    assert_eq!(plan["come"], 0);
    let all = plan["changes"].as_array().unwrap().iter().map(|change| {
        let contact = change["contact_id"].as_str();
        let id = contact.or(change["account_id"].as_str()).unwrap();
        let rows = change["go"].as_u64().unwrap();
        (contact.is_some(), id.to_owned(), rows)
    });
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(is_contact, id, rows)| (u64::MAX - rows, *is_contact, id.clone()));
    all
}

/// Contacts that have current rows, most rows first.
fn contacts_with_history(tenant: &Tenant) -> Vec<(String, u64)> {
    let all = with_history(tenant).into_iter();
    all.filter(|(is_contact, ..)| *is_contact)
        .map(|(_, id, rows)| (id, rows))
        .collect()
}

type View = BTreeMap<String, (i64, Vec<String>, String)>;

/// Generation, contacts and snapshot of each interaction and mailbox.
fn view(tenant: &Tenant) -> View {
    let lake = tenant.folder().join("lake");
    let json = python::json(python::script("generations.py").arg(lake));
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_rematch_does_what_its_plan_lists() {
    let mut tenant = Tenant::generated(62, 12);
    tenant.run();
    let (contact, rows) = contacts_with_history(&tenant).swap_remove(0);
    let mut contacts = CrmFile::contacts(tenant.folder());
    // An id after the old one and before all others: ties are resolved as before.
    let renamed = format!("{contact}-new");
    contacts.row(&contact)[0].clone_from(&renamed);
    contacts.save();
    let (before, written) = (view(&tenant), files_below(tenant.folder()));

    let plan = rematch(&tenant, &["--plan"]);
    assert_eq!((&plan["come"], &plan["go"]), (&rows.into(), &rows.into()));
    let changes = plan["changes"].as_array().unwrap();
    let change = |id: &str| changes.iter().find(|c| c["contact_id"] == id).unwrap();
    assert_eq!(change(&renamed)["come"], rows);
    assert_eq!(change(&contact)["go"], rows);
    assert_eq!(
        written,
        files_below(tenant.folder()),
        "a plan wrote something"
    );

    let done = rematch(&tenant, &[]);
    let after = view(&tenant);
    assert_eq!(after.len(), before.len());
    let mut appended = 0;
    for (key, (generation, ids, _)) in &before {
        let (newer, newer_ids, snapshot) = &after[key];
        if ids.contains(&contact) {
            assert!(newer > generation && newer_ids.contains(&renamed));
            assert_eq!(plan["crm_snapshot"], **snapshot);
            appended += newer_ids.len();
        } else {
            assert_eq!(newer, generation, "{key} is not concerned");
        }
    }
    assert_eq!(done["rows_appended"], appended);
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    let found = ["--format", "json", "search", "--contact", &renamed];
    let all = [&found[..], &["--ungrouped", "--limit", "10000"]].concat();
    let found = expect_code(&mut with_config(&tenant.config(), &all), 0);
    let found: Value = serde_json::from_str(&found).unwrap();
    let hits = found["hits"].as_array().unwrap().iter();
    let copies: u64 = hits
        .map(|hit| hit["colleagues_total"].as_u64().unwrap())
        .sum();
    assert_eq!(copies, rows);
    let text = expect_code(
        &mut with_config(&tenant.config(), &["rematch", "--plan"]),
        0,
    );
    assert!(text.starts_with("0 rows"), "{text}");
}

#[test]
fn an_equivalent_snapshot_appends_nothing() {
    let mut tenant = Tenant::generated(63, 12);
    let mut accounts = CrmFile::accounts(tenant.folder());
    accounts.rows[0][2].push_str(";contoso.com");
    accounts.save();
    tenant.run();
    let before = view(&tenant);
    for options in [&[][..], &["--full"]] {
        assert_eq!(rematch(&tenant, options)["rows_appended"], 0);
    }
    let plan = rematch(&tenant, &["--plan", "--full"]);
    assert_eq!(plan["changes"], Value::Array(Vec::new()));
    // The company's own domains are removed as in a run, or else there would be two snapshots.
    let notes = plan["notes"].to_string();
    assert!(notes.contains("own domain"), "{notes}");
    let snapshots: Vec<&str> = before
        .values()
        .map(|(_, _, snapshot)| &**snapshot)
        .collect();
    assert!(
        snapshots
            .iter()
            .all(|snapshot| plan["crm_snapshot"] == **snapshot)
    );
    assert_eq!(before, view(&tenant));
    let stored = tenant.folder().join("lake/_touchpoint/crm");
    assert_eq!(files_below(&stored).len(), 1);
    let report = tenant.run();
    assert_eq!(report["caught_up"], Value::Array(Vec::new()), "{report}");
    // A stored snapshot that was lost is written again.
    fs::remove_dir_all(&stored).unwrap();
    assert_eq!(rematch(&tenant, &["--full"])["rows_appended"], 0);
    assert_eq!(files_below(&stored).len(), 1);
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

#[test]
fn bad_files_and_a_missing_lake_are_rejected() {
    let tenant = Tenant::generated(64, 12);
    let refuse = |options: &[&str], words: &[&str]| {
        let written = files_below(tenant.folder());
        let mut command = with_config(&tenant.config(), &["rematch"]);
        let output = command.args(options).output().unwrap();
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        for word in words {
            assert!(text.contains(word), "no `{word}` in {text}");
        }
        assert_eq!(written, files_below(tenant.folder()));
    };
    refuse(&[], &["holds no lake"]);
    refuse(&["--plan"], &["holds no lake"]);
    expect_code(&mut with_config(&tenant.config(), &["run"]), 1);
    let contacts = tenant.folder().join("contacts.csv");
    let text = fs::read_to_string(&contacts).unwrap();
    fs::write(
        &contacts,
        format!("{text}c-broken,\"Never closed,a@x.org,,\n"),
    )
    .unwrap();
    refuse(&[], &["contacts.csv", "never closed"]);
    refuse(&["--plan"], &["contacts.csv", "never closed"]);
    refuse(&["--full"], &["contacts.csv", "never closed"]);
}
