//! Ways in which the program could be wrong. Each must break an invariant.

/// What a program does that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Files that no commit names are deleted whoever may be about to commit them.
    DeletesWithoutLockOrAge,
    /// Two processes write the same slot.
    TakesNoLocks,
    /// A put that ended in an error is taken for failed, and its files are deleted.
    DeletesWhatIsUnknown,
    /// The same, and the batch is committed again.
    RepeatsWhatIsUnknown,
    /// A put that ended in an error is found in the log, and believed though it is not synced.
    BelievesUnsyncedPut,
    /// A log is read and built upon though it may not be synced.
    ReadsUnsyncedLogs,
    /// The cursor is kept before the rows are committed.
    KeepsCursorBeforeRows,
    /// A batch is given up, and its chain goes on after it.
    KeepsCursorOfFailedBatch,
    /// A page is decided without what was decided before and is not committed yet.
    DecidesWithoutUncommittedRows,
    /// A meeting that moves leaves no closing row in the old month.
    LeavesMonthsOpen,
    /// A catch-up asks tonight's book.
    CatchesUpWithTonightsBook,
    /// A catch-up passes over files that somebody merged.
    SkipsMergedFiles,
    /// A state cache that is ahead of the lake is believed.
    BelievesStateAhead,
    /// A cache of commits that a restored lake does not have is taken for one that is behind.
    BelievesOtherBranches,
    /// A version may be lower than the one before.
    VersionDoesNotRise,
    /// The view is committed before the rows.
    CommitsViewFirst,
    /// Runs of slots that another process holds are told of as dead.
    TellsOfTheLiving,
    DoesNotSyncFiles,
    DoesNotSyncCursors,
    DoesNotSyncLog,
}

/// How a scenario goes.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The slots of either process.
    pub slots: [Vec<u8>; 2],
    /// The page with which a chain ends for a night.
    pub last_page: u8,
    pub mutation: Option<Mutation>,
    /// Whether writing and syncing are steps of their own: where power may be lost.
    pub is_fine: bool,
}
