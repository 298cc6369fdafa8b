//! Bad input: a message that names file and line or key, exit code 2, nothing written.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::archive_config;
use crate::support::text_of;
use crate::support::with_config;

const CONTACTS: &str = "id,name,email,other_emails,account_id\nc1,Ann,ann@customer.example,,a1\n";
const ACCOUNTS: &str = "id,name,domains\na1,Customer,customer.example\n";
const MAIL: &str = "From ann@customer.example Mon Mar  2 10:00:00 2026\n\
    From: ann@customer.example\nTo: bob@contoso.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\
    Message-ID: <1@customer.example>\nSubject: hello\n\nHello.\n";

/// A folder with a configuration that runs: an archive of one mail.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("contacts.csv", CONTACTS);
    write("accounts.csv", ACCOUNTS);
    write("mail.mbox", MAIL);
    write("touchpoint.toml", &archive_config("mail.mbox", "mbox"));
    folder
}

/// Runs and expects a failure whose message contains all of `words`, and no output files.
fn check_refused(folder: &Path, words: &[&str]) {
    let mut command = with_config(&folder.join("touchpoint.toml"), &["run"]);
    let output = command.output().unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    for word in words {
        assert!(stderr.contains(word), "no `{word}` in:\n{stderr}");
    }
    for written in ["lake", "index", "state"] {
        assert!(
            !folder.join(written).exists(),
            "{written} was written\n{text}"
        );
    }
}

fn replace(folder: &Path, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(folder.join(name), text.replace(from, to)).unwrap();
}

#[test]
fn good_input_runs() {
    let folder = folder();
    let report = crate::support::run_report(&folder.path().join("touchpoint.toml"), &[], 0);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 1);
}

#[test]
fn an_unknown_key_is_reported_with_line_and_suggestion() {
    let folder = folder();
    replace(
        folder.path(),
        "touchpoint.toml",
        "[lake]\npath",
        "[lake]\npaht",
    );
    check_refused(folder.path(), &["touchpoint.toml", "2", "paht", "path"]);
}

#[test]
fn a_wrong_value_is_named_with_its_key() {
    let folder = folder();
    let text = format!(
        "[capture]\ncontent = \"everything\"\n{}",
        archive_config("mail.mbox", "mbox")
    );
    fs::write(folder.path().join("touchpoint.toml"), text).unwrap();
    check_refused(
        folder.path(),
        &["touchpoint.toml", "content", "everything", "preview"],
    );
}

#[test]
fn a_missing_secret_says_where_to_put_it() {
    let folder = folder();
    let text = format!(
        "{}\n[[tenants]]\nname = \"contoso\"\ntenant_id = \"3f0c2a4e-86a6-4b0e-93d5-0a1b2c3d4e5f\"\n\
         client_id = \"7d1c2a4e-86a6-4b0e-93d5-0a1b2c3d4e5f\"\n\
         client_secret = {{ env = \"TOUCHPOINT_TEST_NO_SUCH_SECRET\" }}\nscope = {{ all = true }}\n\
         i_understand_this_reads_every_mailbox = true\n",
        archive_config("mail.mbox", "mbox")
    );
    fs::write(folder.path().join("touchpoint.toml"), text).unwrap();
    check_refused(folder.path(), &["TOUCHPOINT_TEST_NO_SUCH_SECRET"]);
}

#[test]
fn a_placeholder_left_in_is_named() {
    let folder = folder();
    let text = format!(
        "{}\n[[tenants]]\nname = \"contoso\"\ntenant_id = \"11111111-2222-3333-4444-555555555555\"\n\
         client_id = \"…\"\nclient_secret = {{ env = \"HOME\" }}\nscope = {{ all = true }}\n\
         i_understand_this_reads_every_mailbox = true\n",
        archive_config("mail.mbox", "mbox")
    );
    fs::write(folder.path().join("touchpoint.toml"), text).unwrap();
    check_refused(
        folder.path(),
        &["touchpoint.toml", "client_id", "placeholder"],
    );
}

#[test]
fn too_many_contacts_without_address_are_rejected() {
    let folder = folder();
    let text = format!("{CONTACTS}c2,Bea,,,a1\nc3,Cy,,,a1\n");
    fs::write(folder.path().join("contacts.csv"), text).unwrap();
    check_refused(
        folder.path(),
        &[
            "contacts.csv:3",
            "address",
            "2 of 3 rows",
            "max_passed_over_percent",
        ],
    );
}

#[test]
fn a_broken_quote_is_named_with_its_line() {
    let folder = folder();
    let text = format!("{CONTACTS}c2,\"Bea,bea@customer.example,,a1\nc3,Cy,cy@x.example,,a1\n");
    fs::write(folder.path().join("contacts.csv"), text).unwrap();
    check_refused(folder.path(), &["contacts.csv", "3", "quote"]);
}

#[test]
fn a_missing_file_is_named() {
    let folder = folder();
    fs::remove_file(folder.path().join("accounts.csv")).unwrap();
    check_refused(folder.path(), &["accounts.csv"]);
}

#[test]
fn an_archive_that_is_not_there_is_named() {
    let folder = folder();
    fs::remove_file(folder.path().join("mail.mbox")).unwrap();
    check_refused(folder.path(), &["mail.mbox"]);
}

#[test]
fn an_archive_of_another_format_is_refused() {
    let folder = folder();
    fs::write(
        folder.path().join("mail.mbox"),
        "!BDN a personal folder file",
    )
    .unwrap();
    check_refused(folder.path(), &["mail.mbox", "mbox"]);
}

#[test]
fn a_folder_without_any_mail_is_no_maildir() {
    let folder = folder();
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::write(
        folder.path().join("touchpoint.toml"),
        archive_config("empty", "maildir"),
    )
    .unwrap();
    check_refused(folder.path(), &["empty", "format"]);
}

#[test]
fn an_unreadable_mail_is_counted_and_the_run_continues() {
    let folder = folder();
    let text = format!(
        "{MAIL}\nFrom unknown Mon Mar  2 08:00:00 2026\nno header here\n\n{}",
        MAIL.replace("<1@", "<2@")
    );
    fs::write(folder.path().join("mail.mbox"), text).unwrap();
    let report = crate::support::run_report(&folder.path().join("touchpoint.toml"), &[], 0);
    assert_eq!(report["totals"]["received"], 3);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 2);
    assert_eq!(report["totals"]["outcomes"]["unreadable"], 1);
}
