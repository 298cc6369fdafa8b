//! The identity of a meeting: the same for all attendees, wherever it is moved (design section 4).

use std::fmt::Write;
use std::ops::Range;

use jiff::civil::Date;

use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::id::Id128;
use crate::model::mailbox::Mailbox;
use crate::model::recurrence::date_of;
use crate::policy::original_day::Siblings;
use crate::policy::original_day::original_day;

/// The prefix of every Global Object ID (MS-OXOCAL 2.2.1.27).
const GLOBAL_OBJECT_ID: [u8; 16] = [
    0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xe0, 0x00, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08,
];

/// The bytes with the original date of an occurrence: year (high byte first), month, day.
const DATE_BYTES: Range<usize> = 16..20;

/// The identity of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MeetingId {
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
pub fn meeting_id(event: &Event, mailbox: &Mailbox) -> MeetingId {
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

/// The original date encoded in the id of an event, if any (facts 2.3).
pub fn date_of_uid(event: &Event) -> Option<Date> {
    global_object_id(event.ical_uid.as_deref()?.trim())?.1
}

/// A Global Object ID without its date, and the date, if it is set (facts 2.3).
fn global_object_id(uid: &str) -> Option<(String, Option<Date>)> {
    let mut bytes = bytes_of_hex(uid)?;
    if !bytes.starts_with(&GLOBAL_OBJECT_ID) {
        return None;
    }
    let date_bytes = bytes.get_mut(DATE_BYTES)?;
    let date = match date_bytes {
        [high, low, month, day] => {
            let year = i16::from_be_bytes([*high, *low]);
            let date = |month: i8, day: i8| Date::new(year, month, day).ok();
            let month = i8::try_from(*month).ok();
            month
                .zip(i8::try_from(*day).ok())
                .and_then(|(m, d)| date(m, d))
        }
        _ => None,
    };
    date_bytes.fill(0);
    let mut key = String::with_capacity(uid.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(key, "{byte:02X}");
    }
    Some((key, date))
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((digit(high)? << 4) | digit(low)?),
        _ => None,
    };
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests;
