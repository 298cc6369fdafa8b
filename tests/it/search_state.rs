//! The warnings of `search` about an index that disagrees with the lake.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::json_of;
use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::expect_code;
use crate::support::obeying_modes;
use crate::support::run_report;
use crate::support::with_config;

fn archive() -> TempDir {
    archive_of_one_mail(&archive_config("mails", "eml"))
}

fn state(config: &Path) -> Value {
    json_of(config, &["search", "s"], 0)["index"].clone()
}

/// The warning printed besides the hits.
fn warning(config: &Path) -> String {
    let output = with_config(config, &["search", "s"]).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn rename(folder: &Path, from: &str, to: &str) {
    fs::rename(folder.join(from), folder.join(to)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn search_reports_a_stale_or_foreign_index() {
    let folder = archive();
    let (path, config) = (folder.path(), folder.path().join("touchpoint.toml"));
    run_report(&config, &[], 0);
    assert_eq!(state(&config)["state"], "current");
    assert_eq!(warning(&config), "");
    copy(&path.join("index"), &path.join("old index"));
    let mail = fs::read_to_string(path.join("mails/1.eml")).unwrap();
    for number in 2..5 {
        let mail = mail.replace("Subject: s", &format!("Subject: s {number}"));
        fs::write(path.join(format!("mails/{number}.eml")), mail).unwrap();
    }
    run_report(&config, &[], 0);
    rename(path, "index", "new index");
    rename(path, "old index", "index");
    assert_eq!(state(&config)["state"], "behind");
    assert_eq!(state(&config)["rows_behind"], 3);
    assert!(
        warning(&config).contains("behind the lake by up to 3 rows"),
        "{}",
        warning(&config)
    );
    // The lake was restored from a backup, or is another one.
    rename(path, "index", "old index");
    rename(path, "new index", "index");
    rename(path, "lake", "new lake");
    let without_index = warning(&config);
    assert!(without_index.contains("it is unknown"), "{without_index}");
    assert_eq!(state(&config)["state"], "no_lake");
    let other = archive();
    run_report(&other.path().join("touchpoint.toml"), &[], 0);
    copy(&other.path().join("lake"), &path.join("lake"));
    assert_eq!(state(&config)["state"], "foreign");
    assert!(warning(&config).contains("belongs to another lake"));
}

#[test]
fn mail_text_never_reaches_terminals_as_escape_codes() {
    let folder = archive();
    let config = folder.path().join("touchpoint.toml");
    let odd = "a\u{202e}b\u{2066}c\u{200f}d\u{9b}e\u{2028}f";
    fs::write(
        folder.path().join("mails/1.eml"),
        format!(
            "From: \"{odd}\" <ann@customer.example>\nTo: bob@contoso.example\n\
             Date: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: s {odd}\n\nx {odd}\n"
        ),
    )
    .unwrap();
    run_report(&config, &[], 0);
    for format in ["json", "text"] {
        let mut command = with_config(&config, &["--format", format, "search", "s"]);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains('f'), "{text:?}");
        let is_odd = |c: char| odd.contains(c) && !c.is_ascii();
        assert!(!text.contains(is_odd), "{format}: {text:?}");
    }
    let hits = json_of(&config, &["search", "s"], 0);
    let subject = hits["hits"][0]["subject"]["text"].as_str().unwrap();
    assert!(
        subject.contains('\u{202e}') && subject.contains('\u{9b}'),
        "{subject:?}"
    );
}

#[test]
fn an_index_that_nobody_may_write_to_is_searched() {
    let folder = archive();
    let config = folder.path().join("touchpoint.toml");
    run_report(&config, &[], 0);
    let index = folder.path().join("index/interactions");
    fs::set_permissions(&index, Permissions::from_mode(0o500)).unwrap();
    let search = with_config(&config, &["--format", "json", "search", "s"]);
    let found = expect_code(&mut obeying_modes(&search), 0);
    fs::set_permissions(&index, Permissions::from_mode(0o700)).unwrap();
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["total"], 1);
    assert_eq!(found["index"]["state"], "current");
}
