//! Possible defects of the program. Each must violate an invariant.

/// A defect of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Unreferenced files are deleted although another process may be about to commit them.
    DeletesWithoutLockOrAge,
    /// Two processes write the same slot.
    TakesNoLocks,
    /// A put that returned an error is treated as failed, and its files are deleted.
    DeletesWhatIsUnknown,
    /// The same, and the batch is committed again.
    RepeatsWhatIsUnknown,
    /// A put that returned an error is found in the log, and trusted although it is not synced.
    BelievesUnsyncedPut,
    /// A log is used as a basis although it may not be synced.
    ReadsUnsyncedLogs,
    /// The cursor is stored before the rows are committed.
    KeepsCursorBeforeRows,
    /// A batch is abandoned, and its chain continues after it.
    KeepsCursorOfFailedBatch,
    /// A page is decided without what was decided before and is not committed yet.
    DecidesWithoutUncommittedRows,
    /// A meeting that moves leaves no closing row in the old month.
    LeavesMonthsOpen,
    /// A catch-up uses the newest snapshot instead of the one of the commit.
    CatchesUpWithNewestSnapshot,
    /// A catch-up skips files that another tool merged.
    SkipsMergedFiles,
    /// A state cache that is ahead of the lake is trusted.
    BelievesStateAhead,
    /// A cache of commits that a restored lake does not have is treated as lagging.
    BelievesOtherBranches,
    /// A version may be lower than the one before.
    VersionDoesNotRise,
    /// The view is committed before the rows.
    CommitsViewFirst,
    /// Runs on slots that another process holds are reported as crashed.
    ReportsRunningRuns,
    DoesNotSyncFiles,
    DoesNotSyncCursors,
    DoesNotSyncLog,
}

/// The rules of a scenario.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The slots of either process.
    pub slots: [Vec<u8>; 2],
    /// The last page of a chain.
    pub last_page: u8,
    pub mutation: Option<Mutation>,
    /// Whether writing and syncing are separate steps: needed if power may be lost.
    pub is_fine: bool,
}
