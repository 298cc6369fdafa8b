//! Items that could not be read are tried again, a few at a time and a stated number of times.

use std::sync::Arc;

use crate::model::cursor::CursorRecord;
use crate::model::cursor::LedgerEntry;
use crate::model::event::CONTAINER;
use crate::pipeline::decide::Desk;
use crate::pipeline::decide::NOT_SERVED;
use crate::pipeline::decide::Place;
use crate::pipeline::decide::Sifted;
use crate::pipeline::graph_walk::GraphWalk;
use crate::pipeline::known;
use crate::pipeline::walk::TRIES_MAX;
use crate::pipeline::walk::WalkError;

/// Items of one mailbox that are tried again in one run: ten batches.
const TRIED_PER_RUN: usize = 200;

impl GraphWalk<'_> {
    /// The items that are to be tried again tonight: those that were tried longest ago.
    pub(super) fn to_try_again(&self) -> Vec<(String, Place)> {
        let started_at = self.walk.started_at;
        let again = self.walk.context.again;
        let entries = self.walk.ledger.iter();
        // Series are asked for with their calendar.
        let entries = entries.filter(|(_, entry)| entry.folder != CONTAINER);
        let due = entries.filter(|(_, entry)| entry.last_at < started_at);
        let mut due: Vec<(&String, &LedgerEntry)> = due
            .filter(|(_, entry)| again || (is_passing(entry) && entry.tries < TRIES_MAX))
            .collect();
        due.sort_by_key(|(_, entry)| entry.last_at);
        due.truncate(TRIED_PER_RUN);
        let place = |entry: &LedgerEntry| self.place(&entry.folder.as_str().into());
        due.into_iter()
            .map(|(id, entry)| (id.clone(), place(entry)))
            .collect()
    }

    /// Tries them. What can be read now, or is gone, leaves the ledger.
    pub(super) async fn try_again(
        &mut self,
        desk: &Arc<Desk>,
        wanted: Vec<(String, Place)>,
    ) -> Result<(), WalkError> {
        if wanted.is_empty() {
            return Ok(());
        }
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

/// Whether the trouble may pass. What a mail lacks (a date) it will lack tomorrow; when it is
/// changed, its chain brings it again.
fn is_passing(entry: &LedgerEntry) -> bool {
    [NOT_SERVED, "incomplete"].contains(&entry.reason.as_str())
}
