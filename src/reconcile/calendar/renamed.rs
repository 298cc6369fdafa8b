//! Events that are recorded under another id than they have now: an earlier release derived the day
//! of an occurrence from the name of a zone, or an exception came before the event that shows its
//! day.
//!
//! The row under the earlier id is withdrawn in the round that records the event under its id, so
//! that both are never current. This includes past events: the ids of a series shift together, and
//! the former id of an event is now that of its neighbour.

use hashbrown::HashMap;

use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::id::Id128;
use crate::model::interaction::State;
use crate::model::outcome::Outcome;
use crate::policy::global_object_id::date_of_uid;
use crate::policy::meeting;
use crate::policy::meeting_identity::MeetingId;
use crate::policy::meeting_identity::meeting_id;
use crate::reconcile::calendar::reconciler::CalendarReconciler;
use crate::state::key::Seen;
use crate::state::records::MeetingRecord;

/// The interactions that are recorded and current, by the provider's id of the event.
pub(super) fn by_source(meetings: &HashMap<Id128, MeetingRecord>) -> HashMap<String, Vec<Id128>> {
    let mut recorded: HashMap<String, Vec<Id128>> = HashMap::new();
    for (id, record) in meetings.iter().filter(|(_, record)| is_current(record)) {
        let ids = recorded.entry(record.source_id.clone()).or_default();
        ids.push(*id);
    }
    for ids in recorded.values_mut() {
        ids.sort_unstable();
    }
    recorded
}

impl CalendarReconciler<'_> {
    /// The id under which an event is recorded: the one it has, else an earlier one.
    pub(super) fn recorded_as(&self, source_id: &str, id: Id128) -> Option<Id128> {
        if self.meetings.contains_key(&id) {
            return Some(id);
        }
        self.recorded.get(source_id)?.first().copied()
    }

    /// Whether an event was already decided as it is now. A recorded one must have its id, source
    /// and state.
    pub(super) fn is_settled(&self, seen: Seen, id: Id128, whole: &Event) -> bool {
        let is_recorded = || {
            let record = self.meetings.get(&id);
            record.is_some_and(|record| {
                record.source_id == whole.source_id && record.state == meeting::state(whole)
            })
        };
        let is_same = seen.fingerprint == whole.fingerprint;
        is_same && (seen.outcome != Outcome::Recorded || is_recorded())
    }

    /// The meeting of an event. As long as only the name of a zone shows the day of an occurrence,
    /// a recorded event keeps its id.
    pub(super) fn id_of(&self, whole: &Event) -> MeetingId {
        let id = meeting_id(whole, &self.reconciler.mailbox);
        let is_told = whole.series.is_some()
            || date_of_uid(whole).is_some()
            || whole.event_type == EventType::Occurrence && whole.is_all_day == Some(true);
        let recorded = self.recorded.get(&whole.source_id).into_iter().flatten();
        let ids: Vec<Id128> = recorded.copied().collect();
        match ids.first() {
            Some(known) if !is_told && !ids.contains(&id.interaction_id) => MeetingId {
                interaction_id: *known,
                ..id
            },
            _ => id,
        }
    }

    /// Notes an event that is recorded under another id than it has; says whether it is one.
    pub(super) fn note_renamed(&mut self, whole: &Event, id: Id128) -> bool {
        let recorded = self.recorded.get(&whole.source_id);
        let is_renamed = recorded.is_some_and(|ids| ids.iter().any(|one| *one != id));
        if is_renamed {
            self.renamed.push((whole.clone(), id));
        }
        is_renamed
    }

    /// Whether a record is that of another event of the round, which stood under this id before.
    pub(super) fn is_of_another(&self, record: &MeetingRecord, whole: &Event) -> bool {
        record.source_id != whole.source_id && self.sources.contains(&record.source_id)
    }

    /// Withdraws the rows under earlier ids of events that are recorded under another id now. If an
    /// event is not recorded, the row under its earlier id stays as it is.
    pub(super) fn close_renamed(&mut self) {
        for (whole, new) in std::mem::take(&mut self.renamed) {
            let mut earlier = self
                .recorded
                .get(&whole.source_id)
                .cloned()
                .unwrap_or_default();
            earlier.retain(|one| *one != new);
            for old in earlier {
                self.close_earlier(&whole, old, new);
            }
        }
    }

    fn close_earlier(&mut self, whole: &Event, old: Id128, new: Id128) {
        let Some(record) = self.meetings.get(&old).filter(|record| is_current(record)) else {
            return;
        };
        // Another event of the series may have this id now.
        let is_its = record.source_id == whole.source_id;
        let is_recorded = self
            .meetings
            .get(&new)
            .is_some_and(|record| is_current(record) && record.source_id == whole.source_id);
        if !self.present.insert(old) || !is_its || !is_recorded {
            return;
        }
        let of_past = || self.of_past(whole, record, old);
        let Some(row) = record.row.clone().or_else(of_past) else {
            return;
        };
        let row = self.revised(meeting::withdrawn(&row), record.revision);
        self.remember(&row, whole.master_id.clone());
        self.derive(row, Vec::new());
    }
}

fn is_current(record: &MeetingRecord) -> bool {
    matches!(
        record.state,
        State::Active | State::Cancelled | State::Declined
    )
}
