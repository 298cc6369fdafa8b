//! Checks that a complete round returned everything: the ids of its window are listed, and known
//! events that were not named are requested by id. Only what the service then reports as gone has
//! left the calendar (facts 2.2: chains are unreliable).

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::interaction::State;
use crate::reconcile::calendar::input::Fetched;
use crate::reconcile::calendar::input::Memory;
use crate::reconcile::calendar::input::Round;
use crate::source::service::MailboxService;
use crate::state::records::MeetingRecord;
use crate::sync::calendar::CalendarSync;
use crate::sync::calendar::error::CalendarError;
use crate::sync::calendar::error::RoundError;
use crate::sync::calendar::round;
use crate::sync::calendar::round::Fetching;

/// Occurrences that are requested one by one in a round: a hundred batches. Further ones stay as
/// they are known.
const UNNAMED_MAX: usize = 2_000;

impl<S: MailboxService> CalendarSync<'_, S> {
    /// Requests what a complete round did not name. What exceeds the limit of a run stays as it is
    /// known.
    pub(super) async fn fetch_unnamed(
        &self,
        fetching: &Fetching<'_, S>,
        round: &mut Round,
        memory: &Memory,
        fetched: &mut Fetched,
    ) -> Result<(), CalendarError> {
        let (start, end) = (round.window.start, round.window.end);
        let recorded = memory.meetings.values();
        let recorded =
            recorded.filter(|record| record.occurred_at < end && record.ended_at > start);
        let waiting = memory.series.values().flat_map(|series| &series.instances);
        let waiting = waiting.map(|event| event.source_id.as_str());
        let unnamed = self.unnamed(round, recorded, waiting);
        let asked = unnamed.get(..UNNAMED_MAX).unwrap_or(&unnamed);
        let singles = fetching.singles(asked).await?;
        let unasked = unnamed.get(singles.len()..).unwrap_or_default();
        fetched.is_unproven |= !unasked.is_empty();
        round.unasked.extend(unasked.iter().cloned());
        for one in fetching.decode_singles(singles).await? {
            match one {
                DecodedEvent::Removed { source_id } => {
                    fetched.gone.insert(source_id);
                }
                there => round.add(vec![there])?,
            }
        }
        Ok(())
    }

    /// Of what is recorded and has not taken place, and of what else is known, the ids that a round
    /// neither named nor leaves for another run, in order.
    fn unnamed<'m>(
        &self,
        round: &Round,
        recorded: impl Iterator<Item = &'m MeetingRecord>,
        others: impl Iterator<Item = &'m str>,
    ) -> Vec<String> {
        let times = self.times();
        let recorded = recorded
            .filter(|record| record.state == State::Active && !times.is_over(record.ended_at));
        let recorded = recorded.map(|record| record.source_id.as_str());
        let unasked = round.unasked.iter().map(String::as_str);
        let named: HashSet<&str> = round.named().chain(unasked).collect();
        let known: HashSet<&str> = recorded.chain(others).collect();
        let unnamed = known.into_iter().filter(|id| !named.contains(id));
        let mut unnamed: Vec<String> = unnamed.map(str::to_owned).collect();
        unnamed.sort_unstable();
        unnamed
    }

    /// Known ids of series that were missing, as far as they were not named either. A series that
    /// is returned lists its remaining occurrences by itself (facts 2.2); of these it is unknown
    /// whether all were named.
    pub(super) fn unnamed_of_series(
        &self,
        round: &Round,
        masters: &HashMap<String, Event>,
        memory: &Memory,
    ) -> Vec<String> {
        let is_of_them =
            |id: &Option<String>| id.as_ref().is_some_and(|id| masters.contains_key(id));
        let recorded = memory.meetings.values();
        let recorded = recorded.filter(|record| is_of_them(&record.master_id));
        let waiting = memory.series.iter();
        let waiting = waiting
            .filter(|(id, _)| masters.contains_key(*id))
            .flat_map(|(_, series)| &series.instances)
            .map(|event| event.source_id.as_str());
        let mut unnamed = self.unnamed(round, recorded, waiting);
        unnamed.truncate(UNNAMED_MAX);
        unnamed
    }
}

impl<S: MailboxService> Fetching<'_, S> {
    /// Completes the first round of a chain by a plain list of its window, if it was truncated.
    /// Returns whether it is complete now, as far as lists are available in this run.
    pub(super) async fn completed(&self, round: &mut Round) -> Result<bool, RoundError> {
        let window = round.window;
        let completing = async {
            if is_cut_short(round, &self.ids(window).await?) {
                tracing::warn!("the chain of a calendar did not report all its events");
                self.list(round, window).await?;
            }
            Ok(())
        };
        round::could_be_listed(completing.await)
    }
}

/// Whether a list of ids holds what a round did not name.
fn is_cut_short(round: &Round, listed: &[String]) -> bool {
    let named: HashSet<&str> = round.named().collect();
    listed.iter().any(|id| !named.contains(id.as_str()))
}
