//! The items of pages, as they come and as they were classified.

use std::sync::Arc;

use crate::model::activity::ContactMatch;
use crate::model::mail::Decoded;
use crate::model::mail::Sensitivity;
use crate::model::outcome::Outcome;
use crate::model::time::Timestamp;
use crate::policy::capture_policy::Decision;
use crate::reconcile::earlier_ids::Trace;
use crate::reconcile::unread::Unread;
use crate::state::key::Seen;

/// An item and where it lay.
#[derive(Debug)]
pub(crate) struct Item {
    /// What the page said.
    pub decoded: Decoded,
    /// In which folder.
    pub folder_context: FolderContext,
}

/// A folder, as far as decisions depend on it.
#[derive(Debug, Clone)]
pub(crate) struct FolderContext {
    /// Graph folder id, archive folder name.
    pub container: Arc<str>,
    /// A junk folder, or one that the exclusions name.
    pub is_excluded: bool,
    /// Mails of the mailbox's owner wait here if they were received at this time or later: their
    /// copies in Sent Items, which come first, may not have been read yet.
    pub awaits_sent_from: Option<Timestamp>,
}

/// Items that were compared with what was seen before and evaluated, but not counted yet.
#[derive(Debug, Default)]
pub(crate) struct Classified {
    pub(super) entries: Vec<Entry>,
}

impl Classified {
    /// How many items there are of which the outcome does not follow from what they are.
    pub(crate) fn undecided(&self) -> usize {
        let is_undecided = |entry: &&Entry| matches!(entry, Entry::Mail(_) | Entry::Traced(_));
        self.entries.iter().filter(is_undecided).count()
    }
}

#[derive(Debug)]
pub(super) enum Entry {
    Removed,
    Unreadable(Unread),
    Unchanged,
    Mail(Box<EvaluatedMail>),
    /// A mail that may be recorded under an earlier id.
    Traced(Box<TracedMail>),
}

#[derive(Debug)]
pub(super) struct EvaluatedMail {
    pub(super) decision: Decision,
    pub(super) about: About,
}

/// What is known of a mail besides the row that it may become.
#[derive(Debug)]
pub(super) struct About {
    pub(super) source_id: String,
    pub(super) fingerprint: i64,
    pub(super) sensitivity: Sensitivity,
    /// When it was received, or sent.
    pub(super) came_at: Option<Timestamp>,
    pub(super) contact_matches: Vec<ContactMatch>,
    /// See [`FolderContext::awaits_sent_from`].
    pub(super) awaits_sent: bool,
    /// It says more than is kept.
    pub(super) is_shortened: bool,
    /// Earlier rules made several of it.
    pub(super) was_split: bool,
    /// What became of it when it was last read.
    pub(super) was: Option<Outcome>,
}

/// A mail that may be recorded under an earlier id.
#[derive(Debug)]
pub(super) struct TracedMail {
    pub(super) mail: EvaluatedMail,
    pub(super) trace: Trace,
    /// It was decided before, and says nothing new.
    pub(super) is_known: bool,
}

/// A mail that does not say itself whether it is private.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnknownPrivacy<'a> {
    /// The provider's id.
    pub source_id: &'a str,
    /// When it was received, or sent; `None`: it does not say.
    pub came_at: Option<Timestamp>,
}

impl Classified {
    /// The mails of which only the service knows whether they are private.
    pub(crate) fn of_unknown_privacy(&self) -> impl Iterator<Item = UnknownPrivacy<'_>> {
        let mails = self.entries.iter().filter_map(|entry| match entry {
            Entry::Mail(mail) => Some(&mail.about),
            _ => None,
        });
        let unknown = mails.filter(|mail| mail.sensitivity == Sensitivity::Unknown);
        unknown.map(|mail| UnknownPrivacy {
            source_id: &mail.source_id,
            came_at: mail.came_at,
        })
    }
}

/// Whether an item is recorded.
pub(super) fn is_recorded(seen: Seen) -> bool {
    seen.outcome == Outcome::Recorded
}

/// The content of a mail never changes: once it is recorded, later copies are repetitions.
pub(super) fn is_repetition(seen: Seen, fingerprint: i64) -> bool {
    is_recorded(seen) || seen.fingerprint == fingerprint
}
