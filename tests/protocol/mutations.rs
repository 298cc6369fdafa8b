//! Every way in which the program could be wrong breaks an invariant: so the model would see it.

use crate::ALONE;
use crate::RIVALS;
use crate::SHARED;
use crate::explore::search;
use crate::invariants::Invariant;
use crate::invariants::Invariant as I;
use crate::moment::Budget;
use crate::mutation::Mutation;
use crate::mutation::Mutation as M;
use crate::rules;

const NOTHING: Budget = Budget::NOTHING;

/// Searches a scenario of a wrong program for the invariant that it breaks.
fn breaks(mutation: Mutation, budget: Budget, slots: [&[u8]; 2], expected: Invariant) {
    let mut rules = rules(slots, budget.power_losses > 0);
    rules.mutation = Some(mutation);
    let searched = search(budget, &rules);
    println!("{mutation:?}: {} moments", searched.moments);
    let found = searched.defect.map(|defect| defect.invariant);
    assert_eq!(found, Some(expected), "{mutation:?}");
}

#[test]
fn deleting_without_lock_or_age_takes_the_files_of_another_process() {
    let budget = Budget {
        starts: 2,
        ..NOTHING
    };
    breaks(
        M::DeletesWithoutLockOrAge,
        budget,
        SHARED,
        I::NoCommittedFileIsMissing,
    );
    breaks(M::TakesNoLocks, budget, RIVALS, I::NoCommittedFileIsMissing);
}

#[test]
fn an_unknown_put_that_is_taken_for_failed_loses_or_doubles() {
    let budget = Budget {
        starts: 1,
        lost_replies: 1,
        ..NOTHING
    };
    breaks(
        M::DeletesWhatIsUnknown,
        budget,
        ALONE,
        I::NoCommittedFileIsMissing,
    );
    breaks(
        M::RepeatsWhatIsUnknown,
        budget,
        ALONE,
        I::NothingIsThereTwice,
    );
}

#[test]
fn a_commit_that_is_built_upon_before_it_is_synced_leaves_the_view_ahead() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        lost_replies: 1,
        power_losses: 1,
        ..NOTHING
    };
    breaks(
        M::BelievesUnsyncedPut,
        budget,
        ALONE,
        I::TheViewIsNeverAhead,
    );
    breaks(M::ReadsUnsyncedLogs, budget, ALONE, I::TheViewIsNeverAhead);
    breaks(M::DoesNotSyncLog, budget, ALONE, I::TheViewIsNeverAhead);
}

#[test]
fn a_file_that_is_not_synced_before_its_commit_is_missing_after_a_loss_of_power() {
    let budget = Budget {
        starts: 1,
        power_losses: 1,
        ..NOTHING
    };
    breaks(
        M::DoesNotSyncFiles,
        budget,
        ALONE,
        I::NoCommittedFileIsMissing,
    );
    breaks(
        M::DoesNotSyncCursors,
        budget,
        ALONE,
        I::NoCommittedFileIsMissing,
    );
}

#[test]
fn a_cursor_that_is_kept_without_its_rows_loses_them() {
    let budget = Budget {
        starts: 2,
        crashes: 1,
        ..NOTHING
    };
    breaks(
        M::KeepsCursorBeforeRows,
        budget,
        ALONE,
        I::CursorsAreNeverAheadOfRows,
    );
    let budget = Budget {
        starts: 1,
        failed_puts: 1,
        ..NOTHING
    };
    breaks(
        M::KeepsCursorOfFailedBatch,
        budget,
        ALONE,
        I::CursorsAreNeverAheadOfRows,
    );
}

#[test]
fn a_page_decided_without_uncommitted_rows_records_an_item_twice() {
    let budget = Budget {
        starts: 1,
        moves: 1,
        ..NOTHING
    };
    breaks(
        M::DecidesWithoutUncommittedRows,
        budget,
        ALONE,
        I::NothingIsThereTwice,
    );
}

#[test]
fn a_meeting_that_moves_counts_twice_without_its_closing_row() {
    let budget = Budget {
        starts: 1,
        moves: 1,
        ..NOTHING
    };
    breaks(
        M::LeavesMonthsOpen,
        budget,
        ALONE,
        I::NoMonthCountsWhatHasLeftIt,
    );
}

#[test]
fn a_catch_up_that_asks_tonights_book_or_passes_over_merged_files_is_wrong() {
    let says = I::TheViewSaysWhatTheBookInForceSays;
    let budget = Budget {
        starts: 2,
        crashes: 1,
        books: 1,
        ..NOTHING
    };
    breaks(M::CatchesUpWithTonightsBook, budget, ALONE, says);
    let budget = Budget {
        starts: 2,
        crashes: 1,
        compactions: 1,
        ..NOTHING
    };
    breaks(M::SkipsMergedFiles, budget, ALONE, says);
}

#[test]
fn a_state_that_is_believed_though_the_lake_was_restored_loses_rows() {
    let budget = Budget {
        starts: 1,
        restores: 1,
        ..NOTHING
    };
    breaks(
        M::BelievesStateAhead,
        budget,
        ALONE,
        I::CursorsAreNeverAheadOfRows,
    );
    let budget = Budget {
        starts: 2,
        crashes: 2,
        restores: 1,
        books: 1,
        ..NOTHING
    };
    breaks(
        M::BelievesOtherBranches,
        budget,
        ALONE,
        I::CursorsAreNeverAheadOfRows,
    );
}

#[test]
fn a_version_that_does_not_rise_and_a_view_that_goes_first_are_seen() {
    let budget = Budget {
        starts: 2,
        ..NOTHING
    };
    breaks(
        M::VersionDoesNotRise,
        budget,
        ALONE,
        I::GenerationsRisePerSlot,
    );
    breaks(M::CommitsViewFirst, budget, ALONE, I::TheViewIsNeverAhead);
}

#[test]
fn a_run_that_is_going_on_is_not_told_of_as_dead() {
    let budget = Budget {
        starts: 2,
        ..NOTHING
    };
    breaks(M::TellsOfTheLiving, budget, SHARED, I::EachRunIsToldOnce);
}
