//! Commits are large, few and shared: no mailbox waits for its own, but where a chain would get too
//! far beyond its committed link.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// Mailboxes of the night.
const USERS: u32 = 60;
/// Commits that it may take: one at its end, and two where the machine is slow.
const COMMITS_MAX: usize = 3;
/// Small files that a run leaves in a month, and those of the three runs that died before it.
const FILES_MAX: usize = 2 + 3 * 5;

/// The actions of all commits of a table.
fn actions(lake: &Path, table: &str) -> Vec<Value> {
    let log = lake.join(table).join("_delta_log");
    let entries = fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let commits = entries.filter(|path| path.extension().is_some_and(|it| it == "json"));
    let mut actions = Vec::new();
    for commit in commits {
        let text = fs::read_to_string(commit).unwrap();
        actions.extend(
            text.lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()),
        );
    }
    actions
}

/// Files of the month that has most, among those that the table consists of now.
fn most_files_of_a_month(lake: &Path, table: &str) -> usize {
    let actions = actions(lake, table);
    let removed: BTreeSet<&str> = actions
        .iter()
        .filter_map(|it| it["remove"]["path"].as_str())
        .collect();
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for add in actions.iter().map(|it| &it["add"]) {
        if let (Some(path), Some(month)) = (
            add["path"].as_str(),
            add["partitionValues"]["month"].as_str(),
        ) && !removed.contains(path)
        {
            *files.entry(month).or_default() += 1;
        }
    }
    files.into_values().max().unwrap()
}

#[test]
fn a_first_night_makes_few_commits_with_one_file_per_month() {
    let mut tenant = Tenant::generated(61, USERS);
    tenant.run();
    let lake = tenant.folder().join("lake");
    for table in ["interactions", "contact_activity"] {
        let actions = actions(&lake, table);
        let versions = actions
            .iter()
            .filter_map(|it| it["txn"]["version"].as_i64());
        let commits = versions.collect::<BTreeSet<_>>().len();
        assert!(
            (1..=COMMITS_MAX).contains(&commits),
            "{table}: {commits} commits"
        );
        let mut files: BTreeMap<&str, usize> = BTreeMap::new();
        for month in actions
            .iter()
            .filter_map(|it| it["add"]["partitionValues"]["month"].as_str())
        {
            *files.entry(month).or_default() += 1;
        }
        assert!(files.values().all(|count| *count <= commits), "{files:?}");
    }
    tenant.compare_with_truth();
}

/// Facts 1.6: the service keeps the last few links of a chain, so a run that dies must not have read
/// further than that beyond what it committed.
#[test]
fn after_a_crash_every_chain_continues_at_its_committed_link() {
    if !cfg!(debug_assertions) {
        println!("skipped: this build has no steps to die at");
        return;
    }
    let mut tenant = Tenant::of_world(
        "seed = 47\nusers = 16\nmails_per_user = 80\nmeetings_per_user = 1\n\
         [switches]\nshort_pages = false\n",
    );
    tenant.configure("\n[run]\npage_size = 4\n");
    for times in [2, 3, 5] {
        tenant.note_run();
        let mut run = with_config(&tenant.config(), &["run"]);
        run.env(
            "TOUCHPOINT_STOP_AT",
            format!("Link log of interactions:{times}"),
        );
        let output = run.output().unwrap();
        assert_eq!(
            output.status.code(),
            None,
            "it does not come to commit {times}"
        );
    }
    let before = tenant.served_requests();
    tenant.note_run();
    run_report(&tenant.config(), &[], 1);
    let log = tenant.log(before);
    let forgotten = log.iter().filter(|it| it["status"] == 410).count();
    assert_eq!(forgotten, 0, "links that the service has forgotten");
    tenant.compare_rows_with_truth();
    let lake = tenant.folder().join("lake");
    for table in ["interactions", "contact_activity"] {
        let most = most_files_of_a_month(&lake, table);
        assert!(most <= FILES_MAX, "{table}: {most} files in a month");
    }
}
