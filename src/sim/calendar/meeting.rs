//! Meetings as the organiser has them over time, and their copies in calendars.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::calendar::lifecycle::Lifecycle;
use crate::sim::calendar::variants::MeetingVariant;
use crate::sim::calendar::zones;
use crate::sim::outcome::Outcome;
use crate::sim::recurrence;
use crate::sim::recurrence::Pattern;
use crate::sim::recurrence::Range;
use crate::sim::rng::mix;
use crate::sim::role::Role;

/// What all copies of a meeting share (facts 2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uid {
    /// Made by Exchange: creation time and data.
    Exchange(u64, [u64; 2]),
    /// Another system's, wrapped by Exchange.
    Wrapped(Box<str>),
    /// Another system's, as text.
    Plain(Box<str>),
}

impl Uid {
    /// `iCalUId`, with the original date of an occurrence where it has one.
    pub fn text(&self, day: Option<Date>) -> String {
        let mut bytes = vec![4, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10];
        bytes.extend([0x1A, 0x82, 0xE0, 0x08]);
        match day {
            Some(day) => {
                bytes.extend(day.year().to_be_bytes());
                bytes.extend(day.month().to_be_bytes());
                bytes.extend(day.day().to_be_bytes());
            }
            None => bytes.extend([0; 4]),
        }
        let (created, data) = match self {
            Self::Plain(text) => return text.to_string(),
            Self::Exchange(created, data) => {
                (*created, data.map(u64::to_be_bytes).as_flattened().to_vec())
            }
            Self::Wrapped(text) => {
                let mut data = b"vCal-Uid\x01\0\0\0".to_vec();
                data.extend(text.as_bytes());
                data.push(0);
                (0, data)
            }
        };
        bytes.extend(created.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
        bytes.extend(data);
        let mut text = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            let _ = write!(text, "{byte:02X}");
        }
        text
    }
}

/// Someone who was invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendee {
    /// Required, optional or resource.
    pub role: Role,
    /// Number of the address.
    pub address: u32,
    /// The answer as the organiser's copy has it.
    pub response: &'static str,
}

/// When a meeting takes place, in wall time of its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Once.
    Once(Date),
    /// On the days of a series.
    Series(Pattern, Range),
}

/// A meeting as it stands from an instant on.
#[derive(Debug, Clone)]
pub struct MeetingState {
    /// From when on.
    pub from: Timestamp,
    /// On which days.
    pub when: When,
    /// At what time; midnight where it takes whole days.
    pub wall: Time,
    /// For how long; whole days are 1440 each.
    pub minutes: i64,
    /// Title.
    pub subject: Box<str>,
    /// Decides the text.
    pub text: u64,
    /// Who was invited, in the order of the event.
    pub attendees: Vec<Attendee>,
    /// Cancelled by the organiser.
    pub cancelled: bool,
    /// `sensitivity`.
    pub sensitivity: &'static str,
    /// What must become of it.
    pub outcome: Outcome,
    /// The rule of the outcome.
    pub reason: Option<&'static str>,
}

/// How one occurrence differs from its series from an instant on.
#[derive(Debug, Clone)]
pub struct Exception {
    /// The day on which the series has it.
    pub day: Date,
    /// From when on.
    pub from: Timestamp,
    /// Moved: to this day and time, for this many minutes.
    pub moved: Option<(Date, Time, i64)>,
    /// Another title.
    pub subject: Option<Box<str>>,
    /// Other attendees.
    pub attendees: Option<Vec<Attendee>>,
    /// Cancelled by the organiser.
    pub cancelled: bool,
}

/// A meeting, however many copies there are.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Meeting {
    /// What the generator had in mind.
    pub variant: MeetingVariant,
    /// What happens to it along the clock.
    pub lifecycle: Lifecycle,
    /// What the copies share.
    pub uid: Uid,
    /// Who invited.
    pub organizer: u32,
    /// Number of the zone in which it was planned.
    pub zone: usize,
    /// It takes whole days.
    pub all_day: bool,
    /// `originalStartTimeZone` is the requested zone (facts 13).
    pub zone_of_request: bool,
    /// `onlineMeetingProvider` of a meeting that is held online.
    pub online: Option<&'static str>,
    /// Attendees see only themselves.
    pub hides: bool,
    /// Not sent yet.
    pub draft: bool,
    /// How it stands, in order; the first since it was made.
    pub states: Vec<MeetingState>,
    /// Differences of single occurrences, in the order of time.
    pub exceptions: Vec<Exception>,
}

impl Meeting {
    /// How it stands at an instant; before it was made, as it was made.
    pub fn state(&self, at: Timestamp) -> &MeetingState {
        let count = self.states.partition_point(|state| state.from <= at);
        &self.states[count.max(1) - 1]
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        self.states[0].from
    }

    /// How an occurrence differs from the series at an instant.
    pub fn exception(&self, day: Date, at: Timestamp) -> Option<&Exception> {
        let of_day = |one: &&Exception| one.day == day && one.from <= at;
        self.exceptions.iter().rev().find(of_day)
    }

    /// Whether it repeats.
    pub fn is_series(&self) -> bool {
        matches!(self.states[0].when, When::Series(..))
    }

    /// The instant of a day and time in the zone; whole days begin with the UTC day.
    pub fn instant(&self, day: Date, wall: Time) -> Timestamp {
        if self.all_day {
            recurrence::instant(day, Time::midnight(), &TimeZone::UTC)
        } else {
            recurrence::instant(day, wall, &zones::zone(self.zone))
        }
    }

    /// Beginning and end of what takes place on a day, exceptions apart.
    pub fn span(&self, state: &MeetingState, day: Date) -> (Timestamp, Timestamp) {
        let begin = self.instant(day, state.wall);
        (begin, begin.plus(state.minutes * 60 * SECOND))
    }

    /// The days on which it takes place, as planned at an instant, up to a day.
    pub fn days(&self, state: &MeetingState, until: Date) -> Vec<Date> {
        match &state.when {
            When::Once(day) => vec![*day],
            When::Series(pattern, range) => recurrence::days(pattern, range, until).collect(),
        }
    }
}

/// A copy of a meeting in a calendar.
#[derive(Debug, Clone)]
pub struct CalendarCopy {
    /// Number of the meeting.
    pub meeting: u32,
    /// Since when.
    pub arrives: Timestamp,
    /// Since when no more.
    pub gone: Option<Timestamp>,
    /// The owner invited.
    pub organises: bool,
    /// The owner's answers, in order; the first since it arrived.
    pub responses: Vec<(Timestamp, &'static str)>,
    /// Days whose occurrence is in this calendar no more, and since when.
    pub absent: Vec<(Date, Timestamp)>,
    /// The owner is invited to the occurrence of this day only.
    pub guest: Option<Date>,
    /// What must become of this copy, where that is less than of the meeting.
    pub outcome: Option<(Outcome, Option<&'static str>)>,
    /// When anything in it changes, in order; the first is its arrival.
    pub changes: Vec<Timestamp>,
}

/// What a calendar shows of a meeting on one day, at one instant.
#[derive(Debug)]
pub struct Instance<'a> {
    /// The meeting.
    pub meeting: &'a Meeting,
    /// How it stands.
    pub state: &'a MeetingState,
    /// How this day differs.
    pub exception: Option<&'a Exception>,
    /// The original day.
    pub day: Date,
    /// When it begins.
    pub begin: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Cancelled by the organiser.
    pub cancelled: bool,
}

impl Instance<'_> {
    /// The title; that of a cancelled meeting says so.
    pub fn subject(&self) -> String {
        let changed = self.exception.and_then(|one| one.subject.as_deref());
        title(changed.unwrap_or(&self.state.subject), self.cancelled)
    }

    /// Who is invited.
    pub fn attendees(&self) -> &[Attendee] {
        let changed = self.exception.and_then(|one| one.attendees.as_deref());
        changed.unwrap_or(&self.state.attendees)
    }
}

/// A title as attendees see it.
pub fn title(subject: &str, cancelled: bool) -> String {
    if cancelled {
        format!("Canceled: {subject}")
    } else {
        subject.to_owned()
    }
}

impl CalendarCopy {
    /// Whether it is in the calendar at an instant.
    pub fn is_there(&self, at: Timestamp) -> bool {
        self.arrives <= at && self.gone.is_none_or(|gone| gone > at)
    }

    /// The owner's answer at an instant.
    pub fn response(&self, at: Timestamp) -> (Timestamp, &'static str) {
        let count = self.responses.partition_point(|(when, _)| *when <= at);
        self.responses[count.max(1) - 1]
    }

    /// Whether a change lies after the first and not after the second instant.
    pub fn changed(&self, since: Timestamp, until: Timestamp) -> bool {
        self.changes.partition_point(|when| *when <= since)
            < self.changes.partition_point(|when| *when <= until)
    }

    /// When it last changed.
    pub fn last_change(&self, at: Timestamp) -> Timestamp {
        let count = self.changes.partition_point(|when| *when <= at);
        self.changes[count.max(1) - 1]
    }

    /// What it shows of the occurrence of a day that the series has; nothing where that was
    /// cancelled or taken out. `unreported`: cancelled ones vanish from all calendars (facts 2.2).
    pub fn instance<'a>(
        &self,
        meeting: &'a Meeting,
        day: Date,
        at: Timestamp,
        unreported: bool,
    ) -> Option<Instance<'a>> {
        if self
            .absent
            .iter()
            .any(|(one, from)| *one == day && *from <= at)
        {
            return None;
        }
        let state = meeting.state(at);
        let exception = meeting.exception(day, at);
        if exception.is_some_and(|one| one.cancelled) && (self.organises || unreported) {
            return None;
        }
        let (begin, end) = match exception.and_then(|one| one.moved) {
            Some((to, wall, minutes)) => {
                let begin = meeting.instant(to, wall);
                (begin, begin.plus(minutes * 60 * SECOND))
            }
            None => meeting.span(state, day),
        };
        Some(Instance {
            meeting,
            state,
            exception,
            day,
            begin,
            end,
            cancelled: state.cancelled || exception.is_some_and(|one| one.cancelled),
        })
    }

    /// All that it shows between two instants.
    pub fn instances<'a>(
        &self,
        meeting: &'a Meeting,
        at: Timestamp,
        (low, high): (Timestamp, Timestamp),
        unreported: bool,
    ) -> Vec<Instance<'a>> {
        if !self.is_there(at) {
            return Vec::new();
        }
        let days = match self.guest {
            Some(day) => vec![day],
            // Zones are at most a day away from UTC, and moved occurrences three weeks.
            None => meeting.days(
                meeting.state(at),
                date_of(high.plus(22 * crate::model::time::DAY)),
            ),
        };
        days.into_iter()
            .filter_map(|day| self.instance(meeting, day, at, unreported))
            .filter(|one| one.end > low && one.begin < high)
            .collect()
    }
}

/// The UTC day of an instant.
pub fn date_of(at: Timestamp) -> Date {
    civil(at, &TimeZone::UTC).date()
}

/// The wall time of an instant.
pub fn civil(at: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(at.timestamp())
}

/// Which instance of which copy an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Item {
    /// Number of the copy in its calendar.
    pub copy: u32,
    /// Days from 1970-01-01 to the original day of an occurrence; `None` = single or master.
    pub day: Option<i32>,
}

impl Item {
    /// A draw that depends on the item and these numbers.
    pub fn lot(self, parts: &[u64]) -> u64 {
        let day = self.day.map_or(0, i32::cast_unsigned);
        mix(&[mix(parts), u64::from(self.copy), u64::from(day)])
    }
}

/// Days from 1970-01-01 to a day.
pub fn number_of(day: Date) -> i32 {
    (day - jiff::civil::date(1970, 1, 1)).get_days()
}

/// The day that lies this many days after 1970-01-01.
pub fn day_of(number: i32) -> Option<Date> {
    use jiff::ToSpan as _;
    jiff::civil::date(1970, 1, 1)
        .checked_add(number.days())
        .ok()
}
