//! What becomes of one event that is no series by itself.
//!
//! The rows are tested in their order; the first that applies decides.
//!
//! ```text
//! the event                                                outcome         besides
//! is of a series that is unavailable                       unreadable      waits; its row stays
//! is of a series, is over (1) and keeps its id             unchanged
//! is of a series, not recorded, and too far ahead (2)      outside_window  waits
//! is as it was when it was decided, under the same id      unchanged
//! anything else                                            see below
//!
//! the policy skips it                                      the policy's
//! is a single event, and another one has its interaction   duplicate
//! has the columns of its last row                          unchanged       the row is its own now
//! matches no contact, and then nothing is kept             unmatched
//! anything else                                            recorded        a further revision (3)
//!
//! (1) It was over when the last round began, did not wait for its series, and does not begin before
//!     all that was read until now (the window became wider).
//! (2) Or as it was when it was too far ahead. An event that is as it was counts as `unchanged`.
//! (3) And a row that closes the old month, where it moves to another one.
//! ```
//!
//! An outcome after which a recorded meeting must not stay ([`withdraws`]) withdraws its row.

use crate::model::columns_hash;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::outcome::Outcome;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use crate::policy::capture_policy;
use crate::policy::capture_policy::Decision;
use crate::policy::meeting;
use crate::policy::meeting_identity::MeetingId;
use crate::reconcile::calendar::reconciler::CalendarReconciler;
use crate::state::error::StateError;

impl CalendarReconciler<'_> {
    /// Decides on one event, by the table above.
    pub(super) fn instance(&mut self, event: &Event) -> Result<(), StateError> {
        let waited = self.take_waiting(event);
        let Some(whole) = self.whole(event) else {
            self.count(Outcome::Unreadable, Reason::NoMaster.as_str());
            self.stay(event);
            self.wait(event);
            return Ok(());
        };
        let id = self.id_of(&whole);
        self.present.insert(id.interaction_id);
        let is_renamed = self.note_renamed(&whole, id.interaction_id);
        let known_id = self.recorded_as(&whole.source_id, id.interaction_id);
        let known = known_id.and_then(|id| self.meetings.get(&id));
        let known = known.filter(|record| !self.is_of_another(record, &whole));
        let ended_at = known.map_or_else(|| ended_at(&whole), |known| known.ended_at);
        let is_unread = known_id.is_none() && self.times.is_unread(&whole);
        // What waited for its series while it took place is still to be recorded.
        let is_over = !waited && !is_unread && self.times.is_over(ended_at);
        if is_of_series(&whole) && is_over && !is_renamed {
            self.count(Outcome::Unchanged, "");
            return Ok(());
        }
        let seen = self
            .view
            .item(&self.reconciler.mailbox.id, &whole.source_id)?;
        // What only reached into the window was outside of it then.
        let seen = seen.filter(|seen| !is_unread || seen.outcome != Outcome::OutsideWindow);
        let is_seen = seen.is_some_and(|seen| self.is_settled(seen, id.interaction_id, &whole));
        self.note_series_id(id.interaction_id, &whole);
        let is_known = known_id.is_some();
        let was_far = seen.is_some_and(|seen| seen.outcome == Outcome::OutsideWindow);
        if is_of_series(&whole) && !is_known && (self.times.is_far(&whole) || is_seen && was_far) {
            self.wait(event);
            let outcome = if is_seen {
                Outcome::Unchanged
            } else {
                Outcome::OutsideWindow
            };
            self.count(outcome, "");
            self.note(&whole, Outcome::OutsideWindow);
            return Ok(());
        }
        if is_seen {
            self.count(Outcome::Unchanged, "");
            return Ok(());
        }
        self.evaluate(&whole, &id);
        Ok(())
    }

    /// A record that was rebuilt from the lake lacks the provider's id of its series.
    fn note_series_id(&mut self, id: Id128, whole: &Event) {
        if let Some(record) = self.meetings.get_mut(&id)
            && record.master_id != whole.master_id
        {
            record.master_id.clone_from(&whole.master_id);
            self.dirty.insert(id);
        }
    }

    /// Decides on an event that says something new, by the second part of the table.
    fn evaluate(&mut self, whole: &Event, id: &MeetingId) {
        let (outcome, reason) = match self.decision(whole, id) {
            Decision::Skip { outcome, reason } => (outcome, reason),
            Decision::Keep(_) if self.is_further_copy(whole, id) => (Outcome::Duplicate, ""),
            Decision::Keep(interaction) if self.is_as_before(&interaction) => {
                self.recognise(whole, id.interaction_id);
                (Outcome::Unchanged, "")
            }
            Decision::Keep(interaction) => match self.matched(*interaction) {
                Some(matched) => {
                    let tally = &mut self.outcomes.tally;
                    tally.note_recorded(&matched.contact_matches, whole.is_shortened);
                    self.record(matched, whole);
                    (Outcome::Recorded, "")
                }
                None => (Outcome::Unmatched, ""),
            },
        };
        if withdraws(outcome, reason)
            && let Some(recorded) = self.recorded_as(&whole.source_id, id.interaction_id)
        {
            self.withdraw(whole, recorded);
        }
        self.count(outcome, reason);
        let kept = if outcome == Outcome::Unchanged {
            Outcome::Recorded
        } else {
            outcome
        };
        self.note(whole, kept);
    }

    /// Whether the calendar still holds another event of the same interaction. (Not so for one of a
    /// series: becoming an exception may give it another id.)
    fn is_further_copy(&self, whole: &Event, id: &MeetingId) -> bool {
        self.meetings.get(&id.interaction_id).is_some_and(|record| {
            let is_other = record.source_id != whole.source_id;
            let is_held = matches!(
                record.state,
                State::Active | State::Cancelled | State::Declined
            );
            is_other && is_held && !is_of_series(whole) && !self.removed.contains(&record.source_id)
        })
    }

    /// Whether no stored column differs from the last row's. Whether content is kept was decided by
    /// the CRM snapshot of the run that wrote that row, and no later CRM snapshot changes it.
    fn is_as_before(&self, row: &Interaction) -> bool {
        let Some(last) = self.meetings.get(&row.interaction_id) else {
            return false;
        };
        let mut withheld = row.clone();
        capture_policy::withhold_content(&mut withheld);
        [row, &withheld]
            .map(columns_hash::of)
            .contains(&last.columns)
    }

    /// An event that says what the last row says already, perhaps under another id.
    fn recognise(&mut self, whole: &Event, id: Id128) {
        if let Some(record) = self.meetings.get_mut(&id) {
            record.source_id.clone_from(&whole.source_id);
            record.master_id.clone_from(&whole.master_id);
            self.dirty.insert(id);
        }
    }

    /// Takes the content of a recorded meeting back.
    fn withdraw(&mut self, whole: &Event, id: Id128) {
        let Some(last) = self.meetings.get(&id) else {
            return;
        };
        if last.state == State::Withdrawn {
            return;
        }
        let Some(row) = last.row.clone().or_else(|| self.of_past(whole, last, id)) else {
            return;
        };
        let row = self.revised(meeting::withdrawn(&row), last.revision);
        self.remember(&row, whole.master_id.clone());
        self.derive(row, Vec::new());
    }

    /// An event of which only the id is known: its recorded rows stay as they are.
    fn stay(&mut self, event: &Event) {
        let known = self.meetings.iter();
        let same = known.filter(|(_, record)| record.source_id == event.source_id);
        self.present.extend(same.map(|(id, _)| *id));
    }
}

fn is_of_series(event: &Event) -> bool {
    matches!(
        event.event_type,
        EventType::Occurrence | EventType::Exception
    )
}

fn ended_at(event: &Event) -> Timestamp {
    meeting::begins_at(event).map_or(Timestamp(i64::MAX), |start| meeting::ends_at(event, start))
}

/// Outcomes after which a recorded meeting must not stay: its content is withdrawn.
/// (A member's or team's settings only decide what is added.)
fn withdraws(outcome: Outcome, reason: &str) -> bool {
    match outcome {
        Outcome::NotCaptured => reason == meeting::NOT_RECORDED,
        Outcome::Private | Outcome::Excluded | Outcome::InternalOnly | Outcome::Unmatched => true,
        _ => false,
    }
}
