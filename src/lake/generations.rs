//! Which rows of `contact_activity` are current: those of the highest generation of their interaction in
//! their mailbox.

use arrow_array::RecordBatch;
use hashbrown::HashMap;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::id_at;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::MailboxKeys;

/// The columns that show whether a row is current.
pub(super) const COLUMNS: [&str; 3] = ["generation", "interaction_id", "mailbox_id"];

/// The highest generation of each interaction in each mailbox.
#[derive(Default)]
pub(super) struct Generations(HashMap<InteractionKey, i64>);

impl Generations {
    /// Takes note of a row.
    pub(super) fn note(&mut self, key: InteractionKey, generation: i64) {
        let highest = self.0.entry(key).or_insert(generation);
        *highest = generation.max(*highest);
    }

    /// Whether no row of its interaction in its mailbox has a higher generation.
    pub(super) fn is_highest(&self, key: InteractionKey, generation: i64) -> bool {
        let highest = self.0.get(&key);
        highest.is_none_or(|highest| generation >= *highest)
    }
}

impl FromIterator<(InteractionKey, i64)> for Generations {
    fn from_iter<T: IntoIterator<Item = (InteractionKey, i64)>>(rows: T) -> Self {
        let mut generations = Self::default();
        for (key, generation) in rows {
            generations.note(key, generation);
        }
        generations
    }
}

/// The key and generation of each row of a batch.
pub(super) fn keys(batch: &RecordBatch) -> Result<Vec<(InteractionKey, i64)>, BadCell> {
    let cells = Cells::new(batch);
    let (ids, mailboxes) = (cells.texts("interaction_id")?, cells.texts("mailbox_id")?);
    let generations = cells.longs("generation")?;
    let mut keys = MailboxKeys::default();
    let key = |row| {
        let mailbox = keys.get(mailboxes.value(row));
        let key = mailbox.interaction(id_at(ids, row, "interaction_id")?);
        Ok((key, generations.value(row)))
    };
    (0..batch.num_rows()).map(key).collect()
}
