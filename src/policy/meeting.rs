//! Evaluates all rules for an event: the first outcome that applies, or the row that it becomes;
//! and the remainder of a row that is withdrawn.

use std::sync::Arc;

use crate::config::capture::Content;
use crate::config::capture::InternalOnly;
use crate::config::capture::Meetings;
use crate::model::event::Attendee;
use crate::model::event::AttendeeKind;
use crate::model::event::CONTAINER;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::limits;
use crate::model::mail::RawParticipant;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::policy::capture_policy::CapturePolicy;
use crate::policy::capture_policy::Decision;
use crate::policy::capture_policy::skipped;
use crate::policy::capture_policy::withhold_content;
use crate::policy::meeting_identity::meeting_id;
use crate::policy::participants;
use crate::policy::settings;

/// The reason of a meeting that is not captured because it is not taken for recorded.
pub(crate) const NOT_RECORDED: &str = "recorded";

impl CapturePolicy {
    /// Evaluates an event that is already merged with its master; the row has revision 1, and is
    /// active, cancelled or declined.
    ///
    /// Outcomes that depend on the meetings already recorded (`unchanged`), on the current time
    /// (occurrences far ahead) and on the CRM snapshot (`unmatched`) are decided elsewhere.
    pub(crate) fn evaluate_meeting(&self, event: &Event) -> Decision {
        if event.event_type == EventType::Master {
            return skipped(Outcome::Series, "");
        }
        let Some(occurred_at) = begins_at(event) else {
            return skipped(Outcome::Unreadable, "no_date");
        };
        if event.is_draft == Some(true) {
            return skipped(Outcome::Draft, "");
        }
        let window_start = self.meeting_window_start;
        if window_start.is_some_and(|start| occurred_at < start) {
            return skipped(Outcome::OutsideWindow, "");
        }
        let people = self.people(event);
        if let Some(reason) = self.left_out(event, occurred_at, &people) {
            return skipped(Outcome::NotCaptured, reason);
        }
        if event.is_private == Some(true) {
            return skipped(Outcome::Private, "");
        }
        let subject = event.subject.as_deref();
        if let Some(rule) = self.rules.exclusions.of_item(&people, subject) {
            return skipped(Outcome::Excluded, rule);
        }
        // If attendees were truncated, the rest may be external.
        let attendees = event.attendees.as_ref().map_or(0, Vec::len);
        if self.rules.internal_only == InternalOnly::Skip
            && attendees < limits::PARTICIPANTS
            && participants::is_internal_only(&people, &self.directory)
        {
            return skipped(Outcome::InternalOnly, "");
        }
        Decision::Keep(Box::new(self.row(event, occurred_at, people)))
    }

    /// Why the settings in effect when a meeting began do not allow it to be captured; `None`: they do.
    fn left_out(
        &self,
        event: &Event,
        occurred_at: Timestamp,
        people: &[Participant],
    ) -> Option<&'static str> {
        let meetings = settings::in_force(&self.meetings, occurred_at);
        match meetings.unwrap_or(self.rules.meetings) {
            Meetings::All => None,
            Meetings::Recorded => {
                let holds = self.rules.recorded.holds(event, people);
                (!holds).then_some(NOT_RECORDED)
            }
            Meetings::None => Some(""),
        }
    }

    fn row(&self, event: &Event, occurred_at: Timestamp, people: Vec<Participant>) -> Interaction {
        let id = meeting_id(event, &self.mailbox);
        let content = self.rules.content;
        let text = |text: &Option<String>, level: Content| {
            let text = text.as_ref().filter(|_| content >= level);
            text.filter(|text| !text.is_empty()).cloned()
        };
        let is_online = event.is_online == Some(true);
        Interaction {
            interaction_id: id.interaction_id,
            mailbox: self.mailbox.clone(),
            source: self.source,
            source_id: event.source_id.clone(),
            container: Arc::from(CONTAINER),
            kind: Kind::Meeting,
            revision: 1,
            state: state(event),
            occurred_at,
            ended_at: Some(ends_at(event, occurred_at)),
            direction: participants::direction(&people, &self.directory),
            subject: text(&event.subject, Content::Envelope),
            preview: text(&event.preview, Content::Preview),
            body_text: text(&event.body_text, Content::Full),
            sensitivity_known: true,
            thread_id: None,
            series_id: Some(id.series_id.to_string()),
            user_role: self.user_role(&people),
            participants: people,
            is_bulk: false,
            bulk_reason: None,
            is_online_meeting: Some(is_online),
            online_provider: event.online_provider.clone().filter(|_| is_online),
            is_recurring: Some(event.event_type != EventType::Single),
            is_all_day: Some(event.is_all_day == Some(true)),
            fingerprint: event.fingerprint,
            captured_at: self.captured_at,
            run_id: self.run_id.clone(),
        }
    }

    /// The organiser, then the attendees, each with their known response.
    ///
    /// Responses of others count in the organiser's copy only (facts 2.3); in any other copy, the
    /// owner's own response is a property of the event.
    fn people(&self, event: &Event) -> Vec<Participant> {
        let is_own = |person: &Participant| {
            let mut own = self.mailbox.own_addresses.iter();
            person.is_address && own.any(|own| own.as_str() == person.address)
        };
        let organizer = event.organizer.as_ref();
        let organizer = organizer.and_then(|raw| self.person(raw, Role::Organizer));
        let is_organizers_copy = event
            .is_organizer
            .unwrap_or_else(|| organizer.as_ref().is_some_and(is_own));
        let attendees = event.attendees.iter().flatten().filter_map(|raw| {
            let mut person = self.person(raw, role(raw.kind))?;
            person.response = if is_organizers_copy {
                raw.response.clone()
            } else {
                event.response.clone().filter(|_| is_own(&person))
            };
            Some(person)
        });
        participants::in_order(organizer.into_iter().chain(attendees).collect())
    }

    fn person(&self, raw: &Attendee, role: Role) -> Option<Participant> {
        let raw = RawParticipant {
            role,
            name: raw.name.clone(),
            address: raw.address.clone(),
        };
        participants::read(&raw, &self.directory)
    }
}

/// When an event begins: a whole day at its midnight in UTC. `None` if the event has no start.
pub(crate) fn begins_at(event: &Event) -> Option<Timestamp> {
    let start = event.start?;
    Some(match event.is_all_day {
        Some(true) => Timestamp(start.day.saturating_mul(DAY)),
        _ => start.at,
    })
}

/// When an event ends; if its end is missing or invalid, at its beginning.
pub(crate) fn ends_at(event: &Event, begins_at: Timestamp) -> Timestamp {
    let end = event.end.map(|end| match event.is_all_day {
        Some(true) => Timestamp(end.day.saturating_mul(DAY)),
        _ => end.at,
    });
    end.filter(|end| *end >= begins_at).unwrap_or(begins_at)
}

/// The state of a meeting by its event: cancelled takes precedence over declined.
pub(crate) fn state(event: &Event) -> State {
    let declined = |word: &str| word.eq_ignore_ascii_case("declined");
    if event.is_cancelled == Some(true) {
        State::Cancelled
    } else if event.response.as_deref().is_some_and(declined) {
        State::Declined
    } else {
        State::Active
    }
}

fn role(kind: AttendeeKind) -> Role {
    match kind {
        AttendeeKind::Required => Role::Required,
        AttendeeKind::Optional => Role::Optional,
        AttendeeKind::Resource => Role::Resource,
    }
}

/// The remainder of a recorded meeting that must no longer be visible: without content and
/// participants. The caller sets the revision.
pub(crate) fn withdrawn(last: &Interaction) -> Interaction {
    let mut row = last.clone();
    withhold_content(&mut row);
    row.participants.clear();
    row.user_role = None;
    row.state = State::Withdrawn;
    row
}

#[cfg(test)]
mod tests;
