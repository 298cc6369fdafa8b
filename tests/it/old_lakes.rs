//! Lakes of earlier releases are read and extended by this one.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::archive_config;
use crate::support::expect_code;
use crate::support::python;
use crate::support::rename_into;
use crate::support::run_report;
use crate::support::with_config;

/// One mail, so that a run has something to add.
const MAIL: &str = "From eve@fabrikam.example Mon Mar 02 08:00:00 2026\n\
    From: eve@fabrikam.example\nTo: bob@contoso.example\nSubject: Later\n\
    Date: Mon, 02 Mar 2026 08:00:00 +0000\nMessage-ID: <later@fabrikam.example>\n\nHello\n";

/// Unpacks a stored lake with its accompanying files.
pub(crate) fn unpack(name: &str, into: &Path) {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    let packed = fs::File::open(packed).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(packed).unwrap());
    archive.unpack(into).unwrap();
}

fn current(folder: &Path) -> Value {
    python::json(python::script("current_rows.py").arg(folder.join("lake")))
}

/// Unpacks the lake of format 1, and puts beside it an archive of mails and a CRM that knows who
/// wrote them; gives the configuration.
fn format_1_beside(folder: &Path, mails: &str) -> PathBuf {
    unpack("lake-format-1.tar.zst", folder);
    let config = folder.join("touchpoint.toml");
    fs::write(&config, archive_config("mail.mbox", "mbox")).unwrap();
    fs::write(folder.join("mail.mbox"), mails).unwrap();
    fs::write(
        folder.join("contacts.csv"),
        "id,name,email,other_emails,account_id\nE,Eve,eve@fabrikam.example,,\n",
    )
    .unwrap();
    fs::write(folder.join("accounts.csv"), "id,name,domains\n").unwrap();
    config
}

#[test]
fn a_format_1_lake_is_verified_searched_and_extended() {
    let folder = tempfile::tempdir().unwrap();
    let config = format_1_beside(folder.path(), MAIL);

    // The writer's description of it.
    let rows = current(folder.path());
    assert_eq!(rows["interactions"], 23);
    assert_eq!(
        rows["interactions_digest"],
        "5327608d4fa92cd28637705ee225771228ef31bf0cae3034ba08814587418cda"
    );
    assert_eq!(rows["contact_activity"], 35);
    let verified = with_config(&config, &["verify"]).output().unwrap();
    let output = String::from_utf8(verified.stdout).unwrap();
    let has_no_index =
        output.contains("no damage: 1 ") && output.contains("there is no search index");
    assert!(has_no_index || output.contains("agree"), "{output}");

    // A snapshot without matches removes all activities, and one mail arrives.
    let report = run_report(&config, &["--accept-crm"], 0);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 1);
    let rows = current(folder.path());
    assert_eq!(rows["interactions"], 24);
    assert_eq!(rows["contact_activity"], 1);
    expect_code(&mut with_config(&config, &["verify"]), 0);
    let search = [
        "--format",
        "json",
        "search",
        "--user",
        "carla.olsen@contoso.com",
    ];
    let found = expect_code(&mut with_config(&config, &search), 0);
    let found: Value = serde_json::from_str(&found).unwrap();
    assert!(found["total"].as_u64().unwrap() >= 23, "{found}");
}

/// Columns that the lake of format 1 has, but that are null in all of its rows.
const LATER: [(&str, &str); 3] = [
    ("interactions", "bulk_reason"),
    ("contact_activity", "preview"),
    ("mailboxes", "reason"),
];

/// What other readers see of a lake. Each of them sees the same rows and values.
fn seen_by_others(folder: &Path) -> Value {
    let seen = python::json(python::script("read_lake.py").arg(folder.join("lake")));
    for table in seen.as_object().unwrap().values() {
        assert_eq!(table["polars_rows"], table["rows"], "{table}");
        assert_eq!(table["polars_values"], table["values"], "{table}");
        assert_eq!(table["duckdb_rows"], table["rows"], "{table}");
    }
    seen
}

#[test]
fn a_lake_without_later_columns_gains_them_when_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let bulk = MAIL
        .replace("later@", "bulk@")
        .replace("Subject", "Auto-Submitted: auto-generated\nSubject");
    let config = format_1_beside(folder.path(), &format!("{MAIL}\n{bulk}"));
    let complete = seen_by_others(folder.path());
    let mut script = python::script("without_columns.py");
    script.arg(folder.path().join("lake"));
    script.args(LATER.map(|(table, column)| format!("{table}={column}")));
    python::json(&mut script);

    let before = seen_by_others(folder.path());
    let verified = with_config(&config, &["verify"]).output().unwrap();
    let verified = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.contains("no damage"), "{verified}");
    assert_eq!(seen_by_others(folder.path()), before, "it was only read");

    let report = run_report(&config, &["--accept-crm"], 0);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 2);
    let after = seen_by_others(folder.path());
    for (table, column) in LATER {
        let [complete, before, after] =
            [&complete, &before, &after].map(|seen| names(&seen[table]["columns"]));
        let mut wanted = complete.clone();
        wanted.retain(|name| name != column);
        assert_eq!(before, wanted, "{table}");
        wanted.push(column.to_owned());
        if table == "mailboxes" {
            // What was added since format 1.
            wanted.extend(["connection", "connection_since", "code"].map(str::to_owned));
        }
        assert_eq!(after, wanted, "{table}");
    }
    assert_eq!(before["interactions"]["rows"], 25);
    assert_eq!(after["interactions"]["rows"], 27);
    let rows = python::rows(folder.path(), "interactions", &["bulk_reason"]);
    let is_bulk = |row: &&Value| row["bulk_reason"] == "auto_submitted";
    assert_eq!(rows.iter().filter(is_bulk).count(), 1);
    expect_code(&mut with_config(&config, &["verify"]), 0);
    // The old rows are matched again.
    fs::write(
        folder.path().join("contacts.csv"),
        "id,name,email,other_emails,account_id\n",
    )
    .unwrap();
    expect_code(&mut with_config(&config, &["rematch", "--accept-crm"]), 0);
    assert_eq!(current(folder.path())["contact_activity"], 0);
    expect_code(&mut with_config(&config, &["verify"]), 0);
}

fn names(columns: &Value) -> Vec<String> {
    let columns = columns.as_array().unwrap().iter();
    columns
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

/// Changes of an archive's files before a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    Stay,
    /// Mails are read, moved and renamed, as programs do it.
    Change,
}

fn change(mails: &Path) {
    let rename = |from: &str, to: &str| rename_into(mails, from, to);
    rename("ann/cur/2.move:2,S", "ann/.Archive/cur/2.move:2,S");
    rename("ann/cur/3.sign!2,", "ann/cur/3.sign!2,S");
    rename("ann/cur/4.name:2,S", "ann/cur/1799.server:2,S");
    rename("ann/new/10.answer", "ann/cur/1800.server:2,S");
    rename("ann/cur/11.twice:2,S", "ann/cur/1801.server:2,S");
    rename(
        "ann/.Kept/cur/12.twice:2,S",
        "ann/.Kept/cur/1802.server:2,S",
    );
}

/// Mailbox and subject of each mail that counts.
fn current_mails(folder: &Path) -> Vec<(String, String)> {
    let columns = [
        "mailbox_id",
        "subject",
        "state",
        "revision",
        "interaction_id::VARCHAR AS id",
    ];
    let rows = python::rows(folder, "interactions", &columns);
    let key = |row: &Value| (row["id"].to_string(), row["mailbox_id"].to_string());
    let is_newest = |row: &&Value| {
        let mut same = rows.iter().filter(|other| key(other) == key(row));
        same.all(|other| other["revision"].as_i64() <= row["revision"].as_i64())
    };
    let counted = rows
        .iter()
        .filter(is_newest)
        .filter(|row| row["state"] == "active");
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut mails: Vec<_> = counted
        .map(|row| (text(row, "mailbox_id"), text(row, "subject")))
        .collect();
    mails.sort();
    mails
}

#[test]
fn archive_mails_with_file_name_ids_count_once() {
    let expected = [
        ("copies/eva", "page"),
        ("copies/eva", "plain"),
        // Another mail of the same subject and minute, which arrived since.
        ("copies/eva", "plain"),
        ("copies/zed", "page"),
        ("copies/zed", "plain"),
        ("old/ann", "by-a-group"),
        ("old/ann", "has-an-id"),
        ("old/ann", "in-the-evening"),
        ("old/ann", "is-an-answer"),
        ("old/ann", "is-copied"),
        ("old/ann", "is-moved"),
        ("old/ann", "is-read"),
        ("old/ann", "is-renamed"),
        ("old/ann", "is-twice"),
        ("old/ann", "stays"),
        // It contains the next one, which was mistaken for part of it.
        ("split/zoe@contoso.com", "quotes a letter"),
        ("split/zoe@contoso.com", "the letter"),
        ("split/zoe@contoso.com", "u1"),
        ("split/zoe@contoso.com", "u2"),
        ("split/zoe@contoso.com", "u3"),
        ("split/zoe@contoso.com", "u4"),
        ("split/zoe@contoso.com", "u5"),
    ];
    let expected = expected.map(|(mailbox, mail)| (format!("archive:{mailbox}"), mail.to_owned()));
    for first in [Files::Stay, Files::Change] {
        let folder = tempfile::tempdir().unwrap();
        unpack("lake-archive-ids-by-file-name.tar.zst", folder.path());
        let (config, mails) = (
            folder.path().join("touchpoint.toml"),
            folder.path().join("mails"),
        );
        assert_eq!(current_mails(folder.path()).len(), 26);
        if first == Files::Change {
            change(&mails);
        }
        let plain = fs::read_to_string(folder.path().join("copies/eva/2.eml")).unwrap();
        let other = plain
            .replace("10:00:00", "10:00:30")
            .replace("hello", "good-bye");
        fs::write(
            folder.path().join("copies/eva/9.eml"),
            other.replace("eva2@", "eva9@"),
        )
        .unwrap();
        run_report(&config, &[], 0);
        assert_eq!(current_mails(folder.path()), expected);
        expect_code(&mut with_config(&config, &["verify"]), 0);
        for (word, hits) in [("zzutail", 1), ("zzend", 1), ("phantom", 2)] {
            let search = ["--format", "json", "search", word];
            let found = expect_code(&mut with_config(&config, &search), 0);
            let found: Value = serde_json::from_str(&found).unwrap();
            assert_eq!(found["total"], hits, "{word}: {found}");
        }
        let written = current(folder.path());
        if first == Files::Stay {
            change(&mails);
        }
        for name in ["state", "index"] {
            fs::remove_dir_all(folder.path().join(name)).unwrap();
            run_report(&config, &[], 0);
            assert_eq!(current(folder.path()), written, "without {name}");
        }
        expect_code(&mut with_config(&config, &["verify"]), 0);
    }
}
