//! What all requests to a simulated tenant share.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::time::Instant;

use crate::model::time::Timestamp;
use crate::sim::journal::Journal;
use crate::sim::recording::Recording;
use crate::sim::tenant::State;
use crate::sim::world::World;

/// What all requests share.
#[derive(Debug)]
pub struct Shared {
    /// The world.
    pub world: World,
    /// What changes.
    pub state: Mutex<State>,
    /// What was served.
    pub journal: Mutex<Journal>,
    /// Where requests and answers are written to.
    pub recording: Option<Recording>,
    /// The wall clock when serving began, and when that was: from then on time passes here as it
    /// does for tokio's timers, which tests may let stand still.
    pub begun: (Timestamp, Instant),
}

impl Shared {
    /// The state; a panic while it was held does not make it wrong.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The wall clock.
    pub fn wall(&self) -> Timestamp {
        let (wall, begun) = self.begun;
        let passed = begun.elapsed().as_micros();
        wall.plus(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// The journal.
    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
