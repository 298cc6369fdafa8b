//! One round of a calendar's chain, fetched to its end: a series is compared with all of its
//! occurrences, so nothing can be decided before all pages are there.

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::mail::ContentLevel;
use crate::model::page::GraphPage;
use crate::model::page::Link;
use crate::pipeline::decide::NOT_SERVED;
use crate::pipeline::decoding;
use crate::policy::global_object_id::date_of_uid;
use crate::runtime::cpu::ComputationLost;
use crate::runtime::cpu::CpuPool;
use crate::source::graph::calendar::Window;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::error::GraphError;
use crate::source::graph::retry::RetryAction;

mod around;
mod list;

/// A chain that the service ends for us is begun anew at most so often in one run.
const RESTARTS_MAX: u32 = 2;
/// Pages one after the other that tell of no event which this round has not told of: some are
/// normal (facts 1.4), but chains that never end are known (facts 2.2).
const STALE_PAGES_MAX: u32 = 20;
/// Events of one round, which are held in memory together: ten times what a busy calendar has in
/// two years.
const EVENTS_MAX: usize = 200_000;

/// Everything that a round said.
#[derive(Debug)]
pub struct Round {
    /// Its items, in order.
    pub events: Vec<DecodedEvent>,
    /// Items of pages that were given up: of a chain that was begun anew, or that did not end.
    /// What they say is said again by `events`.
    pub given_up: u64,
    /// The deltaLink; `None`: the calendar was read by a plain list.
    pub link: Option<String>,
    /// The span of the chain.
    pub window: Window,
    /// Whether `events` are all that the window holds: then what is not among them is gone.
    pub is_complete: bool,
    /// Ids of what is there besides and is not asked for tonight: it was tried in vain before.
    pub unasked: HashSet<String>,
}

/// Why a round did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The service refused.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A computation died.
    #[error(transparent)]
    Computation(#[from] ComputationLost),
    /// It is too large to be decided as a whole.
    #[error(
        "a calendar has more than {EVENTS_MAX} events in its window; shorten [capture] window, or \
         switch meetings off for this mailbox"
    )]
    TooLarge,
    /// So many events cannot be had that it is trouble of the mailbox.
    #[error(
        "more than {} events cannot be had; the next run tries them and the others again",
        around::REFUSED_MAX
    )]
    ManyRefused,
}

/// What is needed to fetch.
#[derive(Debug)]
pub struct Fetching<'a> {
    /// Of the mailbox.
    pub client: &'a MailboxClient,
    /// The threads that compute.
    pub cpu: &'a CpuPool,
    /// How much of an event is read.
    pub content: ContentLevel,
    /// Ids of events that are asked for no more.
    pub given_up: &'a HashSet<String>,
}

impl Fetching<'_> {
    /// Fetches a round: from a link on, over that chain's window; or, without one, from the
    /// beginning over a new window.
    pub async fn round(
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

    /// Reads the window by plain lists, because the chain does not end (facts 2.2), is forgotten
    /// again and again (facts 13), or a page of it is spoilt (facts 6.2).
    async fn listed(&self, round: Round) -> Result<Round, RoundError> {
        let window = round.window;
        let mut round = round.given_up(window);
        self.list(&mut round, window).await?;
        Ok(round)
    }

    async fn decoded(&self, page: GraphPage) -> Result<Vec<DecodedEvent>, ComputationLost> {
        let items = page.items.iter();
        let items = items.map(|range| page.body.slice(range.clone())).collect();
        decoding::events(self.cpu, items, self.content).await
    }
}

impl Round {
    /// Adds items.
    pub fn add(&mut self, events: Vec<DecodedEvent>) -> Result<(), RoundError> {
        self.events.extend(events);
        if self.events.len() > EVENTS_MAX {
            return Err(RoundError::TooLarge);
        }
        Ok(())
    }

    /// Begins anew over a window; what was fetched so far counts as read, and says nothing.
    fn given_up(self, window: Window) -> Self {
        Self {
            given_up: self.given_up + self.events.len() as u64,
            events: Vec::new(),
            link: None,
            window,
            is_complete: true,
            unasked: HashSet::new(),
        }
    }

    /// The provider's ids of its items.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(source_id)
    }

    /// Items that were received.
    pub fn received(&self) -> u64 {
        self.given_up + self.events.len() as u64
    }

    /// Ids of series of which something came without the series itself. What is remembered of them
    /// does not count: they may have changed.
    pub fn missing_masters(&self) -> Vec<String> {
        let mut wanted = Vec::new();
        let mut seen = HashSet::new();
        for decoded in &self.events {
            let DecodedEvent::Event(event) = decoded else {
                continue;
            };
            if event.event_type == EventType::Master {
                seen.insert(&event.source_id);
            }
            wanted.extend(&event.master_id);
        }
        wanted.retain(|id| seen.insert(*id));
        wanted.into_iter().cloned().collect()
    }

    /// Ids of the exceptions that do not tell which occurrence they stand for: what a chain says of
    /// an exception is documented nowhere (facts 11).
    pub fn unplaced(&self) -> HashSet<String> {
        let events = self.events.iter().filter_map(|decoded| match decoded {
            DecodedEvent::Event(event) if is_unplaced(event) => Some(event.source_id.clone()),
            _ => None,
        });
        events.collect()
    }

    /// Puts events that were fetched singly where the chain said too little of them. One that is
    /// neither `whole` nor `gone` cannot be read: nobody knows which occurrence it stands for.
    pub fn place(&mut self, whole: &HashMap<String, Event>, gone: &HashSet<String>) {
        for decoded in &mut self.events {
            let DecodedEvent::Event(event) = decoded else {
                continue;
            };
            if !is_unplaced(event) || gone.contains(&event.source_id) {
                continue;
            }
            match whole.get(&event.source_id) {
                Some(whole) => **event = whole.clone(),
                None => *decoded = not_served(std::mem::take(&mut event.source_id)),
            }
        }
    }
}

fn is_unplaced(event: &Event) -> bool {
    let names_none = event.original_start.is_none() && date_of_uid(event).is_none();
    event.event_type == EventType::Exception && names_none
}

/// Whether the chain does not work, and a plain list may.
fn asks_for_list(error: &GraphError) -> bool {
    matches!(error, GraphError::EndlessChain { .. }) || error.action() == RetryAction::PlainList
}

/// Whether what was asked of lists could be had tonight.
pub fn could_be_listed(asked: Result<(), RoundError>) -> Result<bool, RoundError> {
    match asked {
        Ok(()) => Ok(true),
        Err(RoundError::Graph(refused)) if asks_for_list(&refused) => Ok(false),
        Err(other) => Err(other),
    }
}

fn is_restart(error: &GraphError) -> bool {
    error.action() == RetryAction::RestartChain
}

/// An event that the service does not hand out.
pub fn not_served(source_id: String) -> DecodedEvent {
    DecodedEvent::Unreadable {
        source_id: Some(source_id),
        code: NOT_SERVED,
    }
}

/// The provider's id of an item.
pub fn source_id(decoded: &DecodedEvent) -> Option<&str> {
    match decoded {
        DecodedEvent::Event(event) => Some(&event.source_id),
        DecodedEvent::Removed { source_id } => Some(source_id),
        DecodedEvent::Unreadable { source_id, .. } => source_id.as_deref(),
    }
}
