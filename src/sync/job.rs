//! A mailbox that is to be read, of whatever source.

use crate::config::archive::Identity;
use crate::config::capture::Meetings;
use crate::config::window::Window;
use crate::model::interaction::Source;
use crate::model::mailbox::Mailbox;
use crate::source::archive::mailbox::ArchiveMailbox;
use crate::source::tenant::Tenant;

/// A mailbox to read.
#[derive(Debug)]
pub enum Job {
    /// Of a tenant.
    Graph(Box<GraphJob>),
    /// Of an archive.
    Archive(Box<ArchiveJob>),
}

impl Job {
    /// Whose mailbox it is.
    pub fn mailbox(&self) -> &Mailbox {
        match self {
            Self::Graph(job) => &job.mailbox,
            Self::Archive(job) => &job.mailbox,
        }
    }
}

/// A mailbox of a tenant to read.
#[derive(Debug)]
pub struct GraphJob {
    /// Its tenant.
    pub tenant: Tenant,
    /// Whose; its kind is guessed from the directory.
    pub mailbox: Mailbox,
    /// Whether the settings of today let mail be captured.
    pub captures_mail: bool,
    /// Which meetings they let be captured; without any the calendar is not requested.
    pub captures_meetings: Meetings,
}

/// A mailbox of an archive to read.
#[derive(Debug)]
pub struct ArchiveJob {
    /// Where its messages are.
    pub source: ArchiveMailbox,
    /// Whose it is.
    pub mailbox: Mailbox,
    /// How its files are made.
    pub format: Source,
    /// By what copies of a mail are recognised.
    pub identity: Identity,
    /// How far back it is read.
    pub window: Window,
    /// Rows that got another address before it is read.
    pub readdressed: u64,
}
