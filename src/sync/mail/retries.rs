//! Unreadable items are tried again, a few at a time and a limited number of times.

use hashbrown::HashSet;

use crate::model::cursor::CursorRecord;
use crate::model::cursor::FailedItem;
use crate::model::event::CONTAINER;
use crate::reconcile::mail::items::FolderContext;
use crate::reconcile::outcomes::Outcomes;
use crate::reconcile::unread::AWAITS_SENT;
use crate::reconcile::unread::NOT_SERVED;
use crate::sync::cursors;
use crate::sync::mail::folders::FolderContexts;
use crate::sync::mail::mail_sync::GraphMailSync;
use crate::sync::mailbox::TRIES_MAX;

/// Items that are tried again in one run, of Sent Items and of the other folders: ten batches each.
const TRIED_PER_RUN: usize = 200;

impl GraphMailSync<'_> {
    /// The items of Sent Items that this run tries again, before other folders are read.
    pub(super) fn due_in_sent(&self) -> Vec<(String, FolderContext)> {
        let due = self.due(|entry| self.folders.is_sent(&entry.folder));
        placed(due, &self.folder_contexts())
    }

    /// Those of the other folders; and, where Sent Items is wholly read by now, all that waited for
    /// it.
    pub(super) fn due_elsewhere(&self) -> Vec<(String, FolderContext)> {
        let folder_contexts = self.folder_contexts();
        let due = self.due(|entry| !self.folders.is_sent(&entry.folder));
        let mut due = placed(due, &folder_contexts);
        if !folder_contexts.is_sent_incomplete {
            let waited = self.tried_before().filter(|(_, entry)| waits(entry));
            // Sent Items was read since.
            let folder_contexts = FolderContexts {
                sent_read_at: None,
                ..folder_contexts
            };
            due.extend(placed(waited.collect(), &folder_contexts));
        }
        due
    }

    /// Items that may be readable by now: those that were tried longest ago.
    fn due(&self, is_wanted: impl Fn(&FailedItem) -> bool) -> Vec<(&String, &FailedItem)> {
        let again = self.sync.context.again;
        let due = self.tried_before().filter(|(_, entry)| {
            !waits(entry) && is_wanted(entry) && (again || may_become_readable(entry))
        });
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(_, entry)| entry.last_at);
        due.truncate(TRIED_PER_RUN);
        due
    }

    /// Mails that were tried in earlier runs. (Those of the calendar are requested with it.)
    fn tried_before(&self) -> impl Iterator<Item = (&String, &FailedItem)> {
        let started_at = self.sync.started_at;
        let mails = self.sync.ledger.iter();
        mails.filter(move |(_, entry)| entry.folder != CONTAINER && entry.last_at < started_at)
    }

    /// Removes items that were tried from the ledger, except those that are still unreadable.
    pub(super) fn resolve(
        &mut self,
        tried: &[(String, FolderContext)],
        outcomes: &Outcomes,
    ) -> Vec<CursorRecord> {
        let still = outcomes.unread.iter();
        let still: HashSet<&String> = still
            .filter_map(|unread| unread.source_id.as_ref())
            .collect();
        let mut cursors = Vec::new();
        for (id, _) in tried {
            if !still.contains(id) && self.sync.ledger.remove(id).is_some() {
                cursors.push(cursors::ledger_record(&self.sync.mailbox.id, id, None));
            }
        }
        cursors
    }
}

fn placed(
    entries: Vec<(&String, &FailedItem)>,
    folder_contexts: &FolderContexts,
) -> Vec<(String, FolderContext)> {
    let entries = entries.into_iter();
    entries
        .map(|(id, entry)| {
            (
                id.clone(),
                folder_contexts.of(&entry.folder.as_str().into()),
            )
        })
        .collect()
}

/// Whether an unreadable item may be readable in one of the next runs: its attempts are not used
/// up. What a mail lacks (a date) it will lack in the next run, too; when it is changed, its chain
/// returns it again.
pub(super) fn may_become_readable(entry: &FailedItem) -> bool {
    [NOT_SERVED, "incomplete"].contains(&entry.reason.as_str()) && entry.tries < TRIES_MAX
}

/// Whether an item can be read and waits until Sent Items is.
fn waits(entry: &FailedItem) -> bool {
    entry.reason == AWAITS_SENT
}
