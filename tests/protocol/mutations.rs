//! Every way in which the program could be wrong breaks an invariant: so the model would see it.

use crate::ALONE;
use crate::RIVALS;
use crate::SHARED;
use crate::explore::search;
use crate::invariants::Invariant;
use crate::invariants::Invariant as I;
use crate::mutation::Mutation;
use crate::mutation::Mutation as M;
use crate::rules;
use crate::system::Budget;

const NOTHING: Budget = Budget::NOTHING;

/// Searches a scenario of a wrong program for the invariant that it breaks.
fn breaks(mutation: Mutation, budget: Budget, slots: [&[u8]; 2], expected: Invariant) {
    let mut rules = rules(slots, budget.power_losses > 0);
    rules.mutation = Some(mutation);
    let searched = search(budget, &rules);
    println!("{mutation:?}: {} states", searched.states);
    let found = searched.defect.map(|defect| defect.invariant);
    assert_eq!(found, Some(expected), "{mutation:?}");
}

#[test]
fn unguarded_deletion_removes_files_of_other_processes() {
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
fn treating_an_ambiguous_put_as_failed_is_detected() {
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
fn building_on_an_unsynced_commit_leaves_the_view_ahead() {
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
fn an_unsynced_file_is_missing_after_power_loss() {
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
fn catching_up_with_the_wrong_snapshot_or_files_is_detected() {
    let says = I::ViewMatchesCurrentSnapshot;
    let budget = Budget {
        starts: 2,
        crashes: 1,
        snapshots: 1,
        ..NOTHING
    };
    breaks(M::CatchesUpWithNewestSnapshot, budget, ALONE, says);
    let budget = Budget {
        starts: 2,
        crashes: 1,
        compactions: 1,
        ..NOTHING
    };
    breaks(M::SkipsMergedFiles, budget, ALONE, says);
}

#[test]
fn trusting_the_state_after_a_restore_loses_rows() {
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
        snapshots: 1,
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
fn reused_versions_and_early_view_commits_are_detected() {
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
fn a_running_run_is_not_reported_as_crashed() {
    let budget = Budget {
        starts: 2,
        ..NOTHING
    };
    breaks(
        M::ReportsRunningRuns,
        budget,
        SHARED,
        I::EachRunIsReportedOnce,
    );
}
