//! Lookups: many of them in one reading of the file.

use redb::ReadOnlyTable;

use crate::model::id::Id128;
use crate::state::error::StateError;
use crate::state::key;
use crate::state::key::Key;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::pending::Pending;
use crate::state::uncommitted::Uncommitted;

/// The file as it was when the view was taken, below what the mailbox has decided since. May be
/// shared by threads.
///
/// It does not see later commits, so take one for each decision.
pub struct View {
    pub(crate) uncommitted: Uncommitted,
    pub(crate) items: ReadOnlyTable<Key, (u8, i64)>,
    pub(crate) recorded: ReadOnlyTable<Key, u64>,
}

impl View {
    /// What became of an item when it was last read.
    pub fn item(&self, mailbox_id: &str, source_id: &str) -> Result<Option<Seen>, StateError> {
        let key = key::item(mailbox_id, source_id);
        if let Some(seen) = self.uncommitted.item(&key) {
            return Ok(Some(seen));
        }
        let Some(value) = self.items.get(key).map_err(StateError::of)? else {
            return Ok(None);
        };
        let (code, fingerprint) = value.value();
        let outcome = key::outcome_of(code).ok_or(StateError::Damaged)?;
        Ok(Some(Seen {
            outcome,
            fingerprint,
        }))
    }

    /// The mail under which a mailbox has recorded an interaction; what is being decided takes
    /// precedence.
    pub fn recorded(
        &self,
        deciding: &Pending,
        mailbox_id: &str,
        interaction_id: Id128,
    ) -> Result<Option<RecordedMail>, StateError> {
        let key = key::recorded(mailbox_id, interaction_id);
        let decided = deciding.recorded.get(&key).copied();
        if let Some(mail) = decided.or_else(|| self.uncommitted.recorded(&key)) {
            return Ok(Some(mail));
        }
        let value = self.recorded.get(key).map_err(StateError::of)?;
        Ok(value.map(|value| RecordedMail(value.value())))
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").finish_non_exhaustive()
    }
}
