//! How a mailbox is connected: what its last run found, or why none reads it.

use crate::model::mailbox::Mailbox;
use crate::model::time::Timestamp;

/// How a mailbox is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Connection {
    /// It is read.
    Connected,
    /// No run has come to it yet.
    NotConnected,
    /// The application has no consent in the tenant.
    WaitingForConsent,
    /// It is new, and the list was not confirmed.
    WaitingForConfirmation,
    /// There is no account or no mailbox in Microsoft 365.
    NoMailbox,
    /// The application has no permission for this mailbox.
    Unauthorized,
    /// Anything else.
    Error,
    /// The scope does not hold it.
    OutOfScope,
    /// The members file says `never`, or the deny list has it.
    Never,
    /// The account is disabled, and its mailbox cannot be read.
    Disabled,
    /// It was unlinked.
    Unlinked,
    /// Not everything in it can be read.
    Incomplete,
    /// The last run died while it read it.
    Interrupted,
}

impl Connection {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Connected,
        Self::NotConnected,
        Self::WaitingForConsent,
        Self::WaitingForConfirmation,
        Self::NoMailbox,
        Self::Unauthorized,
        Self::Error,
        Self::OutOfScope,
        Self::Never,
        Self::Disabled,
        Self::Unlinked,
        Self::Incomplete,
        Self::Interrupted,
    ];

    /// The value in the table and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::NotConnected => "not_connected",
            Self::WaitingForConsent => "waiting_for_consent",
            Self::WaitingForConfirmation => "waiting_for_confirmation",
            Self::NoMailbox => "no_mailbox",
            Self::Unauthorized => "unauthorized",
            Self::Error => "error",
            Self::OutOfScope => "out_of_scope",
            Self::Never => "never",
            Self::Disabled => "disabled",
            Self::Unlinked => "unlinked",
            Self::Incomplete => "incomplete",
            Self::Interrupted => "interrupted",
        }
    }

    /// Parses the value in the table.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// Whether runs read the mailbox, or try to.
    pub fn is_in_scope(self) -> bool {
        !matches!(self, Self::OutOfScope | Self::Never | Self::Unlinked)
    }

    /// Whether somebody has to do something.
    pub fn is_problem(self) -> bool {
        self.is_in_scope() && self != Self::Connected
    }
}

/// What the table says of a mailbox before a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastConnection {
    /// Whose it is.
    pub mailbox: Mailbox,
    /// When the run that says so began with it.
    pub at: Timestamp,
    /// How it was connected.
    pub connection: Connection,
    /// Since when.
    pub since: Timestamp,
    /// The service's own code, where it refused.
    pub code: Option<String>,
    /// Its interactions in the lake.
    pub recorded_total: i64,
}
