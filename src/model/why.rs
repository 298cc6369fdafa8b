//! Why something is, or is not, in the lake: what the lake says of it, and what today's rules say.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::activity::ContactMatch;
use crate::model::connection::Connection;
use crate::model::id::Id128;
use crate::model::interaction::State;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Outcome;
use crate::model::time::Timestamp;

/// What was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A mail, by its Message-ID.
    Message(String),
    /// A mail or meeting, by the beginning of its id in the lake.
    Interaction(String),
    /// Whatever an address takes part in.
    Address(String),
    /// Whatever took place on a UTC day, by its first and last instant.
    Day(Timestamp, Timestamp),
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked about.
    pub subject: Subject,
    /// What holds for all mailboxes.
    pub findings: Vec<Finding>,
    /// What holds for each, in order of tenant and address.
    pub mailboxes: Vec<MailboxFindings>,
}

/// What holds for one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxFindings {
    /// Which.
    pub mailbox: Arc<Mailbox>,
    /// What.
    pub findings: Vec<Finding>,
}

/// Mail or meetings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Mail.
    Mail,
    /// Meetings.
    Meetings,
}

impl Part {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Meetings => "meetings",
        }
    }
}

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// What the lake has.
    Row(RowFinding),
    /// What today's rules, and the CRM snapshot in force, say.
    Rule(RuleFinding),
    /// What the lake says of a mailbox.
    State(StateFinding),
}

/// What the lake has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowFinding {
    /// No row of the lake has it.
    NotRecorded,
    /// Rows of one kind.
    Recorded {
        /// Of mail or meetings.
        part: Part,
        /// Current ones.
        interactions: u64,
        /// When the first and the last took place.
        span: (Timestamp, Timestamp),
    },
    /// The current row.
    Current {
        /// Its id.
        id: Id128,
        /// When it took place.
        at: Timestamp,
        /// Its revision.
        revision: i32,
        /// Its state.
        state: State,
        /// The run that wrote it.
        run_id: Arc<str>,
    },
    /// A match of that row.
    Matched(ContactMatch),
    /// It has no match.
    NotMatched,
}

/// What today's rules, and the CRM snapshot in force, say of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleFinding {
    /// Today's exclusions have the address.
    ExcludedAddress,
    /// Today's exclusions have its domain.
    ExcludedDomain,
    /// The address belongs to the company: among colleagues only, nothing is recorded, if so configured.
    Internal {
        /// Whether items among colleagues only are skipped today.
        is_skipped: bool,
    },
    /// Its domain is one of freemail, and stands for no account.
    Freemail,
    /// A contact or account of the CRM snapshot.
    InCrm(ContactMatch),
    /// The CRM snapshot does not have it.
    NotInCrm {
        /// Entries that are spelled alike.
        near: Vec<String>,
        /// What becomes of items without a contact: the value of `unmatched`.
        unmatched: &'static str,
    },
    /// No run has stored a CRM snapshot.
    NoCrm,
}

/// What the lake says of a mailbox: what could be the reason why something is not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateFinding {
    /// How the mailbox is connected, where it is not as it should be.
    Connection {
        /// How.
        connection: Connection,
        /// Since when.
        since: Timestamp,
        /// The service's own code.
        code: Option<String>,
    },
    /// No run has read the mailbox.
    NeverRead,
    /// When a run last read all of it.
    LastRead(Timestamp),
    /// Where its window begins.
    Window {
        /// Of mail or meetings.
        part: Part,
        /// When; what is older is not recorded.
        start: Timestamp,
        /// Whether the day that was asked about lies before it.
        is_after_day: bool,
    },
    /// A time in which it was not, or not wholly, captured.
    Off {
        /// Mail or meetings.
        part: Part,
        /// `off`, `recorded` or `none`.
        setting: String,
        /// From when on; `None`: from the beginning.
        from: Option<Timestamp>,
        /// Until when; `None`: until today.
        until: Option<Timestamp>,
    },
    /// Items that could not be read; which ones is unknown.
    Unread {
        /// Why.
        reason: String,
        /// How many.
        items: u64,
        /// The most tries.
        tries: u32,
        /// When the first was first tried.
        since: Timestamp,
    },
    /// What became of items that are not recorded: of them only these counts are kept.
    NotKept {
        /// Runs that are counted.
        runs: u64,
        /// When the first and the last began.
        span: (Timestamp, Timestamp),
        /// How many items, by outcome.
        outcomes: BTreeMap<Outcome, u64>,
    },
}
