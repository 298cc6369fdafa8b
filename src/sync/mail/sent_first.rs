//! Of several copies of a mail the one in Sent Items is recorded, because it alone has Bcc (design
//! section 4).
//!
//! Sent Items is read, proven and tried again before all other folders. As long as items of it are
//! missing that may become available, mails from the mailbox's owner wait elsewhere, and so do
//! those that arrived after it was read, until the next run: a mail is never revised, so a copy
//! without Bcc that is recorded first would lose those contacts.

use std::collections::VecDeque;

use crate::sync::mail::folder_delta::Chain;
use crate::sync::mail::folders;
use crate::sync::mail::folders::Places;
use crate::sync::mail::mail_sync::GraphWalk;
use crate::sync::mail::retries;
use crate::sync::mailbox::WalkError;

/// Chains of one mailbox whose pages become one portion, if they do not hold too many bytes.
const CHAINS_PER_PORTION: usize = 12;

impl GraphWalk<'_> {
    /// The folders in their current state.
    pub(super) fn places(&self) -> Places {
        let mut missing = self
            .walk
            .ledger
            .values()
            .filter(|entry| self.folders.is_sent(&entry.folder) && retries::may_be_had(entry));
        Places {
            is_sent_awaited: self.folders.is_sent_awaited || missing.next().is_some(),
            ..self.folders.clone()
        }
    }

    /// The next chains to fetch: Sent Items alone and first, then those that are no more than a few
    /// pages beyond their committed links. Waits for a commit where there are none.
    pub(super) async fn next_chains(
        &mut self,
        queue: &mut VecDeque<Chain>,
    ) -> Result<(Vec<Chain>, bool), WalkError> {
        loop {
            let (chains, is_sent) = folders::next_chains(queue, CHAINS_PER_PORTION);
            let Some(chain) = queue.front().filter(|_| chains.is_empty()) else {
                return Ok((chains, is_sent));
            };
            let committed = self.turn.wait_for(chain.committed());
            self.walk.unless_stopped(committed).await?;
        }
    }
}
