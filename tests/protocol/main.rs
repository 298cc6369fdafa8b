//! A model of how a lake is written: all interleavings of steps, crashes and other tools in a small
//! world, and random ones in a larger world. It shares no code with the program; its steps are
//! those of `src/lake` and `src/pipeline`.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that finds a defect must fail immediately; the number of states is of interest"
)]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::struct_excessive_bools,
    reason = "the model abstracts from larger types, and a file has many properties"
)]

mod catch_up;
mod commit;
mod disk;
mod explore;
mod invariants;
mod mutation;
mod mutations;
mod outside;
mod process;
mod system;
mod world;

use crate::explore::search;
use crate::explore::walk;
use crate::mutation::Rules;
use crate::system::Budget;
use crate::world::LAST_PAGE;

/// Random interleavings by default; `scripts/soak` runs more.
const WALKS: u64 = 150;

/// One process owns all slots.
const ALONE: [&[u8]; 2] = [&[0, 1], &[]];
/// Two processes share the slots.
const SHARED: [&[u8]; 2] = [&[0], &[1]];
/// Two processes compete for the same slots.
const RIVALS: [&[u8]; 2] = [&[0, 1], &[0, 1]];

/// The number of random interleavings.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests alone")]
fn walks() -> u64 {
    let asked = std::env::var("TOUCHPOINT_PROTOCOL_WALKS").ok();
    asked.map_or(WALKS, |asked| asked.parse().unwrap_or(WALKS))
}

/// The rules of a correct program.
pub fn rules(slots: [&[u8]; 2], is_fine: bool) -> Rules {
    Rules {
        slots: slots.map(<[u8]>::to_vec),
        last_page: LAST_PAGE,
        mutation: None,
        is_fine,
    }
}

/// Explores a scenario exhaustively; no state may violate an invariant.
fn holds(budget: Budget, rules: &Rules) {
    let searched = search(budget, rules);
    println!("{} states", searched.states);
    if let Some(defect) = searched.defect {
        panic!("{:?} is broken by {:#?}", defect.invariant, defect.events);
    }
}

#[test]
fn crashes_at_any_two_steps_lose_and_duplicate_nothing() {
    let budget = Budget {
        starts: 2,
        crashes: 2,
        moves: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn power_loss_at_any_step_keeps_dependencies() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        power_losses: 1,
        lost_replies: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, true));
}

#[test]
fn ambiguous_and_failed_puts_neither_lose_nor_duplicate() {
    let budget = Budget {
        starts: 2,
        lost_replies: 2,
        failed_puts: 2,
        moves: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn a_reverted_snapshot_gives_the_same_view_after_crashes() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        snapshots: 2,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn other_tools_may_compact_and_vacuum_between_any_two_steps() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        compactions: 1,
        vacuums: 1,
        days: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn merging_small_files_does_not_harm_a_lagging_view() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        merges: 1,
        compactions: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn lost_caches_and_forgotten_chains_repeat_work_and_nothing_else() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        resets: 1,
        lost_caches: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn a_restored_lake_is_read_again_from_its_cursors() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        restores: 1,
        snapshots: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn processes_on_separate_slots_both_complete() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        ..Budget::NOTHING
    };
    let of_two_pages = Rules {
        last_page: 1,
        ..rules(SHARED, false)
    };
    holds(budget, &of_two_pages);
}

#[test]
fn of_two_processes_on_one_slot_one_stops() {
    let budget = Budget {
        starts: 3,
        crashes: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(RIVALS, false));
}

#[test]
fn random_interleavings_of_a_larger_world_hold() {
    let budget = Budget {
        starts: 7,
        crashes: 4,
        power_losses: 2,
        lost_replies: 2,
        failed_puts: 1,
        merges: 1,
        compactions: 2,
        vacuums: 1,
        days: 1,
        snapshots: 3,
        moves: 3,
        resets: 1,
        lost_caches: 2,
        restores: 1,
    };
    for seed in 0..walks() {
        for slots in [ALONE, SHARED, RIVALS] {
            if let Some(defect) = walk(budget, &rules(slots, true), seed) {
                let (invariant, events) = (defect.invariant, defect.events);
                panic!("seed {seed}, {slots:?}: {invariant:?} is broken by {events:#?}");
            }
        }
    }
}
