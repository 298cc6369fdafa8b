//! The folders of a mailbox as decisions see them, and the queue of their chains.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::model::time::Micros;
use crate::reconcile::mail::items::Place;
use crate::sync::mail::folder_delta::Chain;

/// The folders of a mailbox.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// Ids of the folders that the exclusions name.
    pub excluded: Arc<HashSet<Arc<str>>>,
    /// Sent Items.
    pub sent: Option<Arc<str>>,
    /// Whether items of Sent Items are missing that may become available.
    pub is_sent_awaited: bool,
    /// When Sent Items was read in this run, by the service's clock.
    pub sent_read_at: Option<Micros>,
}

impl Places {
    /// A folder, as decisions see it.
    pub(super) fn of(&self, folder: &Arc<str>) -> Place {
        let awaits_sent_from = if self.is_sent(folder) {
            None
        } else if self.is_sent_awaited {
            Some(Micros(i64::MIN))
        } else {
            self.sent_read_at
        };
        Place {
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
pub(super) fn next_chains(queue: &mut VecDeque<Chain>, at_most: usize) -> (Vec<Chain>, bool) {
    let may_go_on = |chain: &Chain| chain.committed().is_redeemed();
    let is_sent = queue.front().is_some_and(|chain| chain.folder.is_sent);
    let at_most = if is_sent { 1 } else { at_most };
    let mut next = Vec::new();
    let mut waiting = VecDeque::new();
    while next.len() < at_most
        && let Some(chain) = queue.pop_front()
    {
        if may_go_on(&chain) {
            next.push(chain);
        } else if is_sent {
            queue.push_front(chain);
            break;
        } else {
            waiting.push_back(chain);
        }
    }
    waiting.append(queue);
    *queue = waiting;
    (next, is_sent)
}

/// Chains that were not fetched: they are next, in their order.
pub(super) fn put_off(queue: &mut VecDeque<Chain>, left: Vec<Chain>) {
    for chain in left.into_iter().rev() {
        queue.push_front(chain);
    }
}

/// Chains with further pages: Sent Items to the front, so that it is finished before others begin.
pub(super) fn put_back(queue: &mut VecDeque<Chain>, unfinished: Vec<Chain>, to_the_front: bool) {
    for chain in unfinished {
        if to_the_front {
            queue.push_front(chain);
        } else {
            queue.push_back(chain);
        }
    }
}
