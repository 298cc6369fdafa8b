//! What time it is for the service: the `Date` of its newest answer.

use std::sync::Mutex;
use std::sync::PoisonError;

use crate::model::time::Timestamp;
use crate::runtime::clock;

/// The clock of the service.
#[derive(Debug, Default)]
pub(super) struct ServiceClock(Mutex<Option<Timestamp>>);

impl ServiceClock {
    /// Notes when an answer was served.
    pub(super) fn note(&self, served_at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(served_at);
    }

    /// Before the first answer the clock of this machine.
    pub(super) fn now(&self) -> Timestamp {
        let served_at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        served_at.unwrap_or_else(clock::now)
    }
}
