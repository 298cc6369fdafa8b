//! The tables of the state file.

use std::collections::BTreeMap;

use redb::TableDefinition;
use redb::WriteTransaction;

use crate::state::error::StateError;
use crate::state::key::Key;
use crate::state::table_writes::PackedWrites;

/// Outcome code and fingerprint of each item, by [`crate::state::key::item`].
pub(crate) const ITEMS: TableDefinition<Key, (u8, i64)> = TableDefinition::new("items");
/// The recorded mails, by [`crate::state::key::recorded`].
pub(crate) const RECORDED: TableDefinition<Key, u64> = TableDefinition::new("recorded");
/// Slot, mailbox id and cursor key, to the cursor as JSON.
pub(crate) const CURSORS: TableDefinition<(u8, &str, &str), &str> = TableDefinition::new("cursors");
/// The lake version that each slot has reached.
pub(crate) const VERSIONS: TableDefinition<u8, i64> = TableDefinition::new("versions");
/// The format of the file, and the lake to which it belongs.
pub(crate) const META: TableDefinition<&str, &str> = TableDefinition::new("meta");

/// Slot, mailbox id, interaction id.
pub(crate) type StoredMeetingKey = (u8, &'static str, [u8; 16]);
/// Revision, state, begin, end, series, source id of the master, source id, hash of the columns.
pub(crate) type StoredMeeting<'a> = (
    i32,
    &'a str,
    i64,
    i64,
    Option<&'a str>,
    Option<&'a str>,
    &'a str,
    i64,
);
/// Recorded meetings, without their rows.
pub(crate) const MEETINGS: TableDefinition<StoredMeetingKey, StoredMeeting<'static>> =
    TableDefinition::new("meetings");
/// The row of a meeting as JSON. A table of its own, so that rows can be deleted while their
/// records stay.
pub(crate) const MEETING_ROWS: TableDefinition<StoredMeetingKey, &str> =
    TableDefinition::new("meeting_rows");

/// Slot, mailbox id and the provider's id of the master.
pub(crate) type StoredSeriesKey = (u8, &'static str, &'static str);
/// [`WaitingSeries`](crate::state::records::WaitingSeries) as JSON.
pub(crate) const SERIES: TableDefinition<StoredSeriesKey, &str> = TableDefinition::new("series");
/// Slot and mailbox id.
pub(crate) type StoredMarkKey = (u8, &'static str);
/// The link up to which a mailbox's calendar is complete.
pub(crate) const MARKS: TableDefinition<StoredMarkKey, &str> =
    TableDefinition::new("calendar_marks");

/// What is to be written to [`MEETINGS`].
pub(crate) type PackedMeetings = PackedWrites<StoredMeetingKey, StoredMeeting<'static>>;
/// What is to be written to [`MEETING_ROWS`].
pub(crate) type PackedMeetingRows = PackedWrites<StoredMeetingKey, &'static str>;
/// What is to be written to [`SERIES`].
pub(crate) type PackedSeries = PackedWrites<StoredSeriesKey, &'static str>;
/// What is to be written to [`MARKS`].
pub(crate) type PackedMarks = PackedWrites<StoredMarkKey, &'static str>;

/// Creates the tables in a new file.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), StateError> {
    transaction.open_table(ITEMS).map_err(StateError::of)?;
    transaction.open_table(RECORDED).map_err(StateError::of)?;
    transaction.open_table(CURSORS).map_err(StateError::of)?;
    transaction.open_table(VERSIONS).map_err(StateError::of)?;
    transaction.open_table(META).map_err(StateError::of)?;
    transaction.open_table(MEETINGS).map_err(StateError::of)?;
    transaction
        .open_table(MEETING_ROWS)
        .map_err(StateError::of)?;
    transaction.open_table(SERIES).map_err(StateError::of)?;
    transaction.open_table(MARKS).map_err(StateError::of)?;
    Ok(())
}

/// Writes the lake versions that slots have reached.
pub(crate) fn write_versions(
    transaction: &WriteTransaction,
    versions: &BTreeMap<u8, i64>,
) -> Result<(), StateError> {
    let mut table = transaction.open_table(VERSIONS).map_err(StateError::of)?;
    for (slot, version) in versions {
        table.insert(slot, version).map_err(StateError::of)?;
    }
    Ok(())
}
