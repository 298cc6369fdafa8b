//! Unreadable items: they are kept in the ledger until they are read or gone, and their recorded
//! rows stay as they are.

use crate::model::event::CONTAINER;
use crate::model::event::DecodedEvent;
use crate::model::outcome::Outcome;
use crate::model::reason::Reason;
use crate::reconcile::calendar::reconciler::CalendarReconciler;
use crate::reconcile::unread::Unread;
use crate::state::key::Seen;

impl CalendarReconciler<'_> {
    /// Notes for the ledger that an item cannot be read.
    pub(super) fn note_unread(&mut self, source_id: Option<String>, reason: Reason) {
        self.kept.extend(source_id.clone());
        self.outcomes.unread.push(unread(source_id, reason));
    }

    /// Notes for the ledger that an unreadable item was read, or is gone.
    pub(super) fn resolve(&mut self, item: &DecodedEvent) {
        let (id, outcome) = match item {
            DecodedEvent::Event(event) => (&event.source_id, Outcome::Unchanged),
            DecodedEvent::Removed { source_id } => (source_id, Outcome::Removed),
            DecodedEvent::Unreadable { .. } => return,
        };
        if self.unread.contains(id) {
            let seen = Seen {
                outcome,
                fingerprint: 0,
            };
            self.outcomes.decided.insert(id.clone(), seen);
        }
    }

    /// An unreadable item has not vanished: its id alone does not show what became of it.
    pub(super) fn keep_meetings(&mut self) {
        let known = self.meetings.iter();
        let kept = known.filter(|(_, record)| self.kept.contains(&record.source_id));
        self.present.extend(kept.map(|(id, _)| *id));
    }

    /// Occurrences of series that were sent again, and removed ones, stop waiting unless they are
    /// named again or unreadable.
    pub(super) fn forget_waiting(&mut self, is_complete: bool) {
        let (resent, removed, kept) = (&self.resent_masters, &self.removed, &self.kept);
        self.waiting.retain(|id, series| {
            let is_resent = is_complete || resent.contains(id);
            series.instances.retain(|event| {
                let id = &event.source_id;
                !removed.contains(id) && (!is_resent || kept.contains(id))
            });
            !(removed.contains(id) || is_resent && series.instances.is_empty())
        });
    }

    /// Notes for the ledger which series are unavailable, and which are not. Their occurrences wait
    /// in both cases.
    pub(super) fn note_fetched_series(&mut self, unavailable: Vec<String>) {
        let unavailable = unavailable.into_iter();
        let unavailable = unavailable.map(|id| unread(Some(id), Reason::NoMaster));
        self.outcomes.unread.extend(unavailable);
        for (id, master) in &self.masters {
            let seen = Seen {
                outcome: Outcome::Series,
                fingerprint: master.fingerprint,
            };
            self.outcomes.decided.insert(id.clone(), seen);
            if let Some(series) = self.waiting.get_mut(id) {
                series.master.get_or_insert_with(|| master.clone());
            }
        }
    }
}

fn unread(source_id: Option<String>, reason: Reason) -> Unread {
    Unread {
        source_id,
        container: CONTAINER.into(),
        reason,
    }
}
