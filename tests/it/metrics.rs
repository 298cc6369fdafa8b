//! `run --metrics`: what monitoring reads agrees with the report, whether or not the run succeeds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::expect_code;
use crate::support::python;
use crate::support::root;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// What two independent parsers read, and the alerts of the example some hours after the run.
fn read(file: &Path, hours: &str) -> Value {
    let mut script = python::script("metrics.py");
    script.arg(file);
    script.arg(root().join("scripts/schedule/alerts.yml"));
    python::json(script.arg(hours))
}

/// Runs, and gives the report.
fn run(config: &Path, file: &Path, code: i32) -> Value {
    run_report(config, &["--metrics", file.to_str().unwrap()], code)
}

/// The value of a metric with these labels, as they stand behind its name.
fn value<'a>(values: &'a Value, name: &str, labels: &str) -> &'a Value {
    let key = format!("{name} {labels}");
    let found = values["values"].get(key.trim_end());
    found.unwrap_or_else(|| panic!("no {key} in {values:#}"))
}

/// The same where it is a number of something.
fn count(values: &Value, name: &str, labels: &str) -> u64 {
    value(values, name, labels).as_u64().unwrap()
}

#[test]
fn metrics_of_a_tenant_agree_with_the_report_and_name_no_mailbox() {
    let tenant = Tenant::generated(71, 12);
    let file = tenant.folder().join("touchpoint.prom");
    let report = run(&tenant.config(), &file, 1);
    let values = read(&file, "1");
    let name = report["tenants"][0]["tenant"].as_str().unwrap();
    let of_tenant = format!("tenant={name}");
    let sums = &report["tenants"][0];
    for (metric, expected) in [
        ("touchpoint_run_items_received", &sums["items"]["received"]),
        ("touchpoint_run_requests", &sums["requests"]),
        ("touchpoint_run_received_bytes", &sums["bytes"]),
        ("touchpoint_run_throttled_seconds", &sums["waited_seconds"]),
    ] {
        let found = value(&values, metric, &of_tenant);
        assert_eq!(found.as_f64(), expected.as_f64(), "{metric}");
    }
    for (outcome, count) in sums["items"]["outcomes"].as_object().unwrap() {
        let labels = format!("outcome={outcome} {of_tenant}");
        let found = value(&values, "touchpoint_run_items", &labels);
        assert_eq!(found, count, "{outcome}");
    }
    let mailboxes = report["mailboxes"].as_array().unwrap();
    for status in ["complete", "denied", "no_mailbox", "failed"] {
        let expected = mailboxes.iter().filter(|one| one["status"] == *status);
        let labels = format!("status={status} {of_tenant}");
        let found = count(&values, "touchpoint_run_mailboxes", &labels);
        assert_eq!(found, expected.count() as u64, "{status}");
    }
    assert_eq!(count(&values, "touchpoint_run_exit_code", ""), 1);
    let seconds = value(&values, "touchpoint_run_duration_seconds", "");
    assert_eq!(seconds.as_f64(), report["seconds"].as_f64());
    assert!(count(&values, "touchpoint_run_peak_memory_bytes", "") > 10_000_000);
    let rows = python::rows(tenant.folder(), "interactions", &["interaction_id"]).len();
    let in_table = count(&values, "touchpoint_table_rows", "table=interactions");
    assert_eq!(in_table, rows as u64);
    compare_with_status(&tenant, &values, &of_tenant);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains('@'), "{text}");
    for mailbox in mailboxes {
        assert!(!text.contains(mailbox["mailbox_id"].as_str().unwrap()));
    }
    assert_eq!(values["fire"], serde_json::json!([]), "{values:#}");
}

/// The mailboxes of the lake, by connection, and what of them was recorded.
fn compare_with_status(tenant: &Tenant, values: &Value, of_tenant: &str) {
    let mut command = with_config(&tenant.config(), &["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&expect_code(&mut command, 0)).unwrap();
    let mailboxes = status["mailboxes"].as_array().unwrap();
    for connection in ["connected", "unauthorized", "out_of_scope", "no_mailbox"] {
        let expected = mailboxes.iter();
        let expected = expected.filter(|one| one["connection"] == *connection);
        let labels = format!("connection={connection} {of_tenant}");
        let found = count(values, "touchpoint_mailboxes", &labels);
        assert_eq!(found, expected.count() as u64, "{connection}");
    }
    let recorded = mailboxes.iter().map(|one| one["recorded_total"].as_u64());
    let recorded: u64 = recorded.map(Option::unwrap).sum();
    let found = count(values, "touchpoint_recorded_interactions", of_tenant);
    assert_eq!(found, recorded);
}

#[test]
fn a_failed_run_writes_metrics_and_keeps_when_one_last_succeeded() {
    let folder = archive_of_one_mail(&archive_config("mails", "eml"));
    let (config, file) = (
        folder.path().join("touchpoint.toml"),
        folder.path().join("touchpoint.prom"),
    );
    run(&config, &file, 0);
    let first = read(&file, "1");
    let end = value(&first, "touchpoint_run_end_timestamp_seconds", "");
    let success = "touchpoint_run_last_success_timestamp_seconds";
    assert_eq!(value(&first, success, ""), end);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);

    // What the files of the CRM lack is found before anything is read.
    fs::remove_file(folder.path().join("contacts.csv")).unwrap();
    let arguments = ["run", "--metrics", file.to_str().unwrap()];
    expect_code(&mut with_config(&config, &arguments), 2);
    let failed = fs::read_to_string(&file).unwrap();
    assert!(failed.contains("touchpoint_run_exit_code 2\n"), "{failed}");
    assert!(failed.contains(&format!("{success} {end}\n")), "{failed}");
    let oldest = "touchpoint_oldest_mailbox_timestamp_seconds{tenant=\"old\"}";
    assert!(failed.contains(oldest), "{failed}");
    assert!(!failed.contains("touchpoint_run_items"), "{failed}");

    // Of a configuration that cannot be read nothing else is known.
    fs::write(&config, "[lake]\npaht = \"lake\"\n").unwrap();
    expect_code(&mut with_config(&config, &arguments), 2);
    let failed = fs::read_to_string(&file).unwrap();
    assert!(failed.contains(&format!("{success} {end}\n")), "{failed}");
    assert!(failed.ends_with("# EOF\n") && !failed.contains("tenant="));
}

#[test]
fn the_example_alerts_fire_when_no_run_follows() {
    let folder = archive_of_one_mail(&archive_config("mails", "eml"));
    let file = folder.path().join("touchpoint.prom");
    run(&folder.path().join("touchpoint.toml"), &file, 0);
    let fire = |hours: &str| read(&file, hours)["fire"].clone();
    assert_eq!(fire("29"), serde_json::json!([]));
    assert_eq!(fire("31"), serde_json::json!(["TouchpointRunMissing"]));
    let week = fire("170");
    assert_eq!(
        week,
        serde_json::json!(["TouchpointRunMissing", "TouchpointMailboxOld"])
    );
}

#[test]
fn each_part_of_the_mailboxes_writes_metrics_of_its_own() {
    let tenant = Tenant::generated(72, 12);
    let mut sum = 0;
    for shard in ["1/2", "2/2"] {
        let file = tenant.folder().join("part.prom");
        let file_name = file.to_str().unwrap();
        let arguments = ["run", "--shard", shard, "--metrics", file_name];
        let output = with_config(&tenant.config(), &arguments).output().unwrap();
        let is_through = matches!(output.status.code(), Some(0 | 1));
        assert!(is_through, "{}", text_of(&output));
        let values = read(&file, "1");
        let known = values["values"].as_object().unwrap().iter();
        let connected = known.filter(|(name, _)| {
            name.starts_with("touchpoint_mailboxes connection=connected")
                && name.contains(&format!("shard={shard}"))
        });
        sum += connected
            .map(|(_, count)| count.as_u64().unwrap())
            .sum::<u64>();
    }
    let mut command = with_config(&tenant.config(), &["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&expect_code(&mut command, 0)).unwrap();
    let mailboxes = status["mailboxes"].as_array().unwrap().iter();
    let connected = mailboxes.filter(|one| one["connection"] == "connected");
    assert_eq!(sum, connected.count() as u64);
}

#[test]
fn a_path_that_no_metrics_can_be_written_to_is_refused_before_anything_is_read() {
    let folder = archive_of_one_mail(&archive_config("mails", "eml"));
    let config = folder.path().join("touchpoint.toml");
    fs::create_dir(folder.path().join("folder.prom")).unwrap();
    for (name, word) in [
        ("metrics.txt", "ends in .prom"),
        ("folder.prom", "ends in .prom"),
        ("missing/touchpoint.prom", "no file can be made"),
    ] {
        let file = folder.path().join(name);
        let arguments = ["run", "--metrics", file.to_str().unwrap()];
        let output = with_config(&config, &arguments).output().unwrap();
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(word), "{text}");
        assert!(!folder.path().join("lake").exists(), "{text}");
    }
    let arguments = ["run", "--plan", "--metrics", "touchpoint.prom"];
    expect_code(&mut with_config(&config, &arguments), 2);
}
