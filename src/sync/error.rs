//! Why a mailbox was not read to its end.

use crate::lake::error::LakeError;
use crate::model::coverage::Status;
use crate::runtime::cpu::TaskPanicked;
use crate::source::archive::error::ArchiveError;
use crate::source::error::ServiceError;
use crate::source::retry_action::RetryAction;
use crate::state::error::StateError;
use crate::sync::calendar::error::CalendarError;
use crate::sync::calendar::error::RoundError;
use crate::sync::cursors::CursorUnreadable;
use crate::sync::delta::ChainError;
use crate::sync::in_flight::WriterStopped;
use crate::sync::singles::ManyRefused;

/// Why a mailbox was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The service refused.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A folder's chain cannot continue.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The calendar's chain cannot continue.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// A file of the archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Where reading continues is unknown.
    #[error(transparent)]
    Cursor(#[from] CursorUnreadable),
    /// What was seen before is unknown.
    #[error(transparent)]
    State(#[from] StateError),
    /// What is recorded cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A computation panicked.
    #[error(transparent)]
    Computation(#[from] TaskPanicked),
    /// The run is over.
    #[error(transparent)]
    Writer(#[from] WriterStopped),
    /// Not an error of the mailbox.
    #[error("the run was asked to end")]
    Stopped,
    /// Something in it did not come to an end: a file that blocks, an item that is being decoded.
    #[error("it was left while something of it was still being read; the next run reads it again")]
    Overdue,
    /// The listing of the folders and a folder's own answer contradict each other.
    #[error("a folder that is listed was answered as not found; the next run reads it again")]
    FolderHidden,
    /// It is shared, and those are not read.
    #[error("a shared mailbox; shared_mailboxes = true in the tenant's section reads it")]
    SharedMailbox,
    /// Not all items of a folder were seen, and the rest is unavailable.
    #[error(
        "{folders} folders hold {held} items, {walked} of them were read and the others are \
         unavailable; the next run compares them again"
    )]
    Incomplete {
        /// How many folders.
        folders: usize,
        /// Items that the folders count.
        held: u64,
        /// Items that their chains returned.
        walked: u64,
    },
    /// The mailbox as a whole is the cause.
    #[error(transparent)]
    ManyRefused(#[from] ManyRefused),
}

impl SyncError {
    /// The service's own code, where it refused.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Service(error)
            | Self::Chain(ChainError::Service(error))
            | Self::Calendar(CalendarError::Round(RoundError::Service(error))) => {
                Some(error.code())
            }
            _ => None,
        }
    }

    /// The status of the mailbox.
    pub(super) fn status(&self) -> Status {
        match self {
            Self::Stopped | Self::Overdue => Status::Stopped,
            Self::SharedMailbox => Status::LeftOut,
            Self::Incomplete { .. } | Self::ManyRefused(_) => Status::Incomplete,
            Self::Service(error)
            | Self::Chain(ChainError::Service(error))
            | Self::Calendar(CalendarError::Round(RoundError::Service(error))) => {
                match error.action() {
                    RetryAction::MailboxDenied => Status::Denied,
                    RetryAction::NoMailbox => Status::NoMailbox,
                    _ => Status::Failed,
                }
            }
            _ => Status::Failed,
        }
    }
}
