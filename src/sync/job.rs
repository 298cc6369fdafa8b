//! A mailbox that is to be read, of whatever source.

use std::sync::Arc;

use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
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

/// What the lake knows of a mailbox before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// Nothing.
    New,
    /// That it was admitted by an earlier run.
    Admitted,
    /// What was recorded of it.
    Read {
        /// The number of interactions.
        recorded: u64,
    },
    /// That the service had no such mailbox.
    Absent,
    /// That it was unlinked: it is not read.
    Unlinked,
}

/// A mailbox to read.
#[derive(Debug)]
pub(crate) struct Job {
    /// Whose it is. The kind of a user's mailbox is known once it is read.
    pub mailbox: Mailbox,
    /// Where its items are.
    pub source: Box<dyn MailboxSource>,
    /// What is known of it; [`History::New`] until it is looked up.
    pub history: History,
    /// Rows that got another address before it is read.
    pub readdressed: u64,
}

impl Job {
    /// Whether it is a mailbox of a tenant of which nothing is known.
    pub(crate) fn is_new(&self) -> bool {
        self.mailbox.kind != MailboxKind::Archive && self.history == History::New
    }
}
