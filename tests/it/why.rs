//! `why`: each reason for which something is, or is not, in the lake is named, and nothing else.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archive_config;
use crate::support::archive_folder;
use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

const FROM_ANN: &str = "From: ann@customer.example\nTo: bob@contoso.example\n\
    Date: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <1@customer.example>\nSubject: s\n\nx\n";
const FROM_ZOE: &str = "From: zoe@gmail.com\nTo: bob@contoso.example\n\
    Date: Tue, 3 Mar 2026 10:00:00 +0000\nMessage-ID: <2@gmail.com>\nSubject: s\n\nx\n";
const AMONG_COLLEAGUES: &str = "From: bob@contoso.example\nTo: eve@contoso.example\n\
    Date: Tue, 3 Mar 2026 11:00:00 +0000\nMessage-ID: <3@contoso.example>\nSubject: s\n\nx\n";

/// A folder after a run over these mails.
fn folder() -> TempDir {
    let mails = [("1", FROM_ANN), ("2", FROM_ZOE), ("3", AMONG_COLLEAGUES)];
    let mails = mails.map(|(name, mail)| (name.to_owned(), mail));
    let folder = archive_folder(&archive_config("mails", "eml"), mails);
    run_report(&folder.path().join("touchpoint.toml"), &[], 0);
    folder
}

fn why(config: &Path, arguments: &[&str]) -> Value {
    let mut command = with_config(config, &["why", "--format", "json"]);
    serde_json::from_str(&expect_code(command.args(arguments), 0)).unwrap()
}

/// The words of findings, in order.
fn codes(findings: &Value) -> Vec<&str> {
    let findings = findings.as_array().unwrap().iter();
    findings.map(|one| one["code"].as_str().unwrap()).collect()
}

/// The sentence of the finding with a word.
fn text<'a>(findings: &'a Value, code: &str) -> &'a str {
    let mut all = findings.as_array().unwrap().iter();
    let found = all.find(|one| one["code"] == code);
    let found = found.unwrap_or_else(|| panic!("no {code} in {findings:#}"));
    found["text"].as_str().unwrap()
}

#[test]
fn a_message_is_recorded_with_its_match_or_only_counted() {
    let folder = folder();
    let config = folder.path().join("touchpoint.toml");
    let found = why(&config, &["<1@customer.example>"]);
    assert_eq!(found["findings"], serde_json::json!([]));
    let mailbox = &found["mailboxes"][0];
    assert_eq!(mailbox["recorded"], true);
    assert_eq!(codes(&mailbox["findings"]), ["recorded", "matched"]);
    assert_eq!(
        text(&mailbox["findings"], "matched"),
        "matched contact c1 (Ann) of account a1 by contact_email"
    );
    let row = text(&mailbox["findings"], "recorded");
    assert!(
        row.contains("2026-03-02 10:00 UTC, revision 1, active"),
        "{row}"
    );
    // By the id of the row as well.
    let id = row.strip_prefix("id ").unwrap().split(',').next().unwrap();
    assert_eq!(why(&config, &[&id[..8]])["mailboxes"], found["mailboxes"]);

    let unmatched = why(&config, &["<2@gmail.com>"]);
    let findings = &unmatched["mailboxes"][0]["findings"];
    assert_eq!(codes(findings), ["recorded", "not_matched"]);

    let skipped = why(&config, &["<3@contoso.example>"]);
    assert_eq!(codes(&skipped["findings"]), ["not_recorded"]);
    let mailbox = &skipped["mailboxes"][0];
    assert_eq!(mailbox["recorded"], false);
    assert_eq!(codes(&mailbox["findings"]), ["last_read", "not_kept"]);
    let counts = text(&mailbox["findings"], "not_kept");
    assert!(
        counts.contains("kept: 1 internal_only, in 1 runs"),
        "{counts}"
    );
}

#[test]
fn an_address_is_answered_by_the_rules_and_the_rows() {
    let folder = folder();
    let config = folder.path().join("touchpoint.toml");
    let ann = why(&config, &["Ann <ann@customer.example>"]);
    assert_eq!(codes(&ann["findings"]), ["in_crm"]);
    let recorded = &ann["mailboxes"][0]["findings"];
    assert_eq!(
        text(recorded, "recorded"),
        "1 mails from 2026-03-02 to 2026-03-02"
    );
    let zoe = why(&config, &["zoe@gmail.com"]);
    assert_eq!(codes(&zoe["findings"]), ["freemail", "not_in_crm"]);
    let colleague = why(&config, &["eve@contoso.example"]);
    assert_eq!(codes(&colleague["findings"]), ["not_recorded", "internal"]);
    let misspelt = why(&config, &["ann@custmer.example"]);
    assert_eq!(codes(&misspelt["findings"]), ["not_recorded", "not_in_crm"]);
    let near = text(&misspelt["findings"], "not_in_crm");
    assert_eq!(
        near,
        "the CRM snapshot in force does not have it; unmatched = \"envelope\" decides; spelled alike: \
         ann@customer.example"
    );
    // An account by its domain.
    let other = why(&config, &["tim@customer.example"]);
    assert_eq!(
        text(&other["findings"], "in_crm"),
        "the CRM snapshot in force has account a1 by account_domain"
    );
    let stated = fs::read_to_string(&config).unwrap();
    let exclude = "[capture]\nexclude = { addresses = [\"ann@customer.example\"], domains = [\"gmail.com\"] }\n";
    fs::write(&config, format!("{exclude}{stated}")).unwrap();
    let ann = why(&config, &["ann@customer.example"]);
    assert_eq!(codes(&ann["findings"]), ["excluded_address", "in_crm"]);
    let zoe = why(&config, &["zoe@gmail.com"]);
    assert_eq!(
        codes(&zoe["findings"]),
        ["excluded_domain", "freemail", "not_in_crm"]
    );
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_forms_that_can() {
    let folder = folder();
    let config = folder.path().join("touchpoint.toml");
    for wrong in ["", "soon", "2026-03", "<>", "abc"] {
        let output = with_config(&config, &["why", wrong]).output().unwrap();
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        for form in ["Message-ID in angle brackets", "mail address", "one day"] {
            assert!(text.contains(form), "{text}");
        }
    }
    let unknown = ["why", "2026-03-02", "--mailbox", "eve@contoso.example"];
    expect_code(&mut with_config(&config, &unknown), 2);
    let stated = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("[view]\nmail_activity = false\n{stated}")).unwrap();
    expect_code(&mut with_config(&config, &["why", "2026-03-02"]), 2);
}

/// The findings of a mailbox.
fn of<'a>(answer: &'a Value, address: &str) -> &'a Value {
    let mut mailboxes = answer["mailboxes"].as_array().unwrap().iter();
    let found = mailboxes.find(|one| one["mailbox"] == address);
    &found.unwrap_or_else(|| panic!("no {address}"))["findings"]
}

#[test]
fn mailboxes_of_a_tenant_say_why_they_have_nothing_of_a_day() {
    let tenant = Tenant::generated(74, 12);
    let report = run_report(&tenant.config(), &[], 1);
    let old = why(&tenant.config(), &["2020-03-02"]);
    assert_eq!(codes(&old["findings"]), ["not_recorded"]);
    let status = expect_code(
        &mut with_config(&tenant.config(), &["status", "--format", "json"]),
        0,
    );
    let status: Value = serde_json::from_str(&status).unwrap();
    let mut seen = Vec::new();
    for mailbox in status["mailboxes"].as_array().unwrap() {
        let findings = of(&old, mailbox["mailbox"].as_str().unwrap());
        let codes = codes(findings);
        let connection = mailbox["connection"].as_str().unwrap();
        seen.push(connection);
        match connection {
            "connected" => assert_eq!(
                codes
                    .iter()
                    .filter(|code| **code == "before_window")
                    .count(),
                2,
                "{findings:#}"
            ),
            _ => assert!(codes.contains(&connection), "{findings:#}"),
        }
        if mailbox["unreadable"].as_u64().unwrap() > 0 {
            assert!(codes.contains(&"unread"), "{findings:#}");
        }
        if mailbox["last_success"].is_null() && connection != "incomplete" {
            assert!(codes.contains(&"never_read"), "{findings:#}");
        }
    }
    for connection in ["connected", "unauthorized", "no_mailbox", "never"] {
        assert!(seen.contains(&connection), "{connection}: {seen:?}");
    }
    // What the night did not record is as the report counts it.
    let night = report["started_at"].as_str().unwrap();
    let answer = why(&tenant.config(), &[&night[..10]]);
    for mailbox in report["mailboxes"].as_array().unwrap() {
        let findings = of(&answer, mailbox["mailbox_address"].as_str().unwrap());
        for outcome in ["excluded", "private", "outside_window", "internal_only"] {
            let count = mailbox["items"]["outcomes"][outcome].as_u64().unwrap();
            if count > 0 {
                let counts = text(findings, "not_kept");
                assert!(counts.contains(&format!("{count} {outcome}")), "{counts}");
            }
        }
    }
}

#[test]
fn rows_settings_and_unlinking_are_found_by_mailbox() {
    let mut tenant = Tenant::generated(75, 12);
    tenant.run();
    // This writes down what was planted.
    tenant.compare_rows_with_truth();
    let planted = fs::read_to_string(tenant.folder().join("truth.jsonl")).unwrap();
    let planted = planted
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let planted: Vec<Value> = planted.collect();
    let day_of = |row: &Value| row["occurred_at"].as_str().unwrap()[..10].to_owned();
    let is_mail = |row: &&Value| row["kind"] == "email" && row["outcome"] == "recorded";
    let first = planted.iter().find(is_mail).unwrap();
    let (address, day) = (first["mailbox_address"].as_str().unwrap(), &*day_of(first));
    let of_day = planted.iter().filter(is_mail);
    let of_day = of_day.filter(|row| row["mailbox_address"] == address && day_of(row) == day);
    let count = of_day.count();
    let answer = why(&tenant.config(), &[day, "--mailbox", address]);
    assert_eq!(answer["mailboxes"].as_array().unwrap().len(), 1);
    assert_eq!(
        text(of(&answer, address), "recorded"),
        format!("{count} mails from {day} to {day}")
    );

    // Mail is off from the second run on, and the mailbox is unlinked before the third.
    let config = fs::read_to_string(tenant.config()).unwrap();
    let config = config.replace("[capture]\n", "[capture]\nmail = false\n");
    assert!(config.contains("mail = false"), "{config}");
    fs::write(tenant.config(), config).unwrap();
    tenant.run();
    let findings = why(&tenant.config(), &["2099-01-01", "--mailbox", address]);
    let off = text(of(&findings, address), "not_captured");
    assert!(off.starts_with("mail = off from 20"), "{off}");
    assert!(off.ends_with("until today"), "{off}");
    let before = why(&tenant.config(), &[day, "--mailbox", address]);
    assert!(!of(&before, address).to_string().contains("mail = off"));
    expect_code(&mut with_config(&tenant.config(), &["unlink", address]), 0);
    tenant.run();
    let unlinked = why(&tenant.config(), &[day, "--mailbox", address]);
    assert!(
        codes(of(&unlinked, address)).contains(&"unlinked"),
        "{unlinked:#}"
    );
    let text = expect_code(&mut with_config(&tenant.config(), &["why", day]), 0);
    assert!(
        text.contains(&format!("contoso {address}: recorded\n")),
        "{text}"
    );
}

#[test]
fn items_that_cannot_be_read_are_counted_by_reason() {
    let folder = archive_folder(
        &archive_config("mails", "eml"),
        [
            ("1".to_owned(), FROM_ANN),
            ("2".to_owned(), "no mail at all\n"),
        ],
    );
    let config = folder.path().join("touchpoint.toml");
    with_config(&config, &["run"]).output().unwrap();
    let answer = why(&config, &["<9@customer.example>"]);
    let findings = &answer["mailboxes"][0]["findings"];
    let unread = text(findings, "unread");
    assert!(
        unread.starts_with("1 items could not be read (not_mail)"),
        "{unread}"
    );
    let counts = text(findings, "not_kept");
    assert!(counts.contains("1 unreadable"), "{counts}");
}
