//! Decisions in the form in which they wait for their commit: of mails sorted by key, of calendars
//! compressed.

use redb::WriteTransaction;

use crate::state::calendar;
use crate::state::error::StateError;
use crate::state::key;
use crate::state::key::Key;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::meetings;
use crate::state::pending::Pending;
use crate::state::tables::ITEMS;
use crate::state::tables::MARKS;
use crate::state::tables::MEETING_ROWS;
use crate::state::tables::MEETINGS;
use crate::state::tables::PackedMarks;
use crate::state::tables::PackedMeetingRows;
use crate::state::tables::PackedMeetings;
use crate::state::tables::PackedSeries;
use crate::state::tables::RECORDED;
use crate::state::tables::SERIES;

/// The decisions of one mailbox batch. Lookups see those on items before the file.
#[derive(Default)]
pub struct PackedDecisions {
    items: Box<[Item]>,
    recorded: Box<[Recorded]>,
    meetings: PackedMeetings,
    meeting_rows: PackedMeetingRows,
    series: PackedSeries,
    marks: PackedMarks,
}

/// Without padding: there may be a million of them.
#[derive(Clone, Copy)]
struct Item {
    key: Key,
    outcome: u8,
    fingerprint: [u8; 8],
}

#[derive(Clone, Copy)]
struct Recorded {
    key: Key,
    mail: [u8; 8],
}

impl PackedDecisions {
    /// The decisions of a batch.
    pub fn of(pending: Pending) -> Result<Self, StateError> {
        let items = pending.items.into_iter().map(|(key, seen)| Item {
            key,
            outcome: key::outcome_code(seen.outcome),
            fingerprint: seen.fingerprint.to_le_bytes(),
        });
        let mut items: Vec<Item> = items.collect();
        items.sort_unstable_by_key(|item| item.key);
        let recorded = pending.recorded.into_iter().map(|(key, mail)| Recorded {
            key,
            mail: mail.0.to_le_bytes(),
        });
        let mut recorded: Vec<Recorded> = recorded.collect();
        recorded.sort_unstable_by_key(|recorded| recorded.key);
        let (meetings, meeting_rows) = meetings::pack(&pending.meetings)?;
        let (series, marks) = calendar::pack(&pending.series, &pending.calendar_marks)?;
        Ok(Self {
            items: items.into(),
            recorded: recorded.into(),
            meetings,
            meeting_rows,
            series,
            marks,
        })
    }

    /// The bytes that they take.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.items)
            + size_of_val(&*self.recorded)
            + self.meetings.bytes()
            + self.meeting_rows.bytes()
            + self.series.bytes()
            + self.marks.bytes()
    }

    /// The decision about an item.
    pub(crate) fn item(&self, key: &Key) -> Option<Seen> {
        let place = self.items.binary_search_by_key(key, |item| item.key);
        let item = self.items.get(place.ok()?)?;
        Some(Seen {
            outcome: key::outcome_of(item.outcome)?,
            fingerprint: i64::from_le_bytes(item.fingerprint),
        })
    }

    /// The mail under which an interaction is recorded.
    pub(crate) fn recorded(&self, key: &Key) -> Option<RecordedMail> {
        let place = self.recorded.binary_search_by_key(key, |one| one.key);
        let recorded = self.recorded.get(place.ok()?)?;
        Some(RecordedMail(u64::from_le_bytes(recorded.mail)))
    }
}

impl std::fmt::Debug for PackedDecisions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackedDecisions")
            .field("items", &self.items.len())
            .field("recorded", &self.recorded.len())
            .finish_non_exhaustive()
    }
}

/// Writes batches in order of key, which touches each page of the file once. Of several decisions
/// about an item the last one counts; of several mails under one id the first stays.
pub(crate) fn write<'a>(
    transaction: &WriteTransaction,
    batches: impl Iterator<Item = &'a PackedDecisions> + Clone,
) -> Result<(), StateError> {
    let mut items: Vec<&Item> = batches.clone().flat_map(|one| &one.items).collect();
    items.sort_by_key(|item| item.key);
    let mut table = transaction.open_table(ITEMS).map_err(StateError::of)?;
    for item in items {
        let value = (item.outcome, i64::from_le_bytes(item.fingerprint));
        table.insert(item.key, value).map_err(StateError::of)?;
    }
    let mut recorded: Vec<&Recorded> = batches.clone().flat_map(|one| &one.recorded).collect();
    recorded.sort_by_key(|one| one.key);
    recorded.dedup_by_key(|one| one.key);
    let mut table = transaction.open_table(RECORDED).map_err(StateError::of)?;
    for one in recorded {
        let mail = u64::from_le_bytes(one.mail);
        table.insert(one.key, mail).map_err(StateError::of)?;
    }
    for one in batches {
        one.meetings.apply(transaction, MEETINGS)?;
        one.meeting_rows.apply(transaction, MEETING_ROWS)?;
        one.series.apply(transaction, SERIES)?;
        one.marks.apply(transaction, MARKS)?;
    }
    Ok(())
}
