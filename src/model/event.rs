//! One calendar event as a page describes it, before anything is decided.

use serde::{Deserialize, Serialize};

use crate::model::content_hash::ContentHash;
use crate::model::reason::Reason;
use crate::model::recurrence::Recurrence;
use crate::model::time::Timestamp;

/// The column `container` of every meeting: v1.0 documents the chain for no calendar but the primary
/// one (facts 2.1).
pub const CONTAINER: &str = "calendar";

/// One item of a calendar page as it was read.
#[derive(Debug, Clone, PartialEq)]
pub enum DecodedEvent {
    /// An event, or as much of it as the page contains.
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
        /// Why (`malformed`, `no_id`, `no_date`, …).
        reason: Reason,
    },
}

/// What kind of event an item is (facts 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// One event by itself.
    Single,
    /// One of a series, unchanged: the page contains little more than its time.
    Occurrence,
    /// One of a series that differs from it.
    Exception,
    /// The series: no event by itself.
    Master,
}

/// An instant, and the date as written in the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventTime {
    /// The instant.
    pub at: Timestamp,
    /// Days since 1970-01-01 of the date as it is written, in the zone that is named beside it:
    /// the day of an all-day event, whatever the zone.
    pub day: i64,
}

/// What an event inherits from its series, once it is merged with its master.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesTimes {
    /// When the first occurrence begins.
    pub first_start: Option<EventTime>,
    /// On which days the series repeats.
    pub recurrence: Option<Recurrence>,
    /// Whether its occurrences take whole days; an exception may differ.
    pub is_all_day: Option<bool>,
}

/// An attendee or the organiser.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attendee {
    /// Display name.
    pub name: Option<String>,
    /// The address, or the text in its place.
    pub address: String,
    /// Whether needed, welcome, or a room.
    pub kind: AttendeeKind,
    /// The response as Graph names it (`accepted`, `declined`, `none`, …).
    pub response: Option<String>,
}

/// The kind of attendee.
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

/// An event, as far as an item describes it: an occurrence has few properties, and its master has
/// the rest. `None`: the item does not have the property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The provider's id.
    pub source_id: String,
    /// What kind of event.
    pub event_type: EventType,
    /// The provider's id of its series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_id: Option<String>,
    /// The id that all attendees' copies share (facts 2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ical_uid: Option<String>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<EventTime>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EventTime>,
    /// When it would begin if it had not been moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_start: Option<Timestamp>,
    /// The zone in which the series repeats, as it is named: IANA, Windows, or something custom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Of a series: on which days it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// The times of its series. `None`: it was not merged with one.
    #[serde(skip)]
    pub series: Option<SeriesTimes>,
    /// Of one of a series: on which day (days since 1970-01-01) it was to be, where that was found
    /// by comparing it with the others of the series (`policy::original_day`).
    #[serde(skip)]
    pub original_day: Option<i64>,
    /// Whether it takes whole days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_all_day: Option<bool>,
    /// The title; empty where it is said to have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// At most 255 characters of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// The full text, if the content level includes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_text: Option<String>,
    /// Who invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<Attendee>,
    /// Who was invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendees: Option<Vec<Attendee>>,
    /// Whether the calendar's owner invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_organizer: Option<bool>,
    /// Whether the organiser cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_cancelled: Option<bool>,
    /// Whether it was not sent yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_draft: Option<bool>,
    /// Whether it is marked personal, private or confidential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_private: Option<bool>,
    /// The owner's own response, as Graph names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// Whether it is held online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_online: Option<bool>,
    /// The provider, as Graph names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online_provider: Option<String>,
    /// When it was last changed, as the service says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    /// Whether it says more than is kept (`model::limits`).
    #[serde(skip)]
    pub is_shortened: bool,
    /// Hash over the content that was read, without change metadata.
    pub fingerprint: i64,
}

impl Event {
    /// An occurrence or exception merged with its series (facts 2.2): its own properties take
    /// precedence.
    ///
    /// Its times are its own alone, for those of the master are the first occurrence's. The zone
    /// is the master's, since it is the series that has one.
    #[must_use]
    pub fn over(self, master: &Self) -> Self {
        let of = |own: Option<String>, series: &Option<String>| own.or_else(|| series.clone());
        let mut event = Self {
            source_id: self.source_id,
            event_type: self.event_type,
            master_id: self.master_id.or_else(|| Some(master.source_id.clone())),
            ical_uid: of(self.ical_uid, &master.ical_uid),
            start: self.start,
            end: self.end,
            original_start: self.original_start,
            zone: master.zone.clone().or(self.zone),
            recurrence: None,
            series: Some(SeriesTimes {
                first_start: master.start,
                recurrence: master.recurrence,
                is_all_day: master.is_all_day,
            }),
            original_day: self.original_day,
            is_all_day: self.is_all_day.or(master.is_all_day),
            subject: of(self.subject, &master.subject),
            preview: of(self.preview, &master.preview),
            body_text: of(self.body_text, &master.body_text),
            organizer: self.organizer.or_else(|| master.organizer.clone()),
            attendees: self.attendees.or_else(|| master.attendees.clone()),
            is_organizer: self.is_organizer.or(master.is_organizer),
            is_cancelled: self.is_cancelled.or(master.is_cancelled),
            is_draft: self.is_draft.or(master.is_draft),
            is_private: self.is_private.or(master.is_private),
            response: of(self.response, &master.response),
            is_online: self.is_online.or(master.is_online),
            online_provider: of(self.online_provider, &master.online_provider),
            modified: self.modified.or(master.modified),
            is_shortened: self.is_shortened || master.is_shortened,
            fingerprint: 0,
        };
        event.fingerprint = event.content_hash();
        event
    }

    /// A hash over what is said, without ids of the provider's and the time of the last change:
    /// what [`Event::fingerprint`] is set to.
    pub fn content_hash(&self) -> i64 {
        let mut hasher = ContentHash::default();
        hasher.number(self.event_type as i64);
        for text in [
            &self.ical_uid,
            &self.zone,
            &self.subject,
            &self.preview,
            &self.body_text,
            &self.response,
            &self.online_provider,
        ] {
            hasher.text(text.as_deref());
        }
        for time in [self.start, self.end] {
            hasher.number(time.map_or(i64::MIN, |time| time.at.0));
            hasher.number(time.map_or(i64::MIN, |time| time.day));
        }
        hasher.number(self.original_start.map_or(i64::MIN, |at| at.0));
        for flag in [
            self.is_all_day,
            self.is_organizer,
            self.is_cancelled,
            self.is_draft,
            self.is_private,
            self.is_online,
        ] {
            hasher.number(flag.map_or(-1, i64::from));
        }
        let listed = self.attendees.as_deref();
        hasher.number(listed.map_or(-1, |listed| listed.len().try_into().unwrap_or(i64::MAX)));
        for somebody in self.organizer.iter().chain(listed.unwrap_or_default()) {
            hasher.number(somebody.kind as i64);
            hasher.text(somebody.name.as_deref());
            hasher.text(Some(&somebody.address));
            hasher.text(somebody.response.as_deref());
        }
        hasher.finish()
    }
}
