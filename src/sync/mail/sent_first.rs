//! Of several copies of a mail the one in Sent Items is recorded, because it alone has Bcc (design
//! section 4).
//!
//! Sent Items is read, proven and tried again before all other folders. As long as items of it are
//! missing that may become available, mails from the mailbox's owner wait elsewhere, and so do
//! those that arrived after it was read, until the next run: a mail is never revised, so a copy
//! without Bcc that is recorded first would lose those contacts.

use std::collections::VecDeque;

use crate::source::service::MailboxService;
use crate::sync::error::SyncError;
use crate::sync::mail::folder_delta::FolderDelta;
use crate::sync::mail::folders;
use crate::sync::mail::folders::FolderContexts;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::retries;

/// Chains of one mailbox whose pages become one mailbox batch, if they do not hold too many bytes.
const CHAINS_PER_BATCH: usize = 12;

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// The folders in their current state.
    pub(super) fn folder_contexts(&self) -> FolderContexts {
        let ledger = &self.sync.ledger;
        let mut missing = ledger.entries().filter(|(_, entry)| {
            self.folders.is_sent(&entry.folder) && retries::may_become_readable(entry)
        });
        FolderContexts {
            is_sent_incomplete: self.folders.is_sent_incomplete || missing.next().is_some(),
            ..self.folders.clone()
        }
    }

    /// The next chains to fetch: Sent Items alone and first, then those that are no more than a few
    /// pages beyond their committed links. Waits for a commit where there are none.
    pub(super) async fn next_chains(
        &mut self,
        queue: &mut VecDeque<FolderDelta>,
    ) -> Result<(Vec<FolderDelta>, bool), SyncError> {
        loop {
            let (deltas, is_sent) = folders::next_chains(queue, CHAINS_PER_BATCH);
            let Some(delta) = queue.front().filter(|_| deltas.is_empty()) else {
                self.note_begun(&deltas, is_sent);
                return Ok((deltas, is_sent));
            };
            let committed = self.turn.wait_for(delta.committed());
            self.sync.context.unless_stopped(committed).await?;
        }
    }

    /// Notes that chains are fetched now.
    fn note_begun(&mut self, deltas: &[FolderDelta], is_sent: bool) {
        if is_sent {
            self.folders.sent_read_at = Some(self.service.service_time());
        }
        for delta in deltas.iter().filter(|delta| delta.is_at_start()) {
            self.seen_ids.begin(&delta.folder.id);
        }
    }
}
