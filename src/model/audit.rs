//! What somebody or a run changed about what is read: a row of the table `audit`.

use std::sync::Arc;

use crate::model::time::Timestamp;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    /// A mailbox was linked.
    Link,
    /// A mailbox was unlinked.
    Unlink,
    /// The list of new mailboxes was confirmed.
    Confirm,
    /// A mailbox was read for the first time.
    Activate,
    /// A mailbox came into the scope, or left it.
    Scope,
    /// A tenant was read although a mailbox outside its scope can be read as well.
    AcceptOpenScope,
    /// A setting of the configuration, or of a member, is another one.
    Setting,
}

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Link,
        Self::Unlink,
        Self::Confirm,
        Self::Activate,
        Self::Scope,
        Self::AcceptOpenScope,
        Self::Setting,
    ];

    /// The value in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Unlink => "unlink",
            Self::Confirm => "confirm",
            Self::Activate => "activate",
            Self::Scope => "scope",
            Self::AcceptOpenScope => "accept_open_scope",
            Self::Setting => "setting",
        }
    }

    /// Parses the value in the table.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who and from where: user, machine and command.
    pub actor: Arc<str>,
    /// What was done.
    pub action: AuditAction,
    /// To what: a mailbox's address, a tenant, a key of the configuration.
    pub subject: String,
    /// How it was before.
    pub before: Option<String>,
    /// How it is now.
    pub after: Option<String>,
    /// The run that did it or found it.
    pub run_id: Option<Arc<str>>,
}
