//! The identity of a meeting: the same for all attendees, wherever it is moved (design section 4).

use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::id::Id128;
use crate::model::mailbox::Mailbox;
use crate::model::recurrence::date_of;
use crate::policy::global_object_id::global_object_id;
use crate::policy::original_day::Siblings;
use crate::policy::original_day::original_day;

/// The identity of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MeetingId {
    /// The single event or occurrence.
    pub interaction_id: Id128,
    /// Its series; a single event has one of its own.
    pub series_id: Id128,
}

/// The identity of an event, which must already be merged with its master.
///
/// An occurrence is identified by its series and its original date, never by the instant: a series
/// that moves by an hour keeps its past. An event without `iCalUId` is identified by its item in
/// the mailbox.
pub(crate) fn meeting_id(event: &Event, mailbox: &Mailbox) -> MeetingId {
    let Some(uid) = event.ical_uid.as_deref().map(str::trim) else {
        let of = |provider_id: &str| {
            Id128::of(&[b"event", mailbox.id.as_bytes(), provider_id.as_bytes()])
        };
        return MeetingId {
            interaction_id: of(&event.source_id),
            series_id: of(event.master_id.as_deref().unwrap_or(&event.source_id)),
        };
    };
    let (key, date_of_uid) = match global_object_id(uid) {
        Some((key, date)) => (key, date),
        None => (uid.to_owned(), None),
    };
    let is_of_series = matches!(
        event.event_type,
        EventType::Occurrence | EventType::Exception
    );
    let date = date_of_uid.or_else(|| {
        let alone = || original_day(event, &Siblings::default());
        let day = event.original_day.or_else(alone).filter(|_| is_of_series);
        day.and_then(date_of)
    });
    let date = date.map(|date| date.to_string()).unwrap_or_default();
    MeetingId {
        interaction_id: Id128::of(&[b"meeting", key.as_bytes(), date.as_bytes()]),
        series_id: Id128::of(&[b"series", key.as_bytes()]),
    }
}

#[cfg(test)]
mod tests;
