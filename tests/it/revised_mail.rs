//! Mails that get a new revision: those with withheld content, and those of mailboxes whose owner
//! is configured later.

use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use crate::commands::json_of;
use crate::support::archive_config;
use crate::support::archive_folder;
use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::with_config;

const ENVELOPE: &str = "[capture]\nunmatched = \"envelope\"\n";

fn mail(from: &str, subject: &str) -> String {
    format!(
        "From: {from}\nTo: bob@contoso.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\
         Message-ID: <{subject}@x.example>\nSubject: {subject}\n\nThe text of {subject}.\n"
    )
}

fn add_contact(folder: &Path, row: &str) {
    let path = folder.join("contacts.csv");
    let contacts = fs::read_to_string(&path).unwrap() + row + "\n";
    fs::write(path, contacts).unwrap();
}

/// The rows of a table, as text of the columns, in order.
fn rows(folder: &Path, table: &str, columns: &str) -> Vec<String> {
    let names: Vec<&str> = columns.split(' ').collect();
    let rows = python::rows(folder, table, &names);
    let row = |row: &Value| {
        let cells = columns.split(' ').map(|column| match &row[column] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        cells.collect::<Vec<_>>().join(" ")
    };
    let mut rows: Vec<String> = rows.iter().map(row).collect();
    rows.sort();
    rows
}

fn verify(config: &Path) {
    expect_code(&mut with_config(config, &["verify"]), 0);
}

#[test]
fn withheld_content_is_read_once_a_contact_matches() {
    let (new, strange) = (
        mail("eve@new.example", "new"),
        mail("joe@x.example", "strange"),
    );
    let known = mail("ann@customer.example", "known");
    let mails = [("1", new.as_str()), ("2", &strange), ("3", &known)];
    let mails = mails.map(|(name, mail)| (name.to_owned(), mail));
    let config = format!("{ENVELOPE}{}", archive_config("mails", "eml"));
    let folder = archive_folder(&config, mails);
    let config = folder.path().join("touchpoint.toml");
    let interactions = || rows(folder.path(), "interactions", "subject revision");
    run_report(&config, &[], 0);
    let first = ["known 1", "null 1", "null 1"];
    assert_eq!(interactions(), first);
    add_contact(folder.path(), "c2,Eve,eve@new.example,,");
    let rematch = json_of(&config, &["rematch"], 0);
    assert_eq!(rematch["without_content"], 1);
    let output = expect_code(&mut with_config(&config, &["rematch"]), 0);
    assert!(output.contains("1 mails with a CRM contact"), "{output}");
    // A run reads nothing twice.
    run_report(&config, &[], 0);
    assert_eq!(interactions(), first);
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    let again = ["--mailbox", "bob@contoso.example", "--again"];
    let report = run_report(&config, &again, 0);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 1);
    assert_eq!(report["totals"]["outcomes"]["unchanged"], 2);
    let after = ["known 1", "new 2", "null 1", "null 1"];
    assert_eq!(interactions(), after);
    verify(&config);
    let found = json_of(&config, &["search", "new"], 0);
    assert_eq!(found["total"], 1);
    assert_eq!(found["hits"][0]["subject"]["text"], "new");
    assert_eq!(json_of(&config, &["rematch"], 0)["without_content"], 0);
    let report = run_report(&config, &again, 0);
    assert_eq!(report["totals"]["outcomes"]["unchanged"], 3);
    assert_eq!(interactions(), after);
    // Losing the caches changes nothing.
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let report = run_report(&config, &[], 0);
    assert_eq!(report["totals"]["outcomes"]["unchanged"], 3);
    assert_eq!(report["mailboxes"][0]["recorded_total"], 3);
    verify(&config);
}

#[test]
fn skipped_archive_mail_is_reevaluated_on_request() {
    let (new, known) = (
        mail("eve@new.example", "new"),
        mail("ann@customer.example", "known"),
    );
    let mails = [("1", new.as_str()), ("2", &known)];
    let mails = mails.map(|(name, mail)| (name.to_owned(), mail));
    let skip = "[capture]\nunmatched = \"skip\"\n";
    let folder = archive_folder(&format!("{skip}{}", archive_config("mails", "eml")), mails);
    let config = folder.path().join("touchpoint.toml");
    let report = run_report(&config, &[], 0);
    assert_eq!(report["totals"]["outcomes"]["unmatched"], 1);
    add_contact(folder.path(), "c2,Eve,eve@new.example,,");
    let report = run_report(&config, &["--mailbox", "bob@contoso.example", "--again"], 0);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 1);
    assert_eq!(report["totals"]["outcomes"]["unchanged"], 1);
    verify(&config);
}

/// An archive of two mailboxes, and a file that names the owner of one.
fn archive_of_two(folder: &Path) {
    let config = "[lake]\npath = \"lake\"\n[index]\npath = \"index\"\n[state]\npath = \"state\"\n\
         [capture]\nunmatched = \"keep\"\ninternal_only = \"record\"\n\
         [crm]\ncontacts = \"contacts.csv\"\n\
         [[archives]]\nname = \"old\"\nformat = \"maildir\"\npath = \"mails\"\n\
         mailboxes = \"subfolders\"\n";
    fs::write(folder.join("touchpoint.toml"), config).unwrap();
    fs::write(
        folder.join("contacts.csv"),
        "id,name,email,other_emails,account_id\nc1,Ann,ann@customer.example,,\n",
    )
    .unwrap();
    let addresses = "folder,address\nbob,bob@contoso.example\n";
    fs::write(folder.join("addresses.csv"), addresses).unwrap();
    for mailbox in ["bob", "joe"] {
        let inbox = folder.join("mails").join(mailbox).join("inbox");
        fs::create_dir_all(&inbox).unwrap();
        for number in 0..3 {
            let name = format!("{mailbox}{number}");
            fs::write(inbox.join(&name), mail("ann@customer.example", &name)).unwrap();
        }
    }
}

#[test]
fn an_address_configured_later_assigns_roles() {
    let folder = tempfile::tempdir().unwrap();
    archive_of_two(folder.path());
    let config = folder.path().join("touchpoint.toml");
    let report = run_report(&config, &[], 0);
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("archive old: 2 of 2 mailboxes have no address"),
        "{notes}"
    );
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}addresses = \"addresses.csv\"\n")).unwrap();
    let report = run_report(&config, &[], 0);
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("archive old: 1 of 2 mailboxes have no address"),
        "{notes}"
    );
    assert_eq!(report["totals"]["derived"], 3);
    assert_eq!(report["totals"]["outcomes"]["unchanged"], 6);
    let columns = "mailbox_address user_role revision";
    let expected = [
        "bob null 1",
        "bob null 1",
        "bob null 1",
        "bob@contoso.example to 2",
        "bob@contoso.example to 2",
        "bob@contoso.example to 2",
        "joe null 1",
        "joe null 1",
        "joe null 1",
    ];
    assert_eq!(rows(folder.path(), "interactions", columns), expected);
    let activities = rows(folder.path(), "contact_activity", "user_address user_role");
    assert_eq!(
        activities
            .iter()
            .filter(|row| *row == "bob@contoso.example to")
            .count(),
        3
    );
    verify(&config);
    let hits = json_of(&config, &["search", "--user", "bob@contoso.example"], 0);
    assert_eq!(hits["total"], 3);
    // Once.
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    let report = run_report(&config, &[], 0);
    assert_eq!(report["totals"]["derived"], 0);
    assert_eq!(rows(folder.path(), "interactions", columns), expected);
    verify(&config);
}

#[test]
fn content_comes_from_another_copy_after_deletion() {
    let folder = tempfile::tempdir().unwrap();
    archive_of_two(folder.path());
    let config = folder.path().join("touchpoint.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("\"keep\"", "\"envelope\"")).unwrap();
    let inbox = folder.path().join("mails/bob/inbox");
    for number in 0..3 {
        let name = format!("bob{number}");
        fs::write(inbox.join(&name), mail("eve@new.example", &name)).unwrap();
    }
    run_report(&config, &[], 0);
    // One is filed elsewhere, one is another mail of the same day by now.
    let archived = folder.path().join("mails/bob/archive");
    fs::create_dir_all(&archived).unwrap();
    fs::rename(inbox.join("bob0"), archived.join("x0")).unwrap();
    let other = mail("eve@new.example", "bob1").replace("Subject: bob1", "Subject: other");
    fs::remove_file(inbox.join("bob1")).unwrap();
    fs::write(inbox.join("x1"), other.replace("10:00:00", "11:00:00")).unwrap();
    add_contact(folder.path(), "c2,Eve,eve@new.example,,");
    let more = format!(
        "{}addresses = \"addresses.csv\"\n",
        fs::read_to_string(&config).unwrap()
    );
    fs::write(&config, more).unwrap();
    // The address is stated and the content read again in one run.
    run_report(&config, &["--mailbox", "bob@contoso.example", "--again"], 0);
    let columns = "mailbox_address user_role revision subject";
    let rows = rows(folder.path(), "interactions", columns);
    let of_bob: Vec<&str> = rows
        .iter()
        .map(String::as_str)
        .filter(|row| row.starts_with("bob"))
        .collect();
    let expected = [
        "bob null 1 null",
        "bob null 1 null",
        "bob null 1 null",
        "bob@contoso.example to 2 null",
        "bob@contoso.example to 2 null",
        "bob@contoso.example to 2 null",
        "bob@contoso.example to 3 bob0",
        "bob@contoso.example to 3 bob2",
    ];
    assert_eq!(of_bob, expected);
    verify(&config);
    run_report(&config, &["--mailbox", "bob@contoso.example", "--again"], 0);
    verify(&config);
    // Each mailbox is listed once, whatever it was called.
    let status = json_of(&config, &["status"], 0);
    assert_eq!(status["mailboxes"].as_array().unwrap().len(), 2);
}

#[test]
fn a_mailbox_goes_by_the_name_that_the_report_prints() {
    let folder = tempfile::tempdir().unwrap();
    archive_of_two(folder.path());
    let config = folder.path().join("touchpoint.toml");
    let report = run_report(&config, &[], 0);
    for mailbox in report["mailboxes"].as_array().unwrap() {
        for name in ["mailbox_address", "mailbox_id"] {
            let name = mailbox[name].as_str().unwrap();
            let one = run_report(&config, &["--mailbox", name], 0);
            assert_eq!(one["mailboxes"].as_array().unwrap().len(), 1);
            assert_eq!(one["mailboxes"][0]["mailbox_id"], mailbox["mailbox_id"]);
        }
    }
    let mut unknown = with_config(&config, &["run", "--mailbox", "unknown"]);
    expect_code(&mut unknown, 2);
    assert_eq!(report["totals"]["outcomes"]["recorded"], json!(6));
}
