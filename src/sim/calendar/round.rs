//! What a round of calendarView delta reports: everything in the window at first, later what has
//! changed. A series comes in one piece (facts 2.2).

use std::collections::HashMap;

use crate::model::time::Timestamp;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::CalendarCopy;
use crate::sim::calendar::meeting::Item;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::position::Position;
use crate::sim::calendar::render::PHANTOM_REMOVALS;
use crate::sim::rng::draw;
use crate::sim::rng::mix;
use crate::sim::spec::MissingMasters;
use crate::sim::world::World;

/// Events that were deleted before the first round and are reported all the same (facts 1.4).
const PHANTOM_REMOVALS_PER_CALENDAR: u32 = 2;

/// One entry of `value[]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub item: Item,
    /// Whether it says that the event is gone.
    pub removed: bool,
}

/// What lies on one page: a single event, or a series with all its occurrences.
pub type Block = Vec<Entry>;

/// The blocks of a round whose both ends are known.
pub fn blocks(world: &World, here: &Position) -> Vec<Block> {
    let calendar = &world.mailboxes[here.mailbox].calendar;
    let first = here.since.0 == i64::MIN;
    let mut found: Vec<Block> = Vec::new();
    let mut quiet: Vec<usize> = Vec::new();
    for (number, copy) in calendar.iter().enumerate() {
        let meeting = &world.meetings[copy.meeting as usize];
        if !first && !copy.changed(here.since, here.until) {
            if copy.is_there(here.since) {
                quiet.push(number);
            }
            continue;
        }
        found.extend(block(world, here, number, copy, meeting));
    }
    if first {
        found.extend((0..PHANTOM_REMOVALS_PER_CALENDAR).map(|number| {
            let item = Item {
                copy: PHANTOM_REMOVALS + number,
                day: None,
            };
            vec![gone(item)]
        }));
    }
    repeat(world, here, &mut found, &quiet);
    if world.spec.switches.shuffle {
        shuffle(world, here, &mut found);
    }
    found.retain(|block| !block.is_empty());
    found
}

fn gone(item: Item) -> Entry {
    Entry {
        item,
        removed: true,
    }
}

fn there(item: Item) -> Entry {
    Entry {
        item,
        removed: false,
    }
}

/// What is to be said of a copy: all of it where it is in the window, else that it is gone.
fn block(
    world: &World,
    here: &Position,
    number: usize,
    copy: &CalendarCopy,
    meeting: &Meeting,
) -> Option<Block> {
    let holding_number = u32::try_from(number).unwrap_or(u32::MAX);
    let item = Item {
        copy: holding_number,
        day: None,
    };
    let is_series = meeting.is_series() && copy.guest.is_none();
    let shown = days(world, here, copy, meeting, here.until);
    let of_day = |day: i32| Item {
        day: Some(day),
        ..item
    };
    if !shown.is_empty() {
        let mut block = Vec::with_capacity(shown.len() + 1);
        if is_series {
            block.extend(shown.into_iter().map(|day| there(of_day(day))));
            if !is_master_missing(world, here.mailbox, item) {
                block.push(there(item));
            }
        } else {
            block.push(there(item));
        }
        return Some(block);
    }
    if here.since.0 == i64::MIN {
        return None;
    }
    // Gone from the window, or never in it: that is said of events outside, too (facts 2.2).
    let mut block = vec![gone(item)];
    if is_series && copy.is_there(here.since) {
        let before = days(world, here, copy, meeting, here.since);
        block.extend(before.into_iter().map(|day| gone(of_day(day))));
    }
    let seen = copy.arrives <= here.until;
    seen.then_some(block)
}

/// The original days of what a copy shows in the window.
fn days(
    world: &World,
    here: &Position,
    copy: &CalendarCopy,
    meeting: &Meeting,
    at: Timestamp,
) -> Vec<i32> {
    let unreported = world.spec.switches.unreported_cancellations;
    copy.instances(meeting, at, here.window, unreported)
        .iter()
        .map(|one| meeting::number_of(one.day))
        .collect()
}

/// Whether the stream leaves out the master of a series.
pub fn is_master_missing(world: &World, mailbox: usize, item: Item) -> bool {
    let lot = item.lot(&[world.spec.seed, mailbox as u64, 41]);
    world.spec.switches.missing_masters != MissingMasters::None && lot.is_multiple_of(4)
}

/// The same again, and old news once more (facts 1.4).
fn repeat(world: &World, here: &Position, found: &mut Vec<Block>, quiet: &[usize]) {
    let lot = mix(&[
        here.chain,
        here.since.0.cast_unsigned(),
        here.until.0.cast_unsigned(),
    ]);
    let switches = &world.spec.switches;
    if switches.duplicates {
        let again: Vec<Block> = found
            .iter()
            .flatten()
            .filter(|entry| entry.item.lot(&[lot, 1]).is_multiple_of(40))
            .map(|entry| vec![*entry])
            .collect();
        found.extend(again);
    }
    let first = here.since.0 == i64::MIN;
    if switches.replays && !first && !quiet.is_empty() && draw(&[lot, 2], 3) == 0 {
        for part in 0..2 {
            let number = quiet[draw(&[lot, 3, part], quiet.len())];
            let copy = &world.mailboxes[here.mailbox].calendar[number];
            let meeting = &world.meetings[copy.meeting as usize];
            let whole = block(world, here, number, copy, meeting);
            found.extend(whole.filter(|block| block.iter().all(|entry| !entry.removed)));
        }
    }
}

/// Blocks in no order, and no order within a block.
fn shuffle(world: &World, here: &Position, found: &mut [Block]) {
    let lot = mix(&[
        world.spec.seed,
        here.mailbox as u64,
        here.until.0.cast_unsigned(),
        51,
    ]);
    let mut times: HashMap<Item, u64> = HashMap::new();
    for block in found.iter_mut() {
        block.sort_by_key(|entry| entry.item.lot(&[lot, 1]));
    }
    found.sort_by_cached_key(|block| {
        let item = block
            .first()
            .map_or(Item { copy: 0, day: None }, |entry| entry.item);
        let time = times.entry(item).or_default();
        *time += 1;
        item.lot(&[lot, *time, block.len() as u64])
    });
}
