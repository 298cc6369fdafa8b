//! A model of how a lake is written: every order of steps, crashes and other people's tools in a
//! small world, and random ways through a larger one. It shares no code with the program; its
//! steps are those of `src/lake` and `src/pipeline`.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that finds a defect shall fail at once; how much was looked at is of interest"
)]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::struct_excessive_bools,
    reason = "the things of the model stand for larger ones, and a file has many properties"
)]

mod catch_up;
mod commit;
mod disk;
mod explore;
mod invariants;
mod moment;
mod mutation;
mod mutations;
mod outside;
mod process;
mod world;

use crate::explore::search;
use crate::explore::walk;
use crate::moment::Budget;
use crate::mutation::Rules;
use crate::world::LAST_PAGE;

/// Random ways of the short turn; the long one (`scripts/soak`) goes more.
const WALKS: u64 = 150;

/// One process has everything.
const ALONE: [&[u8]; 2] = [&[0, 1], &[]];
/// Two processes share the slots.
const SHARED: [&[u8]; 2] = [&[0], &[1]];
/// Two processes want the same slots.
const RIVALS: [&[u8]; 2] = [&[0, 1], &[0, 1]];

/// How many random ways are gone.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests alone")]
fn walks() -> u64 {
    let asked = std::env::var("TOUCHPOINT_PROTOCOL_WALKS").ok();
    asked.map_or(WALKS, |asked| asked.parse().unwrap_or(WALKS))
}

/// The rules of a right program.
pub fn rules(slots: [&[u8]; 2], is_fine: bool) -> Rules {
    Rules {
        slots: slots.map(<[u8]>::to_vec),
        last_page: LAST_PAGE,
        mutation: None,
        is_fine,
    }
}

/// Explores a scenario to its end; no moment of it may break anything.
fn holds(budget: Budget, rules: &Rules) {
    let searched = search(budget, rules);
    println!("{} moments", searched.moments);
    if let Some(defect) = searched.defect {
        panic!("{:?} is broken by {:#?}", defect.invariant, defect.events);
    }
}

#[test]
fn a_process_that_crashes_at_any_two_steps_loses_and_doubles_nothing() {
    let budget = Budget {
        starts: 2,
        crashes: 2,
        moves: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn power_that_is_lost_at_any_step_takes_nothing_that_was_built_upon() {
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
fn a_put_whose_reply_is_lost_or_that_fails_for_good_is_neither_lost_nor_doubled() {
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
fn a_book_that_changes_and_changes_back_says_the_same_after_any_crash() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        books: 2,
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
fn small_files_are_merged_without_harm_to_a_view_that_is_behind() {
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
fn a_lake_that_was_restored_is_read_again_from_where_it_is() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        restores: 1,
        books: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(ALONE, false));
}

#[test]
fn two_processes_on_slots_of_their_own_both_complete_in_any_order() {
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
fn of_two_processes_on_the_same_slots_one_stops_and_harms_nothing() {
    let budget = Budget {
        starts: 3,
        crashes: 1,
        ..Budget::NOTHING
    };
    holds(budget, &rules(RIVALS, false));
}

#[test]
fn random_ways_through_a_larger_world_break_nothing() {
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
        books: 3,
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
