//! Access rights of the files that a run writes, and reports of what it cannot read.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::json_of;
use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::expect_code;
use crate::support::obeying_modes;
use crate::support::run_report;
use crate::support::subfolders_config;
use crate::support::with_config;

/// An archive of one mail; `settings` are those of the lake.
fn archive(settings: &str) -> TempDir {
    let config = archive_config("mails", "eml");
    archive_of_one_mail(&config.replace("[lake]\n", &format!("[lake]\n{settings}")))
}

/// Runs with umask 000.
fn run_unmasked(folder: &Path) {
    let config = folder.join("touchpoint.toml");
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_touchpoint");
    shell.args(["-c", "umask 000; exec \"$0\" --config \"$1\" run", program]);
    expect_code(shell.arg(config), 0);
}

/// The modes of a folder and everything in it.
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
        // Cursors stay private, whoever may read the tables.
        if !path.contains("_touchpoint") {
            assert_eq!(mode & given, given, "{path}: {mode:o}");
        }
    }
}

#[test]
fn lake_index_and_state_are_private_whatever_the_umask() {
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
fn a_configured_group_may_read_lake_and_index() {
    let folder = archive("group_readable = true\n");
    run_unmasked(folder.path());
    check(folder.path(), "lake", 0o027, 0o040);
    check(folder.path(), "index", 0o027, 0o040);
    let state = fs::metadata(folder.path().join("state")).unwrap();
    assert_eq!(state.permissions().mode() & 0o077, 0);
}

#[test]
fn unreadable_items_are_reported_every_run_until_deleted() {
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
        let status = json_of(&config, &["status"], 0);
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
        json_of(&config, &["status"], 0)["mailboxes"][0]["unreadable"],
        0
    );
}

#[test]
fn a_lake_whose_index_is_behind_is_not_damaged() {
    let folder = archive("");
    let config = folder.path().join("touchpoint.toml");
    run_report(&config, &[], 0);
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let output = expect_code(&mut with_config(&config, &["verify"]), 0);
    assert!(
        output.contains("no damage: 1 left for the next run to repair"),
        "{output}"
    );
    let findings = json_of(&config, &["verify"], 0)["findings"].clone();
    assert_eq!(findings[0]["leftover"], Value::Bool(true));
}

/// An archive of two mailboxes of which one has a folder that cannot be listed.
#[test]
fn an_unreadable_folder_fails_only_its_mailbox() {
    let folder = archive("");
    let config = folder.path().join("touchpoint.toml");
    fs::write(&config, subfolders_config("mails", "maildir")).unwrap();
    let mail = fs::read(folder.path().join("mails/1.eml")).unwrap();
    // Possible locations of a Maildir++.
    let closed = folder.path().join("mails/bob/.closed");
    for path in [
        "mails/ann/cur/1",
        "mails/bob/cur/1",
        "mails/bob/.closed/cur/2",
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &mail).unwrap();
    }
    for (mode, code) in [(0, 1), (0o700, 0)] {
        fs::set_permissions(&closed, Permissions::from_mode(mode)).unwrap();
        let run = with_config(&config, &["run", "--format", "json"]);
        let report = expect_code(&mut obeying_modes(&run), code);
        fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        let status = |mailbox: usize| report["mailboxes"][mailbox]["status"].as_str();
        let bob = if mode == 0 { "failed" } else { "complete" };
        assert_eq!((status(0), status(1)), (Some("complete"), Some(bob)));
        assert_eq!(
            report["mailboxes"][1]["items"]["received"],
            u64::from(mode > 0) + 1
        );
    }
}
