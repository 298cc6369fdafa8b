//! What a view lacks: the rows of later commits, or the difference of a whole comparison.

use crate::disk::Doc;
use crate::disk::Gone;
use crate::disk::Lake;
use crate::disk::Table;
use crate::world::ITEMS;
use crate::world::Row;
use crate::world::Says;
use crate::world::Version;
use crate::world::ViewRow;
use crate::world::current;
use crate::world::derive;
use crate::world::highest_in_month;
use crate::world::is_matched;
use crate::world::view_row;

/// Slots with the version that was reached and the one that is to be reached.
pub(crate) type Steps = Vec<(u8, Option<Version>, Version)>;

/// The rows that commits after the reached versions added; `None` if another tool merged files.
pub(crate) fn rows_since(
    lake: &Lake,
    seen: usize,
    steps: &Steps,
    skips_merged: bool,
) -> Result<Option<Vec<Row>>, Gone> {
    let mut rows = Vec::new();
    for file in lake.live_files(Table::Rows, seen)? {
        let Some(version) = file.version else {
            if skips_merged {
                continue;
            }
            return Ok(None);
        };
        let is_after = |row: &&Row| {
            let step = steps.iter().find(|(slot, ..)| *slot == row.slot);
            step.is_some_and(|(_, reached, _)| reached.is_none_or(|reached| version > reached))
        };
        rows.extend(file.rows.iter().filter(is_after));
    }
    Ok(Some(rows))
}

/// The view's rows for rows that came since.
pub(crate) fn fast(rows: &[Row], steps: &Steps, snapshot: u8) -> Vec<ViewRow> {
    let rows = highest_in_month(rows);
    let derived = rows
        .iter()
        .map(|row| derive(row, snapshot, generation(row, steps)));
    derived.flatten().collect()
}

/// The version of a row's slot.
fn generation(row: &Row, steps: &Steps) -> Version {
    let step = steps.iter().find(|(slot, ..)| *slot == row.slot);
    step.map_or(0, |(.., version)| *version)
}

/// Whether the view may have been derived with another snapshot.
pub(crate) fn has_snapshot_changed(lake: &Lake, steps: &Steps, snapshot: u8) -> bool {
    let mut befores = steps
        .iter()
        .filter_map(|(slot, reached, _)| Some((slot, (*reached)?)));
    !befores.all(|(slot, version)| {
        let record = lake.record(version, *slot);
        record.is_ok_and(|record| record.snapshot == snapshot)
    })
}

/// The rows of the view for an interaction in a month: those of the highest generation there.
fn said(view: &[ViewRow], row: &Row) -> Vec<ViewRow> {
    let is_of =
        |said: &&ViewRow| (said.slot, said.item, said.month) == (row.slot, row.item, row.month);
    let highest = view.iter().filter(is_of).map(|said| said.generation).max();
    let said = view.iter().filter(is_of);
    said.filter(|said| Some(said.generation) == highest)
        .copied()
        .collect()
}

/// The row to append for a row, if the view does not say it yet.
fn difference(row: &Row, snapshot: u8, version: Version, said: &[ViewRow]) -> Option<ViewRow> {
    let wanted = derive(row, snapshot, version);
    let is_closed = said.iter().all(|said| said.says == Says::Withdrawn);
    let is_right = match (wanted, said) {
        (None, _) => is_closed,
        (Some(wanted), [said]) => (said.says, said.revision) == (wanted.says, wanted.revision),
        _ => false,
    };
    (!is_right).then(|| wanted.unwrap_or_else(|| view_row(row, Says::Withdrawn, version)))
}

/// Compares some slots of the view with the rows derived under a snapshot; returns the rows to
/// append. If a month that a meeting has left would outrank its current month, the current one is
/// rewritten.
pub(crate) fn compare(
    rows: &[Row],
    view: &[ViewRow],
    steps: &Steps,
    snapshot: u8,
    concerned: [bool; ITEMS as usize],
) -> Vec<ViewRow> {
    let is_asked = |row: &Row| {
        steps.iter().any(|(slot, ..)| *slot == row.slot) && concerned[usize::from(row.item)]
    };
    let rows: Vec<Row> = highest_in_month(rows)
        .into_iter()
        .filter(is_asked)
        .collect();
    let mut appended = Vec::new();
    let mut generations = Vec::new();
    for row in &rows {
        let said = said(view, row);
        let new = difference(row, snapshot, generation(row, steps), &said);
        let old = said.first().map(|said| said.generation);
        generations.push((
            *row,
            if new.is_some() {
                Some(Version::MAX)
            } else {
                old
            },
        ));
        appended.extend(new);
    }
    for (row, lies) in generations.iter().filter(|(row, _)| !row.is_superseded) {
        let is_overtaken = generations.iter().any(|(left, generation)| {
            left.is_superseded
                && (left.slot, left.item) == (row.slot, row.item)
                && generation > lies
        });
        if is_overtaken {
            appended.extend(derive(row, snapshot, generation(row, steps)));
        }
    }
    appended
}

/// The document of an interaction: its newest row, and whether the snapshot matches it.
pub(crate) fn document(rows: &[Row], slot: u8, item: u8, snapshot: u8) -> Doc {
    let rows = current(rows).into_iter();
    let mut rows = rows.filter(|row| (row.slot, row.item) == (slot, item));
    rows.next()
        .map(|row| (row.revision, row.month, is_matched(snapshot, item)))
}
