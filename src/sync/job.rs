//! A mailbox that is to be read, of whatever source.

use std::sync::Arc;

use crate::model::mailbox::Mailbox;
use crate::sync::mailbox_source::MailboxSource;

/// A mailbox that was found in files.
#[derive(Debug)]
pub(crate) struct FileMailbox {
    /// Its id in tables and cursors.
    pub id: Arc<str>,
    /// Whose it is: an address, or the name of its folder where none is stated.
    pub address: Arc<str>,
    /// Where its items are.
    pub source: Box<dyn MailboxSource>,
}

/// Whether a mailbox was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It was, or it is one of an archive.
    Known,
    /// It is admitted in this run.
    New,
}

/// A mailbox to read.
#[derive(Debug)]
pub(crate) struct Job {
    /// Whose it is. The kind of a user's mailbox is known once it is read.
    pub mailbox: Mailbox,
    /// Where its items are.
    pub source: Box<dyn MailboxSource>,
    /// Whether it was read before.
    pub admission: Admission,
    /// Rows that got another address before it is read.
    pub readdressed: u64,
}
