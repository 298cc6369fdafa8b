//! An event as a whole: laid over its series, and on the day on which the series has it.

use hashbrown::HashSet;

use crate::model::event::Event;
use crate::policy::original_day::original_day;
use crate::reconcile::calendar::reconciler::CalendarReconciler;

impl CalendarReconciler<'_> {
    /// Collects what the events of each series show of its days: those of the round, those that
    /// wait and are not in the round, and those that were fetched only for this.
    pub(super) fn compare_days(&mut self, events: &[Event], others: &[Event]) {
        let mut siblings = std::mem::take(&mut self.siblings);
        let named: HashSet<&str> = events.iter().map(|event| &*event.source_id).collect();
        let waiting = self.waiting.values().flat_map(|series| &series.instances);
        let waiting = waiting.filter(|event| !named.contains(&*event.source_id));
        for event in events.iter().chain(others).chain(waiting) {
            let Some(master_id) = &event.master_id else {
                continue;
            };
            let master = self.master(master_id);
            let is_all_day = master.map_or(event.is_all_day, |master| master.is_all_day);
            if is_all_day == Some(true) {
                let of_series = siblings.entry(master_id.clone()).or_default();
                of_series.note(event);
            }
        }
        self.siblings = siblings;
    }

    /// A series as it came or was fetched in this round, else as it is remembered with what waits.
    fn master(&self, id: &str) -> Option<&Event> {
        let remembered = || self.waiting.get(id)?.master.as_ref();
        self.masters.get(id).or_else(remembered)
    }

    /// The whole event: one of a series is merged with it. `None`: the series is unavailable.
    pub(super) fn whole(&self, event: &Event) -> Option<Event> {
        let Some(master_id) = &event.master_id else {
            return Some(event.clone());
        };
        let mut whole = match self.master(master_id) {
            Some(master) => event.clone().over(master),
            // A plain list returns each occurrence in full, and no series (facts 2.2).
            None if event.ical_uid.is_some() => event.clone(),
            None => return None,
        };
        if let Some(siblings) = self.siblings.get(master_id) {
            whole.original_day = original_day(&whole, siblings);
        }
        Some(whole)
    }
}
