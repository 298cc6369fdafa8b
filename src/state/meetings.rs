//! The meetings that a mailbox has recorded: what a round of its calendar is compared with.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use redb::ReadableTable;
use redb::TableDefinition;
use redb::WriteTransaction;

use crate::model::columns_hash;
use crate::model::id::Id128;
use crate::model::interaction;
use crate::model::interaction::Interaction;
use crate::model::mailbox;
use crate::model::mailbox::Mailbox;
use crate::model::time::Micros;
use crate::state::error::StateError;
use crate::state::meeting_row;
use crate::state::pending::Pending;
use crate::state::store::State;

/// Slot, mailbox id, interaction id.
type StoredKey = (u8, &'static str, [u8; 16]);
/// Revision, state, begin, end, series, source id of the master, source id, hash of the columns.
type Stored<'a> = (
    i32,
    &'a str,
    i64,
    i64,
    Option<&'a str>,
    Option<&'a str>,
    &'a str,
    i64,
);

const RECORDS: TableDefinition<StoredKey, Stored<'static>> = TableDefinition::new("meetings");
/// The row as JSON. By itself, so that rows can go while their records stay.
const ROWS: TableDefinition<StoredKey, &str> = TableDefinition::new("meeting_rows");

/// Slot, mailbox id, interaction id.
pub(crate) type MeetingKey = (u8, String, Id128);

/// The row of the highest revision of a meeting that a mailbox has recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingRecord {
    /// Its revision.
    pub revision: i32,
    /// Its state.
    pub state: interaction::State,
    /// When it begins.
    pub occurred_at: Micros,
    /// When it ends.
    pub ended_at: Micros,
    /// Its series.
    pub series_id: Option<String>,
    /// The provider's id of its series. The lake does not have it, so a rebuilt record does not
    /// know it until the event is read again.
    pub master_id: Option<String>,
    /// The provider's id of the copy from which the row was read.
    pub source_id: String,
    /// [`columns_hash::of`] the row.
    pub columns: i64,
    /// The whole row, without the mailbox's further addresses. `None` once the meeting has long
    /// been over: who notes the record decides.
    pub row: Option<Box<Interaction>>,
}

impl MeetingRecord {
    /// The record of a row that is to be committed, or was read from the lake.
    pub fn of(row: &Interaction) -> Self {
        Self {
            revision: row.revision,
            state: row.state,
            occurred_at: row.occurred_at,
            ended_at: row.ended_at.unwrap_or(row.occurred_at),
            series_id: row.series_id.clone(),
            master_id: None,
            source_id: row.source_id.clone(),
            columns: columns_hash::of(row),
            row: Some(Box::new(row.clone())),
        }
    }
}

impl State {
    /// All meetings that a mailbox has recorded, as they were committed, in order of id.
    pub fn meetings(&self, mailbox_id: &str) -> Result<Vec<(Id128, MeetingRecord)>, StateError> {
        let transaction = self.read()?;
        let records = transaction.open_table(RECORDS).map_err(StateError::of)?;
        let rows = transaction.open_table(ROWS).map_err(StateError::of)?;
        let mut rows = rows.range(of_mailbox(mailbox_id)).map_err(StateError::of)?;
        let mut row = rows.next().transpose().map_err(StateError::of)?;
        let mut last_mailbox = None;
        let mut meetings = Vec::new();
        for record in records
            .range(of_mailbox(mailbox_id))
            .map_err(StateError::of)?
        {
            let (key, record) = record.map_err(StateError::of)?;
            let (_, _, id) = key.value();
            let mut record = read_record(record.value())?;
            // Both come in order of id, and every row has a record.
            if let Some((_, stored)) = row.take_if(|(key, _)| key.value().2 == id) {
                record.row = Some(Box::new(read_row(stored.value(), &mut last_mailbox)?));
                row = rows.next().transpose().map_err(StateError::of)?;
            }
            meetings.push((Id128(id), record));
        }
        Ok(meetings)
    }
}

impl Pending {
    /// Notes what a mailbox records of a meeting. A later note of the same meeting replaces an
    /// earlier one.
    pub fn note_meeting(&mut self, mailbox_id: &str, id: Id128, record: MeetingRecord) {
        let key = (mailbox::slot(mailbox_id), mailbox_id.to_owned(), id);
        self.meetings.insert(key, record);
    }
}

/// Makes the tables in a new file.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), StateError> {
    transaction.open_table(RECORDS).map_err(StateError::of)?;
    transaction.open_table(ROWS).map_err(StateError::of)?;
    Ok(())
}

/// Writes the meetings of a batch.
pub(crate) fn write(
    transaction: &WriteTransaction,
    meetings: &BTreeMap<MeetingKey, MeetingRecord>,
) -> Result<(), StateError> {
    let mut records = transaction.open_table(RECORDS).map_err(StateError::of)?;
    let mut rows = transaction.open_table(ROWS).map_err(StateError::of)?;
    for ((slot, mailbox_id, id), record) in meetings {
        let key = (*slot, mailbox_id.as_str(), id.0);
        records
            .insert(key, stored(record))
            .map_err(StateError::of)?;
        match &record.row {
            Some(row) => {
                let json = meeting_row::write(row);
                rows.insert(key, json.as_str()).map_err(StateError::of)?;
            }
            None => {
                rows.remove(key).map_err(StateError::of)?;
            }
        }
    }
    Ok(())
}

/// Takes rows of `interactions` that are meetings, in any order and as often as they come: of each
/// meeting the highest revision stays, and of its rows the one that closes no month.
pub(crate) fn absorb<'a>(
    transaction: &WriteTransaction,
    meetings: impl IntoIterator<Item = &'a Interaction>,
) -> Result<(), StateError> {
    let mut records = transaction.open_table(RECORDS).map_err(StateError::of)?;
    let mut rows = transaction.open_table(ROWS).map_err(StateError::of)?;
    for row in meetings {
        let slot = mailbox::slot(&row.mailbox.id);
        let key = (slot, &*row.mailbox.id, row.interaction_id.0);
        let known = records.get(key).map_err(StateError::of)?;
        let known = known.map(|known| read_record(known.value())).transpose()?;
        let rank_known = known.map(|known| rank(known.revision, known.state));
        if rank_known >= Some(rank(row.revision, row.state)) {
            continue;
        }
        let record = MeetingRecord::of(row);
        records
            .insert(key, stored(&record))
            .map_err(StateError::of)?;
        let json = meeting_row::write(row);
        rows.insert(key, json.as_str()).map_err(StateError::of)?;
    }
    Ok(())
}

/// Forgets the meetings of a slot.
pub(crate) fn forget_slot(transaction: &WriteTransaction, slot: u8) -> Result<(), StateError> {
    let mut records = transaction.open_table(RECORDS).map_err(StateError::of)?;
    records
        .retain_in(of_slot(slot), |_, _| false)
        .map_err(StateError::of)?;
    let mut rows = transaction.open_table(ROWS).map_err(StateError::of)?;
    rows.retain_in(of_slot(slot), |_, _| false)
        .map_err(StateError::of)
}

/// Which of two rows of a meeting is the one to keep: the higher.
fn rank(revision: i32, state: interaction::State) -> (i32, bool) {
    (revision, state != interaction::State::Superseded)
}

fn of_mailbox(mailbox_id: &str) -> RangeInclusive<(u8, &str, [u8; 16])> {
    let slot = mailbox::slot(mailbox_id);
    (slot, mailbox_id, [0; 16])..=(slot, mailbox_id, [u8::MAX; 16])
}

fn of_slot(slot: u8) -> std::ops::Range<(u8, &'static str, [u8; 16])> {
    (slot, "", [0; 16])..(slot.saturating_add(1), "", [0; 16])
}

fn stored(record: &MeetingRecord) -> Stored<'_> {
    (
        record.revision,
        record.state.as_str(),
        record.occurred_at.0,
        record.ended_at.0,
        record.series_id.as_deref(),
        record.master_id.as_deref(),
        record.source_id.as_str(),
        record.columns,
    )
}

fn read_record(value: Stored<'_>) -> Result<MeetingRecord, StateError> {
    let (revision, state, occurred_at, ended_at, series_id, master_id, source_id, columns) = value;
    Ok(MeetingRecord {
        revision,
        state: interaction::State::parse(state).ok_or(StateError::Damaged)?,
        occurred_at: Micros(occurred_at),
        ended_at: Micros(ended_at),
        series_id: series_id.map(str::to_owned),
        master_id: master_id.map(str::to_owned),
        source_id: source_id.to_owned(),
        columns,
        row: None,
    })
}

fn read_row(json: &str, last: &mut Option<Arc<Mailbox>>) -> Result<Interaction, StateError> {
    meeting_row::read(json, last).ok_or(StateError::Damaged)
}

#[cfg(test)]
mod tests;
