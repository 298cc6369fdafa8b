//! What people reported of other programs, each with its right value: mails, mbox files and tables
//! in `fixtures/field-cases`, through the real program.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::expect_code;
use crate::support::python;
use crate::support::rename_into;
use crate::support::run_report;
use crate::support::with_config;

const CONTACTS: &str = "id,name,email,other_emails,account_id\nC1,Bea Buyer,buyer@fabrikam.com,,A1\n\
    C2,Eva Miller,eva@fabrikam.com,,A1\nC11,Jo Doe,jo.doe@outlook.com,,\n";

const COLUMNS: [&str; 9] = [
    "subject",
    "state",
    "direction",
    "is_bulk",
    "thread_id",
    "body_text",
    "occurred_at::VARCHAR AS occurred_at",
    "interaction_id::VARCHAR AS interaction_id",
    "[p.role || ' ' || p.address for p in participants] AS people",
];

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/field-cases");
    folder.join(name)
}

/// A folder with a configuration, contacts and an empty archive `mails`.
fn site(format: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("contacts.csv", CONTACTS);
    write(
        "accounts.csv",
        "id,name,domains\nA1,Fabrikam,fabrikam.com\n",
    );
    write(
        "touchpoint.toml",
        &format!(
            "[lake]\npath = \"lake\"\n[index]\npath = \"index\"\n[state]\npath = \"state\"\n\
             [crm]\ncontacts = \"contacts.csv\"\naccounts = \"accounts.csv\"\n\
             [capture]\ncontent = \"full\"\nunmatched = \"keep\"\n\
             [[archives]]\nname = \"old\"\nformat = \"{format}\"\npath = \"mails\"\n\
             mailboxes = \"subfolders\"\ndomains = [\"contoso.com\"]\n"
        ),
    );
    fs::create_dir(folder.path().join("mails")).unwrap();
    folder
}

fn put(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn run(folder: &TempDir) -> Value {
    run_report(&folder.path().join("touchpoint.toml"), &[], 0)
}

fn outcomes(report: &Value) -> Vec<(String, u64)> {
    let outcomes = report["totals"]["outcomes"].as_object().unwrap();
    let counted = outcomes
        .iter()
        .map(|(name, count)| (name.clone(), count.as_u64().unwrap()));
    counted.filter(|(_, count)| *count > 0).collect()
}

/// The rows that count, by subject.
fn rows(folder: &TempDir) -> Vec<Value> {
    let mut rows = python::rows(folder.path(), "interactions", &COLUMNS);
    rows.sort_by_key(|row| row["subject"].to_string());
    rows
}

fn of_subject<'a>(rows: &'a [Value], begin: &str) -> &'a Value {
    let is_it = |row: &&Value| {
        row["subject"]
            .as_str()
            .is_some_and(|text| text.starts_with(begin))
    };
    rows.iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("no row {begin}: {rows:?}"))
}

fn people(row: &Value) -> Vec<&str> {
    row["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect()
}

fn contacts_of(folder: &TempDir) -> Vec<(String, String)> {
    let rows = python::rows(
        folder.path(),
        "contact_activity",
        &["subject", "contact_id"],
    );
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut contact_matches: Vec<_> = rows
        .iter()
        .map(|row| (text(row, "subject"), text(row, "contact_id")))
        .collect();
    contact_matches.sort();
    contact_matches
}

fn found(folder: &TempDir, query: &str) -> u64 {
    let config = folder.path().join("touchpoint.toml");
    let search = ["--format", "json", "search", query];
    let found = expect_code(&mut with_config(&config, &search), 0);
    serde_json::from_str::<Value>(&found).unwrap()["total"]
        .as_u64()
        .unwrap()
}

/// All mails among the cases.
const MAILS: &[&str] = &[
    "eml-banner-line-before-headers.eml",
    "eml-blank-plain-part-beside-html.eml",
    "eml-bracket-never-closed-in-cc.eml",
    "eml-cp1252-without-charset.eml",
    "eml-customer-via-group-rewritten-from.eml",
    "eml-date-with-pm.eml",
    "eml-html-charset-in-meta.eml",
    "eml-journal-report.eml",
    "eml-read-receipt.eml",
    "eml-thread-1-first.eml",
    "eml-thread-2-reply-in-reply-to-only.eml",
    "eml-unbalanced-quote-in-to.eml",
    "eml-x-unsent-draft.eml",
    "pass-eml-date-from-odd-received.eml",
    "pass-eml-encoded-comma-in-name.eml",
];

/// A lake of these mails, and the report of its run.
fn lake_of_mails() -> (TempDir, Value) {
    let folder = site("eml");
    for name in MAILS {
        put(
            &folder,
            &format!("mails/ann/{name}"),
            fs::read(fixture(name)).unwrap(),
        );
    }
    let report = run(&folder);
    (folder, report)
}

/// Who takes part in a mail by its subject's beginning, and its direction.
const PEOPLE: &[(&str, &str, &[&str])] = &[
    (
        "n11-unbalanced-quote",
        "outbound",
        &[
            "from ann@contoso.com",
            "to eva@fabrikam.com",
            "to buyer@fabrikam.com",
        ],
    ),
    (
        "l1-stray-angle",
        "outbound",
        &[
            "from ann@contoso.com",
            "to bob@contoso.com",
            "cc eva@fabrikam.com",
            "cc buyer@fabrikam.com",
        ],
    ),
    (
        "h14-banner",
        "outbound",
        &["from ann@contoso.com", "to buyer@fabrikam.com"],
    ),
    (
        "Offer zzjournal",
        "outbound",
        &[
            "from ann@contoso.com",
            "to buyer@fabrikam.com",
            "bcc eva@fabrikam.com",
        ],
    ),
    (
        "v1-google-group",
        "inbound",
        &[
            "from eva@fabrikam.com",
            "sender sales@contoso.com",
            "to sales@contoso.com",
        ],
    ),
    (
        "n1-encoded-comma",
        "outbound",
        &[
            "from ann@contoso.com",
            "to eva@fabrikam.com",
            "to buyer@fabrikam.com",
        ],
    ),
];

#[test]
fn field_mails_have_the_people_shown_to_readers() {
    let (folder, report) = lake_of_mails();
    let expected = [("draft", 1), ("recorded", 14)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(outcomes(&report), expected, "{report}");
    let rows = rows(&folder);
    for (subject, direction, expected) in PEOPLE {
        let row = of_subject(&rows, subject);
        assert_eq!(people(row), *expected, "{subject}");
        assert_eq!(row["direction"], *direction, "{subject}");
    }
    let is_bulk = |subject| of_subject(&rows, subject)["is_bulk"] == true;
    assert!(is_bulk("Gelesen: Offer") && !is_bulk("v1-google-group"));
    let contacts = contacts_of(&folder);
    let by_eva = ("v1-google-group".to_owned(), "C2".to_owned());
    assert!(contacts.contains(&by_eva), "{contacts:?}");
    let threads = ["t1", "t2"].map(|subject| &of_subject(&rows, subject)["thread_id"]);
    assert!(
        threads[0] == threads[1] && threads[0].is_string(),
        "{threads:?}"
    );
}

#[test]
fn field_mails_have_the_text_and_time_shown_to_readers() {
    let (folder, _) = lake_of_mails();
    let rows = rows(&folder);
    for (subject, text) in [
        ("b4", "It’s zzfour"),
        ("b5-html-meta-charset", "łódź zzfive"),
        ("p9", "body nine in html only"),
    ] {
        let read = of_subject(&rows, subject)["body_text"].as_str().unwrap();
        assert_eq!(read.trim(), text, "{subject}");
    }
    assert_eq!(found(&folder, "nine"), 1);
    for (subject, time) in [
        ("d13-am", "2026-01-14 21:00:00+00"),
        ("no date but", "2026-01-13 07:15:30+00"),
    ] {
        assert_eq!(of_subject(&rows, subject)["occurred_at"], time, "{subject}");
    }
}

#[test]
fn a_field_mbox_yields_its_mails() {
    let folder = site("mbox");
    for (mailbox, name) in [
        ("ann", "mbox-from-line-in-body.mbox"),
        ("bob", "mbox-takeout-labels.mbox"),
        ("carl", "mbox-status-flags-and-folder-data.mbox"),
    ] {
        put(
            &folder,
            &format!("mails/{mailbox}/{name}"),
            fs::read(fixture(name)).unwrap(),
        );
    }
    let report = run(&folder);
    let expected = [("draft", 3), ("excluded", 1), ("recorded", 8)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(outcomes(&report), expected, "{report}");
    let rows = rows(&folder);
    let subjects: Vec<&str> = rows
        .iter()
        .map(|row| row["subject"].as_str().unwrap())
        .collect();
    assert_eq!(
        subjects,
        [
            "g1-inbox",
            "g5-sent-nodate",
            "u1",
            "u2",
            "u3",
            "u4",
            "w1",
            "w3"
        ]
    );
    let first = of_subject(&rows, "u1")["body_text"].as_str().unwrap();
    assert!(first.trim_end().ends_with("Tail zzutail."), "{first}");
    assert!(first.contains("\nFrom what I understand"), "{first}");
    assert_eq!(
        of_subject(&rows, "g5")["occurred_at"],
        "2026-01-05 10:00:00+00"
    );
}

/// The Maildirs of the field: what a server keeps, and what systems without colons in names write.
fn maildirs(folder: &TempDir) {
    let mail = |path: &str, name: &str, id: &str| {
        let text = format!(
            "From: Ann <ann@contoso.com>\nTo: buyer@fabrikam.com\n\
             Date: Mon, 05 Jan 2026 10:00:00 +0000\nSubject: {name}\n{id}\nbody of {name}\n"
        );
        put(folder, &format!("mails/{path}"), text);
    };
    let with_id = |path: &str, name: &str| {
        mail(path, name, &format!("Message-ID: <{name}@contoso.com>\n"));
    };
    with_id("dov/cur/1.a:2,S", "in-inbox");
    with_id("dov/.Entw&APw-rfe/cur/3.a:2,S", "draft-modified-utf7");
    with_id("dov/.Entwu\u{308}rfe/cur/4.a:2,S", "draft-decomposed");
    with_id("dov/.Utkast/cur/5.a:2,S", "draft-swedish");
    for name in [
        "dovecot-uidlist",
        "dovecot.index.log",
        "dovecot.index.cache",
        "maildirfolder",
        "subscriptions",
    ] {
        put(
            folder,
            &format!("mails/dov/{name}"),
            "3 V1767603600 N3\n1 :1.a\n",
        );
    }
    with_id("win/cur/2.w!2,DS", "draft-flag-after-exclamation-mark");
    with_id("win/cur/3.w;2,D", "draft-flag-after-semicolon");
    mail("win/cur/4.w!2,", "unread-without-message-id", "");
    mail("move/cur/6.m:2,S", "moved-without-message-id", "");
    mail("move/cur/7.m:2,S", "renamed-without-message-id", "");
    mail("move/new/8.m", "read-without-message-id", "");
}

#[test]
fn neither_reading_nor_moving_a_mail_makes_another_of_it() {
    let folder = site("maildir");
    maildirs(&folder);
    let report = run(&folder);
    let expected = [("draft".to_owned(), 5), ("recorded".to_owned(), 5)];
    assert_eq!(outcomes(&report), expected, "{report}");
    let first = rows(&folder);
    let mails = folder.path().join("mails");
    let rename = |from: &str, to: &str| rename_into(&mails, from, to);
    rename("win/cur/4.w!2,", "win/cur/4.w!2,S");
    rename("move/cur/6.m:2,S", "move/.Archive/cur/6.m:2,S");
    rename("move/cur/7.m:2,S", "move/cur/1799.server:2,RS");
    rename("move/new/8.m", "move/cur/8.m:2,S");
    let read = mails.join("move/cur/8.m:2,S");
    let text = fs::read_to_string(&read).unwrap();
    fs::write(&read, format!("Status: RO\nX-UID: 7\n{text}")).unwrap();
    // A copy that is kept in a folder of its own is the same mail.
    let copy = mails.join("move/.Kept/cur/9.m:2,S");
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(&read, copy).unwrap();
    run(&folder);
    assert_eq!(rows(&folder), first);
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    run(&folder);
    assert_eq!(rows(&folder), first);
    expect_code(
        &mut with_config(&folder.path().join("touchpoint.toml"), &["verify"]),
        0,
    );
}

#[test]
fn status_fields_in_an_mbox_make_no_other_mail() {
    let folder = site("mbox");
    let mail = |header: &str| {
        format!(
            "From ann@contoso.com Mon Jan  5 10:00:00 2026\nFrom: Ann <ann@contoso.com>\n\
             To: buyer@fabrikam.com\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nSubject: a\n{header}\nhello\n"
        )
    };
    put(&folder, "mails/ann/x.mbox", mail(""));
    run(&folder);
    let first = rows(&folder);
    for header in [
        "Status: RO\nX-Status: A\n",
        "X-Gmail-Labels: Inbox\nX-Keywords: z\n",
        "X-Mozilla-Status: 0001\n",
    ] {
        put(&folder, "mails/ann/x.mbox", mail(header));
        run(&folder);
        assert_eq!(rows(&folder), first, "{header}");
    }
    assert_eq!(first.len(), 1);
}

#[test]
fn compressed_messages_are_read_and_excluded_labels_apply() {
    let folder = site("maildir");
    let text = "From: Ann <ann@contoso.com>\nTo: buyer@fabrikam.com\n\
                Date: Mon, 05 Jan 2026 10:00:00 +0000\nSubject: packed\nMessage-ID: <p@x>\n\nzzpacked\n";
    put(
        &folder,
        "mails/ann/cur/1.a,Z:2,S",
        zstd::encode_all(text.as_bytes(), 3).unwrap(),
    );
    let labelled = text.replace("<p@x>", "<q@x>\nX-Gmail-Labels: =?UTF-8?Q?Fam=C3=ADlia?=");
    put(&folder, "mails/ann/cur/2.a:2,S", labelled);
    let config = folder.path().join("touchpoint.toml");
    let text = fs::read_to_string(&config).unwrap();
    let excluding = text.replace(
        "unmatched",
        "exclude.folders = [\"Fami\u{301}lia\"]\nunmatched",
    );
    fs::write(&config, excluding).unwrap();
    let report = run(&folder);
    let expected = [("excluded".to_owned(), 1), ("recorded".to_owned(), 1)];
    assert_eq!(outcomes(&report), expected, "{report}");
    assert_eq!(found(&folder, "zzpacked"), 1);
}

#[test]
fn addresses_of_a_crm_file_are_read_or_told() {
    let folder = site("eml");
    put(
        &folder,
        "contacts.csv",
        fs::read(fixture("csv-addresses-that-never-match.csv")).unwrap(),
    );
    for (number, contact) in ["buyer", "eva", "zed", "lea"].iter().enumerate() {
        let mail = format!(
            "From: {contact}@fabrikam.com\nTo: ann@contoso.com\nSubject: {number}\n\
             Date: Mon, 05 Jan 2026 10:00:00 +0000\nMessage-ID: <{number}@x>\n\nx\n"
        );
        put(&folder, &format!("mails/ann/{number}.eml"), mail);
    }
    run(&folder);
    let expected = [("0", "C1"), ("1", "C2"), ("2", "C3"), ("3", "C4")];
    let expected = expected.map(|(subject, contact)| (subject.to_owned(), contact.to_owned()));
    assert_eq!(contacts_of(&folder), expected);
    let other = site("eml");
    put(
        &other,
        "contacts.csv",
        fs::read(fixture("csv-cr-line-ends.csv")).unwrap(),
    );
    put(
        &other,
        "mails/ann/1.eml",
        fs::read(fixture("eml-date-with-pm.eml")).unwrap(),
    );
    run(&other);
    let expected = [("d13-am".to_owned(), "C1".to_owned())];
    assert_eq!(contacts_of(&other), expected);
}

#[test]
fn exclusions_hold_in_every_form_in_which_they_are_written() {
    let mail = "From: Eva Miller <eva@fabrikam.com>\nTo: ann@contoso.com\nSubject: a\n\
                Date: Mon, 05 Jan 2026 10:00:00 +0000\nMessage-ID: <1@x>\n\nx\n";
    let outcome = |exclude: &str, code: i32| {
        let folder = site("eml");
        put(&folder, "mails/ann/1.eml", mail);
        let config = folder.path().join("touchpoint.toml");
        let text = fs::read_to_string(&config).unwrap();
        let text = text.replace("unmatched", &format!("exclude.{exclude}\nunmatched"));
        fs::write(&config, text).unwrap();
        let mut command = with_config(&config, &["run", "--format", "json"]);
        let report = expect_code(&mut command, code);
        serde_json::from_str::<Value>(&report).map(|report| outcomes(&report))
    };
    let excluded = [("excluded".to_owned(), 1)];
    for form in [
        "eva@fabrikam.com;",
        "mailto:eva@fabrikam.com?subject=hello",
        "SMTP:Eva@Fabrikam.com",
        "Eva Miller <eva@fabrikam.com>",
        "\u{201c}eva@fabrikam.com\u{201d}",
        "=\\\"eva@fabrikam.com\\\"",
        "eva@fabrikam.com (Eva)",
        "\u{200b}eva@fabrikam.com\u{a0}",
        "eva_fabrikam.com#EXT#@contoso.onmicrosoft.com",
    ] {
        assert_eq!(
            outcome(&format!("addresses = [\"{form}\"]"), 0).unwrap(),
            excluded,
            "{form}"
        );
    }
    for form in [
        "@fabrikam.com",
        "*.fabrikam.com",
        "http://www.fabrikam.com/",
        " fabrikam.com. ",
    ] {
        assert_eq!(
            outcome(&format!("domains = [\"{form}\"]"), 0).unwrap(),
            excluded,
            "{form}"
        );
    }
    for unreadable in [
        "addresses = [\"Eva eva@fabrikam.com\"]",
        "addresses = [\"eva@fabrikam.com, bob@fabrikam.com\"]",
        "addresses = [\"eva at fabrikam.com\"]",
        "domains = [\"eva@fabrikam.com\"]",
        "domains = [\"fabrikam com\"]",
    ] {
        assert!(outcome(unreadable, 2).is_err(), "{unreadable}");
    }
}
