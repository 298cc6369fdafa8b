//! How a mailbox stands, from everything that its runs said.

use crate::model::connection::Connection;
use crate::model::coverage::Coverage;
use crate::model::cursor::FailedItem;
use crate::model::time::Timestamp;

/// One mailbox.
#[derive(Debug, Clone)]
pub struct MailboxStatus {
    /// What its newest run says.
    pub latest: Coverage,
    /// How it is connected.
    pub connection: Connection,
    /// Since when.
    pub since: Timestamp,
    /// When a run first named it.
    pub first_at: Timestamp,
    /// Runs in a row in which it was so; none where no run reads it.
    pub runs: Option<u64>,
    /// When a run last read all of it.
    pub last_success: Option<Timestamp>,
    /// Items that could not be read, in order of location.
    pub unread: Vec<FailedItem>,
    /// The member's team and manager.
    pub team: Option<String>,
    /// The person they report to.
    pub manager: Option<String>,
}

impl MailboxStatus {
    /// Whether a mailbox in scope was not read since an instant, or cannot be read.
    pub fn is_stale(&self, since: Timestamp) -> bool {
        match self.connection {
            Connection::Connected => self.last_success.is_none_or(|at| at < since),
            // It is known, and nothing that a run could do.
            Connection::NoMailbox | Connection::Disabled => false,
            other => other.is_problem(),
        }
    }

    /// When a mailbox in scope was last read completely, or first named if it never was; `None` where
    /// none has to be read.
    pub fn read_at(&self) -> Option<Timestamp> {
        let has_mailbox = !matches!(
            self.connection,
            Connection::NoMailbox | Connection::Disabled
        );
        let is_due = self.connection.is_in_scope() && has_mailbox;
        is_due.then(|| self.last_success.unwrap_or(self.first_at))
    }

    /// When the first of its unreadable items could not be read.
    pub fn unread_since(&self) -> Option<Timestamp> {
        self.unread.iter().map(|item| item.first_at).min()
    }
}
