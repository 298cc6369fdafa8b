//! What a mailbox's calendar has said and is not recorded yet: occurrences of series that lie too
//! far ahead, and up to where that is complete.

use std::collections::BTreeMap;
use std::ops::Range;

use redb::TableDefinition;
use redb::WriteTransaction;
use serde::{Deserialize, Serialize};

use crate::model::event::Event;
use crate::model::mailbox;
use crate::state::error::StateError;
use crate::state::pending::Pending;
use crate::state::store::State;

/// Slot, mailbox id and the provider's id of the master, to [`WaitingSeries`] as JSON.
const SERIES: TableDefinition<(u8, &str, &str), &str> = TableDefinition::new("series");
/// Slot and mailbox id.
const MARKS: TableDefinition<(u8, &str), &str> = TableDefinition::new("calendar_marks");

/// Slot, mailbox id and the provider's id of the master.
pub(crate) type SeriesKey = (u8, String, String);
/// Slot and mailbox id.
pub(crate) type MarkKey = (u8, String);

/// A series, and those of its occurrences and exceptions that wait to be recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingSeries {
    /// The series; `None`: no page has brought it yet.
    pub master: Option<Event>,
    /// Its occurrences and exceptions.
    pub instances: Vec<Event>,
}

impl State {
    /// The waiting series of a mailbox as they were committed, each with the provider's id of its
    /// master, in order of that.
    pub fn series(&self, mailbox_id: &str) -> Result<Vec<(String, WaitingSeries)>, StateError> {
        let slot = mailbox::slot(mailbox_id);
        let table = self.read()?.open_table(SERIES).map_err(StateError::of)?;
        let start = (slot, mailbox_id, "");
        let mut all = Vec::new();
        for row in table.range(start..).map_err(StateError::of)? {
            let (key, value) = row.map_err(StateError::of)?;
            let (found_slot, found_mailbox, master_id) = key.value();
            if (found_slot, found_mailbox) != (slot, mailbox_id) {
                break;
            }
            let series = serde_json::from_str(value.value()).map_err(|_| StateError::Damaged)?;
            all.push((master_id.to_owned(), series));
        }
        Ok(all)
    }

    /// Names the link up to which meetings and waiting series of a mailbox are complete. `None`: they
    /// are not, and the calendar is to be read anew; a rebuild from the lake never brings it back.
    pub fn calendar_mark(&self, mailbox_id: &str) -> Result<Option<String>, StateError> {
        let table = self.read()?.open_table(MARKS).map_err(StateError::of)?;
        let key = (mailbox::slot(mailbox_id), mailbox_id);
        let mark = table.get(key).map_err(StateError::of)?;
        Ok(mark.map(|mark| mark.value().to_owned()))
    }
}

impl Pending {
    /// Notes what waits of a series; `None` takes it away.
    pub fn note_series(
        &mut self,
        mailbox_id: &str,
        master_id: &str,
        series: Option<WaitingSeries>,
    ) {
        let slot = mailbox::slot(mailbox_id);
        let key = (slot, mailbox_id.to_owned(), master_id.to_owned());
        self.series.insert(key, series);
    }

    /// Notes up to which link the notes of a mailbox's calendar are complete.
    pub fn note_calendar_mark(&mut self, mailbox_id: &str, mark: String) {
        let key = (mailbox::slot(mailbox_id), mailbox_id.to_owned());
        self.calendar_marks.insert(key, mark);
    }
}

/// Makes the tables in a new file.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), StateError> {
    transaction.open_table(SERIES).map_err(StateError::of)?;
    transaction.open_table(MARKS).map_err(StateError::of)?;
    Ok(())
}

/// Writes the waiting series and marks of a batch.
pub(crate) fn write(
    transaction: &WriteTransaction,
    series: &BTreeMap<SeriesKey, Option<WaitingSeries>>,
    marks: &BTreeMap<MarkKey, String>,
) -> Result<(), StateError> {
    let mut table = transaction.open_table(SERIES).map_err(StateError::of)?;
    for ((slot, mailbox_id, master_id), series) in series {
        let key = (*slot, mailbox_id.as_str(), master_id.as_str());
        match series {
            Some(series) => {
                // Strings, numbers, flags and lists of them always have a JSON form.
                let json = serde_json::to_string(series).unwrap_or_default();
                table.insert(key, json.as_str()).map_err(StateError::of)?;
            }
            None => {
                table.remove(key).map_err(StateError::of)?;
            }
        }
    }
    let mut table = transaction.open_table(MARKS).map_err(StateError::of)?;
    for ((slot, mailbox_id), mark) in marks {
        let key = (*slot, mailbox_id.as_str());
        table.insert(key, mark.as_str()).map_err(StateError::of)?;
    }
    Ok(())
}

/// Forgets the waiting series and marks of a slot.
pub(crate) fn forget_slot(transaction: &WriteTransaction, slot: u8) -> Result<(), StateError> {
    let mut series = transaction.open_table(SERIES).map_err(StateError::of)?;
    let all: Range<(u8, &str, &str)> = (slot, "", "")..(slot.saturating_add(1), "", "");
    series
        .retain_in(all, |_, _| false)
        .map_err(StateError::of)?;
    let mut marks = transaction.open_table(MARKS).map_err(StateError::of)?;
    let all: Range<(u8, &str)> = (slot, "")..(slot.saturating_add(1), "");
    marks.retain_in(all, |_, _| false).map_err(StateError::of)
}
