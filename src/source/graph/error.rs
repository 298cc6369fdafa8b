//! What a call can end in, and what its caller does about it.

use crate::source::retry_action::RetryAction;

/// Why a call to Graph or to the sign-in service gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// A base URL that cannot be used.
    #[error("{which} is not usable: {why}")]
    Settings {
        /// `login_url` or `graph_url`.
        which: &'static str,
        /// What to write instead.
        why: &'static str,
    },
    /// The sign-in service refused the application.
    #[error("sign-in failed ({code}): {advice}")]
    SignIn {
        /// `AADSTSnnn`, or the OAuth error word.
        code: String,
        /// What to do.
        advice: &'static str,
    },
    /// Graph refused, and repeating has not helped or would not.
    #[error("graph answered {} {code} to {call}: {advice}", status.unwrap_or_default())]
    Refused {
        /// What was asked, without ids.
        call: &'static str,
        /// HTTP status; `None` where no answer came.
        status: Option<u16>,
        /// The most specific code, or `(none)`.
        code: String,
        /// What to do.
        advice: &'static str,
        /// What the caller does.
        action: RetryAction,
    },
    /// A link that leads elsewhere; the token must not go there (facts 4.7).
    #[error(
        "foreign link: a page leads elsewhere than to more of what was requested (to another host, \
         mailbox, folder or kind of item) and is not followed; if the tenant lives in another cloud, \
         set graph_url and login_url to that cloud"
    )]
    ForeignLink,
    /// A link of an earlier run that does not lead to the configured address.
    #[error("a kept link does not lead to the configured graph_url; reading starts again")]
    KeptLink,
    /// Pages that come again and again, or more of them than there can be (facts 2.2).
    #[error("the pages of {call} have no end; it is left for the next run")]
    EndlessChain {
        /// What was asked.
        call: &'static str,
    },
    /// The group is not there, or is several.
    #[error("the group was {found}; give its object id or its primary address")]
    Group {
        /// `not found` or `found more than once`.
        found: &'static str,
    },
    /// The administrative unit is not there, or is several.
    #[error("the administrative unit was {found}; give its object id or its exact name")]
    AdminUnit {
        /// `not found` or `found more than once`.
        found: &'static str,
    },
    /// No user that can be read is directly in the administrative unit (facts 3.5).
    #[error(
        "the administrative unit shows no users: a group in it does not bring its members into the \
         unit, and if its membership is hidden the application needs Member.Read.Hidden; nothing is \
         removed because of this"
    )]
    EmptyAdminUnit,
    /// The group has no member that can be read (facts 3.4).
    #[error(
        "the group shows no users: if its membership is hidden the application needs \
         Member.Read.Hidden, if members come without details it needs User.Read.All; nothing is \
         removed because of this"
    )]
    EmptyGroup,
    /// The HTTP client could not be made.
    #[error("the http client could not be made")]
    Http(#[source] reqwest::Error),
}

impl GraphError {
    /// What the caller does about it.
    pub fn action(&self) -> RetryAction {
        match self {
            Self::Settings { .. }
            | Self::SignIn { .. }
            | Self::Group { .. }
            | Self::EmptyGroup
            | Self::AdminUnit { .. }
            | Self::EmptyAdminUnit
            | Self::Http(_) => RetryAction::StopTenant,
            Self::ForeignLink | Self::EndlessChain { .. } => RetryAction::GiveUpMailbox,
            Self::KeptLink => RetryAction::RestartChain,
            Self::Refused { action, .. } => *action,
        }
    }

    /// The HTTP status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => *status,
            _ => None,
        }
    }

    /// The code for reports: bounded, without ids and addresses.
    pub fn code(&self) -> &str {
        match self {
            Self::Settings { .. } | Self::Http(_) => "settings",
            Self::SignIn { code, .. } | Self::Refused { code, .. } => code,
            Self::ForeignLink => "foreign_link",
            Self::KeptLink => "kept_link",
            Self::EndlessChain { .. } => "endless_chain",
            Self::Group { .. } => "group",
            Self::EmptyGroup => "empty_group",
            Self::AdminUnit { .. } => "admin_unit",
            Self::EmptyAdminUnit => "empty_admin_unit",
        }
    }
}
