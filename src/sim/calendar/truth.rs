//! Prints what must become of meetings: for each event in each calendar that is read, how it
//! stands from when on.
//!
//! A line (`"record":"meeting"`) has `versions` in order. After a run the current one is the last
//! whose `from` is not after the run, with these rules of the design:
//!
//! - The first row comes with the first run that finds the newest version `in_calendar` with the
//!   outcome `recorded`, for an event with `in_series` not more than 30 days before its
//!   `occurred_at`. What leaves the calendar before gets no row.
//! - Later versions make further rows. One with another outcome makes a row `withdrawn`, and none
//!   where there was none.
//! - Of an event with `in_series`, or of one that is `in_calendar` no more, a run passes over what
//!   came after the last run before it, if the row's `ended_at` is not after that last run.
//! - `subject` and `preview` are those that the first nightly run finds that reads the event; for
//!   other runs `content_periods` say when `full_subject` and `full_preview` are kept. `touches`
//!   are those of the CRM at the end, whichever version they stand in.
//!
//! A line with `edge` begins so near the beginning of the first window that a run whose window
//! begins later need not have it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;
use serde_json::json;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::CalendarCopy;
use crate::sim::calendar::meeting::Instance;
use crate::sim::calendar::meeting::Item;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::meeting::Uid;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::render;
use crate::sim::crm::records::CrmSnapshot;
use crate::sim::interaction_truth;
use crate::sim::outcome::Outcome;
use crate::sim::role::Role;
use crate::sim::text;
use crate::sim::world::Address;
use crate::sim::world::World;

/// Occurrences are recorded from so long before they begin (design, section 4).
const AHEAD: i64 = 30 * DAY;
/// No occurrence is moved further than this.
const MOVED_MAX: i64 = 15 * DAY;
/// Days of the first window, and how near to its beginning a line is marked.
const WINDOW_DAYS: i64 = 365;
const EDGE_DAYS: i64 = 10;

/// All lines of meetings up to an instant, handed to `line` in turn.
pub fn print(world: &World, snapshot: &CrmSnapshot, at: Timestamp, mut line: impl FnMut(&Value)) {
    for (mailbox, held) in world.mailboxes.iter().enumerate() {
        let person = &world.people[mailbox];
        if !person.is_read() || person.captured_meetings() == "none" {
            continue;
        }
        for (number, copy) in held.calendar.iter().enumerate() {
            let meeting = &world.meetings[copy.meeting as usize];
            if copy.arrives > at {
                continue;
            }
            let expectation = Expectation {
                world,
                snapshot,
                until: at,
                mailbox,
                number,
                copy,
                meeting,
            };
            let plans = expectation.plans();
            let seen = meeting
                .states
                .iter()
                .filter(|state| state.from <= at)
                .count();
            let days: BTreeSet<Date> = plans.iter().take(seen.max(1)).flatten().copied().collect();
            for day in days {
                if let Some(value) = expectation.event(day, &plans) {
                    line(&value);
                }
            }
        }
    }
}

/// How an event stands, without the instant from which it does.
#[derive(Debug, Clone, PartialEq)]
struct Stage {
    in_calendar: bool,
    outcome: Outcome,
    reason: Option<&'static str>,
    state: &'static str,
    begin: Timestamp,
    end: Timestamp,
    subject: String,
    text: u64,
    parts: Vec<(Role, u32, Option<&'static str>)>,
}

/// Somebody who takes part, and the answer as far as the copy knows it.
type Part<'a> = (Role, &'a Address, Option<&'static str>);

struct Expectation<'a> {
    world: &'a World,
    snapshot: &'a CrmSnapshot,
    until: Timestamp,
    mailbox: usize,
    number: usize,
    copy: &'a CalendarCopy,
    meeting: &'a Meeting,
}

impl Expectation<'_> {
    fn is_in_series(&self) -> bool {
        self.meeting.is_series() && self.copy.guest.is_none()
    }

    /// From when on a run records an event that begins then.
    fn recordable(&self, begin: Timestamp) -> Timestamp {
        if self.is_in_series() {
            self.copy.arrives.max(begin.plus(-AHEAD))
        } else {
            self.copy.arrives
        }
    }

    /// The original days that the copy has, as each look of the meeting has them.
    fn plans(&self) -> Vec<BTreeSet<Date>> {
        let states = self.meeting.states.iter();
        let first = &self.meeting.states[0];
        let until = meeting::date_of(self.until.plus(AHEAD + MOVED_MAX));
        let plan = |state| match (self.copy.guest, self.is_in_series()) {
            (Some(day), _) => BTreeSet::from([day]),
            (None, true) => self.meeting.days(state, until).into_iter().collect(),
            // A single event keeps its label, wherever it is moved.
            (None, false) => self.meeting.days(first, Date::MAX).into_iter().collect(),
        };
        states.map(plan).collect()
    }

    /// How one event stands from when on; nothing where no run up to `until` can have met it.
    fn event(&self, day: Date, plans: &[BTreeSet<Date>]) -> Option<Value> {
        let mut stages: Vec<(Timestamp, Stage)> = Vec::new();
        for when in self.times(day) {
            let before = stages.last().map(|(_, stage)| stage);
            if let Some(stage) = self.stage(day, when, plans, before)
                && before != Some(&stage)
            {
                stages.push((when, stage));
            }
        }
        let (_, first) = stages.first()?;
        let (begin, end) = (first.begin, first.end);
        let window = self.world.start().plus(-WINDOW_DAYS * DAY);
        let moves = stages.iter().map(|(_, stage)| self.recordable(stage.begin));
        let recordable = moves.min()?;
        // Neither before the first window nor so far ahead that no window reaches it.
        let beyond = self.until.plus(450 * DAY);
        if end <= window || begin >= beyond || recordable > self.until {
            return None;
        }
        Some(self.line(day, &stages, begin))
    }

    /// When anything changes that concerns this day.
    fn times(&self, day: Date) -> Vec<Timestamp> {
        let (meeting, copy) = (self.meeting, self.copy);
        let mut times = vec![copy.arrives];
        times.extend(copy.gone);
        times.extend(copy.responses.iter().map(|(when, _)| *when));
        times.extend(meeting.states.iter().map(|state| state.from));
        let absent = copy.absent.iter().filter(|(one, _)| *one == day);
        times.extend(absent.map(|(_, when)| *when));
        let exceptions = meeting.exceptions.iter().filter(|one| one.day == day);
        times.extend(exceptions.map(|one| one.from));
        times.retain(|when| *when >= copy.arrives && *when <= self.until);
        times.sort_unstable();
        times.dedup();
        times
    }

    fn line(&self, day: Date, stages: &[(Timestamp, Stage)], begin: Timestamp) -> Value {
        let person = &self.world.people[self.mailbox];
        let in_series = self.is_in_series();
        let number = self.copy.meeting;
        let dated = in_series || self.copy.guest.is_some();
        let interaction = if dated {
            format!("e{number}-{day}")
        } else {
            format!("e{number}")
        };
        let item = Item {
            copy: u32::try_from(self.number).unwrap_or(u32::MAX),
            day: in_series.then(|| meeting::number_of(day)),
        };
        let window = self.world.start().plus(-WINDOW_DAYS * DAY);
        let edge = begin >= window && begin < window.plus(EDGE_DAYS * DAY);
        let newest = stages
            .last()
            .map(|(_, stage)| (stage.outcome.name(), stage.reason));
        let mut versions = Vec::with_capacity(stages.len());
        let mut read_from = Timestamp(0);
        for (from, stage) in stages {
            if stage.in_calendar {
                read_from = *from;
            }
            versions.push(self.version(*from, read_from, stage));
        }
        json!({
            "record": "meeting", "mailbox": person.id, "mailbox_address": person.stored,
            "mailbox_kind": person.purpose, "interaction": interaction,
            "series": format!("s{number}"), "kind": "meeting",
            "source_id": render::event_id(self.world, self.mailbox, item, true),
            "class": format!("{:?}", self.meeting.variant),
            "story": format!("{:?}", self.meeting.lifecycle),
            "foreign_uid": matches!(self.meeting.uid, Uid::Plain(_)),
            "outcome": newest.map(|(outcome, _)| outcome),
            "reason": newest.and_then(|(_, reason)| reason),
            "in_series": in_series, "edge": edge,
            "versions": versions,
        })
    }

    /// How the event stands at an instant; `None` where the series does not have it yet.
    fn stage(
        &self,
        day: Date,
        at: Timestamp,
        plans: &[BTreeSet<Date>],
        before: Option<&Stage>,
    ) -> Option<Stage> {
        let meeting = self.meeting;
        let number = meeting.states.partition_point(|state| state.from <= at);
        let planned = plans[number.max(1) - 1].contains(&day);
        let day_now = match &meeting.state(at).when {
            When::Once(day) if self.copy.guest.is_none() => *day,
            _ => day,
        };
        let unreported = self.world.spec.switches.unreported_cancellations;
        let shown = self.copy.instance(meeting, day_now, at, unreported);
        if let Some(one) = shown.filter(|_| planned && self.copy.is_there(at)) {
            return Some(self.shown(&one, at));
        }
        // Gone: by the organiser from the own calendar, or by somebody else.
        let mut stage = before?.clone();
        stage.in_calendar = false;
        if matches!(stage.state, "active" | "declined") {
            stage.state = if self.copy.organises {
                "cancelled"
            } else {
                "removed"
            };
        }
        Some(stage)
    }

    /// What is to be stored of what the calendar shows.
    fn shown(&self, one: &Instance<'_>, at: Timestamp) -> Stage {
        let (outcome, reason) = self.outcome(one);
        let mut stage = Stage {
            in_calendar: true,
            outcome,
            reason,
            state: "withdrawn",
            begin: one.begin,
            end: one.end,
            subject: String::new(),
            text: 0,
            parts: Vec::new(),
        };
        if outcome == Outcome::Recorded {
            let (_, response) = self.copy.response(at);
            stage.state = if one.cancelled {
                "cancelled"
            } else if response == "declined" {
                "declined"
            } else {
                "active"
            };
            stage.subject = one.subject();
            stage.text = one.state.text;
            stage.parts = self.parts(one, response);
        }
        stage
    }

    /// What left the calendar is not read again: its texts stay as they were decided on when it
    /// was.
    fn version(&self, from: Timestamp, read_from: Timestamp, stage: &Stage) -> Value {
        let mut version = json!({"from": from.rfc3339(), "in_calendar": stage.in_calendar,
            "outcome": stage.outcome.name(), "reason": stage.reason, "state": stage.state,
            "occurred_at": stage.begin.rfc3339(), "ended_at": stage.end.rfc3339()});
        if stage.outcome != Outcome::Recorded {
            return version;
        }
        let address_of = |number: u32| &self.world.addresses[number as usize];
        let parts: Vec<Part<'_>> = stage
            .parts
            .iter()
            .map(|(role, number, response)| (*role, address_of(*number), *response))
            .collect();
        let visible: Vec<(Role, &Address)> =
            parts.iter().map(|(role, one, _)| (*role, *one)).collect();
        let content = interaction_truth::Content {
            subject: stage.subject.clone(),
            preview: text::preview(stage.text),
            may_keep: true,
        };
        let sight = read_from.max(self.recordable(stage.begin));
        content.write(self.world, &mut version, &visible, (sight, self.until));
        self.people(&mut version, &parts, &visible);
        version["is_online_meeting"] = json!(self.meeting.online.is_some());
        version["online_provider"] = json!(self.meeting.online);
        version["is_recurring"] = json!(self.is_in_series());
        version["is_all_day"] = json!(self.meeting.all_day);
        version
    }

    fn outcome(&self, one: &Instance<'_>) -> (Outcome, Option<&'static str>) {
        let mut expected = (one.state.outcome, one.state.reason);
        if let Some(own) = self.copy.outcome.filter(|own| own.0 < expected.0) {
            expected = own;
        }
        if expected.0 > Outcome::NotCaptured && !self.is_captured(one) {
            expected = (Outcome::NotCaptured, None);
        }
        expected
    }

    /// By the settings; where only recorded meetings are captured, as far as the copy shows who takes
    /// part.
    fn is_captured(&self, one: &Instance<'_>) -> bool {
        if self.world.people[self.mailbox].captured_meetings() != "recorded" {
            return true;
        }
        let address_of = |number: u32| &self.world.addresses[number as usize];
        let people = self.parts(one, "");
        let mut guests = people.iter().filter(|(role, _, _)| *role != Role::Resource);
        let is_by_colleague = address_of(self.meeting.organizer).internal;
        let has_outsider = guests.any(|(_, number, _)| {
            let address = address_of(*number);
            address.counted && !address.internal
        });
        self.meeting.online.is_some() && is_by_colleague && has_outsider
    }

    /// Organiser first, then the attendees by role; answers as far as this copy knows them.
    fn parts(
        &self,
        one: &Instance<'_>,
        own: &'static str,
    ) -> Vec<(Role, u32, Option<&'static str>)> {
        let address_of = |number: u32| &self.world.addresses[number as usize];
        let organizer = address_of(self.meeting.organizer);
        let mut parts = vec![(Role::Organizer, self.meeting.organizer, None)];
        for role in [Role::Required, Role::Optional, Role::Resource] {
            for attendee in one.attendees().iter().filter(|one| one.role == role) {
                let address = address_of(attendee.address);
                let is_own = address.person == Some(self.mailbox);
                let hidden = self.meeting.hides && !self.copy.organises && !is_own;
                if hidden || address.stored == organizer.stored {
                    continue;
                }
                let response = if self.copy.organises {
                    Some(attendee.response)
                } else {
                    is_own.then_some(own)
                };
                parts.push((role, attendee.address, response));
            }
        }
        parts
    }

    fn people(&self, version: &mut Value, parts: &[Part<'_>], visible: &[(Role, &Address)]) {
        let person = &self.world.people[self.mailbox];
        let response_of = |role: &str, address: &str| {
            let mut found = parts.iter();
            found
                .find(|(one, entry, _)| one.name() == role && entry.stored == address)
                .and_then(|(_, _, response)| *response)
        };
        let mut participants = interaction_truth::participants(visible);
        for one in &mut participants {
            let role = one["role"].as_str().unwrap_or_default();
            let address = one["address"].as_str().unwrap_or_default();
            one["response"] = json!(response_of(role, address));
        }
        let mut contact_matches =
            interaction_truth::contact_matches(self.snapshot, self.until, visible);
        for one in &mut contact_matches {
            let role = one["contact_role"].as_str().unwrap_or_default();
            let address = one["contact_address"].as_str().unwrap_or_default();
            one["contact_response"] = json!(response_of(role, address));
        }
        let (internal, external) = interaction_truth::counts(self.mailbox, &person.stored, visible);
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
        version["touches"] = json!(contact_matches);
        version["user_role"] = json!(interaction_truth::user_role(
            self.mailbox,
            person.purpose,
            visible
        ));
        version["internal_count"] = json!(internal);
        version["external_count"] = json!(external);
    }
}
