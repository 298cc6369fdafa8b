//! The items that faults single out: chosen once, the same in every run of a world.

use std::collections::HashSet;

use crate::model::time::DAY;
use crate::sim::calendar::meeting::Item;
use crate::sim::calendar::round;
use crate::sim::faults::fault::Fault;
use crate::sim::faults::fault::Kind;
use crate::sim::rng::mix;
use crate::sim::spec::MissingMasters;
use crate::sim::world::World;

/// How near to the start a marked event lies: so near that it is to be recorded by then.
const NEAR: i64 = 20 * DAY;

/// The items that faults concern.
#[derive(Debug, Default)]
pub struct Marked {
    /// Fault, mailbox and copy.
    copies: HashSet<(usize, usize, u32)>,
    /// Fault, mailbox and event.
    events: HashSet<(usize, usize, Item)>,
}

impl Marked {
    /// Chooses the items of all faults of a world.
    pub fn of(world: &World) -> Self {
        let mut marked = Self::default();
        for (number, fault) in world.spec.faults.iter().enumerate() {
            let Some(items) = limit(fault) else {
                continue;
            };
            let only = world.person(&fault.mailbox);
            for mailbox in 0..world.mailboxes.len() {
                if !fault.mailbox.is_anybody() && only != Some(mailbox) {
                    continue;
                }
                if matches!(fault.kind, Kind::PoisonedEvent | Kind::PoisonedMaster) {
                    let events = chosen_events(world, number, fault.kind, mailbox, items);
                    let events = events.into_iter().map(|event| (number, mailbox, event));
                    marked.events.extend(events);
                } else {
                    let copies = chosen(world, number, fault, mailbox, items);
                    let copies = copies.into_iter().map(|copy| (number, mailbox, copy));
                    marked.copies.extend(copies);
                }
            }
        }
        marked
    }

    /// Whether a fault concerns a copy.
    pub fn has(&self, fault: usize, mailbox: usize, copy: u32) -> bool {
        self.copies.contains(&(fault, mailbox, copy))
    }

    /// Whether a fault concerns an event.
    pub fn has_event(&self, fault: usize, mailbox: usize, event: Item) -> bool {
        self.events.contains(&(fault, mailbox, event))
    }
}

fn limit(fault: &Fault) -> Option<usize> {
    match fault.kind {
        Kind::PoisonedItem | Kind::PrivatePoison | Kind::PoisonedEvent | Kind::PoisonedMaster => {
            Some(fault.items.unwrap_or(1))
        }
        Kind::UnreadableItem => Some(fault.items.unwrap_or(usize::MAX)),
        _ => None,
    }
}

/// Items that lie in the folder at the start, in an order of chance.
fn chosen(world: &World, number: usize, fault: &Fault, mailbox: usize, items: usize) -> Vec<u32> {
    let all = world.mailboxes[mailbox].copies.iter().enumerate();
    let mut found: Vec<u32> = all
        .filter(|(_, copy)| {
            let mail = &world.mails[copy.mail as usize];
            fault.kind != Kind::PrivatePoison || mail.sensitivity > 0
        })
        .filter(|(_, copy)| {
            let place = copy.place(world.start());
            place.is_some_and(|(folder, _)| {
                let number = usize::from(folder);
                let folder = &world.mailboxes[mailbox].folders[number];
                fault.concerns_folder(number, folder.well_known)
            })
        })
        .filter_map(|(number, _)| u32::try_from(number).ok())
        .collect();
    let lot = [world.spec.seed, mailbox as u64, number as u64, 91];
    found.sort_by_key(|copy| mix(&[mix(&lot), u64::from(*copy)]));
    found.truncate(items);
    found
}

/// Events that lie near the start, in an order of chance.
fn chosen_events(
    world: &World,
    number: usize,
    kind: Kind,
    mailbox: usize,
    items: usize,
) -> Vec<Item> {
    let start = world.start();
    let near = (start.plus(-NEAR), start.plus(NEAR));
    let switches = &world.spec.switches;
    let wants_masters = kind == Kind::PoisonedMaster;
    let are_left_out = wants_masters && switches.missing_masters != MissingMasters::None;
    let all = world.mailboxes[mailbox].calendar.iter().enumerate();
    let mut found: Vec<Item> = all
        .filter(|(_, copy)| {
            let meeting = &world.meetings[copy.meeting as usize];
            let is_series = meeting.is_series() && copy.guest.is_none();
            let unreported = switches.unreported_cancellations;
            let shown = copy.instances(meeting, start, near, unreported);
            is_series == wants_masters && !shown.is_empty()
        })
        .filter_map(|(number, _)| u32::try_from(number).ok())
        .map(|copy| Item { copy, day: None })
        .filter(|event| !are_left_out || round::is_master_missing(world, mailbox, *event))
        .collect();
    let lot = [world.spec.seed, mailbox as u64, number as u64, 91];
    found.sort_by_key(|event| event.lot(&lot));
    found.truncate(items);
    found
}
