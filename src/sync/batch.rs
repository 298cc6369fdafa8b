//! What a mailbox's task hands to the writer: decided pages, and where their chains continue.

use std::sync::Arc;

use crate::model::activity::MatchedInteraction;
use crate::model::coverage::Cost;
use crate::model::cursor::CursorRecord;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Tally;
use crate::runtime::memory::Taken;
use crate::state::pending::Pending;
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
    pub seen: Arc<Pending>,
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
        let rows = self.rows.iter().map(MatchedInteraction::bytes);
        rows.sum::<usize>() + self.seen.bytes()
    }
}
