//! A mailbox that is to be read, of whatever source.

use crate::model::mailbox::Mailbox;
use crate::sync::archive::ArchiveJob;
use crate::sync::mail::GraphJob;

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
