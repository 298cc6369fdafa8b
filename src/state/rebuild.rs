//! Rebuilding the state from the lake: sorted outside memory, inserted in order of key.

use std::collections::BTreeMap;
use std::path::Path;

use redb::WriteTransaction;

use crate::model::cursor::CursorRecord;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::mailbox;
use crate::model::outcome::Outcome;
use crate::state::error::StateError;
use crate::state::key;
use crate::state::key::Key;
use crate::state::key::RecordedMail;
use crate::state::meetings;
use crate::state::sorter::Sorter;
use crate::state::tables;

/// Key and fingerprint.
type ItemRecord = [u8; 24];
/// Key and what is kept of the recorded mail.
type RecordedRecord = [u8; 24];

/// A rebuild under way. Dropping it leaves the state as it was; there are no other commits in the
/// meantime.
pub struct Rebuild {
    transaction: WriteTransaction,
    items: Sorter<24>,
    recorded: Sorter<24>,
}

impl Rebuild {
    /// Sorts in `folder`, with at most `memory_bytes` in memory.
    pub(crate) fn new(transaction: WriteTransaction, folder: &Path, memory_bytes: usize) -> Self {
        let half = memory_bytes / 2;
        Self {
            transaction,
            items: Sorter::new(folder.to_owned(), half),
            recorded: Sorter::new(folder.to_owned(), half),
        }
    }

    /// Takes rows of `interactions`, in any order and as often as they come.
    pub fn absorb_rows(&mut self, rows: &[Interaction]) -> Result<(), StateError> {
        for row in rows {
            if row.kind == Kind::Email {
                self.absorb_mail(row)?;
            }
        }
        let meetings = rows.iter().filter(|row| row.kind == Kind::Meeting);
        meetings::absorb(&self.transaction, meetings)
    }

    fn absorb_mail(&mut self, row: &Interaction) -> Result<(), StateError> {
        let key = key::item(&row.mailbox.id, &row.source_id);
        let item: ItemRecord = join(key, row.fingerprint.to_be_bytes());
        self.items.push(item)?;
        let key = key::recorded(&row.mailbox.id, row.interaction_id);
        let mail = RecordedMail::of(row.subject.as_deref(), row.occurred_at);
        let recorded: RecordedRecord = join(key, mail.0.to_be_bytes());
        Ok(self.recorded.push(recorded)?)
    }

    /// Forgets the cursors of a slot: those that later commits have deleted are not among what the lake
    /// still has.
    pub fn forget_cursors(&mut self, slot: u8) -> Result<(), StateError> {
        let table = self.transaction.open_table(tables::CURSORS);
        let mut table = table.map_err(StateError::of)?;
        let all = (slot, "", "")..(slot.saturating_add(1), "", "");
        table.retain_in(all, |_, _| false).map_err(StateError::of)
    }

    /// Takes cursors; of two with one key the later one counts, and one without value takes the
    /// earlier ones away.
    pub fn absorb_cursors(
        &mut self,
        cursors: impl IntoIterator<Item = CursorRecord>,
    ) -> Result<(), StateError> {
        let table = self.transaction.open_table(tables::CURSORS);
        let mut table = table.map_err(StateError::of)?;
        for record in cursors {
            let slot = mailbox::slot(&record.mailbox_id);
            let key = (slot, record.mailbox_id.as_str(), record.key.as_str());
            match &record.value {
                Some(value) => table.insert(key, value.as_str()).map_err(StateError::of)?,
                None => table.remove(key).map_err(StateError::of)?,
            };
        }
        Ok(())
    }

    /// Writes everything and the lake versions from which it was read, all of it or nothing.
    pub fn finish(self, versions: &BTreeMap<u8, i64>) -> Result<(), StateError> {
        let outcome = key::outcome_code(Outcome::Recorded);
        {
            let table = self.transaction.open_table(tables::ITEMS);
            let mut table = table.map_err(StateError::of)?;
            for record in self.items.sorted()? {
                let (key, fingerprint) = split(record?);
                let value = (outcome, i64::from_be_bytes(fingerprint));
                table.insert(key, value).map_err(StateError::of)?;
            }
            let table = self.transaction.open_table(tables::RECORDED);
            let mut table = table.map_err(StateError::of)?;
            for record in self.recorded.sorted()? {
                let (key, mail) = split(record?);
                let mail = u64::from_be_bytes(mail);
                table.insert(key, mail).map_err(StateError::of)?;
            }
        }
        tables::write_versions(&self.transaction, versions)?;
        self.transaction.commit().map_err(StateError::of)
    }
}

impl std::fmt::Debug for Rebuild {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rebuild").finish_non_exhaustive()
    }
}

fn join(key: Key, value: [u8; 8]) -> [u8; 24] {
    let mut record = [0; 24];
    record[..16].copy_from_slice(&key);
    record[16..].copy_from_slice(&value);
    record
}

fn split(record: [u8; 24]) -> (Key, [u8; 8]) {
    let mut key = [0; 16];
    let mut value = [0; 8];
    key.copy_from_slice(&record[..16]);
    value.copy_from_slice(&record[16..]);
    (key, value)
}
