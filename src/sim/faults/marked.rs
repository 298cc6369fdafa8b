//! The items that faults single out: chosen once, the same in every run of a world.

use std::collections::HashSet;

use crate::sim::dice::mix;
use crate::sim::faults::fault::Fault;
use crate::sim::faults::fault::Kind;
use crate::sim::world::World;

/// Fault, mailbox and copy.
#[derive(Debug, Default)]
pub struct Marked(HashSet<(usize, usize, u32)>);

impl Marked {
    /// Chooses the items of all faults of a world.
    pub fn of(world: &World) -> Self {
        let mut marked = HashSet::new();
        for (number, fault) in world.spec.faults.iter().enumerate() {
            let Some(items) = limit(fault) else {
                continue;
            };
            let only = fault.mailbox.number(world);
            for mailbox in 0..world.mailboxes.len() {
                if !fault.mailbox.is_anybody() && only != Some(mailbox) {
                    continue;
                }
                for copy in chosen(world, number, fault, mailbox, items) {
                    marked.insert((number, mailbox, copy));
                }
            }
        }
        Self(marked)
    }

    /// Whether a fault concerns a copy.
    pub fn has(&self, fault: usize, mailbox: usize, copy: u32) -> bool {
        self.0.contains(&(fault, mailbox, copy))
    }
}

fn limit(fault: &Fault) -> Option<usize> {
    match fault.kind {
        Kind::PoisonedItem | Kind::PrivatePoison => Some(fault.items.unwrap_or(1)),
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
            copy.place(world.start())
                .is_some_and(|(place, _)| fault.is_in(world, mailbox, usize::from(place)))
        })
        .filter_map(|(number, _)| u32::try_from(number).ok())
        .collect();
    let lot = [world.spec.seed, mailbox as u64, number as u64, 91];
    found.sort_by_key(|copy| mix(&[mix(&lot), u64::from(*copy)]));
    found.truncate(items);
    found
}
