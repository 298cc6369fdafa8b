//! The meetings that a mailbox has recorded: what a round of its calendar is compared with.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use redb::ReadTransaction;
use redb::ReadableTable;
use redb::WriteTransaction;

use crate::model::id::Id128;
use crate::model::interaction;
use crate::model::interaction::Interaction;
use crate::model::mailbox;
use crate::model::mailbox::Mailbox;
use crate::model::time::Timestamp;
use crate::state::error::StateError;
use crate::state::key::MeetingKey;
use crate::state::meeting_row;
use crate::state::records::MeetingRecord;
use crate::state::table_writes::TableWrites;
use crate::state::tables::MEETING_ROWS;
use crate::state::tables::MEETINGS;
use crate::state::tables::PackedMeetingRows;
use crate::state::tables::PackedMeetings;
use crate::state::tables::StoredMeeting;

/// All meetings that a mailbox has recorded, as they were committed, in order of id.
pub(crate) fn of_mailbox(
    transaction: &ReadTransaction,
    mailbox_id: &str,
) -> Result<Vec<(Id128, MeetingRecord)>, StateError> {
    let records = transaction.open_table(MEETINGS).map_err(StateError::of)?;
    let rows = transaction
        .open_table(MEETING_ROWS)
        .map_err(StateError::of)?;
    let mut rows = rows
        .range(keys_of_mailbox(mailbox_id))
        .map_err(StateError::of)?;
    let mut row = rows.next().transpose().map_err(StateError::of)?;
    let mut last_mailbox = None;
    let mut meetings = Vec::new();
    for record in records
        .range(keys_of_mailbox(mailbox_id))
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

/// Packs the meetings of a batch, for [`MEETINGS`] and [`MEETING_ROWS`].
pub(crate) fn pack(
    meetings: &BTreeMap<MeetingKey, MeetingRecord>,
) -> Result<(PackedMeetings, PackedMeetingRows), StateError> {
    let mut records = TableWrites::default();
    let mut rows = TableWrites::default();
    for ((slot, mailbox_id, id), record) in meetings {
        let key = (*slot, mailbox_id.as_str(), id.0);
        records.put(&key, Some(&stored(record)));
        let row = record.row.as_deref().map(meeting_row::write);
        rows.put(&key, row.as_deref().as_ref());
    }
    Ok((records.pack()?, rows.pack()?))
}

/// Takes rows of `interactions` that are meetings, in any order and as often as they come: of each
/// meeting the highest revision stays, and of its rows the one that closes no month.
pub(crate) fn absorb<'a>(
    transaction: &WriteTransaction,
    meetings: impl IntoIterator<Item = &'a Interaction>,
) -> Result<(), StateError> {
    let mut records = transaction.open_table(MEETINGS).map_err(StateError::of)?;
    let mut rows = transaction
        .open_table(MEETING_ROWS)
        .map_err(StateError::of)?;
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
    let mut records = transaction.open_table(MEETINGS).map_err(StateError::of)?;
    records
        .retain_in(keys_of_slot(slot), |_, _| false)
        .map_err(StateError::of)?;
    let mut rows = transaction
        .open_table(MEETING_ROWS)
        .map_err(StateError::of)?;
    rows.retain_in(keys_of_slot(slot), |_, _| false)
        .map_err(StateError::of)
}

/// Which of two rows of a meeting is the one to keep: the higher.
fn rank(revision: i32, state: interaction::State) -> (i32, bool) {
    (revision, state != interaction::State::Superseded)
}

fn keys_of_mailbox(mailbox_id: &str) -> RangeInclusive<(u8, &str, [u8; 16])> {
    let slot = mailbox::slot(mailbox_id);
    (slot, mailbox_id, [0; 16])..=(slot, mailbox_id, [u8::MAX; 16])
}

fn keys_of_slot(slot: u8) -> std::ops::Range<(u8, &'static str, [u8; 16])> {
    (slot, "", [0; 16])..(slot.saturating_add(1), "", [0; 16])
}

fn stored(record: &MeetingRecord) -> StoredMeeting<'_> {
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

fn read_record(value: StoredMeeting<'_>) -> Result<MeetingRecord, StateError> {
    let (revision, state, occurred_at, ended_at, series_id, master_id, source_id, columns) = value;
    Ok(MeetingRecord {
        revision,
        state: interaction::State::parse(state).ok_or(StateError::Damaged)?,
        occurred_at: Timestamp(occurred_at),
        ended_at: Timestamp(ended_at),
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
