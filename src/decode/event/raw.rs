//! The JSON of one event, read leniently.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::Value;

use crate::decode::lenient::Flag;
use crate::decode::lenient::Lenient;
use crate::decode::lenient::Many;
use crate::decode::lenient::RawAddress;
use crate::decode::lenient::RawBody;
use crate::decode::lenient::RawRecipient;
use crate::decode::lenient::Text;

/// The members of a calendar item that touchpoint uses.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RawEvent<'a> {
    pub is_removed: bool,
    pub id: Text<'a>,
    pub event_type: Text<'a>,
    pub master_id: Text<'a>,
    pub ical_uid: Text<'a>,
    pub start: Lenient<RawTime<'a>>,
    pub end: Lenient<RawTime<'a>>,
    pub original_start: Text<'a>,
    pub original_start_zone: Text<'a>,
    pub recurrence: Lenient<RawRecurrence<'a>>,
    pub is_all_day: Flag,
    /// `None`: not a member at all.
    pub subject: Option<Text<'a>>,
    pub body_preview: Option<Text<'a>>,
    pub body: Lenient<RawBody<'a>>,
    pub organizer: Lenient<RawRecipient<'a>>,
    /// `None`: not a member, or null.
    pub attendees: Option<Many<RawAttendee<'a>>>,
    pub response_status: Lenient<RawStatus<'a>>,
    pub is_organizer: Flag,
    pub is_cancelled: Flag,
    pub is_draft: Flag,
    pub sensitivity: Text<'a>,
    pub is_online_meeting: Flag,
    pub online_meeting_provider: Text<'a>,
    pub last_modified: Text<'a>,
}

/// `{dateTime, timeZone}`, in some replies with capitals (facts 2.3).
#[derive(Debug, Default, PartialEq)]
pub(super) struct RawTime<'a> {
    pub date_time: Text<'a>,
    pub time_zone: Text<'a>,
}

/// `{type, status, emailAddress}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawAttendee<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub status: Lenient<RawStatus<'a>>,
    #[serde(rename = "emailAddress", borrow)]
    pub email_address: Lenient<RawAddress<'a>>,
}

/// `{response, time}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawStatus<'a> {
    #[serde(borrow)]
    pub response: Text<'a>,
}

/// `{pattern, range}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawRecurrence<'a> {
    #[serde(borrow)]
    pub range: Lenient<RawRange<'a>>,
    /// `{type, interval, dayOfMonth, daysOfWeek, …}`, unparsed.
    pub pattern: Value,
}

/// `{type, startDate, recurrenceTimeZone, …}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawRange<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(rename = "startDate", borrow)]
    pub start_date: Text<'a>,
    #[serde(rename = "endDate", borrow)]
    pub end_date: Text<'a>,
    #[serde(rename = "recurrenceTimeZone", borrow)]
    pub zone: Text<'a>,
}

impl<'a> RawEvent<'a> {
    fn read<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "@removed" => {
                map.next_value::<IgnoredAny>()?;
                self.is_removed = true;
            }
            "id" => self.id = map.next_value()?,
            "type" => self.event_type = map.next_value()?,
            "seriesMasterId" => self.master_id = map.next_value()?,
            "iCalUId" => self.ical_uid = map.next_value()?,
            "start" => self.start = map.next_value()?,
            "end" => self.end = map.next_value()?,
            "originalStart" => self.original_start = map.next_value()?,
            "originalStartTimeZone" => self.original_start_zone = map.next_value()?,
            "recurrence" => self.recurrence = map.next_value()?,
            "isAllDay" => self.is_all_day = map.next_value()?,
            "subject" => self.subject = Some(map.next_value()?),
            "bodyPreview" => self.body_preview = Some(map.next_value()?),
            "body" => self.body = map.next_value()?,
            "organizer" => self.organizer = map.next_value()?,
            "attendees" => self.attendees = map.next_value()?,
            "responseStatus" => self.response_status = map.next_value()?,
            "isOrganizer" => self.is_organizer = map.next_value()?,
            "isCancelled" => self.is_cancelled = map.next_value()?,
            "isDraft" => self.is_draft = map.next_value()?,
            "sensitivity" => self.sensitivity = map.next_value()?,
            "isOnlineMeeting" => self.is_online_meeting = map.next_value()?,
            "onlineMeetingProvider" => self.online_meeting_provider = map.next_value()?,
            "lastModifiedDateTime" => self.last_modified = map.next_value()?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for RawEvent<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawEvent<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut event = RawEvent::default();
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    event.read(name.0.as_deref().unwrap_or_default(), &mut map)?;
                }
                Ok(event)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawTime<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawTime<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut time = RawTime::default();
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    let is = |known: &str| {
                        let name = name.0.as_deref();
                        name.is_some_and(|name| name.eq_ignore_ascii_case(known))
                    };
                    if is("dateTime") {
                        time.date_time = map.next_value()?;
                    } else if is("timeZone") {
                        time.time_zone = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(time)
            }
        }
        deserializer.deserialize_map(Members)
    }
}
