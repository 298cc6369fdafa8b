//! Events that are recorded under another id than they have now: an earlier release told the day
//! of an occurrence by the name of a zone, or an exception came before what tells its day.
//!
//! The row under the earlier id is taken back in the round that records the event under its id, so
//! that never both are current. What was over before the round keeps the id that it has.

use hashbrown::HashMap;

use crate::model::event::Event;
use crate::model::id::Id128;
use crate::model::interaction::State;
use crate::model::outcome::Outcome;
use crate::pipeline::calendar_desk::Deciding;
use crate::policy::meeting;
use crate::state::key::Seen;
use crate::state::meetings::MeetingRecord;

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

impl Deciding<'_> {
    /// The id under which an event is recorded: the one it has, else an earlier one.
    pub(super) fn recorded_as(&self, source_id: &str, id: Id128) -> Option<Id128> {
        if self.meetings.contains_key(&id) {
            return Some(id);
        }
        self.recorded.get(source_id)?.first().copied()
    }

    /// Whether an event was decided on as it is now, so that nothing is left to do: what is
    /// recorded must stand under its id, from this event, and in its state.
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

    /// Takes back the rows that stand under earlier ids of events which are recorded under another
    /// id now. Where an event is not recorded, the row of its earlier id stays as it is.
    pub(super) fn close_renamed(&mut self) {
        let mut earlier: Vec<(Id128, Id128)> = Vec::new();
        for (source_id, id) in &self.named {
            let ids = self.recorded.get(source_id).into_iter().flatten();
            earlier.extend(ids.filter(|one| *one != id).map(|one| (*one, *id)));
        }
        earlier.sort_unstable();
        for (old, new) in earlier {
            let Some(record) = self.meetings.get(&old) else {
                continue;
            };
            let is_over = self.times.is_over(record.ended_at);
            if is_over || self.present.contains(&old) || !is_current(record) {
                continue;
            }
            self.present.insert(old);
            if self.meetings.contains_key(&new)
                && let Some(row) = record.row.clone()
            {
                let master_id = record.master_id.clone();
                let row = self.revised(meeting::withdrawn(&row), record.revision);
                self.remember(&row, master_id);
                self.derive(row, Vec::new());
            }
        }
    }
}

fn is_current(record: &MeetingRecord) -> bool {
    matches!(
        record.state,
        State::Active | State::Cancelled | State::Declined
    )
}
