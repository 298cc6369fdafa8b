//! Why a service did not give what was requested, whichever it is.

use crate::source::retry_action::RetryAction;

/// Why a service did not give what was requested, and what the caller does about it.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It refused, or did not answer, and repeating has not helped or would not.
    #[error("{message}")]
    Refused {
        /// What happened and what to do, without ids and addresses.
        message: String,
        /// What the caller does.
        action: RetryAction,
        /// HTTP status; `None` where no answer came.
        status: Option<u16>,
        /// The code for reports: bounded, without ids and addresses.
        code: String,
    },
    /// The group or administrative unit that the configuration names does not exist, is several, or
    /// shows no users.
    #[error("{message}")]
    NoMembers {
        /// What it is, and what to do.
        message: String,
    },
    /// Pages that come again and again, or more of them than there can be (facts 2.2).
    #[error("the pages of {call} have no end; it is left for the next run")]
    Endless {
        /// What was requested.
        call: &'static str,
    },
}

impl ServiceError {
    /// What the caller does about it.
    pub fn action(&self) -> RetryAction {
        match self {
            Self::Refused { action, .. } => *action,
            Self::NoMembers { .. } => RetryAction::StopTenant,
            Self::Endless { .. } => RetryAction::GiveUpMailbox,
        }
    }

    /// The HTTP status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => *status,
            Self::NoMembers { .. } | Self::Endless { .. } => None,
        }
    }

    /// The code for reports.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::NoMembers { .. } => "no_members",
            Self::Endless { .. } => "endless_chain",
        }
    }
}
