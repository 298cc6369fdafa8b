//! The data of a round that is being decided, and the steps that all decisions share.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::activity::ContactMatch;
use crate::model::activity::MatchedInteraction;
use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::policy::capture_policy::Decision;
use crate::policy::meeting_identity::MeetingId;
use crate::policy::meeting_identity::meeting_id;
use crate::policy::original_day::Siblings;
use crate::reconcile::calendar::copies;
use crate::reconcile::calendar::input::Times;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::outcomes::Outcomes;
use crate::state::key::Seen;
use crate::state::records::MeetingRecord;
use crate::state::records::WaitingSeries;
use crate::state::view::View;

/// The whole row of a meeting is kept this long after its end, and until a round is decided: longer
/// than a calendar goes unread between two runs, short enough that the state does not grow with the
/// years.
const ROW_KEPT: i64 = 40 * DAY;

/// A round that is being decided.
pub(super) struct CalendarReconciler<'a> {
    pub(super) reconciler: &'a MailReconciler,
    pub(super) times: Times,
    pub(super) view: View,
    pub(super) masters: HashMap<String, Event>,
    /// What the occurrences and exceptions of a series show of its days, by the provider's id of
    /// the series.
    pub(super) siblings: HashMap<String, Siblings>,
    /// The provider's ids of the events of the round.
    pub(super) sources: HashSet<String>,
    /// Events that are recorded under other ids than they have now, which are these.
    pub(super) renamed: Vec<(Event, Id128)>,
    /// Ids, as interactions have them, of the series that came with all their occurrences.
    pub(super) resent_series: HashSet<String>,
    /// The provider's ids of the same series.
    pub(super) resent_masters: HashSet<String>,
    /// The provider's ids of what left the calendar.
    pub(super) removed: HashSet<String>,
    /// The provider's ids of what could not be read in earlier runs.
    pub(super) unread: HashSet<String>,
    /// The provider's ids of what is there and could not be read: what is known of it stays.
    pub(super) kept: HashSet<String>,
    /// Interactions that the round named.
    pub(super) present: HashSet<Id128>,
    pub(super) meetings: HashMap<Id128, MeetingRecord>,
    /// The ids under which events were recorded before the round, by the provider's ids of these.
    pub(super) recorded: HashMap<String, Vec<Id128>>,
    /// Of `meetings`, those that changed and are to be written to the state cache.
    pub(super) dirty: HashSet<Id128>,
    pub(super) waiting: BTreeMap<String, WaitingSeries>,
    pub(super) outcomes: Outcomes,
}

impl CalendarReconciler<'_> {
    /// Counts what is no event by itself, and gives the events.
    pub(super) fn sort(&mut self, items: Vec<DecodedEvent>) -> Vec<Event> {
        let before = items.len();
        let items = copies::newest_copies(items);
        for _ in items.len()..before {
            self.count(Outcome::Unchanged, "");
        }
        let mut events = Vec::new();
        for item in items {
            self.resolve(&item);
            match item {
                DecodedEvent::Removed { source_id } => {
                    self.count(Outcome::Removed, "");
                    self.removed.insert(source_id);
                }
                DecodedEvent::Unreadable { source_id, reason } => {
                    self.count(Outcome::Unreadable, reason.as_str());
                    self.note_unread(source_id, reason);
                }
                DecodedEvent::Event(event) if event.event_type == EventType::Master => {
                    self.count(Outcome::Series, "");
                    let id = meeting_id(&event, &self.reconciler.mailbox);
                    self.resent_series.insert(id.series_id.to_string());
                    self.resent_masters.insert(event.source_id.clone());
                    self.masters.insert(event.source_id.clone(), *event);
                }
                DecodedEvent::Event(event) => events.push(*event),
            }
        }
        events
    }

    /// The policy's decision on a meeting, under the id that it is to have.
    pub(super) fn decision(&self, whole: &Event, id: &MeetingId) -> Decision {
        let mut decision = self.reconciler.policy.evaluate_meeting(whole);
        if let Decision::Keep(interaction) = &mut decision {
            interaction.interaction_id = id.interaction_id;
        }
        decision
    }

    /// A meeting with its contacts; `None`: there are none, and then nothing is kept.
    pub(super) fn matched(&self, interaction: Interaction) -> Option<MatchedInteraction> {
        let contact_matches = self
            .reconciler
            .matcher
            .contact_matches(&interaction.participants);
        self.reconciler.matched(interaction, contact_matches)
    }

    /// Adds a revision. Where it moves the meeting to another month, the old one is closed.
    pub(super) fn record(&mut self, matched: MatchedInteraction, whole: &Event) {
        let MatchedInteraction {
            mut interaction,
            contact_matches,
        } = matched;
        let last = self.meetings.get(&interaction.interaction_id);
        interaction.revision = last.map_or(1, |last| last.revision + 1);
        if let Some(last) = last
            && last.state == State::Active
            && last.occurred_at.month() != interaction.occurred_at.month()
        {
            let closing = Interaction {
                state: State::Superseded,
                occurred_at: last.occurred_at,
                ended_at: Some(last.ended_at),
                ..interaction.clone()
            };
            self.derive(closing, Vec::new());
        }
        self.remember(&interaction, whole.master_id.clone());
        self.outcomes.rows.push(MatchedInteraction {
            interaction,
            contact_matches,
        });
    }

    pub(super) fn remember(&mut self, row: &Interaction, master_id: Option<String>) {
        let record = MeetingRecord {
            master_id,
            ..MeetingRecord::of(row)
        };
        self.meetings.insert(row.interaction_id, record);
        self.dirty.insert(row.interaction_id);
    }

    /// Adds a derived row: one without an item.
    pub(super) fn derive(&mut self, interaction: Interaction, contact_matches: Vec<ContactMatch>) {
        self.outcomes.tally.derived += 1;
        self.outcomes.rows.push(MatchedInteraction {
            interaction,
            contact_matches,
        });
    }

    /// The row of a meeting that is over, of which only its times were kept.
    pub(super) fn of_past(
        &self,
        whole: &Event,
        last: &MeetingRecord,
        id: Id128,
    ) -> Option<Box<Interaction>> {
        let shown = Event {
            is_private: Some(false),
            ..whole.clone()
        };
        let Decision::Keep(mut row) = self.reconciler.policy.evaluate_meeting(&shown) else {
            return None;
        };
        row.interaction_id = id;
        row.occurred_at = last.occurred_at;
        row.ended_at = Some(last.ended_at);
        Some(row)
    }

    pub(super) fn revised(&self, row: Interaction, last_revision: i32) -> Interaction {
        Interaction {
            revision: last_revision + 1,
            captured_at: self.reconciler.policy.captured_at,
            run_id: self.reconciler.policy.run_id.clone(),
            ..row
        }
    }

    pub(super) fn count(&mut self, outcome: Outcome, reason: &str) {
        self.outcomes.tally.count(outcome, reason);
    }

    pub(super) fn note(&mut self, whole: &Event, outcome: Outcome) {
        let seen = Seen {
            outcome,
            fingerprint: whole.fingerprint,
        };
        let mailbox_id = &self.reconciler.mailbox.id;
        self.outcomes
            .seen
            .note_item(mailbox_id, &whole.source_id, seen);
    }

    /// Notes what the next run needs.
    pub(super) fn close(mut self, before: &BTreeMap<String, WaitingSeries>) -> Outcomes {
        let mailbox_id = &self.reconciler.mailbox.id;
        let long_over = self.times.now.plus(-ROW_KEPT);
        for (id, mut record) in self.meetings {
            let is_let_go = record.ended_at < long_over && record.row.take().is_some();
            if is_let_go || self.dirty.contains(&id) {
                self.outcomes.seen.note_meeting(mailbox_id, id, record);
            }
        }
        self.waiting
            .retain(|_, series| !series.instances.is_empty());
        for id in before.keys().filter(|id| !self.waiting.contains_key(*id)) {
            self.outcomes.seen.note_series(mailbox_id, id, None);
            // The ledger lets go of a series for which nothing waits any more.
            self.outcomes.decided.entry(id.clone()).or_insert(Seen {
                outcome: Outcome::Series,
                fingerprint: 0,
            });
        }
        for (id, series) in self.waiting {
            if before.get(&id) != Some(&series) {
                self.outcomes
                    .seen
                    .note_series(mailbox_id, &id, Some(series));
            }
        }
        self.outcomes
    }
}
