//! Unreadable events: which of them this run requests again, and which not.

use hashbrown::HashSet;

use crate::model::cursor::FailedItem;
use crate::model::event::CONTAINER;
use crate::reconcile::calendar::input::Round;
use crate::source::service::MailboxService;
use crate::sync::calendar::CalendarSync;
use crate::sync::calendar::error::CalendarError;
use crate::sync::calendar::round::Fetching;
use crate::sync::retries::TRIED_PER_RUN;

impl<S: MailboxService> CalendarSync<'_, S> {
    /// Tries again what could not be read and is not named by the round: a chain may never name it
    /// again. What is left for the next run counts as present.
    pub(super) async fn try_again(
        &self,
        fetching: &Fetching<'_, S>,
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

    /// Ids of what is requested again and not named by the round, the longest untried first. (Series
    /// are requested with their occurrences.)
    fn due(&self, round: &Round) -> Vec<String> {
        let named: HashSet<&str> = round.named().collect();
        let due = self.ledger.due(is_not_served).into_iter();
        let due = due.filter(|(id, _)| !named.contains(id.as_str()));
        due.map(|(id, _)| id.clone()).collect()
    }

    /// Ids of events whose attempts are used up.
    pub(super) fn given_up(&self) -> HashSet<String> {
        let entries = self.ledger.entries();
        let given_up =
            entries.filter(|(_, entry)| is_not_served(entry) && !self.ledger.has_attempts(entry));
        given_up.map(|(id, _)| id.clone()).collect()
    }

    /// Ids of all of the calendar that could not be read.
    pub(super) fn unread(&self) -> HashSet<String> {
        let entries = self.ledger.entries();
        let unread = entries.filter(|(_, entry)| entry.folder == CONTAINER);
        unread.map(|(id, _)| id.clone()).collect()
    }
}

/// Whether an event is one that the service did not return.
fn is_not_served(entry: &FailedItem) -> bool {
    entry.folder == CONTAINER && entry.reason.may_pass()
}
