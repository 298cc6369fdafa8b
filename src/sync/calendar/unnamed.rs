//! The proof that a complete round told of everything: the ids of its window are listed, and what is
//! known and was not named is asked for by its id. Only what the service then says is gone has left
//! the calendar (facts 2.2: chains are not to be relied on).

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::interaction::State;
use crate::reconcile::calendar::input::Fetched;
use crate::reconcile::calendar::input::Memory;
use crate::reconcile::calendar::input::Round;
use crate::state::records::MeetingRecord;
use crate::sync::calendar::Calendar;
use crate::sync::calendar::CalendarError;
use crate::sync::calendar::round;
use crate::sync::calendar::round::Fetching;
use crate::sync::calendar::round::RoundError;

/// Occurrences that are asked for one by one in a round: a hundred batches. What is beyond stays as
/// it is known.
const UNNAMED_MAX: usize = 2_000;

impl Calendar<'_> {
    /// Asks for what a complete round did not name. What is too much to be asked for tonight stays as
    /// it is known.
    pub(super) async fn fetch_unnamed(
        &self,
        fetching: &Fetching<'_>,
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
        for one in fetching.told(singles).await? {
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
    /// neither named nor leaves alone tonight, in order.
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

    /// Ids of what is known of series that did not come along and was not named either. A series
    /// that comes tells by itself which of its occurrences are left (facts 2.2); of these nobody
    /// knows whether all were named.
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

impl Fetching<'_> {
    /// Completes the first round of a chain by a plain list of its window, where that was cut short.
    /// Says whether it is complete now, as far as lists can be had tonight.
    pub(super) async fn completed(&self, round: &mut Round) -> Result<bool, RoundError> {
        let window = round.window;
        let completing = async {
            if is_cut_short(round, &self.ids(window).await?) {
                tracing::warn!("the chain of a calendar did not tell of all its events");
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
