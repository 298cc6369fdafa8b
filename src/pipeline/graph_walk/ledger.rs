//! Items that could not be read are tried again, a few at a time and a stated number of times.

use std::sync::Arc;

use crate::model::cursor::CursorRecord;
use crate::model::cursor::LedgerEntry;
use crate::model::event::CONTAINER;
use crate::pipeline::decide::AWAITS_SENT;
use crate::pipeline::decide::Desk;
use crate::pipeline::decide::NOT_SERVED;
use crate::pipeline::decide::Place;
use crate::pipeline::decide::Sifted;
use crate::pipeline::graph_walk::GraphWalk;
use crate::pipeline::known;
use crate::pipeline::walk::TRIES_MAX;
use crate::pipeline::walk::WalkError;

/// Items that are tried again in one run, of Sent Items and of the other folders: ten batches each.
const TRIED_PER_RUN: usize = 200;
/// Items that become one portion when they are tried again.
const TRIED_PER_PORTION: usize = 200;

impl GraphWalk<'_> {
    /// The items of Sent Items that are to be tried again tonight, before other folders are read.
    pub(super) fn due_in_sent(&self) -> Vec<(String, Place)> {
        self.placed(self.due(|entry| self.folders.is_sent(&entry.folder)))
    }

    /// Those of the other folders; and, where Sent Items is wholly read by now, all that waited for
    /// it.
    pub(super) fn due_elsewhere(&self) -> Vec<(String, Place)> {
        let mut due = self.placed(self.due(|entry| !self.folders.is_sent(&entry.folder)));
        if !self.places().is_sent_awaited {
            let waited = self.tried_before().filter(|(_, entry)| waits(entry));
            let mut waited = self.placed(waited.collect());
            for (_, place) in &mut waited {
                // Sent Items was read since.
                place.awaits_sent_from = None;
            }
            due.extend(waited);
        }
        due
    }

    /// Items whose trouble may have passed: those that were tried longest ago.
    fn due(&self, is_wanted: impl Fn(&LedgerEntry) -> bool) -> Vec<(&String, &LedgerEntry)> {
        let again = self.walk.context.again;
        let due = self
            .tried_before()
            .filter(|(_, entry)| !waits(entry) && is_wanted(entry) && (again || may_be_had(entry)));
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(_, entry)| entry.last_at);
        due.truncate(TRIED_PER_RUN);
        due
    }

    /// Mails that were tried in earlier runs. (Series are asked for with their calendar.)
    fn tried_before(&self) -> impl Iterator<Item = (&String, &LedgerEntry)> {
        let started_at = self.walk.started_at;
        let mails = self.walk.ledger.iter();
        mails.filter(move |(_, entry)| entry.folder != CONTAINER && entry.last_at < started_at)
    }

    fn placed(&self, entries: Vec<(&String, &LedgerEntry)>) -> Vec<(String, Place)> {
        let places = self.places();
        let entries = entries.into_iter();
        entries
            .map(|(id, entry)| (id.clone(), places.of(&entry.folder.as_str().into())))
            .collect()
    }

    /// Tries them. What can be read now, or is gone, leaves the ledger.
    pub(super) async fn try_again(
        &mut self,
        desk: &Arc<Desk>,
        wanted: Vec<(String, Place)>,
    ) -> Result<(), WalkError> {
        for wanted in wanted.chunks(TRIED_PER_PORTION) {
            if self.walk.is_stopped() {
                return Err(WalkError::Stopped);
            }
            self.try_portion_again(desk, wanted.to_vec()).await?;
        }
        Ok(())
    }

    async fn try_portion_again(
        &mut self,
        desk: &Arc<Desk>,
        wanted: Vec<(String, Place)>,
    ) -> Result<(), WalkError> {
        let ids: Vec<String> = wanted.iter().map(|(id, _)| id.clone()).collect();
        let mut sifted = Sifted::default();
        self.add_singles(desk, &mut sifted, wanted).await?;
        let settled = self.settle(desk, sifted).await?;
        let still = settled.unread.iter();
        let still: Vec<&String> = still
            .filter_map(|unread| unread.source_id.as_ref())
            .collect();
        let received = ids.len() as u64;
        let done = ids.into_iter().filter(|id| !still.contains(&id));
        let done: Vec<String> = done.collect();
        let mut cursors: Vec<CursorRecord> = Vec::new();
        for id in done {
            cursors.push(known::ledger_record(&self.walk.mailbox.id, &id, None));
            self.walk.ledger.remove(&id);
        }
        self.hand_over(settled, received, cursors, false).await
    }
}

/// Whether an item that could not be read may be had in one of the next runs: the trouble may pass,
/// and it is tried still. What a mail lacks (a date) it will lack tomorrow; when it is changed, its
/// chain brings it again.
pub(super) fn may_be_had(entry: &LedgerEntry) -> bool {
    [NOT_SERVED, "incomplete"].contains(&entry.reason.as_str()) && entry.tries < TRIES_MAX
}

/// Whether an item can be read and waits until Sent Items is.
fn waits(entry: &LedgerEntry) -> bool {
    entry.reason == AWAITS_SENT
}
