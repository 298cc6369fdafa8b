//! A damaged lake: `verify` finds and names the damage, with advice.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::expect_code;
use crate::support::python;
use crate::support::with_config;

/// Each way of damaging, and what a finding must say of it.
const KINDS: [(&str, &str); 26] = [
    ("row_deleted", "has 9 rows, 10 were committed"),
    (
        "row_doubled",
        "1 rows of interactions repeat a revision of their month",
    ),
    ("row_changed", "are not what was committed"),
    ("view_row_deleted", "contact_activity lacks 1 interactions"),
    (
        "view_row_changed",
        "contact_activity says something else of 1 interactions",
    ),
    ("file_missing", "cannot read"),
    ("view_file_missing", "cannot read"),
    ("file_replaced", "has 9 rows, 10 were committed"),
    ("file_torn", "is not readable"),
    ("view_behind", "contact_activity is behind in slots"),
    (
        "rows_behind",
        "contact_activity is ahead of interactions in slots",
    ),
    (
        "document_missing",
        "4 rows of interactions have no document",
    ),
    ("document_extra", "4 documents have no row"),
    ("index_behind", "the search index is behind the lake"),
    ("index_torn", "the index"),
    ("cursors_torn", "cannot be read"),
    ("cursors_missing", "cannot be read"),
    ("cursor_of_nonsense", "cannot be read"),
    ("wrong_count", "has 10 rows, 11 were committed"),
    (
        "snapshot_stale",
        "its content does not match the digest in its name",
    ),
    (
        "snapshot_missing",
        "the CRM snapshot that 10 interactions were matched with is missing",
    ),
    ("foreign_table", "it is a table of another program"),
    ("table_missing", "contact_activity"),
    ("commit_empty", "it is empty"),
    ("commit_torn", "cannot open table interactions"),
    ("commit_missing", "cannot open table interactions"),
];

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

fn write_contact(folder: &Path, name: &str) {
    let head = "id,name,email,other_emails,account_id\n";
    let contact = format!("{head}c1,{name},ann@customer.example,,a1\n");
    write(folder, "contacts.csv", &contact);
}

fn write_mail(folder: &Path, number: u32) {
    let month = if number.is_multiple_of(2) {
        "Jan"
    } else {
        "Feb"
    };
    let day = number + 1;
    let mail = format!(
        "From: ann@customer.example\nTo: bob@contoso.example\nSubject: Offer {number}\n\
         Message-ID: <{number}@customer.example>\nDate: {day} {month} 2024 10:00:00 +0000\n\nHello.\n"
    );
    write(folder, &format!("mails/{number}.eml"), &mail);
}

fn run(folder: &Path) {
    let config = folder.join("touchpoint.toml");
    expect_code(&mut with_config(&config, &["run"]), 0);
}

fn copy(from: &Path, to: &Path) {
    let mut cp = std::process::Command::new("cp");
    expect_code(cp.arg("-r").arg(from.join(".")).arg(to), 0);
}

/// A lake of two runs, between which the snapshot has changed, and a copy of it from after the
/// first.
fn lake() -> (TempDir, TempDir) {
    let (folder, older) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir(folder.path().join("mails")).unwrap();
    write(
        folder.path(),
        "accounts.csv",
        "id,name,domains\na1,Customer,customer.example\n",
    );
    write(
        folder.path(),
        "touchpoint.toml",
        "[lake]\npath = \"lake\"\n[index]\npath = \"index\"\n[state]\npath = \"state\"\n\
         [crm]\ncontacts = \"contacts.csv\"\naccounts = \"accounts.csv\"\n\
         [[archives]]\nname = \"old\"\nformat = \"eml\"\npath = \"mails\"\n\
         mailboxes = \"one\"\naddress = \"bob@contoso.example\"\ndomains = [\"contoso.example\"]\n",
    );
    write_contact(folder.path(), "Ann");
    (0..6).for_each(|number| write_mail(folder.path(), number));
    run(folder.path());
    copy(folder.path(), older.path());
    write_contact(folder.path(), "Anna");
    (6..10).for_each(|number| write_mail(folder.path(), number));
    run(folder.path());
    (folder, older)
}

/// What the next run repairs by itself is not damage.
const LEFT_TO_THE_NEXT_RUN: [&str; 2] = ["view_behind", "index_behind"];

fn verify(folder: &Path, code: i32) -> Vec<Value> {
    let config = folder.join("touchpoint.toml");
    let mut command = with_config(&config, &["verify", "--format", "json"]);
    let found: Value = serde_json::from_str(&expect_code(&mut command, code)).unwrap();
    found["findings"].as_array().unwrap().clone()
}

#[test]
fn every_kind_of_damage_is_found_and_named_with_advice() {
    let (whole, older) = lake();
    assert_eq!(verify(whole.path(), 0), Vec::<Value>::new());
    let target = tempfile::tempdir().unwrap();
    let mut damage = python::script("damage.py");
    let damage = damage.args([whole.path(), older.path(), target.path()]);
    expect_code(damage.args(KINDS.map(|(kind, _)| kind)), 0);
    for (kind, expected) in KINDS {
        let code = i32::from(!LEFT_TO_THE_NEXT_RUN.contains(&kind));
        let findings = verify(&target.path().join(kind), code);
        let is_named = |finding: &Value| {
            let (what, advice) = (finding["what"].as_str(), finding["advice"].as_str());
            what.unwrap().contains(expected) && !advice.unwrap().is_empty()
        };
        assert!(findings.iter().any(is_named), "{kind}: {findings:#?}");
        // If a cursor file is missing, its rows are not the cause.
        let takes_out = |finding: &Value| finding["advice"].to_string().contains("take those");
        assert!(!findings.iter().any(takes_out), "{kind}: {findings:#?}");
    }
    // No run builds on rows that were set back alone.
    let set_back = target.path().join("rows_behind/touchpoint.toml");
    expect_code(&mut with_config(&set_back, &["run"]), 2);
}
