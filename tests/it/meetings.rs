//! Meetings and the CRM change every day: the current rows contain what was planted after every
//! run, whatever the schedule, and whatever is lost between the runs.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::python;
use crate::support::run_and_kill;
use crate::support::tenant::Tenant;
use crate::support::turn;
use crate::support::with_config;

/// A small tenant with mostly meetings.
fn world(seed: u64, more: &str) -> Tenant {
    Tenant::of_world(&format!(
        "seed = {seed}\nusers = 16\nmails_per_user = 12\nmeetings_per_user = 6\n{more}"
    ))
}

fn check(seed: u64, nights: u32) {
    let mut tenant = world(seed, "");
    let mut seen = BTreeMap::new();
    tenant.nights(nights + 1, |tenant, _| {
        let compared = tenant.compare_with_truth();
        for (state, count) in compared["states"].as_object().unwrap() {
            seen.insert(state.clone(), count.as_u64().unwrap());
        }
    });
    assert!(seen["active"] > 50, "seed {seed}: {seen:?}");
    verify(&tenant);
}

fn verify(tenant: &Tenant) {
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// The worlds of the long turn (`scripts/soak`).
fn asked() -> Option<Range<u64>> {
    turn::seeds("TOUCHPOINT_WORLDS", 1_001)
}

#[test]
fn the_current_rows_hold_what_was_planted_every_night() {
    let nights = if asked().is_some() { 10 } else { 4 };
    let worlds = asked().unwrap_or(1_001..1_003);
    turn::each(worlds, |seed| check(seed, nights));
}

#[test]
fn whole_days_of_other_zones_are_recorded_when_near() {
    // In this world such a series has its next day exactly then.
    let mut tenant = world(1_013, "");
    tenant.night();
    tenant.advance(5);
    tenant.night();
    tenant.compare_rows_with_truth();
}

#[test]
fn losing_state_and_index_changes_no_row() {
    let mut tenant = world(1_201, "");
    for night in 0..4 {
        if night > 0 {
            tenant.advance(1);
        }
        if night == 2 {
            fs::remove_dir_all(tenant.folder().join("state")).unwrap();
            fs::remove_dir_all(tenant.folder().join("index")).unwrap();
        }
        tenant.night();
        tenant.compare_rows_with_truth();
    }
    verify(&tenant);
}

#[test]
fn a_run_killed_while_writing_meetings_is_recovered() {
    let mut tenant = world(1_301, "");
    tenant.note_run();
    for kill in 0..20_u64 {
        if kill == 10 {
            // From here on it is killed during changes, not in the first round.
            tenant.night();
            tenant.advance(1);
            tenant.take_crm();
            tenant.note_run();
        }
        let moment = Duration::from_millis(20 + (kill % 10) * (kill % 10) * 15);
        run_and_kill(&tenant.config(), moment);
    }
    tenant.night();
    tenant.compare_rows_with_truth();
    verify(&tenant);
}

/// Meetings that had ended by the last run, by contact.
fn held(lake: &Path, by: &str) -> Value {
    python::json(python::script("held_meetings.py").arg(lake).arg(by))
}

#[test]
fn recorded_meetings_do_not_depend_on_the_schedule() {
    let days = if asked().is_some() { 60 } else { 6 };
    let mut results = Vec::new();
    for every in [1, 3, days] {
        let mut tenant = world(1_401, "[switches]\nclean_ups = false\n");
        let mut by = String::new();
        for day in 0..=days {
            if day % every == 0 {
                tenant.night();
            }
            by = tenant.now();
            if day < days {
                tenant.advance(1);
            }
        }
        results.push(held(&tenant.folder().join("lake"), &by));
    }
    assert!(
        results[0]["meetings"].as_u64().unwrap() > 30,
        "{}",
        results[0]
    );
    assert_eq!(results[0], results[1], "every night, every third night");
    assert_eq!(results[0], results[2], "every night, first and last night");
}
