//! Events that are no longer in a calendar although they have not taken place.

use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::outcome::Outcome;
use crate::reconcile::calendar::input::Scope;
use crate::reconcile::calendar::reconciler::CalendarReconciler;
use crate::state::key::Seen;
use crate::state::records::MeetingRecord;

impl CalendarReconciler<'_> {
    /// Rows for what is no longer in the calendar although it has not taken place.
    pub(super) fn vanish(&mut self, scope: Scope) {
        let mut gone: Vec<Id128> = self
            .meetings
            .iter()
            .filter(|(id, record)| self.has_vanished(**id, record, scope))
            .map(|(id, _)| *id)
            .collect();
        gone.sort_unstable();
        for id in gone {
            let Some(record) = self.meetings.get(&id) else {
                continue;
            };
            let Some(row) = record.row.clone() else {
                continue;
            };
            let master_id = record.master_id.clone();
            let state = if self.is_organised_here(&row) {
                State::Cancelled
            } else {
                State::Removed
            };
            let row = self.revised(Interaction { state, ..*row }, record.revision);
            self.remember(&row, master_id);
            // If it comes back unchanged, it must be recorded again.
            let forgotten = Seen {
                outcome: Outcome::Removed,
                fingerprint: 0,
            };
            let mailbox_id = &self.reconciler.mailbox.id;
            self.outcomes
                .seen
                .note_item(mailbox_id, &row.source_id, forgotten);
            let contact_matches = self.reconciler.matcher.contact_matches(&row.participants);
            self.derive(row, contact_matches);
        }
    }

    fn has_vanished(&self, id: Id128, record: &MeetingRecord, scope: Scope) -> bool {
        if record.state != State::Active
            || self.present.contains(&id)
            || self.times.is_over(record.ended_at)
        {
            return false;
        }
        let (start, end) = scope.window;
        let is_inside = record.occurred_at < end && record.ended_at > start;
        let is_recurring = |row: &Interaction| row.is_recurring == Some(true);
        let is_of_resent = record.row.as_deref().is_some_and(is_recurring)
            && record
                .series_id
                .as_ref()
                .is_some_and(|id| self.resent_series.contains(id));
        let is_removed = self.removed.contains(&record.source_id)
            || record
                .master_id
                .as_ref()
                .is_some_and(|id| self.removed.contains(id));
        // What a complete round did not name was requested by id.
        is_removed || is_inside && is_of_resent && !scope.is_complete
    }

    /// Whether the mailbox's owner invited: who takes such a meeting out cancels it.
    fn is_organised_here(&self, row: &Interaction) -> bool {
        let own = &self.reconciler.mailbox.own_addresses;
        row.participants.iter().any(|person| {
            person.role == Role::Organizer && own.iter().any(|own| own.as_str() == person.address)
        })
    }
}
