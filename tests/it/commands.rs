//! The commands that look at a lake, and the options of a run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// The JSON output of a command.
pub(crate) fn json(tenant: &Tenant, arguments: &[&str], code: i32) -> Value {
    json_of(&tenant.config(), arguments, code)
}

/// What a command with this configuration prints as JSON; the test fails unless it ends with
/// `code`.
pub(crate) fn json_of(config: &Path, arguments: &[&str], code: i32) -> Value {
    let mut command = with_config(config, &["--format", "json"]);
    serde_json::from_str(&expect_code(command.args(arguments), code)).unwrap()
}

#[test]
fn a_plan_lists_inclusions_and_exclusions_and_reads_no_mail() {
    let tenant = Tenant::generated(51, 16);
    let plan = json(&tenant, &["run", "--plan"], 0);
    let lines = plan["mailboxes"].as_array().unwrap();
    let out: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["reason"].as_str())
        .collect();
    for reason in ["guest", "not in the group or list", "never is set"] {
        assert!(out.contains(&reason), "{reason} in {out:?}");
    }
    assert!(lines.iter().any(|line| line["in_scope"] == true));
    assert!(plan["permissions"].to_string().contains("Mail.Read"));
    assert_eq!(tenant.asked_for_mail(0), BTreeSet::new());
    assert_eq!(tenant.asked_for_calendars(0), BTreeSet::new());
    assert!(!tenant.folder().join("lake").exists());
}

#[test]
fn a_run_reads_only_the_mailboxes_in_scope() {
    let mut tenant = Tenant::generated(52, 16);
    let report = tenant.run();
    // One of them is the mailbox of somebody of whom neither mail nor meetings are captured.
    let in_scope = report["mailboxes"].as_array().unwrap().iter();
    let is_read = |mailbox: &&Value| mailbox["requests"] != 0;
    let read: BTreeSet<String> = in_scope
        .clone()
        .filter(is_read)
        .map(|mailbox| mailbox["mailbox_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tenant.asked_for(0), read);
    assert_eq!(read.len() + 1, in_scope.len());
    assert!(!report["left_out"].as_array().unwrap().is_empty());
    let status = |word: &str| {
        let mailboxes = report["mailboxes"].as_array().unwrap();
        mailboxes
            .iter()
            .filter(|mailbox| mailbox["status"] == word)
            .count()
    };
    assert!(
        status("complete") > 0 && status("denied") > 0 && status("no_mailbox") > 0,
        "{report}"
    );
    assert_eq!(report["exit_code"], 1);
}

#[test]
fn one_mailbox_can_be_the_first_start() {
    let tenant = Tenant::generated(53, 16);
    let plan = json(&tenant, &["run", "--plan"], 0);
    let lines = plan["mailboxes"].as_array().unwrap();
    let address = |reason: Option<&str>| {
        let line = lines
            .iter()
            .find(|line| line["reason"].as_str() == reason)
            .unwrap();
        line["mailbox"].as_str().unwrap().to_owned()
    };
    let reason = "not in the group or list";
    let (inside, outside) = (address(None), address(Some(reason)));
    let outside = with_config(&tenant.config(), &["run", "--mailbox", &outside]).output();
    let outside = outside.unwrap();
    assert_eq!(outside.status.code(), Some(2), "{}", text_of(&outside));
    let error = String::from_utf8_lossy(&outside.stderr).into_owned();
    assert!(error.contains(reason), "{error}");
    assert!(!error.contains('@'), "an address in the error: {error}");
    let plan = json(&tenant, &["run", "--plan", "--mailbox", &inside], 0);
    assert_eq!(plan["mailboxes"].as_array().unwrap().len(), 1, "{plan}");
    let before = tenant.served_requests();
    let output = with_config(&tenant.config(), &["run", "--mailbox", &inside]).output();
    assert!(matches!(output.unwrap().status.code(), Some(0 | 1)));
    assert!(tenant.asked_for(before).len() <= 1);
}

#[test]
fn search_finds_what_was_recorded_and_marks_it() {
    let mut tenant = Tenant::generated(54, 16);
    tenant.run();
    let all = json(&tenant, &["search", "workshop", "--limit", "5"], 0);
    let hits = all["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 5);
    let contact = hits
        .iter()
        .find_map(|hit| hit["contacts"][0]["id"].as_str())
        .unwrap()
        .to_owned();
    let with_contact = json(&tenant, &["search", "--contact", &contact], 0);
    assert!(with_contact["total"].as_u64().unwrap() > 0);
    for hit in with_contact["hits"].as_array().unwrap() {
        assert!(
            hit["contacts"]
                .to_string()
                .contains(&format!("\"{contact}\"")),
            "{hit}"
        );
        assert_eq!(hit["interaction_id"].as_str().unwrap().len(), 32);
        assert!(hit["mailbox_id"].is_string());
    }
    let text = expect_code(
        &mut with_config(&tenant.config(), &["search", "workshop", "--limit", "3"]),
        0,
    );
    assert!(
        !text.contains('\u{1b}'),
        "colours without a terminal: {text}"
    );
}

#[test]
fn status_tells_of_every_mailbox() {
    let mut tenant = Tenant::generated(55, 16);
    let report = tenant.run();
    let status = json(&tenant, &["status"], 0);
    let mailboxes = status["mailboxes"].as_array().unwrap();
    let is_read = |mailbox: &&Value| mailbox["status"] != "left_out";
    assert_eq!(
        mailboxes.iter().filter(is_read).count(),
        report["mailboxes"].as_array().unwrap().len()
    );
    let denied = mailboxes
        .iter()
        .find(|mailbox| mailbox["status"] == "denied")
        .unwrap();
    assert!(
        denied["reason"].as_str().unwrap().contains("polic"),
        "{denied}"
    );
    assert!(denied["last_success"].is_null());
    let complete = mailboxes
        .iter()
        .find(|mailbox| mailbox["status"] == "complete")
        .unwrap();
    assert!(complete["last_success"].is_string());
}

#[test]
fn state_and_index_are_made_again_from_the_lake() {
    let mut tenant = Tenant::generated(56, 16);
    tenant.run();
    let before = json(&tenant, &["search", "workshop", "--limit", "1"], 0)["total"].clone();
    std::fs::remove_dir_all(tenant.folder().join("state")).unwrap();
    std::fs::remove_dir_all(tenant.folder().join("index")).unwrap();
    let report = tenant.run();
    assert_eq!(report["totals"]["outcomes"]["recorded"], 0);
    assert_eq!(
        json(&tenant, &["search", "workshop", "--limit", "1"], 0)["total"],
        before
    );
    tenant.compare_rows_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    std::fs::write(tenant.folder().join("state/state.redb"), "torn").unwrap();
    tenant.advance(1);
    tenant.night();
    tenant.compare_rows_with_truth();
}

#[test]
fn a_signal_ends_the_run_at_the_next_commit() {
    let mut tenant = Tenant::of_fixture("slow.toml");
    tenant.note_run();
    let mut command = with_config(&tenant.config(), &["run"]);
    let process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (_sender, receiver) = std::sync::mpsc::channel::<()>();
    let _ = receiver.recv_timeout(Duration::from_secs(2));
    let kill = Command::new("kill")
        .args(["-TERM", &process.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text_of(&output));
    run_report(&tenant.config(), &[], 1);
    tenant.compare_rows_with_truth();
}

#[test]
fn an_end_time_in_the_past_reads_nothing() {
    let tenant = Tenant::generated(57, 16);
    let report = run_report(&tenant.config(), &["--until", "2020-01-01T00:00:00Z"], 1);
    assert!(
        report["mailboxes"].to_string().contains("stopped"),
        "{report}"
    );
    assert_eq!(tenant.asked_for(0), BTreeSet::new());
}

#[test]
fn secrets_tokens_and_addresses_never_reach_the_log() {
    let mut tenant = Tenant::generated(58, 16);
    tenant.note_run();
    let secret = std::fs::read_to_string(tenant.folder().join("secret.txt")).unwrap();
    let output = with_config(&tenant.config(), &["run", "--verbose"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains(secret.trim()), "{stderr}");
    assert!(!stderr.contains("Bearer"), "{stderr}");
    assert!(!stderr.contains('@'), "an address in the log: {stderr}");
}
