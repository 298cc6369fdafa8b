//! The runs that the table `mailboxes` reports.

use std::collections::HashMap;

/// Runs that `mailboxes` reports, each with its reported slots, one bit each: a run that died is
/// reported by whichever process serves its slots now.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reported(HashMap<String, u64>);

impl Reported {
    pub(crate) fn note(&mut self, run: &str, slot: u8) {
        match self.0.get_mut(run) {
            Some(slots) => *slots |= 1 << slot,
            None => drop(self.0.insert(run.to_owned(), 1 << slot)),
        }
    }

    /// Whether a run is reported in a slot.
    pub(crate) fn contains(&self, run: &str, slot: u8) -> bool {
        let slots = self.0.get(run).copied().unwrap_or_default();
        slots & (1 << slot) != 0
    }
}
