//! All that a colleague and a contact, or an account, had to do with each other.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::insight::exchange::Exchange;
use crate::model::id::Id128;
use crate::model::interaction::Kind;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::model::touch::Touch;

/// One interaction, however many rows and copies of it there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it was sent; of a meeting, its start.
    pub at: Timestamp,
    /// Mail or meeting.
    pub kind: Kind,
    /// The most that a row says.
    pub exchange: Exchange,
    /// The contacts with whom the exchange was direct.
    people: BTreeSet<Arc<str>>,
}

impl Event {
    fn merge(&mut self, other: Self) {
        self.at = self.at.min(other.at);
        self.kind = self.kind.min(other.kind);
        self.exchange = self.exchange.max(other.exchange);
        self.people.extend(other.people);
    }
}

/// From an instant to another one, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: Timestamp,
    /// The last instant.
    pub to: Timestamp,
}

impl Period {
    /// Some UTC days, of which the last one is that of an instant and ends with it.
    pub fn until(to: Timestamp, days: u32) -> Self {
        let first = to.day() - i64::from(days) + 1;
        Self {
            from: Timestamp(first.saturating_mul(DAY)),
            to,
        }
    }

    /// Whether an instant lies in it.
    pub fn has(self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// The interactions of a colleague with a contact or an account, each once. Merging is commutative
/// and associative, so parts may be collected in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence(BTreeMap<Id128, Event>);

impl Evidence {
    /// Takes a row in.
    pub fn add(&mut self, touch: &Touch, exchange: Exchange) {
        let person = touch.contact_id.iter().filter(|_| exchange.is_direct());
        let event = Event {
            at: touch.occurred_at,
            kind: touch.kind,
            exchange,
            people: person.cloned().collect(),
        };
        self.note(touch.interaction_id, event);
    }

    /// Takes another part in.
    pub fn merge(&mut self, other: Self) {
        for (id, event) in other.0 {
            self.note(id, event);
        }
    }

    fn note(&mut self, id: Id128, event: Event) {
        match self.0.get_mut(&id) {
            Some(known) => known.merge(event),
            None => drop(self.0.insert(id, event)),
        }
    }

    /// The interactions, in order of their ids.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.0.values()
    }

    /// Those in which they were in touch directly.
    pub fn direct(&self) -> impl Iterator<Item = &Event> {
        self.events().filter(|event| event.exchange.is_direct())
    }

    /// The direct ones of a period.
    pub fn direct_in(&self, period: Period) -> impl Iterator<Item = &Event> {
        self.direct().filter(move |event| period.has(event.at))
    }

    /// How many contacts they were in touch with directly in a period.
    pub fn people_in(&self, period: Period) -> u64 {
        let events = self.direct_in(period);
        let people: BTreeSet<&Arc<str>> = events.flat_map(|event| &event.people).collect();
        people.len() as u64
    }
}
