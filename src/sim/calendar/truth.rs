//! Prints what was planted for meetings: for each event in each calendar that is read, how it
//! stands from when on.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;
use serde_json::json;

use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::Holding;
use crate::sim::calendar::meeting::Instance;
use crate::sim::calendar::meeting::Item;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::meeting::Uid;
use crate::sim::calendar::render;
use crate::sim::text;
use crate::sim::truth;
use crate::sim::world::Address;
use crate::sim::world::Book;
use crate::sim::world::Outcome;
use crate::sim::world::Role;
use crate::sim::world::World;

/// Occurrences are recorded from so long before they begin (design, section 4).
const AHEAD: i64 = 30 * DAY;
/// Days of the first window, and how near to its beginning a line is marked.
const WINDOW_DAYS: i64 = 365;
const EDGE_DAYS: i64 = 10;

/// All lines of meetings up to an instant, handed to `line` in turn.
pub fn print(world: &World, book: &Book, at: Micros, mut line: impl FnMut(&Value)) {
    for (mailbox, held) in world.mailboxes.iter().enumerate() {
        let person = &world.people[mailbox];
        if !person.is_read() || person.captured_meetings() == "none" {
            continue;
        }
        for (number, holding) in held.calendar.iter().enumerate() {
            let meeting = &world.meetings[holding.meeting as usize];
            if holding.arrives > at {
                continue;
            }
            let told = Told {
                world,
                book,
                until: at,
                mailbox,
                number,
                holding,
                meeting,
            };
            let plans = told.plans();
            let seen = meeting.looks.iter().filter(|look| look.from <= at).count();
            let days: BTreeSet<Date> = plans.iter().take(seen.max(1)).flatten().copied().collect();
            for day in days {
                if let Some(value) = told.event(day, &plans) {
                    line(&value);
                }
            }
        }
    }
}

struct Told<'a> {
    world: &'a World,
    book: &'a Book,
    until: Micros,
    mailbox: usize,
    number: usize,
    holding: &'a Holding,
    meeting: &'a Meeting,
}

impl Told<'_> {
    fn is_in_series(&self) -> bool {
        self.meeting.is_series() && self.holding.guest.is_none()
    }

    /// From when on a run records an event that begins then.
    fn recordable(&self, begin: Micros) -> Micros {
        if self.is_in_series() {
            self.holding.arrives.max(begin.plus(-AHEAD))
        } else {
            self.holding.arrives
        }
    }

    /// The original days that the copy has, as each look of the meeting has them.
    fn plans(&self) -> Vec<BTreeSet<Date>> {
        let looks = self.meeting.looks.iter();
        let first = &self.meeting.looks[0];
        let until = meeting::date_of(self.until.plus(AHEAD + DAY));
        let plan = |look| match (self.holding.guest, self.is_in_series()) {
            (Some(day), _) => BTreeSet::from([day]),
            (None, true) => self.meeting.days(look, until).into_iter().collect(),
            // A single event keeps its label, wherever it is moved.
            (None, false) => self.meeting.days(first, Date::MAX).into_iter().collect(),
        };
        looks.map(plan).collect()
    }

    /// How one event stands from when on; nothing where no run up to `at` can have met it.
    fn event(&self, day: Date, plans: &[BTreeSet<Date>]) -> Option<Value> {
        let at = self.until;
        let mut versions: Vec<Value> = Vec::new();
        let mut last: Option<Value> = None;
        let mut begins: Option<(Micros, Micros)> = None;
        for when in self.holding.changes.iter().take_while(|when| **when <= at) {
            let Some(mut version) = self.version(day, *when, plans, (last.as_ref(), &mut begins))
            else {
                continue;
            };
            if last.as_ref().map(news) != Some(news(&version)) {
                last = Some(version.clone());
                version["from"] = json!(when.rfc3339());
                versions.push(version);
            }
        }
        let (begin, end) = begins?;
        let window = self.world.start().plus(-WINDOW_DAYS * DAY);
        let recordable = self.recordable(begin);
        // Neither before the first window nor so far ahead that no window reaches it.
        if end <= window || begin >= at.plus(450 * DAY) || recordable > at {
            return None;
        }
        Some(self.line(day, versions, (begin, recordable)))
    }

    fn line(
        &self,
        day: Date,
        versions: Vec<Value>,
        (begin, recordable): (Micros, Micros),
    ) -> Value {
        let person = &self.world.people[self.mailbox];
        let in_series = self.is_in_series();
        let number = self.holding.meeting;
        let dated = in_series || self.holding.guest.is_some();
        let interaction = if dated {
            format!("e{number}-{day}")
        } else {
            format!("e{number}")
        };
        let item = Item {
            holding: u32::try_from(self.number).unwrap_or(u32::MAX),
            day: in_series.then(|| meeting::number_of(day)),
        };
        let window = self.world.start().plus(-WINDOW_DAYS * DAY);
        let edge = begin >= window && begin < window.plus(EDGE_DAYS * DAY);
        let newest = versions.last().cloned().unwrap_or_default();
        json!({
            "record": "meeting", "mailbox": person.id, "mailbox_address": person.stored,
            "mailbox_kind": person.purpose, "interaction": interaction,
            "series": format!("s{number}"), "kind": "meeting",
            "source_id": render::event_id(self.world, self.mailbox, item, true),
            "class": format!("{:?}", self.meeting.class),
            "story": format!("{:?}", self.meeting.story),
            "foreign_uid": matches!(self.meeting.uid, Uid::Plain(_)),
            "outcome": newest["outcome"], "reason": newest["reason"],
            "recordable_from": recordable.rfc3339(), "in_series": in_series, "edge": edge,
            "versions": versions,
        })
    }

    /// How the event stands at an instant, without the instant; `None` where the series does not
    /// have it yet.
    fn version(
        &self,
        day: Date,
        at: Micros,
        plans: &[BTreeSet<Date>],
        (before, begins): (Option<&Value>, &mut Option<(Micros, Micros)>),
    ) -> Option<Value> {
        let look = self.meeting.look(at);
        let number = self
            .meeting
            .looks
            .iter()
            .filter(|one| one.from <= at)
            .count();
        let planned = plans[number.max(1) - 1].contains(&day);
        let day_now = match &look.when {
            meeting::When::Once(day) if self.holding.guest.is_none() => *day,
            _ => day,
        };
        let unreported = self.world.spec.switches.unreported_cancellations;
        let shown = self.holding.instance(self.meeting, day_now, at, unreported);
        match shown.filter(|_| planned && self.holding.is_there(at)) {
            Some(one) => {
                begins.get_or_insert((one.begin, one.end));
                Some(self.shown(&one, at))
            }
            None => {
                // Gone: by the organiser from the own calendar, or by somebody else.
                let mut version = before?.clone();
                version["in_calendar"] = json!(false);
                if version["state"] == "active" || version["state"] == "declined" {
                    let state = if self.holding.organises {
                        "cancelled"
                    } else {
                        "removed"
                    };
                    version["state"] = json!(state);
                }
                Some(version)
            }
        }
    }

    /// What is to be stored of what the calendar shows.
    fn shown(&self, one: &Instance<'_>, at: Micros) -> Value {
        let (outcome, reason) = self.outcome(one);
        let mut version = json!({"in_calendar": true, "outcome": outcome.name(), "reason": reason,
            "occurred_at": one.begin.rfc3339(), "ended_at": one.end.rfc3339()});
        if outcome != Outcome::Recorded {
            version["state"] = json!("withdrawn");
            return version;
        }
        let (_, response) = self.holding.response(at);
        version["state"] = json!(if one.cancelled {
            "cancelled"
        } else if response == "declined" {
            "declined"
        } else {
            "active"
        });
        let world = self.world;
        let parts = self.parts(one, response);
        let visible: Vec<(Role, &Address)> = parts
            .iter()
            .map(|(role, address, _)| (*role, *address))
            .collect();
        let content = truth::Content {
            subject: one.subject(),
            preview: text::preview(one.look.text),
            may_keep: true,
        };
        let sight = at.max(self.recordable(one.begin));
        content.write(world, &mut version, &visible, (sight, self.until));
        self.people(&mut version, &parts, &visible);
        version["is_online_meeting"] = json!(self.meeting.online.is_some());
        version["online_provider"] = json!(self.meeting.online);
        version["is_recurring"] = json!(self.is_in_series());
        version["is_all_day"] = json!(self.meeting.all_day);
        version
    }

    fn outcome(&self, one: &Instance<'_>) -> (Outcome, Option<&'static str>) {
        let planted = (one.look.outcome, one.look.reason);
        match self.holding.outcome {
            Some(own) if own.0 < planted.0 => own,
            _ => planted,
        }
    }

    /// Organiser first, then the attendees by role; answers as far as this copy knows them.
    fn parts(
        &self,
        one: &Instance<'_>,
        own: &'static str,
    ) -> Vec<(Role, &Address, Option<&'static str>)> {
        let book = |number: u32| &self.world.addresses[number as usize];
        let organizer = book(self.meeting.organizer);
        let mut parts = vec![(Role::Organizer, organizer, None)];
        for role in [Role::Required, Role::Optional, Role::Resource] {
            for attendee in one.attendees().iter().filter(|one| one.role == role) {
                let address = book(attendee.address);
                let is_own = address.person == Some(self.mailbox);
                let hidden = self.meeting.hides && !self.holding.organises && !is_own;
                if hidden || address.stored == organizer.stored {
                    continue;
                }
                let response = if self.holding.organises {
                    Some(attendee.response)
                } else {
                    is_own.then_some(own)
                };
                parts.push((role, address, response));
            }
        }
        parts
    }

    fn people(
        &self,
        version: &mut Value,
        parts: &[(Role, &Address, Option<&'static str>)],
        visible: &[(Role, &Address)],
    ) {
        let person = &self.world.people[self.mailbox];
        let response_of = |role: &str, address: &str| {
            let mut found = parts.iter();
            found
                .find(|(one, book, _)| one.name() == role && book.stored == address)
                .and_then(|(_, _, response)| *response)
        };
        let mut participants = truth::participants(visible);
        for one in &mut participants {
            let role = one["role"].as_str().unwrap_or_default();
            let address = one["address"].as_str().unwrap_or_default();
            one["response"] = json!(response_of(role, address));
        }
        let mut touches = truth::touches(self.book, self.until, visible);
        for one in &mut touches {
            let role = one["contact_role"].as_str().unwrap_or_default();
            let address = one["contact_address"].as_str().unwrap_or_default();
            one["contact_response"] = json!(response_of(role, address));
        }
        let (internal, external) = truth::counts(self.mailbox, &person.stored, visible);
        let organizer = visible.first().is_some_and(|(_, one)| one.internal);
        let all_internal = visible.iter().all(|(_, one)| one.internal || !one.counted);
        version["direction"] = json!(if all_internal {
            "internal"
        } else if organizer {
            "outbound"
        } else {
            "inbound"
        });
        version["participants"] = json!(participants);
        version["touches"] = json!(touches);
        version["user_role"] = json!(truth::user_role(self.mailbox, person.purpose, visible));
        version["internal_count"] = json!(internal);
        version["external_count"] = json!(external);
    }
}

/// A version without what depends on the night in which it is recorded.
fn news(version: &Value) -> Value {
    let mut version = version.clone();
    if let Value::Object(members) = &mut version {
        members.remove("subject");
        members.remove("preview");
    }
    version
}
