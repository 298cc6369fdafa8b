//! Unreadable items are tried again, a few at a time and a limited number of times.

use crate::model::cursor::FailedItem;
use crate::model::event::CONTAINER;
use crate::reconcile::mail::items::FolderContext;
use crate::source::service::MailboxService;
use crate::sync::mail::folders::FolderContexts;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::retries::TRIED_PER_RUN;

impl<S: MailboxService> MailSync<'_, '_, S> {
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
            let waited = self.sync.ledger.awaiting_sent();
            // Sent Items was read since.
            let folder_contexts = FolderContexts {
                sent_read_at: None,
                ..folder_contexts
            };
            due.extend(placed(waited.collect(), &folder_contexts));
        }
        due
    }

    /// Mails of such folders that are requested again. (Those of the calendar are requested with it.)
    fn due(&self, is_wanted: impl Fn(&FailedItem) -> bool) -> Vec<(&String, &FailedItem)> {
        let is_mail = |entry: &FailedItem| entry.folder != CONTAINER && is_wanted(entry);
        let mut due = self.sync.ledger.due(is_mail);
        due.truncate(TRIED_PER_RUN);
        due
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
