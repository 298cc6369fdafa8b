//! What one commit makes visible, and what it did.

use std::sync::Arc;

use crate::lake::packed::PackedRows;
use crate::model::activity::MatchedInteraction;
use crate::model::coverage::Cost;
use crate::model::cursor::CursorRecord;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Tally;
use crate::model::run::RunStamp;

/// What was counted for a mailbox since the last commit.
#[derive(Debug, Clone)]
pub struct MailboxTally {
    /// Which.
    pub mailbox: Arc<Mailbox>,
    /// Items by outcome.
    pub tally: Tally,
    /// What reading them cost.
    pub cost: Cost,
}

/// All that is committed at once.
#[derive(Debug, Clone)]
pub struct CommitBatch {
    /// Which run.
    pub run: RunStamp,
    /// The rows and what the CRM snapshot says of them.
    pub rows: Vec<MatchedInteraction>,
    /// Further rows, which come before these: see [`Lake::encode`](crate::lake::Lake::encode).
    pub packed: PackedRows,
    /// The newest links of the chains whose pages are in these rows; later ones win.
    pub cursors: Vec<CursorRecord>,
    /// The counts of the same pages.
    pub tallies: Vec<MailboxTally>,
    /// Digest of the CRM snapshot that was asked; it must be stored before.
    pub snapshot_digest: Arc<str>,
}

/// What a commit did; all zero where the batch was empty and nothing was to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The version that all touched slots have now.
    pub version: i64,
    /// The touched slots, rising.
    pub slots: Vec<u8>,
    /// Rows of `interactions`.
    pub interactions: usize,
    /// Rows of `contact_activity`.
    pub activities: usize,
}
