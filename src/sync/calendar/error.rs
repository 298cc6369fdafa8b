//! Why a calendar was not read.

use crate::reconcile::calendar::input::TooManyEvents;
use crate::runtime::cpu::TaskPanicked;
use crate::source::error::ServiceError;
use crate::state::error::StateError;
use crate::sync::singles::ManyRefused;

/// Why a round did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The service refused.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A computation panicked.
    #[error(transparent)]
    Computation(#[from] TaskPanicked),
    /// It is too large to be decided as a whole.
    #[error(transparent)]
    TooLarge(#[from] TooManyEvents),
    /// The mailbox as a whole is the cause.
    #[error(transparent)]
    ManyRefused(#[from] ManyRefused),
}

/// Why a calendar was not read.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// Its round did not come to an end.
    #[error("the calendar was not read (permission Calendars.Read): {0}")]
    Round(#[from] RoundError),
    /// The state cache.
    #[error(transparent)]
    State(#[from] StateError),
    /// A computation panicked.
    #[error(transparent)]
    Computation(#[from] TaskPanicked),
}

impl From<ServiceError> for CalendarError {
    fn from(error: ServiceError) -> Self {
        Self::Round(error.into())
    }
}

impl From<TooManyEvents> for CalendarError {
    fn from(error: TooManyEvents) -> Self {
        Self::Round(error.into())
    }
}
