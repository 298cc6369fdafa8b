//! Keys of what is counted once: an interaction in a mailbox, and in a month of it.

use hashbrown::HashMap;

use crate::model::activity::Activity;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;

/// An interaction in a mailbox. Millions are held at a time, so the mailbox is a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct InteractionKey {
    pub interaction_id: Id128,
    mailbox: u64,
}

/// The same in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MonthKey {
    pub interaction: InteractionKey,
    month: i32,
}

impl InteractionKey {
    /// The key of the interaction of a row.
    pub(crate) fn of(row: &Interaction) -> Self {
        MailboxKey::of(&row.mailbox.id).interaction(row.interaction_id)
    }

    /// The key of the interaction of a row of `contact_activity`.
    pub(crate) fn of_activity(row: &Activity) -> Self {
        MailboxKey::of(&row.mailbox.id).interaction(row.interaction_id)
    }

    /// The same in a month, which is given as [`month_number`].
    pub(crate) fn in_month(self, month: i32) -> MonthKey {
        MonthKey {
            interaction: self,
            month,
        }
    }
}

/// The number of a month `YYYY-MM`; months that are none share one.
pub(crate) fn month_number(month: &str) -> i32 {
    let number = month.rsplit_once('-').and_then(|(year, month)| {
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        Some(year * 12 + month)
    });
    number.unwrap_or(i32::MIN)
}

/// Slot and hash of a mailbox.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MailboxKey {
    pub slot: u8,
    hash: u64,
}

impl MailboxKey {
    fn of(mailbox_id: &str) -> Self {
        let mut hash = [0; 8];
        hash.copy_from_slice(&Id128::of(&[b"mailbox", mailbox_id.as_bytes()]).0[..8]);
        Self {
            slot: slot(mailbox_id),
            hash: u64::from_le_bytes(hash),
        }
    }

    /// The key of one of its interactions.
    pub(crate) fn interaction(self, interaction_id: Id128) -> InteractionKey {
        InteractionKey {
            interaction_id,
            mailbox: self.hash,
        }
    }
}

/// Computes the keys of mailboxes once for each run of rows of the same one.
#[derive(Debug, Default)]
pub(crate) struct MailboxKeys {
    last: Option<(String, MailboxKey)>,
}

impl MailboxKeys {
    /// The key of a mailbox.
    pub(crate) fn get(&mut self, mailbox_id: &str) -> MailboxKey {
        if let Some((id, key)) = &self.last
            && id == mailbox_id
        {
            return *key;
        }
        let key = MailboxKey::of(mailbox_id);
        self.last = Some((mailbox_id.to_owned(), key));
        key
    }
}

/// The highest revision of each interaction in each mailbox and month, of those above 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Revisions(HashMap<MonthKey, i32>);

impl Revisions {
    /// Takes note of a row.
    pub(crate) fn note(&mut self, key: MonthKey, revision: i32) {
        if revision > 1 {
            let highest = self.0.entry(key).or_insert(revision);
            *highest = revision.max(*highest);
        }
    }

    /// Whether there is no higher revision of it in its month. `month` gives the month.
    pub(crate) fn is_highest(&self, row: &Interaction, month: impl FnOnce() -> i32) -> bool {
        self.0.is_empty() || {
            let key = InteractionKey::of(row).in_month(month());
            self.is_highest_of(key, row.revision)
        }
    }

    /// Whether there is no higher revision under a key.
    pub(crate) fn is_highest_of(&self, key: MonthKey, revision: i32) -> bool {
        let highest = self.0.get(&key);
        highest.is_none_or(|highest| revision >= *highest)
    }

    /// Gives the revision where it is the highest of its interaction in all months.
    pub(crate) fn over_all_months(self) -> HashMap<InteractionKey, i32> {
        let mut highest = HashMap::with_capacity(self.0.len());
        for (of_month, revision) in self.0 {
            let known = highest.entry(of_month.interaction).or_insert(revision);
            *known = revision.max(*known);
        }
        highest
    }
}

/// The generations of interactions with several revisions: the highest in the months that they
/// have left, and the one where they lie.
#[derive(Debug, Default)]
pub(crate) struct Moves(HashMap<InteractionKey, (Option<i64>, Option<i64>)>);

impl Moves {
    /// Takes note of what the view has of an interaction in a month, if anything.
    pub(crate) fn note(&mut self, key: InteractionKey, has_left: bool, generation: Option<i64>) {
        let (left, lies) = self.0.entry(key).or_default();
        let known = if has_left { left } else { lies };
        *known = generation.max(*known);
    }

    /// Interactions of which a month that they have left counts more than the one where they lie.
    pub(crate) fn overtaken(&self) -> impl Iterator<Item = InteractionKey> {
        let overtaken = self.0.iter();
        let overtaken = overtaken.filter(|(_, (left, lies))| lies.is_some() && left > lies);
        overtaken.map(|(key, _)| *key)
    }
}
