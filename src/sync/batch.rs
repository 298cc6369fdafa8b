//! What a mailbox's task hands to the writer: decided pages, and where their chains continue.

use std::sync::Arc;

use crate::model::activity::MatchedInteraction;
use crate::model::coverage::Cost;
use crate::model::cursor::CursorRecord;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Tally;
use crate::runtime::memory::Taken;
use crate::state::packed::PackedDecisions;
use crate::sync::in_flight::Promise;

/// Some decided pages of one mailbox. They become visible together.
#[derive(Debug)]
pub struct MailboxBatch {
    /// Whose.
    pub mailbox: Arc<Mailbox>,
    /// Rows of `interactions` with the contacts of each.
    pub rows: Vec<MatchedInteraction>,
    /// The newest links of the chains whose pages are in this mailbox batch.
    pub cursors: Vec<CursorRecord>,
    /// Outcomes of all items of these pages.
    pub tally: Tally,
    /// What fetching these pages cost.
    pub cost: Cost,
    /// What is written to the state cache once this is committed.
    pub seen: Arc<PackedDecisions>,
    /// Redeemed once the mailbox batch is committed.
    pub promise: Promise,
    /// Memory for the rows, until the writer has encoded them.
    pub taken: Taken,
}

impl MailboxBatch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.cursors.is_empty() && self.tally.received == 0
    }

    /// A rough size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let cursors = self.cursors.iter().map(CursorRecord::bytes);
        self.row_bytes() + self.note_bytes() + cursors.sum::<usize>()
    }

    /// Of that, the rows.
    pub fn row_bytes(&self) -> usize {
        self.rows.iter().map(MatchedInteraction::bytes).sum()
    }

    /// Of that, decisions and counts.
    pub fn note_bytes(&self) -> usize {
        self.seen.bytes() + size_of::<Self>()
    }
}
