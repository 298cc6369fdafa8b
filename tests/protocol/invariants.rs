//! What must hold in every state, and after an undisturbed final run.

use crate::catch_up::document;
use crate::disk::Lake;
use crate::disk::TABLES;
use crate::disk::Table;
use crate::mutation::Rules;
use crate::outside::start;
use crate::system::Budget;
use crate::system::Stop;
use crate::system::SystemState;
use crate::world::ITEMS;
use crate::world::MEETING;
use crate::world::Row;
use crate::world::SLOTS;
use crate::world::Says;
use crate::world::ViewRow;
use crate::world::current;
use crate::world::current_view;
use crate::world::highest_in_month;
use crate::world::is_matched;

/// Steps of an undisturbed run: more of them mean that it does not terminate.
const STEPS_MAX: usize = 400;

/// An invariant, by what it promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invariant {
    NoCommittedFileIsMissing,
    NothingIsThereTwice,
    CursorsAreNeverAheadOfRows,
    GenerationsRisePerSlot,
    TheViewIsNeverAhead,
    NoMonthCountsWhatHasLeftIt,
    ViewMatchesCurrentSnapshot,
    TheIndexSaysWhatTheTableSays,
    CountsAreThoseOfTheRows,
    EachRunIsReportedOnce,
    NobodyStopsWithoutReason,
    TheLastRunCompletes,
    TheLakeIsThatOfAnUndisturbedWorld,
}

use Invariant as I;

/// The first invariant that a state violates.
pub(crate) fn broken(system: &SystemState) -> Option<Invariant> {
    if let Some(stop) = system.stopped {
        return Some(match stop {
            Stop::FileGone => I::NoCommittedFileIsMissing,
            _ => I::NobodyStopsWithoutReason,
        });
    }
    let lake = &system.disk.lake;
    let seen = TABLES.map(|table| lake.log(table).entries.len());
    let (Ok(rows), Ok(view)) = (lake.rows(seen[0]), lake.view(seen[1])) else {
        return Some(I::NoCommittedFileIsMissing);
    };
    let checks = [
        (I::NothingIsThereTwice, is_single(&rows, &view)),
        (I::GenerationsRisePerSlot, do_generations_rise(lake)),
        (I::NoMonthCountsWhatHasLeftIt, is_true_by_month(&rows)),
        (I::EachRunIsReportedOnce, is_reported_once(system)),
    ];
    if let Some((invariant, _)) = checks.iter().find(|(_, holds)| !holds) {
        return Some(*invariant);
    }
    (0..SLOTS).find_map(|slot| broken_in_slot(system, slot, &rows, &view))
}

fn broken_in_slot(
    system: &SystemState,
    slot: u8,
    rows: &[Row],
    view: &[ViewRow],
) -> Option<Invariant> {
    let lake = &system.disk.lake;
    let version = lake.newest(Table::Rows, slot);
    let reached = lake.newest(Table::View, slot);
    if reached > version {
        return Some(I::TheViewIsNeverAhead);
    }
    let version = version?;
    let (Ok(record), Ok(cursor)) = (lake.record(version, slot), lake.cursor(version, slot)) else {
        return Some(I::NoCommittedFileIsMissing);
    };
    let of_slot: Vec<Row> = rows
        .iter()
        .filter(|row| row.slot == slot)
        .copied()
        .collect();
    let view: Vec<ViewRow> = view
        .iter()
        .filter(|row| row.slot == slot)
        .copied()
        .collect();
    let page = cursor.map_or(0, |cursor| cursor.page);
    let has = |item: u8| of_slot.iter().any(|row| row.item == item);
    if (0..ITEMS).any(|item| page > item && !has(item)) {
        return Some(I::CursorsAreNeverAheadOfRows);
    }
    if usize::from(record.rows) != of_slot.len() {
        return Some(I::CountsAreThoseOfTheRows);
    }
    if reached == Some(version) {
        if !agrees_with_snapshot(&of_slot, &view, record.snapshot) {
            return Some(I::ViewMatchesCurrentSnapshot);
        }
        if !is_view_true_by_month(&view) {
            return Some(I::NoMonthCountsWhatHasLeftIt);
        }
    }
    let index = &system.disk.index[usize::from(slot)];
    let is_right = |item: u8| {
        let wanted = document(&of_slot, slot, item, record.snapshot);
        index.docs[usize::from(item)] == wanted
    };
    let is_wrong = index.version == Some(version) && !(0..ITEMS).all(is_right);
    is_wrong.then_some(I::TheIndexSaysWhatTheTableSays)
}

fn is_single(rows: &[Row], view: &[ViewRow]) -> bool {
    let rows_once = rows.iter().enumerate().all(|(at, row)| {
        let mut others = rows[..at].iter();
        !others.any(|o| {
            (o.slot, o.item, o.month, o.revision) == (row.slot, row.item, row.month, row.revision)
        })
    });
    let view_once = view.iter().enumerate().all(|(at, row)| {
        let mut others = view[..at].iter();
        !others.any(|o| {
            (o.slot, o.item, o.month, o.generation)
                == (row.slot, row.item, row.month, row.generation)
        })
    });
    let counted = current(rows);
    let is_one = |slot, item| {
        counted
            .iter()
            .filter(|row| (row.slot, row.item) == (slot, item))
            .count()
            <= 1
    };
    let counts_once = (0..SLOTS).all(|slot| (0..ITEMS).all(|item| is_one(slot, item)));
    rows_once && view_once && counts_once
}

fn do_generations_rise(lake: &Lake) -> bool {
    let rise = |table: Table, slot: u8| {
        let entries = lake.log(table).entries.iter();
        let steps = entries.flat_map(|entry| &entry.steps);
        let versions: Vec<u8> = steps.filter(|s| s.0 == slot).map(|s| s.1).collect();
        versions.windows(2).all(|two| two[0] < two[1])
    };
    TABLES
        .iter()
        .all(|table| (0..SLOTS).all(|slot| rise(*table, slot)))
}

/// In each month the highest revision counts, and only if it is still in that month.
fn is_true_by_month(rows: &[Row]) -> bool {
    let counted = current(rows);
    let by_month = highest_in_month(rows);
    let mut by_month = by_month.iter().filter(|row| !row.is_superseded);
    by_month.all(|row| counted.contains(row))
}

fn is_view_true_by_month(view: &[ViewRow]) -> bool {
    let counted = current_view(view);
    let is_highest = |row: &&ViewRow| {
        !view.iter().any(|other| {
            (other.item, other.month) == (row.item, row.month) && other.generation > row.generation
        })
    };
    let mut by_month = view
        .iter()
        .filter(is_highest)
        .filter(|row| row.says == Says::Contact);
    by_month.all(|row| counted.contains(row))
}

fn agrees_with_snapshot(rows: &[Row], view: &[ViewRow], snapshot: u8) -> bool {
    let wanted = current(rows)
        .into_iter()
        .filter(|row| is_matched(snapshot, row.item));
    let mut wanted: Vec<_> = wanted
        .map(|row| (row.item, row.month, row.revision))
        .collect();
    let said = current_view(view).into_iter();
    let mut said: Vec<_> = said
        .map(|row| (row.item, row.month, row.revision))
        .collect();
    wanted.sort_unstable();
    said.sort_unstable();
    wanted == said
}

/// A run is reported once for each slot, and as interrupted only after it ended.
fn is_reported_once(system: &SystemState) -> bool {
    let reported = &system.disk.lake.reported;
    let is_first = |at: usize| {
        let (run, slot, _) = reported[at];
        !reported[..at]
            .iter()
            .any(|(other, of, _)| (*other, *of) == (run, slot))
    };
    let is_alive = |run: u8| system.processes.iter().flatten().any(|p| p.run == run);
    (0..reported.len()).all(is_first)
        && !reported
            .iter()
            .any(|(run, _, crashed)| *crashed && is_alive(*run))
}

/// The invariant that is still violated after a final run of all slots, if any.
pub(crate) fn broken_in_the_end(system: &SystemState, rules: &Rules) -> Option<Invariant> {
    let mut system = system.clone();
    system.budget = Budget::NOTHING;
    let mut system = start(&system, 0, &[0, 1], rules);
    for _ in 0..STEPS_MAX {
        let Some(process) = system.processes[0].clone() else {
            return broken(&system).or_else(|| is_undisturbed(&system));
        };
        // The highest of the possible versions: an undisturbed run uses no other.
        let mut next = process.advance(&system, 0, rules);
        system = next.pop()?;
        if system.stopped.is_some() {
            return broken(&system);
        }
    }
    Some(I::TheLastRunCompletes)
}

/// The current rows must be those of a fault-free world, whatever their revision.
fn is_undisturbed(system: &SystemState) -> Option<Invariant> {
    let lake = &system.disk.lake;
    let rows = lake
        .rows(lake.log(Table::Rows).entries.len())
        .unwrap_or_default();
    let view = lake
        .view(lake.log(Table::View).entries.len())
        .unwrap_or_default();
    let month = |item| {
        if item == MEETING {
            system.server.month
        } else {
            0
        }
    };
    let all = (0..SLOTS).flat_map(|slot| (0..ITEMS).map(move |item| (slot, item)));
    let wanted: Vec<_> = all.map(|(slot, item)| (slot, item, month(item))).collect();
    let mut found: Vec<_> = current(&rows)
        .iter()
        .map(|r| (r.slot, r.item, r.month))
        .collect();
    found.sort_unstable();
    let matched = wanted
        .iter()
        .filter(|(_, item, _)| is_matched(system.snapshot, *item));
    let matched: Vec<_> = matched.copied().collect();
    let mut said: Vec<_> = current_view(&view)
        .iter()
        .map(|r| (r.slot, r.item, r.month))
        .collect();
    said.sort_unstable();
    let is_caught_up = (0..SLOTS).all(|slot| {
        let version = lake.newest(Table::Rows, slot);
        lake.newest(Table::View, slot) == version
            && system.disk.index[usize::from(slot)].version == version
            && system.disk.state[usize::from(slot)].map(|state| state.version) == version
    });
    let is_equal = found == wanted && said == matched && is_caught_up;
    (!is_equal).then_some(I::TheLakeIsThatOfAnUndisturbedWorld)
}
