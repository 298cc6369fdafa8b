//! What is decided on: a round of a calendar as a whole (a series is compared with all of its
//! occurrences), what was fetched besides, and what is known from before.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::id::Id128;
use crate::model::reason::Reason;
use crate::model::span::Window;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::policy::global_object_id::date_of_uid;
use crate::policy::meeting;
use crate::state::records::MeetingRecord;
use crate::state::records::WaitingSeries;

/// Occurrences of a series are recorded from this long before their start (design section 4).
const RECORDED_AHEAD: i64 = 30 * DAY;

/// Events of one round, which are held in memory together: ten times what a busy calendar has in
/// two years.
const EVENTS_MAX: usize = 200_000;

/// A round is too large to be decided as a whole.
#[derive(Debug, thiserror::Error)]
#[error(
    "a calendar has more than {EVENTS_MAX} events in its window; shorten [capture] window, or switch \
     meetings off for this mailbox"
)]
pub struct TooManyEvents;

/// Everything that a round said.
#[derive(Debug)]
pub(crate) struct Round {
    /// Its items, in order.
    pub events: Vec<DecodedEvent>,
    /// Items of pages that were given up: of a chain that was restarted, or that did not end.
    /// `events` contains their content again.
    pub given_up: u64,
    /// The deltaLink; `None`: the calendar was read by a plain list.
    pub link: Option<String>,
    /// The span of the chain.
    pub window: Window,
    /// Whether `events` is everything in the window: then anything else is gone.
    pub is_complete: bool,
    /// Ids of further existing events that this run does not request, because earlier attempts
    /// failed.
    pub unasked: HashSet<String>,
}

impl Round {
    /// Adds items.
    pub(crate) fn add(&mut self, events: Vec<DecodedEvent>) -> Result<(), TooManyEvents> {
        self.events.extend(events);
        if self.events.len() > EVENTS_MAX {
            return Err(TooManyEvents);
        }
        Ok(())
    }

    /// Restarts over a window; what was fetched so far counts as read and is ignored.
    #[must_use]
    pub(crate) fn given_up(self, window: Window) -> Self {
        Self {
            given_up: self.given_up + self.events.len() as u64,
            events: Vec::new(),
            link: None,
            window,
            is_complete: true,
            unasked: HashSet::new(),
        }
    }

    /// Whether it says nothing: of what was known nothing has changed.
    pub(crate) fn is_silent(&self) -> bool {
        self.received() == 0 && self.unasked.is_empty() && !self.is_complete
    }

    /// The provider's ids of its items.
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(source_id)
    }

    /// Items that were received.
    pub(crate) fn received(&self) -> u64 {
        self.given_up + self.events.len() as u64
    }

    /// Ids of series of which something came without the series itself. What is remembered of them
    /// does not count: they may have changed.
    pub(crate) fn missing_masters(&self) -> Vec<String> {
        let mut wanted = Vec::new();
        let mut seen = HashSet::new();
        for decoded in &self.events {
            let DecodedEvent::Event(event) = decoded else {
                continue;
            };
            if event.event_type == EventType::Master {
                seen.insert(&event.source_id);
            }
            wanted.extend(&event.master_id);
        }
        wanted.retain(|id| seen.insert(*id));
        wanted.into_iter().cloned().collect()
    }

    /// Ids of the exceptions that do not name the occurrence they replace: what a chain returns of
    /// an exception is undocumented (facts 11.8).
    pub(crate) fn unplaced(&self) -> HashSet<String> {
        let events = self.events.iter().filter_map(|decoded| match decoded {
            DecodedEvent::Event(event) if is_unplaced(event) => Some(event.source_id.clone()),
            _ => None,
        });
        events.collect()
    }

    /// Replaces events of which the chain returned too little by those that were fetched singly.
    /// One that is neither `whole` nor `gone` is unreadable: which occurrence it replaces is
    /// unknown.
    pub(crate) fn place(&mut self, whole: &HashMap<String, Event>, gone: &HashSet<String>) {
        for decoded in &mut self.events {
            let DecodedEvent::Event(event) = decoded else {
                continue;
            };
            if !is_unplaced(event) || gone.contains(&event.source_id) {
                continue;
            }
            match whole.get(&event.source_id) {
                Some(whole) => **event = whole.clone(),
                None => *decoded = not_served(std::mem::take(&mut event.source_id)),
            }
        }
    }
}

fn is_unplaced(event: &Event) -> bool {
    let names_none = event.original_start.is_none() && date_of_uid(event).is_none();
    event.event_type == EventType::Exception && names_none
}

/// An event that the service does not return.
pub(crate) fn not_served(source_id: String) -> DecodedEvent {
    DecodedEvent::Unreadable {
        source_id: Some(source_id),
        reason: Reason::NotServed,
    }
}

/// The provider's id of an item.
pub(crate) fn source_id(decoded: &DecodedEvent) -> Option<&str> {
    match decoded {
        DecodedEvent::Event(event) => Some(&event.source_id),
        DecodedEvent::Removed { source_id } => Some(source_id),
        DecodedEvent::Unreadable { source_id, .. } => source_id.as_deref(),
    }
}

/// What is known of a calendar from before the round.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The last row of each meeting.
    pub meetings: HashMap<Id128, MeetingRecord>,
    /// Occurrences that are too far ahead to be recorded, by the provider's id of their series.
    pub series: BTreeMap<String, WaitingSeries>,
    /// Ids of what could not be read.
    pub unread: HashSet<String>,
}

impl Memory {
    /// Whether a round that says nothing leaves everything as it is, whatever is recorded: nothing
    /// is unreadable, and no occurrence that waits is near.
    pub(crate) fn is_settled(&self, times: Times) -> bool {
        let waits = |event: &Event| times.is_far_by(event, DAY);
        let mut series = self.series.values();
        self.unread.is_empty()
            && series.all(|one| !one.instances.is_empty() && one.instances.iter().all(waits))
    }
}

/// What was requested by id because the round did not contain it.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    /// Series that did not come along.
    pub masters: HashMap<String, Event>,
    /// Ids of series that are unavailable.
    pub unavailable: Vec<String>,
    /// Ids of what was not named and is there no more.
    pub gone: HashSet<String>,
    /// Whether the round may be incomplete: lists were unavailable, or more events were missing
    /// than one run requests.
    pub is_unproven: bool,
    /// Whether events before the chain's window are still to be read.
    pub is_past_due: bool,
    /// Of their occurrences that are there, what they say.
    pub others: Vec<Event>,
}

/// The instants on which decisions depend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// The service's time when the round began.
    pub now: Timestamp,
    /// The same of the last finished round: what had ended by then is over.
    pub finished_at: Option<Timestamp>,
    /// What begins earlier was read by no round yet, though it is wanted now: the window is wider than
    /// it was, or lists were unavailable. `None`: everything was.
    pub unread_before: Option<Timestamp>,
}

impl Times {
    /// Whether what ended then was over when the last finished round began.
    pub(crate) fn is_over(self, ended_at: Timestamp) -> bool {
        self.finished_at
            .is_some_and(|finished_at| ended_at <= finished_at)
    }

    /// Whether an event is read for the first time although it may have been over for long.
    pub(super) fn is_unread(self, event: &Event) -> bool {
        let starts = meeting::begins_at(event);
        starts.is_some_and(|starts| self.unread_before.is_some_and(|before| starts < before))
    }

    /// Whether an occurrence is too far ahead to be recorded.
    pub(super) fn is_far(self, event: &Event) -> bool {
        self.is_far_by(event, 0)
    }

    /// Whether it is too far ahead even if it begins `earlier` microseconds before that.
    pub(super) fn is_far_by(self, event: &Event, earlier: i64) -> bool {
        let horizon = self.now.plus(RECORDED_AHEAD + earlier);
        meeting::begins_at(event).is_some_and(|start| start > horizon)
    }
}

/// What a round was to contain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    /// From when to when.
    pub(super) window: (Timestamp, Timestamp),
    /// Whether it contained everything in the window.
    pub(super) is_complete: bool,
}
