//! Wrong CRM files are detected before any mail is read and before any row is withdrawn.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archive_config;
use crate::support::corpora;
use crate::support::python;
use crate::support::run_report;
use crate::support::text_of;
use crate::support::with_config;

const HEAD: &str = "id,name,email,other_emails,account_id\n";
const ACCOUNTS: &str = "id,name,domains\na1,Customer,customer.example\n";

/// An archive with a mail from each of ten contacts, which was read with all of them in the CRM.
fn filled() -> TempDir {
    let folder = folder();
    let report = run_report(&folder.path().join("touchpoint.toml"), &[], 0);
    assert_eq!(report["totals"]["matched"]["contact_email"], 10);
    assert_eq!(report["crm"]["contacts"], 10);
    folder
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("mails")).unwrap();
    for number in 0..10 {
        let mail = format!(
            "From: p{number}@customer.example\nTo: bob@contoso.example\nDate: Mon, 2 Mar 2026 \
             10:00:00 +0000\nMessage-ID: <{number}@customer.example>\nSubject: hello\n\nHello.\n"
        );
        fs::write(path.join(format!("mails/{number}.eml")), mail).unwrap();
    }
    write(path, "contacts.csv", &contacts(10));
    write(path, "accounts.csv", ACCOUNTS);
    write(path, "touchpoint.toml", &archive_config("mails", "eml"));
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

/// A file with this number of contacts.
fn contacts(count: usize) -> String {
    let rows = (0..count).map(|n| format!("c{n},P{n},p{n}@customer.example,,a1\n"));
    std::iter::once(HEAD.to_owned()).chain(rows).collect()
}

fn current(folder: &Path) -> Value {
    python::json(python::script("current_rows.py").arg(folder.join("lake")))
}

/// Both commands that use the CRM end with code 2 and words that say what to do.
fn check_refused(folder: &Path, words: &[&str]) {
    for command in ["run", "rematch"] {
        let config = folder.join("touchpoint.toml");
        let output = with_config(&config, &[command]).output().unwrap();
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        for word in words {
            assert!(text.contains(word), "{command}: no `{word}` in {text}");
        }
    }
}

#[test]
fn files_without_entries_change_nothing_until_they_are_confirmed() {
    let folder = filled();
    let folder = folder.path();
    let before = current(folder);
    for text in [
        HEAD.to_owned(),
        format!("{HEAD},,,,\n\n,,,,\n"),
        // All rows are missing, or all but a few.
        contacts(4),
        contacts(1),
    ] {
        write(folder, "contacts.csv", &text);
        check_refused(folder, &["contacts.csv", "--accept-crm"]);
        assert_eq!(current(folder), before, "{text}");
    }
    write(folder, "contacts.csv", &contacts(10));
    write(folder, "accounts.csv", "id,name,domains\n");
    check_refused(
        folder,
        &["accounts.csv", "there are no accounts", "--accept-crm"],
    );
    assert_eq!(current(folder), before);
    // Half of them may go without a word.
    write(folder, "accounts.csv", ACCOUNTS);
    write(folder, "contacts.csv", &contacts(5));
    run_report(&folder.join("touchpoint.toml"), &[], 0);
    // Confirmed once, it is what the next runs are compared with.
    write(folder, "contacts.csv", &contacts(1));
    run_report(&folder.join("touchpoint.toml"), &["--accept-crm"], 0);
    run_report(&folder.join("touchpoint.toml"), &[], 0);
}

#[test]
fn an_export_without_rows_stops_the_first_run_too() {
    let folder = folder();
    write(folder.path(), "contacts.csv", HEAD);
    let config = folder.path().join("touchpoint.toml");
    let output = with_config(&config, &["run"]).output().unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("there are no contacts in it"), "{text}");
    assert!(!folder.path().join("lake").exists());
    run_report(&config, &["--accept-crm"], 0);
}

#[test]
fn what_shrinks_may_be_set() {
    let folder = filled();
    let config = folder.path().join("touchpoint.toml");
    let text = fs::read_to_string(&config).unwrap();
    let text = text.replace("[crm]\n", "[crm]\nmax_shrink_percent = 5\n");
    fs::write(&config, text).unwrap();
    write(folder.path(), "contacts.csv", &contacts(9));
    check_refused(folder.path(), &["it has 9 contacts", "had 10"]);
}

#[test]
fn every_line_ending_gives_the_same_snapshot() {
    let folder = filled();
    let folder = folder.path();
    let before = current(folder);
    for end in ["\r", "\r\n", "\r\r\n"] {
        write(folder, "contacts.csv", &contacts(10).replace('\n', end));
        let report = run_report(&folder.join("touchpoint.toml"), &[], 0);
        assert_eq!(report["crm"]["contacts"], 10, "{end:?}");
        assert_eq!(report["caught_up"], serde_json::json!([]), "{end:?}");
        assert_eq!(current(folder), before);
    }
    let other = contacts(10).replace('\n', "\u{2028}");
    write(folder, "contacts.csv", &other);
    check_refused(folder, &["contacts.csv:1", "U+2028"]);
}

#[test]
fn one_imperfect_row_is_named_and_the_others_are_used() {
    let folder = filled();
    let folder = folder.path();
    for row in [
        "c10,No Address,,,a1",
        "c10,Typo,n/a,,a1",
        "c1,Twice,twice@x.example,,",
        "c10,Short",
    ] {
        write(folder, "contacts.csv", &format!("{}{row}\n", contacts(10)));
        let report = run_report(&folder.join("touchpoint.toml"), &[], 0);
        assert_eq!(report["crm"]["passed_over"], 1, "{row}");
        assert_eq!(report["crm"]["contacts"], 10, "{row}");
        let note = report["notes"][0].as_str().unwrap();
        assert!(note.starts_with("contacts.csv:12: skipped: "), "{note}");
    }
    write(folder, "contacts.csv", &contacts(10));
    let accounts = "sep=,\r\nid,name,domains\r\na1,Customer,https://www.customer.example/en\r\n";
    write(folder, "accounts.csv", accounts);
    let report = run_report(&folder.join("touchpoint.toml"), &[], 0);
    assert_eq!(report["crm"]["accounts"], 1);
    assert_eq!(
        report["caught_up"],
        serde_json::json!([]),
        "the snapshot is the same"
    );
}

#[test]
fn contacts_of_field_cases_are_found_in_what_was_exported() {
    let Some(cases) = corpora::beside("field-cases") else {
        return;
    };
    for (file, expected) in [
        ("csv-cr-line-ends.csv", 2),
        ("csv-addresses-that-never-match.csv", 4),
    ] {
        let folder = folder();
        fs::copy(cases.join(file), folder.path().join("contacts.csv")).unwrap();
        let report = run_report(&folder.path().join("touchpoint.toml"), &[], 0);
        assert_eq!(report["crm"]["contacts"], expected, "{file}");
        assert_eq!(report["crm"]["passed_over"], 0, "{file}");
    }
}
