//! Where the next run resumes reading. Cursors are stored in the lake, beside the rows they belong
//! to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::mail::ContentLevel;
use crate::model::mailbox::MailboxKind;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;

/// A cursor as the lake stores it: `value` is JSON that only its owner reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorRecord {
    /// Whose.
    pub mailbox_id: String,
    /// One of the keys below, or one of the prefixes and an id. Ascending by bytes within a mailbox
    /// in every file.
    pub key: String,
    /// The value as JSON; `None` deletes the cursor.
    pub value: Option<String>,
}

impl CursorRecord {
    /// A rough size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let value = self.value.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.mailbox_id.len() + self.key.len() + value
    }
}

/// The key under which [`MailboxCursor`] is stored.
pub const MAILBOX_KEY: &str = "mailbox";
/// The key under which [`CalendarCursor`] is stored.
pub const CALENDAR_KEY: &str = "calendar";
/// The prefix of the key under which the [`FolderCursor`] of a mail folder is stored.
pub const MAIL_KEY_PREFIX: &str = "mail/";
/// The prefix of the key under which the [`ListCursor`] of a mail folder is stored.
pub const LIST_KEY_PREFIX: &str = "list/";
/// The prefix of the key under which the [`FailedItem`] of an item is stored.
pub const LEDGER_KEY_PREFIX: &str = "ledger/";
/// The key under which [`AbsentCursor`] is stored.
pub const ABSENT_KEY: &str = "absent";

/// The key under which [`ConfirmedCursor`] is stored.
pub const CONFIRMED_KEY: &str = "confirmed";

/// The key under which [`UnlinkedCursor`] is stored.
pub const UNLINKED_KEY: &str = "unlinked";

/// A mailbox was unlinked: it is not read until it is linked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlinkedCursor {
    /// When.
    pub at: Timestamp,
}

/// A mailbox was admitted: by the list that somebody confirmed, or by the rules for new mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedCursor {
    /// When.
    pub at: Timestamp,
}

/// Well-known names and the ids of their folders. A key of the source beside them may say for which
/// folders they were resolved.
pub type WellKnown = BTreeMap<String, String>;

/// The state of a mailbox as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxCursor {
    /// When it was first connected: the first windows end here.
    pub connected_at: Timestamp,
    /// Where the window of its mail begins; `None`: no window.
    pub window_start: Option<Timestamp>,
    /// Where that of its meetings begins; `None`: where that of its mail did when it was written by an
    /// earlier version, which had one window for both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_window: Option<KeptWindow>,
    /// `user`, `shared`, `room`, `archive`.
    pub kind: String,
    /// The service's time when it last reported the kind: a leaver's mailbox becomes a shared one
    /// (facts 3.3). [`Timestamp`] of 0: never.
    #[serde(default)]
    pub kind_told_at: Timestamp,
    /// Runs that were put off because the service did not report the kind yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub kind_delays: u32,
    /// Runs in a row in which the service had forgotten every chain of the mailbox (facts 1.6).
    #[serde(default)]
    pub forgotten_runs: u32,
    /// Well-known folder names and their ids, which never change (facts 1.8).
    pub well_known: WellKnown,
    /// Capture settings and the instant from which each applies, oldest first. The first has no
    /// lower bound.
    pub mail_settings: Vec<(Timestamp, bool)>,
    /// The same for meetings, as configuration values.
    #[serde(default)]
    pub meeting_settings: Vec<(Timestamp, String)>,
    /// Interactions of this mailbox in the lake.
    pub recorded: u64,
    /// For an archive: the address under which they are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of an archive: the rules by which its mails got their ids (`reconcile::earlier_ids`). 0: those
    /// of the first versions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub id_rules: u32,
}

/// A window as it is kept with a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWindow {
    /// Where it begins; `None`: everything is within it.
    pub start: Option<Timestamp>,
}

impl KeptWindow {
    /// Whether it reaches further back than another.
    pub fn is_wider_than(self, other: Self) -> bool {
        match (self.start, other.start) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(start), Some(other)) => start < other,
        }
    }
}

impl MailboxCursor {
    /// That of a mailbox which is connected now, with the window that is fixed by that.
    pub fn new(
        kind: MailboxKind,
        connected_at: Timestamp,
        window_start: Option<Timestamp>,
    ) -> Self {
        Self {
            connected_at,
            window_start,
            meeting_window: None,
            kind: kind.as_str().to_owned(),
            kind_told_at: Timestamp(0),
            kind_delays: 0,
            forgotten_runs: 0,
            well_known: WellKnown::new(),
            mail_settings: Vec::new(),
            meeting_settings: Vec::new(),
            recorded: 0,
            address: None,
            id_rules: 0,
        }
    }

    /// The window of its mail.
    pub fn mail_window(&self) -> KeptWindow {
        KeptWindow {
            start: self.window_start,
        }
    }

    /// The window of its meetings.
    pub fn meeting_window(&self) -> KeptWindow {
        self.meeting_window.unwrap_or_else(|| self.mail_window())
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Where the chain of one folder resumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderCursor {
    /// `@odata.nextLink` or `@odata.deltaLink`, whole.
    pub link: String,
    /// Whether `link` is a deltaLink: the round is complete.
    pub is_delta: bool,
    /// When `link` was received.
    pub fetched_at: Timestamp,
    /// When the first page of the chain was received. [`Timestamp`] of 0: unknown.
    #[serde(default)]
    pub begun_at: Timestamp,
    /// A digest of the properties with which the chain was started; a chain keeps them permanently
    /// (facts 1.2). `None`: it was started before digests were stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// Items of this chain so far, over all rounds.
    pub items: u64,
    /// The last successful completeness check of the folder; `None`: a check is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "proof")]
    pub completeness: Option<CompletenessCheck>,
}

/// A completeness check of a folder: its own count was compared with the items that were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletenessCheck {
    /// When; [`Timestamp`] of 0 if the chain was restarted since.
    pub at: Timestamp,
    /// [`FolderCursor::items`] at that time: while it is unchanged, the chain has returned nothing
    /// new.
    pub items: u64,
    /// The number of items that the folder reported.
    pub count: u64,
    /// Of these, the items that neither chain nor list ever returns: items of other kinds (facts
    /// 1.10). Once known, they are not reported again.
    #[serde(rename = "surplus")]
    pub unlistable: u64,
}

impl CompletenessCheck {
    /// The same check, due again: only the unlistable items are carried over.
    #[must_use]
    pub fn lapsed(self) -> Self {
        Self {
            at: Timestamp(0),
            ..self
        }
    }
}

/// A folder that was read by plain lists because its chain did not work (facts 1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCursor {
    /// The service's time when the last complete list began: everything older was read.
    pub listed_at: Timestamp,
    /// The same for the last list that covered the whole folder.
    #[serde(default)]
    pub whole_at: Timestamp,
}

/// An item that could not be read: kept on record, and retried a limited number of times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedItem {
    /// The folder in which it was found.
    pub folder: String,
    /// Why.
    pub reason: Reason,
    /// Number of failed attempts.
    pub tries: u32,
    /// When it was first tried.
    pub first_at: Timestamp,
    /// When it was last tried.
    pub last_at: Timestamp,
}

/// A user for whom the service reports that there is no mailbox (facts 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsentCursor {
    /// The service's time of the last request.
    pub asked_at: Timestamp,
}

/// Where the chain of a mailbox's calendar resumes. It is written at the end of a round only: a
/// round is evaluated as a whole, because a series is compared with all its occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarCursor {
    /// `@odata.deltaLink`, whole. `None`: the last round had to be read by plain listing.
    pub link: Option<String>,
    /// Where the chain's window begins. A chain keeps its window permanently (facts 2.1).
    pub window_start: Timestamp,
    /// Where it ends.
    pub window_end: Timestamp,
    /// The content level at which its events were kept; occurrences that wait to be recorded have
    /// no more content. `None`: it was started before this was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentLevel>,
    /// The service's time of the chain's first round, if its completeness could not be verified;
    /// `None`: it was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproven_since: Option<Timestamp>,
    /// Whether the time before the window has still to be read.
    #[serde(default)]
    pub is_past_due: bool,
    /// Events that begin earlier have not been read yet, but for what reaches into the chain's window.
    /// `None`: it was written by an earlier version, which noted nothing else than `is_past_due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_from: Option<Timestamp>,
    /// The service's time when the last finished round began: events that had ended by then are
    /// over.
    pub finished_at: Timestamp,
    /// Items of this chain so far, over all rounds.
    pub items: u64,
}
