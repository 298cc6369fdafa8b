//! Who may read what a run leaves behind, and what it says of what it cannot read itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::json_of;
use crate::support::archive_config;
use crate::support::expect_code;
use crate::support::run_report;
use crate::support::with_config;

fn archive(settings: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "contacts.csv",
        "id,name,email\nc1,Ann,ann@customer.example\n",
    );
    write(
        "accounts.csv",
        "id,name,domains\na1,Customer,customer.example\n",
    );
    let config = archive_config("mails", "eml");
    write(
        "touchpoint.toml",
        &config.replace("[lake]\n", &format!("[lake]\n{settings}")),
    );
    fs::create_dir(folder.path().join("mails")).unwrap();
    write(
        "mails/1.eml",
        "From: ann@customer.example\nTo: bob@contoso.example\n\
         Date: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: s\n\nx\n",
    );
    folder
}

/// Runs under a mask that lets everybody read everything.
fn run_unmasked(folder: &Path) {
    let config = folder.join("touchpoint.toml");
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_touchpoint");
    shell.args(["-c", "umask 000; exec \"$0\" --config \"$1\" run", program]);
    expect_code(shell.arg(config), 0);
}

/// The modes of a folder and all that lies in it.
fn modes(folder: &Path, found: &mut Vec<(String, u32)>) {
    let mode = fs::metadata(folder).unwrap().permissions().mode() & 0o777;
    found.push((folder.display().to_string(), mode));
    if folder.is_dir() {
        for entry in fs::read_dir(folder).unwrap() {
            modes(&entry.unwrap().path(), found);
        }
    }
}

fn check(folder: &Path, name: &str, taken: u32, given: u32) {
    let mut found = Vec::new();
    modes(&folder.join(name), &mut found);
    assert!(found.len() > 1);
    for (path, mode) in found {
        assert_eq!(mode & taken, 0, "{path}: {mode:o}");
        // Cursors are nobody else's business, whoever reads the tables.
        if !path.contains("_touchpoint") {
            assert_eq!(mode & given, given, "{path}: {mode:o}");
        }
    }
}

#[test]
fn lake_index_and_state_are_private_whatever_the_mask_and_whoever_made_their_folders() {
    let folder = archive("");
    for name in ["lake", "index", "state"] {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    run_unmasked(folder.path());
    for name in ["lake", "index", "state"] {
        check(folder.path(), name, 0o077, 0);
    }
}

#[test]
fn a_group_is_let_into_lake_and_index_where_that_is_configured() {
    let folder = archive("group_readable = true\n");
    run_unmasked(folder.path());
    check(folder.path(), "lake", 0o027, 0o040);
    check(folder.path(), "index", 0o027, 0o040);
    let state = fs::metadata(folder.path().join("state")).unwrap();
    assert_eq!(state.permissions().mode() & 0o077, 0);
}

#[test]
fn what_cannot_be_read_is_named_and_counted_every_night_until_it_is_gone() {
    let folder = archive("");
    let path = folder.path();
    fs::create_dir(path.join("mails/Sub")).unwrap();
    fs::write(path.join("mails/Sub/bad.eml"), "no header at all\n").unwrap();
    let config = path.join("touchpoint.toml");
    let expected = serde_json::json!([{ "code": "not_mail", "place": "Sub/bad.eml" }]);
    for night in 0..2 {
        let report = run_report(&config, &[], 0);
        assert_eq!(
            report["totals"]["outcomes"]["unreadable"], 1,
            "night {night}"
        );
        assert_eq!(report["mailboxes"][0]["unreadable_items"], expected);
        let status = json_of(&config, &["status"]);
        let mailbox = &status["mailboxes"][0];
        assert_eq!(mailbox["unreadable"], 1, "night {night}");
        assert_eq!(mailbox["unreadable_items"][0]["place"], "Sub/bad.eml");
    }
    let shown = expect_code(&mut with_config(&config, &["status"]), 0);
    assert!(shown.contains("not_mail  Sub/bad.eml"), "{shown}");
    fs::remove_file(path.join("mails/Sub/bad.eml")).unwrap();
    let report = run_report(&config, &[], 0);
    assert_eq!(report["totals"]["outcomes"]["unreadable"], 0);
    assert_eq!(
        json_of(&config, &["status"])["mailboxes"][0]["unreadable"],
        0
    );
}

#[test]
fn a_lake_whose_index_is_behind_is_not_damaged() {
    let folder = archive("");
    let config = folder.path().join("touchpoint.toml");
    run_report(&config, &[], 0);
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let told = expect_code(&mut with_config(&config, &["verify"]), 0);
    assert!(
        told.contains("no damage: 1 that the next run puts right"),
        "{told}"
    );
    let findings = json_of(&config, &["verify"])["findings"].clone();
    assert_eq!(findings[0]["leftover"], Value::Bool(true));
}
