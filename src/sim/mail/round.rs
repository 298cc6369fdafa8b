//! What a round of message delta reports: everything at first, later what has changed in the
//! folder, with the service's habits of repeating itself.

use crate::model::time::Timestamp;
use crate::sim::mail::mailbox::Copy;
use crate::sim::mail::mailbox::Event;
use crate::sim::mail::position::Position;
use crate::sim::mail::render;
use crate::sim::rng::draw;
use crate::sim::rng::mix;
use crate::sim::world::World;

/// Items that were deleted before the first round and are reported all the same (facts 1.4).
pub const PHANTOM_REMOVALS_PER_FOLDER: u32 = 2;

/// One entry of `value[]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Number of the copy.
    pub copy: u32,
    /// What is said of it.
    pub change: Change,
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The whole item.
    Full,
    /// Only these properties.
    Partial(u32),
    /// It is gone; under the id that it had after this many moves.
    Removed(u32),
}

/// The entries of a round whose both ends are known.
pub fn entries(world: &World, here: &Position) -> Vec<Entry> {
    let mut found = if here.since.0 == i64::MIN {
        everything(world, here)
    } else {
        changes(world, here)
    };
    let switches = &world.spec.switches;
    let lot = [
        world.spec.seed,
        here.mailbox as u64,
        here.folder as u64,
        here.until.0.cast_unsigned(),
    ];
    if switches.duplicates {
        let again: Vec<Entry> = found
            .iter()
            .filter(|entry| draw(&[mix(&lot), u64::from(entry.copy)], 30) == 0)
            .copied()
            .collect();
        found.extend(again);
    }
    if switches.shuffle {
        let key = |position: usize, entry: &Entry| {
            mix(&[mix(&lot), u64::from(entry.copy), position as u64])
        };
        let mut keyed: Vec<(u64, Entry)> = found
            .iter()
            .enumerate()
            .map(|(position, entry)| (key(position, entry), *entry))
            .collect();
        keyed.sort_by_key(|(key, _)| *key);
        found = keyed.into_iter().map(|(_, entry)| entry).collect();
    }
    found
}

fn is_in(copy: &Copy, folder: usize, at: Timestamp) -> bool {
    copy.place(at)
        .is_some_and(|(place, _)| usize::from(place) == folder)
}

fn everything(world: &World, here: &Position) -> Vec<Entry> {
    let copies = &world.mailboxes[here.mailbox].copies;
    let count = u32::try_from(copies.len()).unwrap_or(u32::MAX);
    let mut found: Vec<Entry> = (0..count)
        .filter(|number| is_in(&copies[*number as usize], here.folder, here.until))
        .map(|copy| Entry {
            copy,
            change: Change::Full,
        })
        .collect();
    if world.mailboxes[here.mailbox].folders[here.folder].read {
        found.extend(phantom_removals(here.folder).map(|copy| Entry {
            copy,
            change: Change::Removed(0),
        }));
    }
    found
}

/// Numbers of the items of a folder that are gone before anyone looked.
pub fn phantom_removals(folder: usize) -> impl Iterator<Item = u32> {
    let first =
        render::PHANTOM_REMOVALS + u32::try_from(folder).unwrap_or(0) * PHANTOM_REMOVALS_PER_FOLDER;
    first..first + PHANTOM_REMOVALS_PER_FOLDER
}

fn changes(world: &World, here: &Position) -> Vec<Entry> {
    let mailbox = &world.mailboxes[here.mailbox];
    let first = mailbox
        .copies
        .partition_point(|copy| copy.arrives <= here.since);
    let end = mailbox
        .copies
        .partition_point(|copy| copy.arrives <= here.until);
    let mut found: Vec<Entry> = (first..end)
        .filter(|number| is_in(&mailbox.copies[*number], here.folder, here.until))
        .map(|number| Entry {
            copy: u32::try_from(number).unwrap_or(u32::MAX),
            change: Change::Full,
        })
        .filter(|_| here.kinds & 1 != 0)
        .collect();
    for number in &mailbox.eventful {
        let copy = &mailbox.copies[*number as usize];
        if copy.arrives <= here.since {
            let change = changed(world, here, copy);
            found.extend(change.map(|change| Entry {
                copy: *number,
                change,
            }));
        }
    }
    if world.spec.switches.replays {
        found.extend(replays(world, here, first));
    }
    found
}

/// What is to be said of a copy that was there when the last round ended.
fn changed(world: &World, here: &Position, copy: &Copy) -> Option<Change> {
    let within = |when: &Timestamp| *when > here.since && *when <= here.until;
    let mut news = copy
        .events
        .iter()
        .filter(|(when, _)| within(when))
        .map(|(_, event)| *event);
    let first = news.next()?;
    let before = is_in(copy, here.folder, here.since);
    let after = is_in(copy, here.folder, here.until);
    let moves = copy.place(here.since).map_or(0, |(_, moves)| moves);
    let moved = std::iter::once(first)
        .chain(news.clone())
        .any(|event| matches!(event, Event::Move(_)));
    match (before, after) {
        (true, false) if here.kinds & 4 != 0 => Some(Change::Removed(moves)),
        (false, true) if here.kinds & 1 != 0 => Some(Change::Full),
        (true, true) if moved => {
            // There and back between two rounds (facts 1.7).
            let lost = here.immutable && world.spec.switches.lose_moves_there_and_back;
            Some(if lost {
                Change::Removed(moves)
            } else {
                Change::Full
            })
        }
        (true, true) if here.kinds & 2 != 0 => {
            let mut bits = 0;
            for event in std::iter::once(first).chain(news) {
                match event {
                    Event::Subject => bits |= render::SUBJECT,
                    // A flip is reported only where it is selected (facts 1.5).
                    Event::Read => bits |= here.fields & render::IS_READ,
                    Event::Move(_) | Event::Delete => {}
                }
            }
            (bits != 0).then_some(Change::Partial(bits | render::FOLDER))
        }
        _ => None,
    }
}

/// Old items once more: at times, a few that were there all along (facts 1.4).
fn replays(world: &World, here: &Position, first: usize) -> Vec<Entry> {
    let copies = &world.mailboxes[here.mailbox].copies;
    let lot = [
        here.chain,
        here.since.0.cast_unsigned(),
        here.until.0.cast_unsigned(),
    ];
    if first == 0 || draw(&[mix(&lot), 1], 3) != 0 {
        return Vec::new();
    }
    (0..3)
        .map(|number| draw(&[mix(&lot), 2, number], first))
        .filter(|number| is_in(&copies[*number], here.folder, here.since))
        .filter(|number| is_in(&copies[*number], here.folder, here.until))
        .map(|number| Entry {
            copy: u32::try_from(number).unwrap_or(u32::MAX),
            change: Change::Full,
        })
        .collect()
}
