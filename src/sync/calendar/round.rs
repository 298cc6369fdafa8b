//! One round of a calendar's chain, fetched to its end: a series is compared with all of its
//! occurrences, so nothing can be decided before all pages are there.

use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::mail::ContentLevel;
use crate::model::page::Link;
use crate::model::page::Page;
use crate::model::span::Window;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::calendar::input::source_id;
use crate::runtime::cpu::CpuPool;
use crate::runtime::cpu::TaskPanicked;
use crate::source::service::Chain;
use crate::source::service::MailboxService;
use crate::sync::calendar::error::RoundError;
use crate::sync::decoding;
use crate::sync::delta::DeltaRound;
use crate::sync::delta::Step;
use crate::sync::delta::may_be_listed;

/// Consecutive pages without an event that is new in this round: some are normal (facts 1.4), but
/// chains may never end (facts 2.2).
const STALE_PAGES_MAX: u32 = 20;

/// What is needed to fetch.
#[derive(Debug)]
pub(crate) struct Fetching<'a, S> {
    /// Of the mailbox.
    pub service: &'a S,
    /// The threads that compute.
    pub cpu: &'a CpuPool,
    /// How much of an event is read.
    pub content: ContentLevel,
    /// Ids of events that are not requested any more.
    pub given_up: &'a HashSet<String>,
}

impl<S: MailboxService> Fetching<'_, S> {
    /// Fetches a round: from a link on, over that chain's window; or, without one, from the
    /// beginning over a new window.
    pub(crate) async fn round(
        &self,
        link: Option<(String, Window)>,
        new: Window,
    ) -> Result<Round, RoundError> {
        let mut round = Round {
            events: Vec::new(),
            given_up: 0,
            window: link.as_ref().map_or(new, |(_, window)| *window),
            is_complete: link.is_none(),
            link: link.map(|(link, _)| link),
            unasked: HashSet::new(),
        };
        let mut seen = HashSet::new();
        let mut stale_pages = 0;
        let mut chain_round = DeltaRound::default();
        loop {
            let chain = Chain::Calendar(round.window);
            let step = chain_round.step(self.service, &chain, round.link.as_deref());
            let fetched = match step.await {
                Step::Page(fetched) => fetched,
                Step::Restarted => {
                    round = round.given_up(new);
                    seen.clear();
                    continue;
                }
                Step::ListInstead(error) => {
                    // Where the chain is lost, so is its window.
                    if error.is_of_link() {
                        round = round.given_up(new);
                    }
                    return self.listed(round).await;
                }
                Step::Gone(refused) | Step::Failed(refused) => return Err(refused.into()),
            };
            let events = self.decoded(fetched.page).await?;
            let mut is_stale = true;
            for id in events.iter().filter_map(source_id) {
                is_stale &= !seen.insert(id.to_owned());
            }
            round.add(events)?;
            match fetched.link {
                Link::Delta(link) => {
                    round.link = Some(link);
                    return Ok(round);
                }
                Link::Next(link) => round.link = Some(link),
            }
            stale_pages = if is_stale { stale_pages + 1 } else { 0 };
            if stale_pages >= STALE_PAGES_MAX {
                return self.listed(round).await;
            }
        }
    }

    /// Reads the window by plain lists, because the chain does not end (facts 2.2), is invalidated
    /// repeatedly (facts 13), or has a malformed page (facts 6.2).
    async fn listed(&self, round: Round) -> Result<Round, RoundError> {
        let window = round.window;
        let mut round = round.given_up(window);
        self.list(&mut round, window).await?;
        Ok(round)
    }

    /// Decodes the events of a page.
    pub(crate) async fn decoded(&self, page: Page) -> Result<Vec<DecodedEvent>, TaskPanicked> {
        let items = page.items.iter();
        let items = items.map(|range| page.body.slice(range.clone())).collect();
        decoding::events(self.cpu, items, self.content).await
    }
}

/// Whether lists were available in this run.
pub(crate) fn could_be_listed(asked: Result<(), RoundError>) -> Result<bool, RoundError> {
    match asked {
        Ok(()) => Ok(true),
        Err(RoundError::Service(refused)) if may_be_listed(&refused) => Ok(false),
        Err(other) => Err(other),
    }
}
