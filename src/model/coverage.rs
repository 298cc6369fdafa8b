//! How far a mailbox was read in a run: a row of the table `mailboxes`, and a line of the report.

use std::sync::Arc;

use crate::model::connection::Connection;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Tally;
use crate::model::time::Timestamp;

/// How a mailbox ended in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Everything it had was read and committed.
    Complete,
    /// Only the requested range of days was read and committed.
    Filled,
    /// The run was asked to stop before the mailbox was finished; the next run continues.
    Stopped,
    /// The service denies it: policy, scope or permission (facts 5 and 6.2).
    Denied,
    /// The directory lists it, but there is no mailbox that can be read (facts 6.2).
    NoMailbox,
    /// A folder holds more than could be read; its chain restarts on the next run.
    Incomplete,
    /// It failed for the reported reason; the next run tries again.
    Failed,
    /// The run crashed; what it had committed is kept.
    Interrupted,
    /// It was not read; its connection says why.
    LeftOut,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Complete,
        Self::Filled,
        Self::Stopped,
        Self::Denied,
        Self::NoMailbox,
        Self::Incomplete,
        Self::Failed,
        Self::Interrupted,
        Self::LeftOut,
    ];

    /// The value in the table and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Filled => "filled",
            Self::Stopped => "stopped",
            Self::Denied => "denied",
            Self::NoMailbox => "no_mailbox",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::LeftOut => "left_out",
        }
    }

    /// Parses the value in the table.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// What it says of the mailbox's connection; `None`: nothing, so that what was known before holds.
    pub fn connection(self) -> Option<Connection> {
        match self {
            Self::Complete => Some(Connection::Connected),
            Self::Filled | Self::Stopped | Self::LeftOut => None,
            Self::Denied => Some(Connection::Unauthorized),
            Self::NoMailbox => Some(Connection::NoMailbox),
            Self::Incomplete => Some(Connection::Incomplete),
            Self::Failed => Some(Connection::Error),
            Self::Interrupted => Some(Connection::Interrupted),
        }
    }
}

/// What reading a mailbox cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Requests sent, retries among them.
    pub requests: u64,
    /// Bytes received, as they came over the wire; archives: bytes read.
    pub bytes: u64,
    /// Seconds spent waiting because the service throttled the client.
    pub waited_seconds: f64,
}

impl Cost {
    /// Adds another cost to this one.
    pub fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.waited_seconds += other.waited_seconds;
    }

    /// What was spent beyond an earlier sum.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests - earlier.requests,
            bytes: self.bytes - earlier.bytes,
            waited_seconds: self.waited_seconds - earlier.waited_seconds,
        }
    }
}

/// An item that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadItem {
    /// The file, or the folder's id.
    pub place: String,
    /// Why.
    pub code: String,
}

/// A row of `mailboxes`: one mailbox in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Which run.
    pub run_id: Arc<str>,
    /// Which mailbox.
    pub mailbox: Arc<Mailbox>,
    /// When the run started to read it.
    pub started_at: Timestamp,
    /// When the run had done with it.
    pub ended_at: Timestamp,
    /// How it ended.
    pub status: Status,
    /// Why, where that is not plain from the status.
    pub reason: Option<String>,
    /// How the mailbox is connected; none in rows of versions that did not say.
    pub connection: Option<Connection>,
    /// Since when.
    pub connection_since: Option<Timestamp>,
    /// The service's own code, where it refused.
    pub code: Option<String>,
    /// Items by outcome.
    pub tally: Tally,
    /// Requests, bytes and waits.
    pub cost: Cost,
    /// Age of the oldest link at the start, in hours; none at the first connection.
    pub cursor_age_hours: Option<f64>,
    /// Items that the folders read say they hold; none for archives.
    pub folder_items: Option<i64>,
    /// Interactions of this mailbox in the lake when the run had done with it.
    pub recorded_total: i64,
    /// The first items that could not be read: where each is stored and why it failed. Not in the
    /// table.
    pub unread: Vec<UnreadItem>,
    /// An earlier run has found that there is no such mailbox. Not in the table.
    pub was_absent: bool,
}

impl Coverage {
    /// What the row says of how the mailbox is connected; `None`: nothing, so that what was known before
    /// holds.
    pub fn said_connection(&self) -> Option<Connection> {
        self.connection.or_else(|| self.status.connection())
    }
}
