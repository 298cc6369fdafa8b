//! Occurrences that wait until they are near enough to be recorded, or until their series is there.

use hashbrown::HashSet;

use crate::model::event::Event;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::policy::capture_policy::Decision;
use crate::reconcile::calendar::reconciler::CalendarReconciler;

impl CalendarReconciler<'_> {
    /// Keeps an occurrence until it is near enough, or its series is available.
    pub(super) fn wait(&mut self, event: &Event) {
        let Some(master_id) = event.master_id.clone() else {
            return;
        };
        let master = self.masters.get(&master_id);
        let series = self.waiting.entry(master_id).or_default();
        if master.is_some() && series.master.as_ref() != master {
            series.master = master.cloned();
        }
        series.instances.push(event.clone());
    }

    /// An occurrence that is named is decided again, whether it waited or not; returns whether it
    /// did.
    pub(super) fn take_waiting(&mut self, event: &Event) -> bool {
        let series = event
            .master_id
            .as_ref()
            .and_then(|id| self.waiting.get_mut(id));
        series.is_some_and(|series| {
            let before = series.instances.len();
            series
                .instances
                .retain(|one| one.source_id != event.source_id);
            series.instances.len() < before
        })
    }

    /// Records waiting occurrences that are near enough.
    pub(super) fn record_due(&mut self) {
        for whole in self.take_due() {
            let meeting_id = self.id_of(&whole);
            let id = meeting_id.interaction_id;
            self.present.insert(id);
            self.note_renamed(&whole, id);
            let Decision::Keep(interaction) = self.decision(&whole, &meeting_id) else {
                continue;
            };
            if let Some(matched) = self.matched(*interaction)
                && !self.meetings.contains_key(&id)
            {
                self.record(matched, &whole);
                self.outcomes.tally.derived += 1;
                self.note(&whole, Outcome::Recorded);
            }
        }
    }

    /// Removes from the waiting occurrences those that are near enough. Only the series shows
    /// whether an occurrence lasts whole days, and then it begins at another time than it says
    /// itself.
    fn take_due(&mut self) -> Vec<Event> {
        let waiting = self.waiting.values().flat_map(|series| &series.instances);
        let due: Vec<Event> = waiting
            .filter(|event| !self.times.is_far_by(event, DAY))
            .filter_map(|event| self.whole(event))
            .filter(|whole| !self.times.is_far(whole))
            .collect();
        let taken: HashSet<String> = due.iter().map(|event| event.source_id.clone()).collect();
        for series in self.waiting.values_mut() {
            let instances = &mut series.instances;
            instances.retain(|event| !taken.contains(&event.source_id));
        }
        due
    }
}
