//! From pages and single items to a mailbox batch: decoded, evaluated, decided, sent to the
//! writer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::cursor::CursorRecord;
use crate::model::page::ItemAnswer;
use crate::model::page::Page;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::mail::items::Classified;
use crate::reconcile::mail::items::FolderContext;
use crate::reconcile::mail::items::Item;
use crate::reconcile::outcomes::Outcomes;
use crate::runtime::cpu::TaskPanicked;
use crate::source::service::ItemKind;
use crate::source::service::MailboxService;
use crate::sync::decoding;
use crate::sync::in_flight::Ticket;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::mail::seen_ids;
use crate::sync::mailbox::Pages;
use crate::sync::mailbox::SyncError;
use crate::sync::retries::Attempts;

impl<S: MailboxService> MailSync<'_, S> {
    /// Evaluates the items of some pages, and fetches those of which the pages contained too
    /// little.
    pub(super) async fn classify(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        pages: Vec<Page>,
    ) -> Result<Classified, SyncError> {
        let working = reconciler.clone();
        let wanted = self.seen_ids.tracked_folders();
        let items = self.decoded(pages).await?;
        let before = self.sync.uncommitted();
        let sifting = self.sync.context.cpu.run(move || {
            let observations = seen_ids::observations(&items, &wanted);
            working
                .classify(before, items)
                .map(|classified| (classified, observations))
        });
        let (mut classified, observations) = sifting.await??;
        self.seen_ids.note(observations);
        let wanted = std::mem::take(&mut classified.to_fetch);
        self.add_singles(reconciler, &mut classified, wanted)
            .await?;
        Ok(classified)
    }

    async fn decoded(&self, pages: Vec<Page>) -> Result<Vec<Item>, TaskPanicked> {
        let content = self.sync.context.selection.content;
        let folder_contexts = self.folder_contexts();
        let mails: Vec<(Bytes, Arc<str>)> = pages.iter().flat_map(items_of).collect();
        let folders: Vec<Arc<str>> = mails.iter().map(|(_, folder)| folder.clone()).collect();
        let decoded = decoding::mails(&self.sync.context.cpu, mails, content).await?;
        let items = decoded.into_iter().zip(folders);
        let items = items.map(|(decoded, folder)| Item {
            decoded,
            folder_context: folder_contexts.of(&folder),
        });
        Ok(items.collect())
    }

    /// Fetches items singly and evaluates them (facts 1.5).
    pub(super) async fn add_singles(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        classified: &mut Classified,
        wanted: Vec<(String, FolderContext)>,
    ) -> Result<(), SyncError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let selection = self.sync.context.selection;
        let (ids, folder_contexts): (Vec<String>, Vec<FolderContext>) = wanted.into_iter().unzip();
        let fetching = self
            .singles
            .fetch(&self.service, ItemKind::Mail(selection), &ids);
        let fetched = self.sync.unless_stopped(fetching).await?;
        let (mut bodies, mut places_had) = (Vec::new(), Vec::new());
        for (fetched, folder_context) in fetched.into_iter().zip(folder_contexts) {
            match fetched.answer {
                ItemAnswer::Item(body) => {
                    bodies.push((body, folder_context.container.clone()));
                    places_had.push(folder_context);
                }
                ItemAnswer::Refused => {
                    classified.note_refused(fetched.id, folder_context.container);
                }
                ItemAnswer::Gone => classified.note_gone(),
            }
        }
        let decoded = decoding::mails(&self.sync.context.cpu, bodies, selection.content).await?;
        let items = decoded.into_iter().zip(places_had);
        let items = items
            .map(|(decoded, folder_context)| Item {
                decoded,
                folder_context,
            })
            .collect();
        let reconciler = reconciler.clone();
        let before = self.sync.uncommitted();
        let decision = self
            .sync
            .context
            .cpu
            .run(move || reconciler.classify(before, items));
        classified.append(decision.await??);
        Ok(())
    }

    /// Gives items their outcomes.
    pub(super) async fn finalize(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        classified: Classified,
    ) -> Result<Outcomes, SyncError> {
        let private = self.sensitivities(&classified).await?;
        let settling = reconciler.clone();
        let before = self.sync.uncommitted();
        let cpu = &self.sync.context.cpu;
        let settling = cpu.run(move || settling.finalize(before, classified, &private));
        let outcomes = settling.await??;
        self.note_unknown_privacy(&outcomes);
        Ok(outcomes)
    }

    /// Sends decided items to the writer. Chains of which they are pages continue once they are
    /// committed.
    pub(super) async fn hand_over(
        &mut self,
        outcomes: Outcomes,
        received: u64,
        mut cursors: Vec<CursorRecord>,
    ) -> Result<Ticket, SyncError> {
        let pages = Pages {
            received,
            total_cost: self.total_cost(),
        };
        cursors.extend(self.sync.ledger.note(&outcomes, Attempts::Counted));
        let ticket = self.sync.hand_over(outcomes, cursors, pages).await?;
        self.singles.check()?;
        Ok(ticket)
    }

    /// The same for items that are no pages of a chain: nothing waits for them.
    pub(super) async fn record(
        &mut self,
        outcomes: Outcomes,
        received: u64,
        cursors: Vec<CursorRecord>,
    ) -> Result<(), SyncError> {
        self.hand_over(outcomes, received, cursors).await.map(drop)
    }
}

/// The items of a page, each with the folder of its chain.
fn items_of(page: &Page) -> impl Iterator<Item = (Bytes, Arc<str>)> {
    let item = |range: &Range<usize>| (page.body.slice(range.clone()), page.container.clone());
    page.items.iter().map(item)
}
