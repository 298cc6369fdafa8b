//! Decisions of one mailbox that are handed to the writer and not committed yet: they override the
//! file.

use std::sync::Arc;

use crate::state::key::Key;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::packed::PackedDecisions;

/// What a mailbox has decided beyond its last commit. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Uncommitted {
    newest_first: Vec<Arc<PackedDecisions>>,
}

impl Uncommitted {
    /// Decisions in the order in which they were taken.
    pub fn new(oldest_first: impl DoubleEndedIterator<Item = Arc<PackedDecisions>>) -> Self {
        Self {
            newest_first: oldest_first.rev().collect(),
        }
    }

    /// The latest decision about an item.
    pub(crate) fn item(&self, key: &Key) -> Option<Seen> {
        let mut decisions = self.newest_first.iter();
        decisions.find_map(|decided| decided.item(key))
    }

    /// The mail under which an interaction is recorded: the first of several, as in the file.
    pub(crate) fn recorded(&self, key: &Key) -> Option<RecordedMail> {
        let mut decisions = self.newest_first.iter().rev();
        decisions.find_map(|decided| decided.recorded(key))
    }
}
