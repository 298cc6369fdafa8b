//! Unreadable events: which of them this run requests again, and which not.

use hashbrown::HashSet;

use crate::model::cursor::FailedItem;
use crate::model::event::CONTAINER;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::unread::NOT_SERVED;
use crate::sync::calendar::CalendarError;
use crate::sync::calendar::CalendarSync;
use crate::sync::calendar::round::Fetching;
use crate::sync::mailbox::TRIES_MAX;

/// Events that are tried again in one run, besides those that the round names: ten batches.
const TRIED_PER_RUN: usize = 200;

impl CalendarSync<'_> {
    /// Tries again what could not be read and is not named by the round: a chain may never name it
    /// again. What is left for the next run counts as present.
    pub(super) async fn try_again(
        &self,
        fetching: &Fetching<'_>,
        round: &mut Round,
    ) -> Result<(), CalendarError> {
        let due = self.due(round);
        let tried = due.get(..TRIED_PER_RUN).unwrap_or(&due);
        let fetched = fetching.singles(tried).await?;
        let answered = fetched.len();
        round.add(fetching.decode_singles(fetched).await?)?;
        round.unasked.extend(due.into_iter().skip(answered));
        Ok(())
    }

    /// What is to be tried again and not named by the round, the longest untried first.
    fn due(&self, round: &Round) -> Vec<String> {
        let named: HashSet<&str> = round.named().collect();
        let due = self.not_served();
        let mut due: Vec<_> = due
            .filter(|(id, entry)| self.is_tried(entry) && !named.contains(id.as_str()))
            .collect();
        due.sort_by_key(|(_, entry)| entry.last_at);
        due.into_iter().map(|(id, _)| id.clone()).collect()
    }

    /// Ids of events whose attempts are used up.
    pub(super) fn given_up(&self) -> HashSet<String> {
        let given_up = self.not_served().filter(|(_, entry)| !self.is_tried(entry));
        given_up.map(|(id, _)| id.clone()).collect()
    }

    /// Ids of all of the calendar that could not be read.
    pub(super) fn unread(&self) -> HashSet<String> {
        let unread = self.ledger.iter();
        let unread = unread.filter(|(_, entry)| entry.folder == CONTAINER);
        unread.map(|(id, _)| id.clone()).collect()
    }

    /// Whether an unreadable event is tried again.
    pub(super) fn is_tried(&self, entry: &FailedItem) -> bool {
        self.context.again || entry.tries < TRIES_MAX
    }

    /// Events that the service did not return. (Of the others, series are requested with their
    /// occurrences; what lacks a date will lack it in the next run, too.)
    fn not_served(&self) -> impl Iterator<Item = (&String, &FailedItem)> {
        let entries = self.ledger.iter();
        entries.filter(|(_, entry)| entry.folder == CONTAINER && entry.reason == NOT_SERVED)
    }
}
