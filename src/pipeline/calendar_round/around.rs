//! The way around a list of whole events that is spoilt as well: ids alone, and each event by its id.
//! What cannot be had then costs itself alone (facts 6.2).

use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::pipeline::calendar_round::Fetching;
use crate::pipeline::calendar_round::Round;
use crate::pipeline::calendar_round::RoundError;
use crate::pipeline::calendar_round::not_served;
use crate::pipeline::calendar_round::source_id;
use crate::pipeline::decoding;
use crate::runtime::cpu::ComputationLost;
use crate::source::graph::batch::FetchedItem;
use crate::source::graph::calendar::Window;
use crate::source::graph::error::GraphError;

/// Pages of 1,000 ids: as many events as a round may have.
const ID_PAGES_MAX: usize = 200;
/// Events that are fetched singly instead of by a list: what the service serves of one mailbox in
/// twenty minutes (facts 7.1). A calendar that needs more is left for the next run.
const SINGLES_MAX: usize = 20_000;
/// Of these, so many are fetched before they are decoded and let go: five batches.
const SINGLES_AT_ONCE: usize = 100;
/// Events that are given up one by one in a round, each after all its repetitions; more of them are
/// trouble of the mailbox.
pub(super) const REFUSED_MAX: usize = 100;

impl Fetching<'_> {
    /// Reads what a plain list did not bring before it was refused.
    pub(super) async fn around(
        &self,
        mut round: Round,
        refusal: GraphError,
    ) -> Result<Round, RoundError> {
        let named = round.events.iter().filter_map(source_id);
        let named: HashSet<String> = named.map(str::to_owned).collect();
        let mut wanted = Vec::new();
        for id in self.ids(round.window).await? {
            if named.contains(&id) {
                continue;
            }
            if self.given_up.contains(&id) {
                round.unasked.insert(id);
            } else {
                wanted.push(id);
            }
        }
        if wanted.len() > SINGLES_MAX {
            return Err(refusal.into());
        }
        let mut refused = 0;
        for ids in wanted.chunks(SINGLES_AT_ONCE) {
            let fetched = self.client.events_by_id(ids).await?;
            refused += count_refused(&fetched);
            if refused > REFUSED_MAX {
                return Err(RoundError::ManyRefused);
            }
            round.add(self.told(fetched).await?)?;
        }
        Ok(round)
    }

    /// The ids of all that a window holds, each once.
    async fn ids(&self, window: Window) -> Result<Vec<String>, RoundError> {
        let mut ids = Vec::new();
        let mut seen = HashSet::new();
        let mut link: Option<String> = None;
        for _ in 0..ID_PAGES_MAX {
            let (page, next) = self.client.calendar_ids(window, link.as_deref()).await?;
            let page = page.into_iter().filter_map(|item| item.id);
            ids.extend(page.filter(|id| seen.insert(id.clone())));
            if next.is_none() {
                return Ok(ids);
            }
            link = next;
        }
        Err(RoundError::TooLarge)
    }

    /// Events by their ids, in the order of the ids. Where very many of them cannot be had the rest
    /// is not asked for tonight: each would cost all its repetitions.
    pub async fn singles(&self, ids: &[String]) -> Result<Vec<FetchedItem>, GraphError> {
        let mut all = Vec::with_capacity(ids.len());
        let mut refused = 0;
        for ids in ids.chunks(SINGLES_AT_ONCE) {
            let fetched = self.client.events_by_id(ids).await?;
            refused += count_refused(&fetched);
            all.extend(fetched);
            if refused > REFUSED_MAX {
                break;
            }
        }
        Ok(all)
    }

    /// What events say that were asked for by their ids.
    pub async fn told(
        &self,
        fetched: Vec<FetchedItem>,
    ) -> Result<Vec<DecodedEvent>, ComputationLost> {
        let bodies = fetched
            .iter()
            .filter_map(|item| item.body.clone())
            .collect();
        let decoded = decoding::events(self.cpu, bodies, self.content).await?;
        let mut decoded = decoded.into_iter();
        let told = fetched.into_iter().map(|item| match &item.body {
            Some(_) => decoded
                .next()
                .map_or_else(|| not_served(item.id.clone()), |one| named(one, &item.id)),
            None if item.is_refused => not_served(item.id),
            None => DecodedEvent::Removed { source_id: item.id },
        });
        Ok(told.collect())
    }
}

fn count_refused(fetched: &[FetchedItem]) -> usize {
    fetched.iter().filter(|item| item.is_refused).count()
}

/// An event that was asked for by its id has that id, whatever it says.
fn named(event: DecodedEvent, id: &str) -> DecodedEvent {
    match event {
        DecodedEvent::Unreadable { code, .. } => DecodedEvent::Unreadable {
            source_id: Some(id.to_owned()),
            code,
        },
        told => told,
    }
}
