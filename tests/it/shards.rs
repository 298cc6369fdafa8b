//! Several processes that share the mailboxes of one tenant, and write one lake at the same time.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Stdio;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// How many share the work.
const SHARDS: u8 = 3;

/// A configuration with a state and an index of its own.
fn config(tenant: &Tenant, number: u8) -> PathBuf {
    let mut text = fs::read_to_string(tenant.config()).unwrap();
    for name in ["state", "index"] {
        let (shared, own) = (format!("\"{name}\""), format!("\"{name}-{number}\""));
        assert_eq!(text.matches(&shared).count(), 1, "{text}");
        text = text.replace(&shared, &own);
    }
    let path = tenant.folder().join(format!("shard-{number}.toml"));
    fs::write(&path, text).unwrap();
    path
}

fn start(config: &Path, shard: &str) -> Child {
    let mut command = with_config(config, &["--format", "json", "run", "--shard", shard]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits for all shards of a run; returns the addresses that each of them read.
fn night(tenant: &mut Tenant) -> Vec<Vec<String>> {
    tenant.take_crm();
    tenant.note_run();
    let start = |number| start(&config(tenant, number), &format!("{number}/{SHARDS}"));
    let shards: Vec<Child> = (1..=SHARDS).map(start).collect();
    let address = |mailbox: &Value| mailbox["mailbox_address"].as_str().unwrap().to_owned();
    let read = |shard: Child| {
        let output = shard.wait_with_output().unwrap();
        // 1: every world holds mailboxes that cannot be read.
        let is_through = matches!(output.status.code(), Some(0 | 1));
        assert!(is_through, "{}", text_of(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mailboxes = report["mailboxes"].as_array().unwrap().iter();
        mailboxes.map(address).collect()
    };
    shards.into_iter().map(read).collect()
}

#[test]
fn concurrent_shards_complete_and_divide_the_mailboxes() {
    let mut tenant = Tenant::generated(63, 24);
    // The lake is not there yet: all of them make it.
    let first = night(&mut tenant);
    tenant.compare_with_truth();
    tenant.advance(1);
    assert_eq!(night(&mut tenant), first);
    tenant.compare_with_truth();
    assert!(first.iter().all(|shard| !shard.is_empty()), "{first:?}");
    let mut read = first.concat();
    let mailboxes = read.len();
    read.sort();
    read.dedup();
    assert_eq!(read.len(), mailboxes, "no mailbox is read by two shards");

    // A run of all mailboxes continues where they stopped, with a new state and index.
    tenant.advance(1);
    let report = tenant.night();
    assert_eq!(report["mailboxes"].as_array().unwrap().len(), mailboxes);
    tenant.compare_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

#[test]
fn shards_sharing_a_state_are_rejected() {
    let tenant = Tenant::generated(64, 16);
    let (config, other) = (config(&tenant, 1), config(&tenant, 2));
    let text = fs::read_to_string(&other).unwrap();
    fs::write(&other, text.replace("state-2", "state-1")).unwrap();
    let shards = [start(&config, "1/2"), start(&other, "2/2")];
    let shards = shards.map(|shard| shard.wait_with_output().unwrap());
    let refused = shards.iter().filter(|shard| shard.status.code() == Some(2));
    let output: Vec<String> = refused.map(text_of).collect();
    assert_eq!(output.len(), 1, "{output:?}");
    assert!(output[0].contains("give this one its own"), "{}", output[0]);

    for wrong in ["0/2", "3/2", "1", "1/65"] {
        let mut command = with_config(&config, &["run", "--shard", wrong]);
        let output = command.output().unwrap();
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("--shard takes"), "{text}");
    }
}
