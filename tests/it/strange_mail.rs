//! Mails of impossible times and hostile texts: kept as they are, harmless where people see them.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archive_config;
use crate::support::expect_code;
use crate::support::python;
use crate::support::with_config;

/// A folder whose archive holds these mails, each with its own heads.
fn archive(heads: &[String]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "contacts.csv",
        "id,name,email,other_emails,account_id\nc1,\u{202e}nnA,ann@customer.example,,a1\n",
    );
    write(
        "accounts.csv",
        "id,name,domains\na1,=HYPERLINK(1),customer.example\n",
    );
    write("touchpoint.toml", &archive_config("mails", "eml"));
    fs::create_dir(folder.path().join("mails")).unwrap();
    for (number, head) in heads.iter().enumerate() {
        let mail = format!(
            "{head}To: bob@contoso.example\nMessage-ID: <{number}@customer.example>\n\nHello.\n"
        );
        write(&format!("mails/{number}.eml"), &mail);
    }
    folder
}

fn run(folder: &Path, zone: &str) {
    let mut run = with_config(&folder.join("touchpoint.toml"), &["run"]);
    expect_code(run.env("TZ", zone), 0);
}

fn rows(folder: &Path) -> Vec<Value> {
    python::rows(folder, "interactions", &[])
}

#[test]
fn mails_with_impossible_dates_use_the_effective_month() {
    // The date of the mail, when it was received, and where its row belongs.
    let cases = [
        ("Mon, 1 Jan 1979 10:00:00 +0000", "", "1979-01-01 10:00:00"),
        ("Thu, 1 Jan 2043 10:00:00 +0000", "", "2043-01-01 10:00:00"),
        // A year below 50 is taken for one of this century, as other readers do.
        ("Mon, 1 Jan 0001 00:00:00 +0000", "", "2001-01-01 00:00:00"),
        ("Thu, 30 Dec 9999 10:00:00 +0000", "", "9999-12-30 10:00:00"),
        (
            "Mon, 1 Jan 1979 10:00:00 +0000",
            "Sun, 31 Mar 2024 01:30:00 +0000",
            "2024-03-31 01:30:00",
        ),
        (
            "Thu, 1 Jan 2043 10:00:00 +0000",
            "Fri, 1 Mar 2024 00:00:01 +0100",
            "2024-02-29 23:00:01",
        ),
    ];
    let heads = cases.map(|(date, received, _)| {
        let received = if received.is_empty() {
            String::new()
        } else {
            format!("Received: from a.example by b.example; {received}\n")
        };
        format!("{received}From: ann@customer.example\nDate: {date}\nSubject: {date}\n")
    });
    let mut found = Vec::new();
    // Neither the machine's zone nor its changes to summer time matter.
    for zone in ["UTC", "America/New_York"] {
        let folder = archive(&heads);
        run(folder.path(), zone);
        let mut times: Vec<(String, String)> = rows(folder.path())
            .iter()
            .map(|row| {
                let text = |key: &str| row[key].as_str().unwrap().to_owned();
                (text("occurred_at"), text("month_folder"))
            })
            .collect();
        times.sort();
        found.push(times);
    }
    let mut expected: Vec<(String, String)> = cases
        .iter()
        .map(|(_, _, time)| (format!("{time}+00"), format!("month={}", &time[..7])))
        .collect();
    expected.sort();
    assert_eq!(found[0], expected);
    assert_eq!(found[1], expected);
}

#[test]
fn hostile_texts_are_stored_and_harmless_on_terminals() {
    let subject = "=cmd|' /C calc'!A0 \u{1b}[2J\u{202e}offer";
    let heads = [
        format!(
            "From: \"\u{202e}nnA\u{7}\" <ann@customer.example>\nDate: Mon, 2 Mar 2026 10:00:00 \
             +0000\nSubject: {subject}\n"
        ),
        "From: \"an\u{7}n\"@customer.example\nDate: Mon, 2 Mar 2026 11:00:00 +0000\nSubject: other\n"
            .to_owned(),
    ];
    let folder = archive(&heads);
    run(folder.path(), "UTC");
    let rows = rows(folder.path());
    assert!(rows.iter().any(|row| row["subject"] == subject), "{rows:?}");
    let config = folder.path().join("touchpoint.toml");
    for command in [&["search", "offer"][..], &["status"], &["verify"], &["run"]] {
        let shown = expect_code(&mut with_config(&config, command), 0);
        let is_hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(is_hostile), "{command:?}: {shown:?}");
    }
    let found = expect_code(&mut with_config(&config, &["search", "offer"]), 0);
    assert!(found.contains("=cmd"), "{found}");
}
