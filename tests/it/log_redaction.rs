//! Output on stderr contains no secret, token or address, however the service fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::subfolders_config;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// Waits that a test can afford.
const IMPATIENT: &str = "\n[run]\nretry_seconds = 0.02\nanswer_seconds = 2\n";
/// From here on sign-in is denied.
const REFUSED: &str = "2026-03-02T03:00:00Z";
/// Longer words of this alphabet are treated as tokens.
const WORD_MAX: usize = 40;

/// The faults of the mailboxes from 14 on.
const FAULTS: [&str; 8] = [
    "kind='status'\nstatus=503\nbody='html'",
    "kind='status'\nstatus=429\nbody='empty'",
    "kind='status'\nstatus=403\ncode='ErrorAccessDenied'\nafter=3",
    "kind='status'\nstatus=401\ncode='InvalidAuthenticationToken'",
    "kind='foreign_link'\nto='https://127.0.0.1:1'",
    "kind='bad_json'",
    "kind='bad_gzip'",
    "kind='cut_in_body'",
];

/// Fails if a text contains anything that must not be printed.
fn check(text: &str, secret: &str) {
    assert!(!text.is_empty());
    assert!(!text.contains(secret), "the secret: {text}");
    for line in text.lines() {
        assert!(!line.contains('@'), "an address: {line}");
        assert!(!line.contains("Bearer"), "a token: {line}");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.%".contains(c);
        // Files have long names of their own.
        let mut words = line.split(|c: char| !is_plain(c) && c != '/');
        let token = words.find(|word| word.len() > WORD_MAX && !word.contains('/'));
        assert_eq!(token, None, "a token: {line}");
    }
}

#[test]
fn verbose_logs_of_failures_contain_no_secrets_or_addresses() {
    let of_mailbox = |(place, words): (usize, &&str)| {
        let mailbox = place + 14;
        format!("[[faults]]\nmailbox = {mailbox}\n{words}\nuntil = \"{REFUSED}\"\n")
    };
    let faults: String = FAULTS.iter().enumerate().map(of_mailbox).collect();
    let tenant = Tenant::of_world(&format!(
        "seed = 63\nusers = 24\nmails_per_user = 10\nmeetings_per_user = 0\n{faults}\
         [[faults]]\nkind='status'\nrequest='token'\nstatus=401\nbody='sign_in'\n\
         code='invalid_client'\nmessage='7000222'\nfrom = \"{REFUSED}\"\n"
    ));
    tenant.configure(IMPATIENT);
    let secret = fs::read_to_string(tenant.folder().join("secret.txt")).unwrap();
    let run = |format: &str, code: i32| {
        let arguments = ["run", "--verbose", "--format", format];
        let output = with_config(&tenant.config(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", text_of(&output));
        check(&String::from_utf8(output.stderr).unwrap(), secret.trim());
    };
    run("text", 1);
    tenant.advance_to(REFUSED);
    run("text", 2);
    for file in fs::read_dir(tenant.folder().join("lake/_touchpoint/cursors")).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "links into mailboxes are private");
    }
}

#[test]
fn events_of_a_mailbox_name_it_by_its_id_and_appear_at_their_levels() {
    let tenant = Tenant::of_world(
        "seed = 63\nusers = 16\nmails_per_user = 10\nmeetings_per_user = 2\n\
         [[faults]]\nmailbox = 1\nkind = 'status'\nstatus = 503\ntimes = 1\n",
    );
    tenant.configure(IMPATIENT);
    let secret = fs::read_to_string(tenant.folder().join("secret.txt")).unwrap();
    let mut messages = Vec::new();
    for (level, seen) in [
        ("trace", ["INFO", "DEBUG", "TRACE"].as_slice()),
        ("debug", &["INFO", "DEBUG"]),
        ("info", &["INFO"]),
        ("warn", &[]),
        ("error", &[]),
    ] {
        let arguments = ["run", "--format", "json", "--log-format", "json"];
        let mut run = with_config(&tenant.config(), &arguments);
        let output = run.args(["--log-level", level]).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mailboxes = report["mailboxes"].as_array().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        for mailbox in mailboxes {
            let address = mailbox["mailbox_address"].as_str().unwrap();
            let name = address.split('@').next().unwrap();
            assert!(!text.contains(name), "{name}: {text}");
        }
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let of_mailboxes: Vec<Value> = lines
            .filter(|line: &Value| line["span"]["name"] == "mailbox")
            .collect();
        for line in &of_mailboxes {
            let id = &line["span"]["mailbox"];
            assert!(mailboxes.iter().any(|one| one["mailbox_id"] == *id), "{id}");
            let at = line["level"].as_str().unwrap();
            assert!(at == "WARN" || seen.contains(&at), "{level}: {line}");
            messages.push(line["fields"]["message"].as_str().unwrap().to_owned());
        }
        for at in seen {
            assert!(of_mailboxes.iter().any(|line| line["level"] == *at));
        }
        if !seen.is_empty() {
            check(&text, secret.trim());
            let ended = of_mailboxes.iter();
            let ended = ended.filter(|line| line["fields"]["message"] == "a mailbox was read");
            assert_eq!(ended.count(), mailboxes.len(), "{level}: {text}");
            assert!(text.contains("a commit was written"), "{level}");
        }
    }
    for message in [
        "a mailbox is begun",
        "a page was read",
        "a batch is handed over",
        "a request was answered",
        "the service is waited for",
    ] {
        assert!(messages.iter().any(|one| one == message), "{message}");
    }
}

#[test]
fn skipped_archive_files_are_reported_without_folder_names() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = folder.path().join("mails/ann@contoso.example");
    fs::create_dir_all(&mailbox).unwrap();
    symlink(folder.path(), mailbox.join("link")).unwrap();
    fs::write(folder.path().join("mails/bob@contoso.example.eml"), "").unwrap();
    fs::write(
        mailbox.join("1.eml"),
        "Date: Mon, 2 Mar 2026 09:00:00 +0000\n\nHi.\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("contacts.csv"),
        "id,name,email,other_emails,account_id\nc1,Bo,bo@x.example,,\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("accounts.csv"),
        "id,name,domains\na1,X,x.example\n",
    )
    .unwrap();
    let config = subfolders_config("mails", "eml");
    fs::write(folder.path().join("touchpoint.toml"), config).unwrap();
    let mut run = with_config(&folder.path().join("touchpoint.toml"), &["run"]);
    let output = run.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    for what in ["not followed", "belong to no mailbox"] {
        assert_eq!(text.matches(what).count(), 1, "{what}: {text}");
    }
    check(&text, "no secret");
    let all = ["run", "--log-level", "trace"];
    let mut run = with_config(&folder.path().join("touchpoint.toml"), &all);
    let text = String::from_utf8(run.output().unwrap().stderr).unwrap();
    assert!(text.contains("mailbox{mailbox=\"archive-"), "{text}");
    check(&text, "no secret");
}

#[test]
fn a_waiting_run_logs_progress_as_json() {
    let tenant = Tenant::of_world(
        "seed = 63\nusers = 16\nmails_per_user = 5\nmeetings_per_user = 0\n\
         [[faults]]\nmailbox = 0\nkind = 'slow'\nseconds = 32\nrequest = 'delta'\ntimes = 1\n",
    );
    let arguments = ["run", "--log-format", "json"];
    let output = with_config(&tenant.config(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text_of(&output));
    let text = String::from_utf8(output.stderr).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let texts = lines.map(|line: Value| line["fields"]["message"].to_string());
    let alive = texts.filter(|text| text.contains("mailboxes, ")).count();
    assert_eq!(alive, 1, "{text}");
}
