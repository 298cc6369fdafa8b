//! The fallback for a chain that fails: ids by plain lists, compared with what was seen; what was
//! not seen is fetched singly or by lists of whole mails.

use std::sync::Arc;

use hashbrown::HashSet;

use crate::model::cursor::ListCursor;
use crate::model::outcome::Outcome;
use crate::model::span::Span;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::reconcile::mail::MailReconciler;
use crate::source::error::ServiceError;
use crate::source::listing::Listing;
use crate::source::listing::MAILS_PER_PAGE;
use crate::source::retry_action::RetryAction;
use crate::source::service::MailboxService;
use crate::state::error::StateError;
use crate::state::view::View;
use crate::sync::cursors;
use crate::sync::error::SyncError;
use crate::sync::mail::folder_delta::FolderDelta;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::mail::seen_ids::short;
use crate::sync::mailbox::CompletePages;

/// Pages of 1,000 ids for one folder: twice what a folder of Exchange Online can hold.
const ID_PAGES_MAX: usize = 2_000;
/// Pages of 100 mails for one folder: the same.
const MAIL_PAGES_MAX: usize = 20_000;
/// Whole pages that become one mailbox batch: as many mails as two large pages of a chain.
const MAIL_PAGES_PER_BATCH: usize = 10;
/// Items that are fetched singly for one folder, 20 to a request; each counts against the budget of
/// 10,000 in 10 minutes (facts 7.1). More are fetched by lists of whole mails, where these take
/// fewer requests.
const SINGLES_MAX: usize = 500;
/// A later list reaches back this far before the last one: a mail may appear days after its receipt
/// (replication, moves). What is moved from elsewhere with an older date is found by the chain,
/// once it works again, ...
const LIST_OVERLAP: i64 = 7 * DAY;
/// ... and by a list that goes back to the window's start, made after this many days.
const WHOLE_DAYS: i64 = 30;

/// What the lists of a folder's ids came to.
#[derive(Debug)]
pub(super) struct Listed {
    /// Ids that were not seen before and are not in the ledger.
    pub unseen: Vec<String>,
    /// Items that were listed.
    pub count: u64,
}

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// Lists the ids of a folder, and which of them were not seen.
    ///
    /// When a list ends, what is older than its last item is requested again, until nothing new
    /// comes. So a list that the service truncates does not count as complete.
    ///
    /// `is_first`: since the window is what it is. What was outside of it before counts as not seen.
    pub(super) async fn list_ids(
        &mut self,
        folder: &Arc<str>,
        from: Option<Timestamp>,
        is_first: bool,
    ) -> Result<Listed, SyncError> {
        let mut listed = Listed {
            unseen: Vec::new(),
            count: 0,
        };
        let mut known = HashSet::new();
        let mut listing = Listing::new(folder, Span { from, to: None });
        let mut has_news = false;
        for _ in 0..ID_PAGES_MAX {
            let asked = self.service.listed_ids(&mut listing);
            let page = self.sync.context.unless_stopped(asked).await?;
            has_news |= self.add_ids(&mut listed, &mut known, page, is_first)?;
            if listing.is_over() && !(std::mem::take(&mut has_news) && listing.ask_by_time()) {
                return Ok(listed);
            }
        }
        Err(ServiceError::Endless {
            call: "list of ids",
        }
        .into())
    }

    /// What was seen before.
    fn view(&mut self) -> Result<View, StateError> {
        self.sync.context.state.view(self.sync.uncommitted())
    }

    /// Adds a page of ids; says whether any of them was not listed yet.
    fn add_ids(
        &mut self,
        listed: &mut Listed,
        known: &mut HashSet<u64>,
        page: Vec<String>,
        is_first: bool,
    ) -> Result<bool, SyncError> {
        let view = self.view()?;
        let before = listed.count;
        for id in page {
            if !known.insert(short(&id)) {
                continue;
            }
            listed.count += 1;
            let seen = view.item(&self.sync.mailbox.id, &id)?;
            let seen = seen.filter(|seen| !is_first || seen.outcome != Outcome::OutsideWindow);
            let is_seen = self.sync.ledger.get(&id).is_some() || seen.is_some();
            if !is_seen {
                listed.unseen.push(id);
            }
        }
        Ok(listed.count > before)
    }

    /// Reads what was not seen of a folder, and decides it like items of its chain. Gives the number
    /// of items that were listed.
    pub(super) async fn read_unseen(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        folder: &Arc<str>,
        from: Option<Timestamp>,
        listed: Listed,
    ) -> Result<u64, SyncError> {
        let Listed { mut unseen, count } = listed;
        let pages = usize::try_from(count).unwrap_or(usize::MAX) / MAILS_PER_PAGE as usize;
        if unseen.len() > SINGLES_MAX.max(pages) {
            match self
                .list_mails(reconciler, folder, Span { from, to: None })
                .await
            {
                Ok(()) => {}
                // One malformed page: what the others did not contain is fetched singly.
                Err(SyncError::Service(error)) if error.action() == RetryAction::PlainList => {}
                Err(error) => return Err(error),
            }
            let view = self.view()?;
            let mut left = Vec::new();
            for id in unseen {
                if view.item(&self.sync.mailbox.id, &id)?.is_none() {
                    left.push(id);
                }
            }
            unseen = left;
        }
        let folder_context = self.folder_contexts().of(folder);
        let wanted = unseen
            .into_iter()
            .map(|id| (id, folder_context.clone()))
            .collect();
        self.read_singles(reconciler, wanted).await?;
        Ok(count)
    }

    /// Reads and decides the mails that were received within a span, whether they were seen or not.
    pub(super) async fn list_mails(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        folder: &Arc<str>,
        span: Span,
    ) -> Result<(), SyncError> {
        let selection = self.sync.context.selection;
        let mut listing = Listing::new(folder, span);
        let mut pages = Vec::new();
        for _ in 0..MAIL_PAGES_MAX {
            let asked = self.service.listed_mails(&mut listing, selection);
            let asked = self.sync.context.unless_stopped(asked).await;
            let (page, failure) = match asked {
                Ok(page) => (Some(page), None),
                Err(error) => (None, Some(error)),
            };
            pages.extend(page);
            let is_end = failure.is_some() || listing.is_over();
            if is_end || pages.len() >= MAIL_PAGES_PER_BATCH {
                let pages = std::mem::take(&mut pages);
                let received = pages.iter().map(|page| page.items.len() as u64).sum();
                let pages = CompletePages {
                    items: self.complete_items(reconciler, pages).await?,
                    received,
                    ..CompletePages::default()
                };
                // Nothing waits for a plain list.
                let _ = self.record(reconciler, pages).await?;
            }
            match failure {
                Some(error) => return Err(error),
                None if is_end => return Ok(()),
                None => {}
            }
        }
        Err(ServiceError::Endless {
            call: "list of mails",
        }
        .into())
    }

    /// Reads a folder whose chain fails in this run. Its link stays as it was: the next run tries
    /// the chain again.
    pub(super) async fn sync_by_listing(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        delta: &FolderDelta,
        listed: Option<&ListCursor>,
    ) -> Result<(), SyncError> {
        let folder = &delta.folder.id;
        let begun = self.service.service_time();
        let seen_until = delta.seen_until().max(listed.map(|list| list.listed_at));
        let whole_at = listed.map_or(delta.seen_until(), |list| Some(list.whole_at));
        let recent = whole_at.filter(|at| begun.0 - at.0 < WHOLE_DAYS * DAY);
        let from = match (recent, seen_until) {
            (Some(_), Some(until)) => Some(until.plus(-LIST_OVERLAP)),
            _ => reconciler.policy.window_start,
        };
        let listed = self.list_ids(folder, from, whole_at.is_none()).await?;
        self.read_unseen(reconciler, folder, from, listed).await?;
        let cursor = ListCursor {
            listed_at: begun,
            whole_at: recent.unwrap_or(begun),
        };
        let record = cursors::list_record(&self.sync.mailbox.id, folder, Some(&cursor));
        self.record_cursors(vec![record]).await
    }
}
