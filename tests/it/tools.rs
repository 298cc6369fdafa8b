//! Other tools maintain the tables, between two runs and between a crash and its recovery.

use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::turn;
use crate::support::with_config;

/// All maintenance of other tools, in the order that removes the most.
const ALL: [&str; 4] = ["compact", "vacuum", "checkpoint", "cleanup"];

/// Runs them; entries of the logs of these tables must be removed.
fn maintain(tenant: &Tenant, what: &[&str], cleaned: &[&str]) {
    let mut script = python::script("upkeep.py");
    let gone = python::json(script.arg(tenant.folder().join("lake")).args(what));
    for table in cleaned {
        assert!(gone[table].as_u64().unwrap() > 0, "{table}: {gone}");
    }
}

/// All of them in the long run, else the first few.
fn turns(short: usize) -> usize {
    if turn::is_long() { usize::MAX } else { short }
}

fn verify(tenant: &Tenant) {
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

#[test]
fn other_tools_may_compact_and_vacuum_between_runs() {
    let mut tenant =
        Tenant::of_world("seed = 51\nusers = 16\nmails_per_user = 20\nmeetings_per_user = 1\n");
    tenant.night();
    let other_order: &[&str] = &["checkpoint", "cleanup", "vacuum"];
    for what in [&ALL[..], other_order].into_iter().take(turns(1)) {
        let cleaned = ["interactions", "contact_activity", "mailboxes"];
        maintain(&tenant, what, &cleaned);
        verify(&tenant);
        tenant.advance(1);
        tenant.night();
        tenant.compare_rows_with_truth();
        verify(&tenant);
    }
}

/// Failpoints after which the view, the state and the index lag behind.
const STEPS: [&str; 3] = [
    "Link log of contact_activity:2",
    "state written:1",
    "index prepared:1",
];

#[test]
fn other_tools_may_compact_and_vacuum_after_a_crash() {
    if !cfg!(debug_assertions) {
        return;
    }
    let mut tenant =
        Tenant::of_world("seed = 52\nusers = 16\nmails_per_user = 20\nmeetings_per_user = 1\n");
    for step in STEPS.into_iter().take(turns(1)) {
        tenant.take_crm();
        tenant.note_run();
        let mut run = with_config(&tenant.config(), &["run"]);
        let crashed = run.env("TOUCHPOINT_STOP_AT", step).output().unwrap();
        assert_eq!(crashed.status.code(), None, "nothing reached {step}");
        maintain(&tenant, &ALL, &["interactions"]);
        run_report(&tenant.config(), &[], 1);
        tenant.compare_rows_with_truth();
        verify(&tenant);
        tenant.advance(1);
    }
}
