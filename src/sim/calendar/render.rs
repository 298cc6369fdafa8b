//! Writes events as Graph does: whole ones, slim occurrences, exceptions as what differs
//! (facts 2.2, 2.3).

use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json::json;

use crate::model::time::Timestamp;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::Attendee;
use crate::sim::calendar::meeting::CalendarCopy;
use crate::sim::calendar::meeting::Instance;
use crate::sim::calendar::meeting::Item;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::meeting::MeetingState;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::recurring;
use crate::sim::calendar::zones;
use crate::sim::mail::render::ID_BYTES;
use crate::sim::mail::render::bytes_of;
use crate::sim::mail::render::id_of;
use crate::sim::rng::mix;
use crate::sim::role::Role;
use crate::sim::text;
use crate::sim::world::World;

/// The time of an answer that was never given (facts 2.3).
const NEVER: &str = "0001-01-01T00:00:00Z";
/// Stands for the day of what has none.
const NO_DAY: i32 = i32::MIN;
/// Copies with numbers from here on are gone before anyone looked.
pub const PHANTOM_REMOVALS: u32 = 0x8000_0000;

/// The id of an event: immutable or not (facts 1.8).
pub fn event_id(world: &World, mailbox: usize, item: Item, immutable: bool) -> String {
    let mut bytes = Vec::with_capacity(ID_BYTES + 8);
    bytes.extend([0x00, 0x09, 0x00, if immutable { 0x2e } else { 0x46 }]);
    let number = u32::try_from(mailbox).unwrap_or(u32::MAX);
    bytes.extend(number.to_be_bytes());
    bytes.extend(item.copy.to_be_bytes());
    bytes.extend(item.day.unwrap_or(NO_DAY).to_be_bytes());
    let mut part = 0;
    while bytes.len() < ID_BYTES {
        let lot = [world.spec.seed, mailbox as u64, u64::from(immutable), part];
        bytes.extend(item.lot(&lot).to_be_bytes());
        part += 1;
    }
    id_of(mailbox, bytes)
}

/// What an id names, whichever kind of id it is.
pub fn read_event_id(world: &World, mailbox: usize, id: &str) -> Option<Item> {
    let bytes = bytes_of(mailbox, id)?;
    let copy = u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?);
    let day = i32::from_be_bytes(bytes.get(12..16)?.try_into().ok()?);
    let day = (day != NO_DAY).then_some(day);
    let item = Item { copy, day };
    [true, false]
        .into_iter()
        .any(|immutable| event_id(world, mailbox, item, immutable) == id)
        .then_some(item)
}

/// What a page of events needs to know.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The world.
    pub world: &'a World,
    /// Number of the mailbox.
    pub mailbox: usize,
    /// The instant at which it is looked at.
    pub at: Timestamp,
    /// Ids are immutable.
    pub immutable: bool,
    /// The preferred zone and its name.
    pub zone: (String, TimeZone),
}

impl<'a> View<'a> {
    fn id(&self, item: Item) -> String {
        event_id(self.world, self.mailbox, item, self.immutable)
    }

    /// A copy and its meeting.
    pub fn held(&self, number: u32) -> Option<(&'a CalendarCopy, &'a Meeting)> {
        let copy = self.world.mailboxes[self.mailbox]
            .calendar
            .get(number as usize)?;
        Some((copy, &self.world.meetings[copy.meeting as usize]))
    }

    /// That an event is gone, or was never in the window.
    pub fn removed(&self, item: Item) -> Value {
        json!({"@odata.type": "#microsoft.graph.event", "id": self.id(item),
            "@removed": {"reason": "deleted"}})
    }

    fn etag(&self, item: Item, copy: &CalendarCopy) -> String {
        let changed = copy.last_change(self.at);
        format!("{:016x}", item.lot(&[changed.0.cast_unsigned(), 7]))
    }

    /// What every item has.
    fn base(&self, item: Item, copy: &CalendarCopy, kind: &str) -> Value {
        let etag = self.etag(item, copy);
        json!({"@odata.type": "#microsoft.graph.event", "@odata.etag": format!("W/\"DwAAABY{etag}\""),
            "id": self.id(item), "type": kind})
    }

    fn times(&self, value: &mut Value, meeting: &Meeting, begin: Timestamp, end: Timestamp) {
        value["start"] = self.clock(meeting, begin);
        value["end"] = self.clock(meeting, end);
    }

    /// A time in the preferred zone, with seven digits and no offset. Whole days keep their
    /// midnight, labelled with the preferred zone all the same (facts 13).
    fn clock(&self, meeting: &Meeting, at: Timestamp) -> Value {
        let name = self.zone.0.as_str();
        let local = if meeting.all_day {
            meeting::civil(at, &TimeZone::UTC)
        } else {
            meeting::civil(at, &self.zone.1)
        };
        let text = local.strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string();
        if self.world.spec.switches.capital_times {
            json!({"DateTime": text, "TimeZone": name})
        } else {
            json!({"dateTime": text, "timeZone": name})
        }
    }

    /// An occurrence as delta has it.
    pub fn slim(&self, item: Item, copy: &CalendarCopy, one: &Instance<'_>) -> Value {
        let mut value = self.base(item, copy, "occurrence");
        value["seriesMasterId"] = json!(self.id(Item { day: None, ..item }));
        self.times(&mut value, one.meeting, one.begin, one.end);
        value
    }

    /// An exception as delta has it: what differs from the master.
    pub fn exception(&self, item: Item, copy: &CalendarCopy, one: &Instance<'_>) -> Value {
        if self.world.spec.switches.full_exceptions {
            return self.whole(item, copy, one);
        }
        let mut value = self.slim(item, copy, one);
        value["type"] = json!("exception");
        value["originalStart"] = json!(original_start(one));
        let differs = one.exception;
        if differs.is_some_and(|one| one.subject.is_some()) || one.cancelled {
            value["subject"] = json!(one.subject());
        }
        if differs.is_some_and(|one| one.attendees.is_some()) {
            value["attendees"] = self.attendees(copy, one.meeting, one.attendees());
        }
        if one.cancelled {
            value["isCancelled"] = json!(true);
        }
        value
    }

    /// A single event, or an occurrence or exception with everything.
    pub fn whole(&self, item: Item, copy: &CalendarCopy, one: &Instance<'_>) -> Value {
        let kind = match (item.day, one.exception) {
            (None, _) => "singleInstance",
            (Some(_), None) => "occurrence",
            (Some(_), Some(_)) => "exception",
        };
        let mut value = self.base(item, copy, kind);
        let day = (item.day.is_some() || copy.guest.is_some()).then_some(one.day);
        value["iCalUId"] = json!(one.meeting.uid.text(day));
        value["subject"] = json!(one.subject());
        value["isCancelled"] = json!(one.cancelled);
        value["attendees"] = self.attendees(copy, one.meeting, one.attendees());
        self.times(&mut value, one.meeting, one.begin, one.end);
        self.details(&mut value, copy, one.meeting, one.state);
        if item.day.is_some() {
            value["seriesMasterId"] = json!(self.id(Item { day: None, ..item }));
            value["originalStart"] = json!(original_start(one));
        }
        value
    }

    /// The master of a series.
    pub fn master(&self, item: Item, copy: &CalendarCopy, meeting: &Meeting) -> Value {
        let state = meeting.state(self.at);
        let mut value = self.base(item, copy, "seriesMaster");
        value["iCalUId"] = json!(meeting.uid.text(None));
        value["subject"] = json!(meeting::title(&state.subject, state.cancelled));
        value["isCancelled"] = json!(state.cancelled);
        value["attendees"] = self.attendees(copy, meeting, &state.attendees);
        if let When::Series(pattern, range) = &state.when {
            let (begin, end) = meeting.span(state, range.start);
            self.times(&mut value, meeting, begin, end);
            value["recurrence"] =
                recurring::recurrence(pattern, range, &self.zone_name(copy, meeting));
        }
        self.details(&mut value, copy, meeting, state);
        value
    }

    /// The zone in which a meeting was planned, as this copy names it: the organiser's has the
    /// proper name, a guest's may have anything (facts 13).
    fn zone_name(&self, copy: &CalendarCopy, meeting: &Meeting) -> String {
        let text = meeting.states[0].text;
        if self.world.spec.switches.custom_zones {
            zones::CUSTOM.to_owned()
        } else if copy.organises {
            zones::proper(meeting.zone, text)
        } else {
            let lot = mix(&[text, self.mailbox as u64]);
            zones::in_guests_copy(meeting.zone, lot)
        }
    }

    /// What singles, masters, occurrences and exceptions share.
    fn details(
        &self,
        value: &mut Value,
        copy: &CalendarCopy,
        meeting: &Meeting,
        state: &MeetingState,
    ) {
        let mut zone = self.zone_name(copy, meeting);
        if meeting.zone_of_request {
            zone.clone_from(&self.zone.0);
        }
        let changed = copy.last_change(self.at);
        let (answered, response) = copy.response(self.at);
        let join = meeting.online.map(|_| {
            json!({"joinUrl": format!("https://teams.example.net/l/meetup-join/{:016x}", state.text)})
        });
        let body = text::body(state.text).replace('&', "&amp;");
        let rest = json!({
            "createdDateTime": meeting.created().rfc3339(), "lastModifiedDateTime": changed.rfc3339(),
            "changeKey": format!("DwAAABY{:016x}", mix(&[state.text, changed.0.cast_unsigned()])),
            "categories": [], "transactionId": null, "originalStartTimeZone": zone,
            "originalEndTimeZone": zone, "reminderMinutesBeforeStart": 15, "isReminderOn": true,
            "hasAttachments": false, "bodyPreview": text::preview(state.text),
            "body": {"contentType": "html", "content": format!("<html><body><p>{body}</p></body></html>")},
            "importance": "normal", "sensitivity": state.sensitivity, "isAllDay": meeting.all_day,
            "isOrganizer": copy.organises, "responseRequested": true, "seriesMasterId": null,
            "showAs": if meeting.all_day { "free" } else { "busy" }, "onlineMeetingUrl": null,
            "webLink": "https://outlook.example.net/owa/?itemid=x", "isDraft": meeting.draft,
            "isOnlineMeeting": meeting.online.is_some(),
            "onlineMeetingProvider": meeting.online.unwrap_or("unknown"), "onlineMeeting": join,
            "allowNewTimeProposals": true, "hideAttendees": meeting.hides,
            "responseStatus": status(response, answered),
            "location": place(state), "locations": [place(state)],
            "organizer": {"emailAddress": self.mailbox(meeting.organizer)},
        });
        if let (Value::Object(value), Value::Object(rest)) = (value, rest) {
            for (name, one) in rest {
                value.entry(name).or_insert(one);
            }
        }
    }

    fn mailbox(&self, address: u32) -> Value {
        let address = &self.world.addresses[address as usize];
        json!({"name": address.name, "address": address.raw})
    }

    /// Who is invited, with answers that hold in the organiser's copy; in others they are missing
    /// or old (facts 2.3).
    fn attendees(&self, copy: &CalendarCopy, meeting: &Meeting, all: &[Attendee]) -> Value {
        let is_own = |one: &Attendee| {
            self.world.addresses[one.address as usize].person == Some(self.mailbox)
        };
        let shown = all
            .iter()
            .filter(|one| !meeting.hides || copy.organises || is_own(one));
        let shown = shown.map(|one| {
            let kind = match one.role {
                Role::Optional => "optional",
                Role::Resource => "resource",
                _ => "required",
            };
            let gossip = mix(&[u64::from(one.address), meeting.states[0].text]).is_multiple_of(3);
            let response = if copy.organises || gossip {
                one.response
            } else {
                "none"
            };
            json!({"type": kind, "status": status(response, meeting.created()),
                "emailAddress": self.mailbox(one.address)})
        });
        Value::Array(shown.collect())
    }
}

fn status(response: &str, at: Timestamp) -> Value {
    let never = matches!(response, "none" | "notResponded" | "organizer");
    let time = if never {
        NEVER.to_owned()
    } else {
        at.rfc3339()
    };
    json!({"response": response, "time": time})
}

fn place(state: &MeetingState) -> Value {
    let has_room = state.attendees.iter().any(|one| one.role == Role::Resource);
    let name = if has_room { "Raum Elbe" } else { "" };
    json!({"displayName": name, "locationType": "default", "uniqueIdType": "private"})
}

/// When the occurrence would begin if it had not been moved.
fn original_start(one: &Instance<'_>) -> String {
    let meeting = one.meeting;
    let at = if meeting.all_day {
        let zone = zones::zone(meeting.zone);
        crate::sim::recurrence::instant(one.day, Time::midnight(), &zone)
    } else {
        meeting.instant(one.day, one.state.wall)
    };
    at.rfc3339()
}
