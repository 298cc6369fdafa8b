//! The only clock of the program.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time::Instant as TimerInstant;

use crate::model::time::Timestamp;

/// The wall clock, in microseconds since 1970-01-01 UTC.
///
/// A clock before 1970 reads as 1970: no row can be dated earlier anyway.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

/// The instant that timers measure from: not disturbed by changes of the wall clock, and tests may
/// let it stand still.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn monotonic() -> TimerInstant {
    TimerInstant::now()
}

/// A stopwatch that is not affected by changes of the wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since [`Stopwatch::start`].
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
