//! The folders of a mailbox as decisions see them, and the queue of their chains.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::model::time::Timestamp;
use crate::reconcile::mail::items::FolderContext;
use crate::sync::mail::folder_delta::FolderDelta;

/// The folders of a mailbox.
#[derive(Debug, Clone, Default)]
pub(super) struct FolderContexts {
    /// Ids of the folders that the exclusions name.
    pub excluded: Arc<HashSet<Arc<str>>>,
    /// Sent Items.
    pub sent: Option<Arc<str>>,
    /// Whether items of Sent Items are missing that may become available.
    pub is_sent_incomplete: bool,
    /// When Sent Items was read in this run, by the service's clock.
    pub sent_read_at: Option<Timestamp>,
}

impl FolderContexts {
    /// A folder, as decisions see it.
    pub(super) fn of(&self, folder: &Arc<str>) -> FolderContext {
        let awaits_sent_from = if self.is_sent(folder) {
            None
        } else if self.is_sent_incomplete {
            Some(Timestamp(i64::MIN))
        } else {
            self.sent_read_at
        };
        FolderContext {
            container: folder.clone(),
            is_excluded: self.excluded.contains(folder),
            awaits_sent_from,
        }
    }

    /// Whether it is Sent Items.
    pub(super) fn is_sent(&self, folder: &str) -> bool {
        self.sent.as_deref() == Some(folder)
    }
}

/// The next chains to fetch: Sent Items alone and first. None where the chains that are left, or
/// Sent Items, wait for a commit.
pub(super) fn next_chains(
    queue: &mut VecDeque<FolderDelta>,
    at_most: usize,
) -> (Vec<FolderDelta>, bool) {
    let may_continue = |delta: &FolderDelta| delta.committed().is_redeemed();
    let is_sent = queue.front().is_some_and(|delta| delta.folder.is_sent);
    let at_most = if is_sent { 1 } else { at_most };
    let mut next = Vec::new();
    let mut waiting = VecDeque::new();
    while next.len() < at_most
        && let Some(delta) = queue.pop_front()
    {
        if may_continue(&delta) {
            next.push(delta);
        } else if is_sent {
            queue.push_front(delta);
            break;
        } else {
            waiting.push_back(delta);
        }
    }
    waiting.append(queue);
    *queue = waiting;
    (next, is_sent)
}

/// Chains that were not fetched: they are next, in their order.
pub(super) fn put_off(queue: &mut VecDeque<FolderDelta>, left: Vec<FolderDelta>) {
    for delta in left.into_iter().rev() {
        queue.push_front(delta);
    }
}

/// Chains with further pages: Sent Items to the front, so that it is finished before others begin.
pub(super) fn put_back(
    queue: &mut VecDeque<FolderDelta>,
    unfinished: Vec<FolderDelta>,
    to_the_front: bool,
) {
    for delta in unfinished {
        if to_the_front {
            queue.push_front(delta);
        } else {
            queue.push_back(delta);
        }
    }
}
