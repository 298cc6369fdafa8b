//! Where reading goes on the next night. Cursors lie in the lake, beside the rows they came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::time::Micros;

/// A cursor as the lake stores it: `value` is JSON that only its owner reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorRecord {
    /// Whose.
    pub mailbox_id: String,
    /// `calendar`, `mailbox`, or `mail/` and the folder's id. Rises by bytes within a mailbox in
    /// every file.
    pub key: String,
    /// [`CalendarCursor`], [`MailboxCursor`] or [`ChainCursor`] as JSON; `None` takes the cursor
    /// away.
    pub value: Option<String>,
}

/// The key under which [`MailboxCursor`] is stored.
pub const MAILBOX_KEY: &str = "mailbox";
/// The key under which [`CalendarCursor`] is stored.
pub const CALENDAR_KEY: &str = "calendar";
/// The beginning of the key under which the [`ChainCursor`] of a mail folder is stored.
pub const MAIL_KEY_PREFIX: &str = "mail/";

/// What is kept of a mailbox as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxCursor {
    /// When it was first connected: the first window ends here and begins 12 months before.
    pub connected_at: Micros,
    /// Where the first window begins; `None`: no window (archives).
    pub window_start: Option<Micros>,
    /// `user`, `shared`, `room`, `archive`.
    pub kind: String,
    /// Well-known folder names and their ids, which never change (facts 1.8).
    pub well_known: BTreeMap<String, String>,
    /// Capture settings and the instant from which each holds, oldest first. The first holds
    /// since ever.
    pub mail_settings: Vec<(Micros, bool)>,
    /// The same for meetings, in the words of the configuration.
    #[serde(default)]
    pub meeting_settings: Vec<(Micros, String)>,
    /// Interactions of this mailbox in the lake.
    pub recorded: u64,
}

/// Where the chain of one folder goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainCursor {
    /// `@odata.nextLink` or `@odata.deltaLink`, whole.
    pub link: String,
    /// Whether `link` is a deltaLink: the round is complete.
    pub is_delta: bool,
    /// When `link` was received.
    pub fetched_at: Micros,
    /// Items of this chain so far, over all rounds.
    pub items: u64,
}

/// Where the chain of a mailbox's calendar goes on. It is written at the end of a round only: a
/// round is decided as a whole, because a series is compared with all its occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarCursor {
    /// `@odata.deltaLink`, whole. `None`: the last round had to be read by a plain listing.
    pub link: Option<String>,
    /// Where the chain's window begins. A chain keeps its window for ever (facts 2.1).
    pub window_start: Micros,
    /// Where it ends.
    pub window_end: Micros,
    /// The service's time when the last finished round began: what had ended by then is over.
    pub finished_at: Micros,
    /// Items of this chain so far, over all rounds.
    pub items: u64,
}
