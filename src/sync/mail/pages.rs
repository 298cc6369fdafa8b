//! From pages and single items to a portion: decoded, judged, decided, handed to the writer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::cursor::CursorRecord;
use crate::model::page::GraphPage;
use crate::reconcile::mail::Desk;
use crate::reconcile::mail::items::Item;
use crate::reconcile::mail::items::Place;
use crate::reconcile::mail::items::Sifted;
use crate::reconcile::outcomes::Settled;
use crate::runtime::cpu::ComputationLost;
use crate::sync::decoding;
use crate::sync::in_flight::Ticket;
use crate::sync::mail::mail_sync::GraphWalk;
use crate::sync::mail::seen_ids;
use crate::sync::mailbox::Pages;
use crate::sync::mailbox::WalkError;

/// Items of one mailbox that are given up one by one in a run, each after all its retries; more of
/// them mean that the mailbox as a whole is the cause.
const REFUSED_MAX: usize = 100;

impl GraphWalk<'_> {
    /// Judges the items of some pages, and fetches those of which the pages contained too little.
    pub(super) async fn sift(
        &mut self,
        desk: &Arc<Desk>,
        pages: Vec<GraphPage>,
    ) -> Result<Sifted, WalkError> {
        let working = desk.clone();
        let wanted = self.presence.wanted();
        let items = self.decoded(pages).await?;
        let before = self.walk.uncommitted();
        let sifting = self.walk.context.cpu.run(move || {
            let sightings = seen_ids::sightings(&items, &wanted);
            working
                .sift(before, items)
                .map(|sifted| (sifted, sightings))
        });
        let (mut sifted, sightings) = sifting.await??;
        self.presence.note(sightings);
        let wanted = std::mem::take(&mut sifted.to_fetch);
        self.add_singles(desk, &mut sifted, wanted).await?;
        Ok(sifted)
    }

    async fn decoded(&self, pages: Vec<GraphPage>) -> Result<Vec<Item>, ComputationLost> {
        let content = self.walk.context.selection.content;
        let places = self.places();
        let mails: Vec<(Bytes, Arc<str>)> = pages.iter().flat_map(items_of).collect();
        let folders: Vec<Arc<str>> = mails.iter().map(|(_, folder)| folder.clone()).collect();
        let decoded = decoding::mails(&self.walk.context.cpu, mails, content).await?;
        let items = decoded.into_iter().zip(folders);
        let items = items.map(|(decoded, folder)| Item {
            decoded,
            place: places.of(&folder),
        });
        Ok(items.collect())
    }

    /// Fetches items singly and judges them (facts 1.5).
    pub(super) async fn add_singles(
        &mut self,
        desk: &Arc<Desk>,
        sifted: &mut Sifted,
        wanted: Vec<(String, Place)>,
    ) -> Result<(), WalkError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let selection = self.walk.context.selection;
        let (ids, places): (Vec<String>, Vec<Place>) = wanted.into_iter().unzip();
        let fetching = self.client.messages_by_id(&ids, selection);
        let fetched = self.walk.unless_stopped(fetching).await?;
        let (mut bodies, mut places_had) = (Vec::new(), Vec::new());
        for (fetched, place) in fetched.into_iter().zip(places) {
            match fetched.body {
                Some(body) => {
                    bodies.push((body, place.container.clone()));
                    places_had.push(place);
                }
                None if fetched.is_refused => {
                    self.refused += 1;
                    sifted.note_refused(fetched.id, place.container);
                }
                None => sifted.note_gone(),
            }
        }
        let decoded = decoding::mails(&self.walk.context.cpu, bodies, selection.content).await?;
        let items = decoded.into_iter().zip(places_had);
        let items = items
            .map(|(decoded, place)| Item { decoded, place })
            .collect();
        let desk = desk.clone();
        let before = self.walk.uncommitted();
        let judged = self.walk.context.cpu.run(move || desk.sift(before, items));
        sifted.append(judged.await??);
        Ok(())
    }

    /// Gives items their outcomes.
    pub(super) async fn settle(
        &mut self,
        desk: &Arc<Desk>,
        sifted: Sifted,
    ) -> Result<Settled, WalkError> {
        let private = self.sensitivities(&sifted).await?;
        let settling = desk.clone();
        let before = self.walk.uncommitted();
        let cpu = &self.walk.context.cpu;
        let settling = cpu.run(move || settling.settle(before, sifted, &private));
        let settled = settling.await??;
        self.note_unknown_privacy(&settled);
        Ok(settled)
    }

    /// Sends decided items to the writer. Chains of which they are pages continue once they are
    /// committed.
    pub(super) async fn hand_over(
        &mut self,
        settled: Settled,
        received: u64,
        mut cursors: Vec<CursorRecord>,
    ) -> Result<Ticket, WalkError> {
        let pages = Pages {
            received,
            total_cost: self.total_cost(),
        };
        cursors.extend(self.walk.keep_ledger(&settled));
        let ticket = self.walk.hand_over(settled, cursors, pages).await?;
        if self.refused > REFUSED_MAX {
            return Err(WalkError::ManyRefused { max: REFUSED_MAX });
        }
        Ok(ticket)
    }

    /// The same for items that are no pages of a chain: nothing waits for them.
    pub(super) async fn record(
        &mut self,
        settled: Settled,
        received: u64,
        cursors: Vec<CursorRecord>,
    ) -> Result<(), WalkError> {
        self.hand_over(settled, received, cursors).await.map(drop)
    }
}

/// The items of a page, each with the folder whose chain brought it.
fn items_of(page: &GraphPage) -> impl Iterator<Item = (Bytes, Arc<str>)> {
    let item = |range: &Range<usize>| (page.body.slice(range.clone()), page.container.clone());
    page.items.iter().map(item)
}
