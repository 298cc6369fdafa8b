//! Unreadable items: they are kept in the ledger until they are read or gone, and their recorded
//! rows stay as they are.

use crate::model::event::CONTAINER;
use crate::model::event::DecodedEvent;
use crate::model::outcome::Outcome;
use crate::reconcile::calendar::reconciler::Deciding;
use crate::reconcile::unread::Unread;
use crate::state::key::Seen;

/// The code of an occurrence or series that is unreadable because the series is unavailable (facts
/// 2.2).
pub(super) const NO_MASTER: &str = "no_master";

impl Deciding<'_> {
    /// Notes for the ledger that an item cannot be read.
    pub(super) fn note_unread(&mut self, source_id: Option<String>, code: &'static str) {
        self.kept.extend(source_id.clone());
        self.settled.unread.push(unread(source_id, code));
    }

    /// Notes for the ledger that an unreadable item was read, or is gone.
    pub(super) fn strike_out(&mut self, item: &DecodedEvent) {
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
            self.settled.decided.insert(id.clone(), seen);
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
            let is_told_anew = is_complete || resent.contains(id);
            series.instances.retain(|event| {
                let id = &event.source_id;
                !removed.contains(id) && (!is_told_anew || kept.contains(id))
            });
            !(removed.contains(id) || is_told_anew && series.instances.is_empty())
        });
    }

    /// Notes for the ledger which series are unavailable, and which are not. Their occurrences wait
    /// in both cases.
    pub(super) fn tell_of_series(&mut self, in_vain: Vec<String>) {
        let in_vain = in_vain.into_iter();
        let in_vain = in_vain.map(|id| unread(Some(id), NO_MASTER));
        self.settled.unread.extend(in_vain);
        for (id, master) in &self.masters {
            let seen = Seen {
                outcome: Outcome::Series,
                fingerprint: master.fingerprint,
            };
            self.settled.decided.insert(id.clone(), seen);
            if let Some(series) = self.waiting.get_mut(id) {
                series.master.get_or_insert_with(|| master.clone());
            }
        }
    }
}

fn unread(source_id: Option<String>, code: &'static str) -> Unread {
    Unread {
        source_id,
        container: CONTAINER.into(),
        code,
    }
}
