//! The fallback for a list of whole events that is malformed as well: ids alone, and each event by
//! its id. An unavailable event then affects only itself (facts 6.2).

use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::page::FetchedItem;
use crate::model::page::ItemAnswer;
use crate::model::page::ListedPage;
use crate::model::span::Window;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::calendar::input::TooManyEvents;
use crate::reconcile::calendar::input::not_served;
use crate::runtime::cpu::TaskPanicked;
use crate::source::error::ServiceError;
use crate::source::service::ItemKind;
use crate::source::service::MailboxService;
use crate::sync::calendar::error::RoundError;
use crate::sync::calendar::listing::Unlisted;
use crate::sync::calendar::listing::in_parts;
use crate::sync::calendar::round::Fetching;
use crate::sync::decoding;
use crate::sync::singles::SINGLES_AT_ONCE;
use crate::sync::singles::Singles;

/// Pages of ids: as many events as a round may have, by pages that became small.
const ID_PAGES_MAX: usize = 2_000;
/// Events that are fetched singly instead of by a list: what the service serves of one mailbox in
/// twenty minutes (facts 7.1). A calendar that needs more is left for the next run.
const SINGLES_MAX: usize = 20_000;

impl<S: MailboxService> Fetching<'_, S> {
    /// Reads what the plain list of a window did not return before it was refused.
    pub(super) async fn listing_fallback(
        &self,
        round: &mut Round,
        window: Window,
        refusal: ServiceError,
    ) -> Result<(), RoundError> {
        let named: HashSet<String> = round.named().map(str::to_owned).collect();
        let mut wanted = Vec::new();
        for id in self.ids(window).await? {
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
        let mut singles = Singles::default();
        for ids in wanted.chunks(SINGLES_AT_ONCE) {
            let fetching = singles.fetch(self.service, ItemKind::Event, ids);
            let fetched = fetching.await?;
            singles.check()?;
            round.add(self.decode_singles(fetched).await?)?;
        }
        Ok(())
    }

    /// The ids of all that a window holds, each once.
    pub(crate) async fn ids(&self, window: Window) -> Result<Vec<String>, RoundError> {
        let mut ids = Ids::default();
        in_parts(window, async |part| self.ids_of_part(&mut ids, part).await).await?;
        Ok(ids.listed)
    }

    async fn ids_of_part(&self, ids: &mut Ids, part: Window) -> Result<(), Unlisted> {
        let mut link: Option<String> = None;
        loop {
            ids.pages += 1;
            let listed = self.service.listed_event_ids(part, link.as_deref()).await;
            let ListedPage { items, next } =
                listed.map_err(|refused| Unlisted::of(refused, part, link.is_some()))?;
            ids.add(items);
            if next.is_none() {
                return Ok(());
            }
            if ids.pages >= ID_PAGES_MAX {
                return Err(RoundError::from(TooManyEvents).into());
            }
            link = next;
        }
    }

    /// Events by their ids, in the order of the ids. If very many of them are unavailable the rest
    /// is not requested in this run: each would cost all its retries.
    pub(crate) async fn singles(&self, ids: &[String]) -> Result<Vec<FetchedItem>, ServiceError> {
        let mut all = Vec::with_capacity(ids.len());
        let mut singles = Singles::default();
        for ids in ids.chunks(SINGLES_AT_ONCE) {
            let fetching = singles.fetch(self.service, ItemKind::Event, ids);
            all.extend(fetching.await?);
            if singles.check().is_err() {
                break;
            }
        }
        Ok(all)
    }

    /// Decodes events that were requested by id.
    pub(crate) async fn decode_singles(
        &self,
        fetched: Vec<FetchedItem>,
    ) -> Result<Vec<DecodedEvent>, TaskPanicked> {
        let bodies = fetched
            .iter()
            .filter_map(|item| match &item.answer {
                ItemAnswer::Item(body) => Some(body.clone()),
                ItemAnswer::Gone | ItemAnswer::Refused => None,
            })
            .collect();
        let decoded = decoding::events(self.cpu, bodies, self.content).await?;
        let mut decoded = decoded.into_iter();
        let events = fetched.into_iter().map(|item| match item.answer {
            ItemAnswer::Item(_) => decoded
                .next()
                .map_or_else(|| not_served(item.id.clone()), |one| named(one, &item.id)),
            ItemAnswer::Refused => not_served(item.id),
            ItemAnswer::Gone => DecodedEvent::Removed { source_id: item.id },
        });
        Ok(events.collect())
    }
}

/// Ids of events, each once, and the pages that they came by.
#[derive(Default)]
struct Ids {
    listed: Vec<String>,
    seen: HashSet<String>,
    pages: usize,
}

impl Ids {
    fn add(&mut self, page: Vec<String>) {
        for id in page {
            if self.seen.insert(id.clone()) {
                self.listed.push(id);
            }
        }
    }
}

/// An event that was requested by id has that id, whatever its content.
fn named(event: DecodedEvent, id: &str) -> DecodedEvent {
    match event {
        DecodedEvent::Unreadable { reason, .. } => DecodedEvent::Unreadable {
            source_id: Some(id.to_owned()),
            reason,
        },
        other => other,
    }
}
