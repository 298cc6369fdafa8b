//! Where reading goes on the next night. Cursors lie in the lake, beside the rows they came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::mail::ContentLevel;
use crate::model::time::Micros;

/// A cursor as the lake stores it: `value` is JSON that only its owner reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorRecord {
    /// Whose.
    pub mailbox_id: String,
    /// One of the keys below, or one of the beginnings and an id. Rises by bytes within a mailbox
    /// in every file.
    pub key: String,
    /// What the key stands for, as JSON; `None` takes the cursor away.
    pub value: Option<String>,
}

/// The key under which [`MailboxCursor`] is stored.
pub const MAILBOX_KEY: &str = "mailbox";
/// The key under which [`CalendarCursor`] is stored.
pub const CALENDAR_KEY: &str = "calendar";
/// The beginning of the key under which the [`ChainCursor`] of a mail folder is stored.
pub const MAIL_KEY_PREFIX: &str = "mail/";
/// The beginning of the key under which the [`ListCursor`] of a mail folder is stored.
pub const LIST_KEY_PREFIX: &str = "list/";
/// The beginning of the key under which the [`LedgerEntry`] of an item is stored.
pub const LEDGER_KEY_PREFIX: &str = "ledger/";
/// The key under which [`AbsentCursor`] is stored.
pub const ABSENT_KEY: &str = "absent";

/// What is kept of a mailbox as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxCursor {
    /// When it was first connected: the first window ends here and begins 12 months before.
    pub connected_at: Micros,
    /// Where the first window begins; `None`: no window (archives).
    pub window_start: Option<Micros>,
    /// `user`, `shared`, `room`, `archive`.
    pub kind: String,
    /// The service's time when it last told the kind: a leaver's mailbox becomes a shared one
    /// (facts 3.3). [`Micros`] of 0: never.
    #[serde(default)]
    pub kind_told_at: Micros,
    /// Runs in a row in which the service had forgotten every chain of the mailbox (facts 1.6).
    #[serde(default)]
    pub forgotten_runs: u32,
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
    /// Of an archive: the address under which they are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of an archive: the rules by which its mails got their ids (`reconcile::earlier_ids`). 0: those
    /// of the first versions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub id_rules: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
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
    /// When the first page of the chain was received. [`Micros`] of 0: nobody knows.
    #[serde(default)]
    pub begun_at: Micros,
    /// A digest of the properties that the chain was begun with; it keeps them for ever (facts
    /// 1.2). `None`: it was begun before digests were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// Items of this chain so far, over all rounds.
    pub items: u64,
    /// The last proof that all the folder holds was seen; `None`: it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<FolderProof>,
}

/// That all a folder holds was seen: its own count was compared with what was walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderProof {
    /// When; [`Micros`] of 0 where the chain began anew since.
    pub at: Micros,
    /// [`ChainCursor::items`] then: as long as it stays, the chain has brought nothing.
    pub items: u64,
    /// How many items the folder said that it holds.
    pub count: u64,
    /// Of these, the ones that neither chain nor list ever returns: items of other kinds (facts
    /// 1.10). Once known they raise no alarm again.
    pub surplus: u64,
}

impl FolderProof {
    /// The same, to be made again: only the surplus is still believed.
    #[must_use]
    pub fn lapsed(self) -> Self {
        Self {
            at: Micros(0),
            ..self
        }
    }
}

/// A folder that was read by plain lists because its chain did not work (facts 1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCursor {
    /// The service's time when the last complete list began: what is older was seen.
    pub listed_at: Micros,
    /// The same of the last list that went back to the beginning.
    #[serde(default)]
    pub whole_at: Micros,
}

/// An item that could not be read: never forgotten, and tried again a few times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The folder in which it was found.
    pub folder: String,
    /// Why: a code from a bounded set.
    pub reason: String,
    /// Times it was tried in vain.
    pub tries: u32,
    /// When it was tried first.
    pub first_at: Micros,
    /// When it was tried last.
    pub last_at: Micros,
}

/// A user of whom the service says that there is no mailbox (facts 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsentCursor {
    /// The service's time when it was asked last.
    pub asked_at: Micros,
}

/// Where the chain of a mailbox's calendar goes on. It is written at the end of a round only: a
/// round is decided as a whole, because a series is compared with all its occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarCursor {
    /// `@odata.deltaLink`, whole. `None`: the last round had to be read by plain lists.
    pub link: Option<String>,
    /// Where the chain's window begins. A chain keeps its window for ever (facts 2.1).
    pub window_start: Micros,
    /// Where it ends.
    pub window_end: Micros,
    /// How much of its events was kept; what waits to be recorded has no more of them. `None`: it
    /// was begun before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentLevel>,
    /// The service's time when the chain's first round was read without anybody being able to see
    /// whether it told of everything; `None`: it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproven_since: Option<Micros>,
    /// Whether what lies before the window is still to be read.
    #[serde(default)]
    pub is_past_due: bool,
    /// The service's time when the last finished round began: what had ended by then is over.
    pub finished_at: Micros,
    /// Items of this chain so far, over all rounds.
    pub items: u64,
}
