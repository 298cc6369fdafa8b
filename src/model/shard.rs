//! The part of all mailboxes that one process reads.

use std::fmt;
use std::fmt::Display;
use std::fmt::Formatter;

use crate::model::mailbox::SLOTS;
use crate::model::mailbox::slot;

/// One of several parts: every mailbox belongs to one of them, by its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 1.
    number: u8,
    of: u8,
}

impl Default for Shard {
    /// All mailboxes.
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

impl Display for Shard {
    /// As it is read.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Reads `2/4`; `None` where that is no part of 1 to 64 ones.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let shard = Self {
            number: number.parse().ok()?,
            of: of.parse().ok()?,
        };
        let is_fine = (1..=SLOTS).contains(&shard.of) && (1..=shard.of).contains(&shard.number);
        is_fine.then_some(shard)
    }

    /// How many there are.
    pub fn count(self) -> u8 {
        self.of
    }

    /// Whether it is the one that does what is to be done once for all of them.
    pub fn is_first(self) -> bool {
        self.number == 1
    }

    /// The slots of its mailboxes.
    pub fn slots(self) -> Vec<u8> {
        (0..SLOTS).filter(|slot| self.has_slot(*slot)).collect()
    }

    /// Whether a mailbox belongs to it.
    pub fn has(self, mailbox_id: &str) -> bool {
        self.has_slot(slot(mailbox_id))
    }

    fn has_slot(self, slot: u8) -> bool {
        slot % self.of == self.number - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_all_slots_among_themselves() {
        for of in 1..=SLOTS {
            let shards = (1..=of).map(|number| Shard { number, of });
            let mut slots: Vec<u8> = shards.flat_map(Shard::slots).collect();
            slots.sort_unstable();
            assert_eq!(slots, (0..SLOTS).collect::<Vec<u8>>());
        }
        assert_eq!(Shard::default().slots().len(), 64);
    }

    #[test]
    fn a_shard_is_a_number_and_how_many_there_are() {
        assert_eq!(Shard::parse("2/4"), Some(Shard { number: 2, of: 4 }));
        for wrong in [
            "", "2", "0/2", "3/2", "1/0", "1/65", "a/b", "1/2/3", "-1/2", "1 / 2",
        ] {
            assert_eq!(Shard::parse(wrong), None, "{wrong}");
        }
    }
}
