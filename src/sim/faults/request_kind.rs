//! Which kind of request it is, as `request` of a fault names it.

use serde::Deserialize;

use crate::sim::request::Request;

/// A kind of request, or a group of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Every request.
    Any,
    /// Sign-in.
    Token,
    /// All of the directory: organisation, users, groups, administrative units, members.
    Directory,
    /// Verified domains.
    Organization,
    /// The list of users.
    Users,
    /// One user.
    User,
    /// Groups, and one group; administrative units, too.
    Groups,
    /// Members of a group, or of an administrative unit.
    Members,
    /// All of a mailbox, batches left out.
    Mailbox,
    /// The purpose of a mailbox.
    Settings,
    /// Folders, listed or single.
    Folders,
    /// Message delta.
    Delta,
    /// Plain lists of messages, of a folder or of the mailbox.
    List,
    /// The list of the mails that are not of normal sensitivity.
    Private,
    /// One message, in a batch or alone.
    Item,
    /// calendarView delta.
    Calendar,
    /// The plain list of a calendar.
    Events,
    /// One event, in a batch or alone.
    Event,
    /// A batch as a whole.
    Batch,
}

impl RequestKind {
    /// The kind of a request to Graph, by its path without the version, in lower case.
    pub fn of(request: &Request, path: &[&str]) -> Self {
        match path {
            ["$batch"] => Self::Batch,
            ["organization"] => Self::Organization,
            ["users"] => Self::Users,
            ["users", _] => Self::User,
            ["groups", _, "transitivemembers", ..]
            | ["directory", "administrativeunits", _, "members", ..] => Self::Members,
            ["groups" | "directory", ..] => Self::Groups,
            ["users", _, rest @ ..] => Self::of_mailbox(request, rest),
            _ => Self::Any,
        }
    }

    fn of_mailbox(request: &Request, path: &[&str]) -> Self {
        match path {
            ["mailboxsettings", ..] => Self::Settings,
            ["mailfolders", _, "messages", "delta"] => Self::Delta,
            ["messages"] | ["mailfolders", _, "messages"] => {
                let filter = request.option("$filter").unwrap_or_default();
                if filter.contains("0x36") {
                    Self::Private
                } else {
                    Self::List
                }
            }
            ["messages", _] | ["mailfolders", _, "messages", _] => Self::Item,
            ["mailfolders", ..] => Self::Folders,
            ["calendarview", "delta"] => Self::Calendar,
            ["calendarview"] => Self::Events,
            ["events", ..] => Self::Event,
            _ => Self::Mailbox,
        }
    }

    /// Whether a request of this kind is meant by what a fault names.
    pub fn is_meant_by(self, named: Self) -> bool {
        match named {
            Self::Any => true,
            Self::Directory => matches!(
                self,
                Self::Organization | Self::Users | Self::User | Self::Groups | Self::Members
            ),
            Self::Mailbox => matches!(
                self,
                Self::Mailbox
                    | Self::Settings
                    | Self::Folders
                    | Self::Delta
                    | Self::List
                    | Self::Private
                    | Self::Item
                    | Self::Calendar
                    | Self::Events
                    | Self::Event
            ),
            only => self == only,
        }
    }
}
