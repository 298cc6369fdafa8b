//! The retry ledger of a mailbox: the items that could not be read, and which of them a run requests
//! again.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::model::coverage::UnreadItem;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::FailedItem;
use crate::model::outcome::Outcome;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;
use crate::reconcile::outcomes::Outcomes;
use crate::reconcile::unread::Unread;
use crate::runtime::clock;
use crate::sync::cursors;

/// Runs in which an item is requested, the first included: errors of the service may last for days
/// (facts 6.2). Afterwards it stays in the ledger, and only `run --again` requests it.
pub(crate) const TRIES_MAX: u32 = 10;

/// Items that are requested again in one run, of Sent Items, of the other folders and of the
/// calendar: ten batches each.
pub(crate) const TRIED_PER_RUN: usize = 200;

/// Entries of a mailbox that the report names.
const UNREAD_REPORTED: usize = 100;

/// The retry ledger of a mailbox, by the provider's ids.
#[derive(Debug)]
pub(crate) struct RetryLedger {
    mailbox_id: Arc<str>,
    entries: BTreeMap<String, FailedItem>,
    /// When the run began to read the mailbox.
    started_at: Timestamp,
    /// How often an item is requested.
    limit: RetryLimit,
    attempts: Attempts,
    /// Items that this run could not read.
    unread: HashSet<String>,
}

/// How often an item is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryLimit {
    /// In [`TRIES_MAX`] runs.
    Runs,
    /// Once more, whatever came before (`run --again`).
    None,
}

/// Whether an item that is unreadable may become readable by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempts {
    /// The service may return it later: every attempt is counted.
    Counted,
    /// Files stay as they are: an entry is written once.
    Once,
}

impl RetryLedger {
    /// An empty ledger; see [`RetryLedger::restore`].
    pub(crate) fn new(
        mailbox_id: Arc<str>,
        started_at: Timestamp,
        limit: RetryLimit,
        attempts: Attempts,
    ) -> Self {
        Self {
            mailbox_id,
            entries: BTreeMap::new(),
            started_at,
            limit,
            attempts,
            unread: HashSet::new(),
        }
    }

    /// Takes the entries that the lake has.
    pub(crate) fn restore(&mut self, entries: &BTreeMap<String, FailedItem>) {
        self.entries.clone_from(entries);
    }

    /// The entry of an item.
    pub(crate) fn get(&self, id: &str) -> Option<&FailedItem> {
        self.entries.get(id)
    }

    /// All entries, with the provider's ids.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&String, &FailedItem)> {
        self.entries.iter()
    }

    /// Whether the attempts of an item are not used up.
    pub(crate) fn has_attempts(&self, entry: &FailedItem) -> bool {
        self.limit == RetryLimit::None || entry.tries < TRIES_MAX
    }

    /// Entries of earlier runs that are requested in this one: those that were tried longest ago
    /// first. Without a limit, whatever the reason.
    pub(crate) fn due(
        &self,
        is_wanted: impl Fn(&FailedItem) -> bool,
    ) -> Vec<(&String, &FailedItem)> {
        let due = self.of_earlier_runs().filter(|(_, entry)| {
            entry.reason != Reason::AwaitsSent
                && is_wanted(entry)
                && (self.limit == RetryLimit::None || may_become_readable(entry))
        });
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(_, entry)| entry.last_at);
        due
    }

    /// Mails of earlier runs that wait for Sent Items.
    pub(crate) fn awaiting_sent(&self) -> impl Iterator<Item = (&String, &FailedItem)> {
        let entries = self.of_earlier_runs();
        entries.filter(|(_, entry)| entry.reason == Reason::AwaitsSent)
    }

    fn of_earlier_runs(&self) -> impl Iterator<Item = (&String, &FailedItem)> {
        let entries = self.entries.iter();
        entries.filter(|(_, entry)| entry.last_at < self.started_at)
    }

    /// Notes unreadable items, and resolves those that were read after all.
    pub(crate) fn note(&mut self, outcomes: &Outcomes) -> Vec<CursorRecord> {
        let mut records = Vec::new();
        for unread in &outcomes.unread {
            let Some(id) = &unread.source_id else {
                continue;
            };
            self.unread.insert(id.clone());
            let known = self.entries.get(id);
            let is_same = |entry: &FailedItem| {
                entry.reason == unread.reason && *entry.folder == *unread.container
            };
            if self.attempts == Attempts::Once && known.is_some_and(is_same) {
                continue;
            }
            let entry = attempt(known, unread);
            records.push(cursors::ledger_record(&self.mailbox_id, id, Some(&entry)));
            self.entries.insert(id.clone(), entry);
        }
        let is_read = |id: &String| {
            let decided = outcomes.decided.get(id);
            decided.is_some_and(|seen| seen.outcome != Outcome::Unreadable)
        };
        self.remove_if(is_read, &mut records);
        records
    }

    /// Resolves items that were requested, except those that are still unreadable: they are gone.
    pub(crate) fn resolve<'a>(
        &mut self,
        tried: impl Iterator<Item = &'a String>,
        outcomes: &Outcomes,
    ) -> Vec<CursorRecord> {
        let still = outcomes.unread.iter();
        let still: HashSet<&String> = still
            .filter_map(|unread| unread.source_id.as_ref())
            .collect();
        let tried: HashSet<&String> = tried.filter(|id| !still.contains(*id)).collect();
        let mut records = Vec::new();
        self.remove_if(|id| tried.contains(id), &mut records);
        records
    }

    /// Resolves, when all of a mailbox was read, what this run did not find unreadable.
    pub(crate) fn resolve_others(&mut self) -> Vec<CursorRecord> {
        let mut records = Vec::new();
        let unread = std::mem::take(&mut self.unread);
        self.remove_if(|id| !unread.contains(id), &mut records);
        records
    }

    fn remove_if(
        &mut self,
        is_resolved: impl Fn(&String) -> bool,
        records: &mut Vec<CursorRecord>,
    ) {
        self.entries.retain(|id, _| {
            let is_resolved = is_resolved(id);
            if is_resolved {
                records.push(cursors::ledger_record(&self.mailbox_id, id, None));
            }
            !is_resolved
        });
    }

    /// What the report names of it.
    pub(crate) fn reported(self) -> Vec<UnreadItem> {
        let entries = self.entries.into_values().take(UNREAD_REPORTED);
        let reported = entries.map(|entry| UnreadItem {
            place: entry.folder,
            code: entry.reason.as_str().to_owned(),
        });
        reported.collect()
    }
}

/// Whether an unreadable item may be readable in one of the next runs.
pub(crate) fn may_become_readable(entry: &FailedItem) -> bool {
    entry.reason.may_pass() && entry.tries < TRIES_MAX
}

/// The entry of an item after a further attempt. A mail that waited for Sent Items could be read.
fn attempt(known: Option<&FailedItem>, unread: &Unread) -> FailedItem {
    let now = clock::now();
    let counted = known.filter(|entry| entry.reason != Reason::AwaitsSent);
    FailedItem {
        folder: unread.container.to_string(),
        reason: unread.reason.clone(),
        tries: counted.map_or(0, |entry| entry.tries).saturating_add(1),
        first_at: known.map_or(now, |entry| entry.first_at),
        last_at: now,
    }
}
