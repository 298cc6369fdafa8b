//! From pages and single items to a mailbox batch: decoded, evaluated, decided, sent to the
//! writer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::cursor::CursorRecord;
use crate::model::mail::Decoded;
use crate::model::page::ItemAnswer;
use crate::model::page::Page;
use crate::model::reason::Reason;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::mail::items::FolderContext;
use crate::reconcile::mail::items::Item;
use crate::runtime::cpu::TaskPanicked;
use crate::source::service::ItemKind;
use crate::source::service::MailboxService;
use crate::state::error::StateError;
use crate::sync::decoding;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Ticket;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::mail::privacy::ServicePrivacy;
use crate::sync::mail::seen_ids;
use crate::sync::mailbox::CompletePages;
use crate::sync::singles::SINGLES_AT_ONCE;

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// The items of some pages, whole: those of which the pages contained too little are fetched
    /// singly (facts 1.5).
    pub(super) async fn complete_items(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        pages: Vec<Page>,
    ) -> Result<Vec<Item>, SyncError> {
        let mut items = self.decoded(pages).await?;
        let (reconciler, before) = (reconciler.clone(), self.sync.uncommitted());
        let tracked = self.seen_ids.tracked_folders();
        let sorting = self.sync.context.cpu.run_on(items.len(), move || {
            let observations = seen_ids::observations(&items, &tracked);
            let wanted = reconciler.to_fetch(before, &mut items)?;
            Ok::<_, StateError>((items, observations, wanted))
        });
        let (mut items, observations, wanted) = sorting.await??;
        self.seen_ids.note(observations);
        items.extend(self.single_items(wanted).await?);
        Ok(items)
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

    /// Items that are fetched singly.
    async fn single_items(
        &mut self,
        wanted: Vec<(String, FolderContext)>,
    ) -> Result<Vec<Item>, SyncError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let selection = self.sync.context.selection;
        let (ids, folder_contexts): (Vec<String>, Vec<FolderContext>) = wanted.into_iter().unzip();
        let kind = ItemKind::Mail(selection);
        let fetching = self.singles.fetch(self.service, kind, &ids);
        let fetched = self.sync.context.unless_stopped(fetching).await?;
        let bodies = fetched.iter().zip(&folder_contexts);
        let bodies = bodies.filter_map(|(item, folder_context)| match &item.answer {
            ItemAnswer::Item(body) => Some((body.clone(), folder_context.container.clone())),
            ItemAnswer::Gone | ItemAnswer::Refused => None,
        });
        let cpu = &self.sync.context.cpu;
        let decoded = decoding::mails(cpu, bodies.collect(), selection.content).await?;
        let mut decoded = decoded.into_iter();
        let items = fetched.into_iter().zip(folder_contexts);
        let items = items.map(|(item, folder_context)| Item {
            decoded: match item.answer {
                ItemAnswer::Item(_) => whole(decoded.next(), item.id),
                ItemAnswer::Refused => unreadable(item.id, Reason::NotServed),
                ItemAnswer::Gone => Decoded::Removed { source_id: item.id },
            },
            folder_context,
        });
        Ok(items.collect())
    }

    /// Fetches items of the ledger, or of a list, singly and some at a time, and decides them.
    pub(super) async fn read_singles(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        wanted: Vec<(String, FolderContext)>,
    ) -> Result<(), SyncError> {
        for wanted in wanted.chunks(SINGLES_AT_ONCE) {
            let pages = CompletePages {
                items: self.single_items(wanted.to_vec()).await?,
                received: wanted.len() as u64,
                requested: wanted.iter().map(|(id, _)| id.clone()).collect(),
                ..CompletePages::default()
            };
            // Nothing waits for single items.
            let _ = self.record(reconciler, pages).await?;
        }
        Ok(())
    }

    /// Decides items and sends them to the writer, with the cursors of their pages. Chains of which
    /// they are pages continue by the ticket.
    pub(super) async fn record(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        pages: CompletePages,
    ) -> Result<Ticket, SyncError> {
        let mut privacy = ServicePrivacy {
            service: self.service,
            context: self.sync.context,
            known: &mut self.privacy,
        };
        self.sync.total_cost = self.service.total_cost();
        let ticket = self.sync.record(reconciler, pages, &mut privacy).await?;
        self.singles.check()?;
        Ok(ticket)
    }

    /// Sends cursors alone to the writer.
    pub(super) async fn record_cursors(
        &mut self,
        cursors: Vec<CursorRecord>,
    ) -> Result<(), SyncError> {
        self.sync.total_cost = self.service.total_cost();
        Ok(self.sync.record_cursors(cursors).await?)
    }
}

/// An item that was fetched singly. One that comes back in parts even so cannot be read.
fn whole(decoded: Option<Decoded>, source_id: String) -> Decoded {
    match decoded {
        Some(Decoded::Partial { .. }) | None => unreadable(source_id, Reason::Incomplete),
        Some(whole) => whole,
    }
}

fn unreadable(source_id: String, reason: Reason) -> Decoded {
    Decoded::Unreadable {
        source_id: Some(source_id),
        reason,
    }
}

/// The items of a page, each with the folder of its chain.
fn items_of(page: &Page) -> impl Iterator<Item = (Bytes, Arc<str>)> {
    let item = |range: &Range<usize>| (page.body.slice(range.clone()), page.container.clone());
    page.items.iter().map(item)
}
