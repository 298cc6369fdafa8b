//! What was read of a calendar and is not recorded yet: occurrences of series that are too far
//! ahead, and the link up to which that is complete.

use std::collections::BTreeMap;
use std::ops::Range;

use redb::ReadTransaction;
use redb::WriteTransaction;

use crate::model::mailbox;
use crate::state::error::StateError;
use crate::state::key::MarkKey;
use crate::state::key::SeriesKey;
use crate::state::records::WaitingSeries;
use crate::state::table_writes::TableWrites;
use crate::state::tables::MARKS;
use crate::state::tables::PackedMarks;
use crate::state::tables::PackedSeries;
use crate::state::tables::SERIES;

/// The waiting series of a mailbox as they were committed, each with the provider's id of its
/// master, in order of that.
pub(crate) fn series(
    transaction: &ReadTransaction,
    mailbox_id: &str,
) -> Result<Vec<(String, WaitingSeries)>, StateError> {
    let slot = mailbox::slot(mailbox_id);
    let table = transaction.open_table(SERIES).map_err(StateError::of)?;
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
/// are not, and the calendar is to be read from its beginning; a rebuild from the lake does not
/// restore the link.
pub(crate) fn mark(
    transaction: &ReadTransaction,
    mailbox_id: &str,
) -> Result<Option<String>, StateError> {
    let table = transaction.open_table(MARKS).map_err(StateError::of)?;
    let key = (mailbox::slot(mailbox_id), mailbox_id);
    let mark = table.get(key).map_err(StateError::of)?;
    Ok(mark.map(|mark| mark.value().to_owned()))
}

/// Packs the waiting series and marks of a batch, for [`SERIES`] and [`MARKS`].
pub(crate) fn pack(
    all_series: &BTreeMap<SeriesKey, Option<WaitingSeries>>,
    all_marks: &BTreeMap<MarkKey, String>,
) -> Result<(PackedSeries, PackedMarks), StateError> {
    let mut series = TableWrites::default();
    for ((slot, mailbox_id, master_id), waiting) in all_series {
        let key = (*slot, mailbox_id.as_str(), master_id.as_str());
        // Strings, numbers, flags and lists of them always have a JSON form.
        let json = waiting.as_ref().map(serde_json::to_string);
        let json = json.map(Result::unwrap_or_default);
        series.put(&key, json.as_deref().as_ref());
    }
    let mut marks = TableWrites::default();
    for ((slot, mailbox_id), mark) in all_marks {
        marks.put(&(*slot, mailbox_id.as_str()), Some(&mark.as_str()));
    }
    Ok((series.pack()?, marks.pack()?))
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
