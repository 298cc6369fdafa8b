//! What a page said of one event of a calendar, before anything is decided.

use serde::{Deserialize, Serialize};

use crate::model::time::Micros;

/// One item of a calendar page as it was read.
#[derive(Debug, Clone, PartialEq)]
pub enum DecodedEvent {
    /// An event, or as much of one as the page tells.
    Event(Box<Event>),
    /// An event that left the calendar, or one that never was in the window (facts 2.2).
    Removed {
        /// The provider's id.
        source_id: String,
    },
    /// An item that cannot be read.
    Unreadable {
        /// The provider's id, where at least that could be read.
        source_id: Option<String>,
        /// Why: a code from a bounded set (`malformed`, `no_id`, `no_date`, …).
        code: &'static str,
    },
}

/// What kind of event an item is (facts 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// One event by itself.
    Single,
    /// One of a series, as the series has it: the page tells little more than its time.
    Occurrence,
    /// One of a series that differs from it.
    Exception,
    /// The series: no event by itself.
    Master,
}

/// An instant, and the date that the event's own words give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventTime {
    /// The instant.
    pub at: Micros,
    /// Days since 1970-01-01 of the date as it is written, in the zone that is named beside it:
    /// the day of an all-day event, whatever the zone.
    pub day: i64,
}

/// Somebody who was invited, or who invited.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attendee {
    /// Display name.
    pub name: Option<String>,
    /// The address, or whatever stands in its place.
    pub address: String,
    /// Whether needed, welcome, or a room.
    pub kind: AttendeeKind,
    /// The answer in Graph's words (`accepted`, `declined`, `none`, …).
    pub response: Option<String>,
}

/// In which part somebody attends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttendeeKind {
    /// Needed.
    Required,
    /// May come.
    Optional,
    /// A room or a piece of equipment.
    Resource,
}

/// An event, as far as an item tells: of an occurrence that is little, and its master has the
/// rest. `None`: the item does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The provider's id.
    pub source_id: String,
    /// What kind of event.
    pub event_type: EventType,
    /// The provider's id of its series.
    pub master_id: Option<String>,
    /// The id that all attendees' copies share (facts 2.3).
    pub ical_uid: Option<String>,
    /// When it begins.
    pub start: Option<EventTime>,
    /// When it ends.
    pub end: Option<EventTime>,
    /// When it would begin if it had not been moved.
    pub original_start: Option<Micros>,
    /// The zone in which the series repeats, as it is named: IANA, Windows, or something custom.
    pub zone: Option<String>,
    /// Whether it takes whole days.
    pub is_all_day: Option<bool>,
    /// The title; empty where it is said to have none.
    pub subject: Option<String>,
    /// At most 255 characters of text.
    pub preview: Option<String>,
    /// The text in full, where the content level asks for it.
    pub body_text: Option<String>,
    /// Who invited.
    pub organizer: Option<Attendee>,
    /// Who was invited.
    pub attendees: Option<Vec<Attendee>>,
    /// Whether the calendar's owner invited.
    pub is_organizer: Option<bool>,
    /// Whether the organiser cancelled it.
    pub is_cancelled: Option<bool>,
    /// Whether it was not sent yet.
    pub is_draft: Option<bool>,
    /// Whether it is marked personal, private or confidential.
    pub is_private: Option<bool>,
    /// The owner's own answer in Graph's words.
    pub response: Option<String>,
    /// Whether it is held online.
    pub is_online: Option<bool>,
    /// By what, in Graph's words.
    pub online_provider: Option<String>,
    /// When it was last changed, as the service says.
    pub modified: Option<Micros>,
    /// Hash over what was read, without bookkeeping.
    pub fingerprint: i64,
}
