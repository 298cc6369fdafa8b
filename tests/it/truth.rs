//! The lake contains exactly what was planted, after every run.

use crate::support::tenant::Tenant;
use crate::support::turn;

/// Simulated days after the first run.
const DAYS: u32 = 5;

/// Runs after each day and compares the lake with what was planted.
fn check(seed: u64) {
    let mut tenant = Tenant::of_mail(seed);
    tenant.nights(DAYS + 1, |tenant, _| {
        let compared = tenant.compare_with_truth();
        let planted = compared["activities_planted"].as_u64().unwrap();
        assert!(
            planted > 100,
            "seed {seed}: a world almost without activity: {compared}"
        );
    });
}

#[test]
fn the_lake_holds_what_was_planted_every_night() {
    turn::each(turn::seeds("TOUCHPOINT_SEEDS", 1).unwrap_or(1..7), check);
}

#[test]
fn a_restarted_simulator_honours_the_links_it_gave_out() {
    let mut tenant = Tenant::of_mail(21);
    tenant.night();
    tenant.restart();
    tenant.advance(1);
    tenant.night();
    let resyncs = tenant
        .log(0)
        .iter()
        .filter(|request| request["status"] == 410)
        .count();
    assert_eq!(resyncs, 0, "a link of before the restart was refused");
    tenant.compare_rows_with_truth();
}

/// Facts 1.4 and 1.5.
#[test]
fn repeats_moves_edits_and_removals_leave_one_row() {
    // With an unchanged CRM: the planted texts assume a run every night.
    let mut tenant =
        Tenant::of_world("seed = 22\nusers = 16\nmails_per_user = 150\n[crm_changes]\neach = 0\n");
    tenant.night();
    let (mut unchanged, mut removed) = (0, 0);
    for _ in 0..2 {
        tenant.advance(7);
        let outcomes = tenant.night()["totals"]["outcomes"].clone();
        unchanged += outcomes["unchanged"].as_u64().unwrap();
        removed += outcomes["removed"].as_u64().unwrap();
    }
    assert!(
        unchanged > 0 && removed > 0,
        "{unchanged} unchanged, {removed} removed"
    );
    tenant.compare_with_truth();
}
