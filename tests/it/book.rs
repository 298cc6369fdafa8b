//! A changed contact book: the history follows, without any mail being read again.

use std::fs;
use std::path::Path;

use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

#[test]
fn a_lake_follows_a_changed_book_as_if_it_had_been_written_with_it() {
    let mut tenant = Tenant::generated(61, 16);
    tenant.run();
    let contact = change_book(&tenant.folder().join("contacts.csv"));
    let since = tenant.served_requests();
    tenant.run();
    let read_again: u64 = tenant
        .log(since)
        .iter()
        .filter_map(|r| r["items"].as_u64())
        .sum();
    assert!(read_again < 500, "{read_again} items were read again");

    let fresh = tenant.another_folder();
    run_report(&fresh.path().join("touchpoint.toml"), &[], 1);
    // Rows of which the new book says nothing else go on naming the book that said so.
    let current = |lake: &Path| {
        python::json(
            python::script("current_rows.py")
                .arg(lake)
                .arg("crm_snapshot"),
        )
    };
    let followed = current(&tenant.folder().join("lake"));
    assert_eq!(followed, current(&fresh.path().join("lake")));

    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    let search = ["--format", "json", "search", "--contact", contact.as_str()];
    let found = |config: &Path| expect_code(&mut with_config(config, &search), 0);
    let total = |text: String| {
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["total"].as_u64().unwrap()
    };
    let with_contact = total(found(&tenant.config()));
    assert!(with_contact > 0);
    assert_eq!(
        with_contact,
        total(found(&fresh.path().join("touchpoint.toml")))
    );
}

/// Takes the first contact out and gives its address to another one, under a new name; gives the
/// id of the new one.
fn change_book(contacts: &Path) -> String {
    let text = fs::read_to_string(contacts).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let first = lines.remove(1);
    let mut cells: Vec<&str> = first.split(',').collect();
    assert_eq!(cells.len(), 5, "{first}");
    cells[0] = "C-NEW";
    cells[1] = "New Name";
    let last = lines.len() - 1;
    lines.remove(last);
    lines.push(cells.join(","));
    fs::write(contacts, lines.join("\n")).unwrap();
    "C-NEW".to_owned()
}
