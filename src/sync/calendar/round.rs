//! One round of a calendar's chain, fetched to its end: a series is compared with all of its
//! occurrences, so nothing can be decided before all pages are there.

use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::mail::ContentLevel;
use crate::model::page::GraphPage;
use crate::model::page::Link;
use crate::model::span::Window;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::calendar::input::TooManyEvents;
use crate::reconcile::calendar::input::source_id;
use crate::runtime::cpu::CpuPool;
use crate::runtime::cpu::TaskPanicked;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::error::GraphError;
use crate::source::graph::retry::RetryAction;
use crate::sync::decoding;

/// A chain that the service invalidates is restarted at most this often in one run.
const RESTARTS_MAX: u32 = 2;
/// Consecutive pages without an event that is new in this round: some are normal (facts 1.4), but
/// chains may never end (facts 2.2).
const STALE_PAGES_MAX: u32 = 20;
/// Events that are given up one by one in a round, each after all its retries; more of them mean
/// that the mailbox as a whole is the cause.
pub(super) const REFUSED_MAX: usize = 100;

/// Why a round did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The service refused.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A computation panicked.
    #[error(transparent)]
    Computation(#[from] TaskPanicked),
    /// It is too large to be decided as a whole.
    #[error(transparent)]
    TooLarge(#[from] TooManyEvents),
    /// More events are unavailable than single events explain: the mailbox as a whole is the cause.
    #[error(
        "more than {} events are unavailable; the next run tries them and the others again",
        REFUSED_MAX
    )]
    ManyRefused,
}

/// What is needed to fetch.
#[derive(Debug)]
pub(crate) struct Fetching<'a> {
    /// Of the mailbox.
    pub client: &'a MailboxClient,
    /// The threads that compute.
    pub cpu: &'a CpuPool,
    /// How much of an event is read.
    pub content: ContentLevel,
    /// Ids of events that are not requested any more.
    pub given_up: &'a HashSet<String>,
}

impl Fetching<'_> {
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
        let mut restarts = 0;
        let mut stale_pages = 0;
        loop {
            let fetched = match &round.link {
                Some(link) => self.client.next_calendar_page(link).await,
                None => self.client.first_calendar_page(round.window).await,
            };
            let fetched = match fetched {
                Ok(fetched) => fetched,
                Err(refused) if asks_for_list(&refused) => return self.listed(round).await,
                Err(refused) if is_restart(&refused) => {
                    round = round.given_up(new);
                    if restarts == RESTARTS_MAX {
                        return self.listed(round).await;
                    }
                    restarts += 1;
                    seen.clear();
                    continue;
                }
                Err(refused) => return Err(refused.into()),
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
    pub(crate) async fn decoded(&self, page: GraphPage) -> Result<Vec<DecodedEvent>, TaskPanicked> {
        let items = page.items.iter();
        let items = items.map(|range| page.body.slice(range.clone())).collect();
        decoding::events(self.cpu, items, self.content).await
    }
}

/// Whether the chain does not work, and a plain list may.
pub(crate) fn asks_for_list(error: &GraphError) -> bool {
    matches!(error, GraphError::EndlessChain { .. }) || error.action() == RetryAction::PlainList
}

/// Whether lists were available in this run.
pub(crate) fn could_be_listed(asked: Result<(), RoundError>) -> Result<bool, RoundError> {
    match asked {
        Ok(()) => Ok(true),
        Err(RoundError::Graph(refused)) if asks_for_list(&refused) => Ok(false),
        Err(other) => Err(other),
    }
}

fn is_restart(error: &GraphError) -> bool {
    error.action() == RetryAction::RestartChain
}
