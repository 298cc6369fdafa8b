//! Why a run cannot begin or go on.

use crate::access::error::AccessError;
use crate::config::error::ConfigError;
use crate::lake::error::LakeError;
use crate::pipeline::writer::WriterError;
use crate::source::archive::error::ArchiveError;
use crate::sync::archive::open::OpenError;
use crate::sync::error::SyncError;

/// Why a run did not begin, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration, or a file that it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An archive is not there, or is none.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Which mailboxes of a tenant are in scope is unknown.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A tenant cannot be listed, and no earlier run has kept the company's domains.
    #[error("{reason}; until a first run knows the domains of all tenants none is read")]
    UnknownDomains {
        /// Why the tenants cannot be listed.
        reason: String,
    },
    /// `--confirm` names another plan.
    #[error(
        "the digest given to --confirm does not match the current list; see run --plan, and confirm \
         the digest that it shows"
    )]
    OtherPlan,
    /// `--mailbox` names a mailbox that is not read.
    #[error("the mailbox that --mailbox names is not read ({reason}); see run --plan")]
    NotInScope {
        /// Why it is left out.
        reason: String,
    },
    /// `--mailbox` is the name of several.
    #[error("several mailboxes have the name that --mailbox says; name one by its id: {ids}")]
    Ambiguous {
        /// Their ids.
        ids: String,
    },
    /// The lake, the state or the index.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// A signal came before anything was read.
    #[error("interrupted before anything was read")]
    Interrupted,
    /// The machine does not give what is needed.
    #[error("cannot start: {0}")]
    Machine(String),
}

impl From<OpenError> for RunError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Config(error) => error.into(),
            OpenError::Archive(error) => error.into(),
        }
    }
}

impl From<LakeError> for RunError {
    fn from(error: LakeError) -> Self {
        Self::Writer(error.into())
    }
}

impl From<SyncError> for RunError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Lake(error) => Self::Writer(error.into()),
            SyncError::State(error) => Self::Writer(error.into()),
            other => Self::Machine(other.to_string()),
        }
    }
}
