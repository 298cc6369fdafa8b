//! One mailbox of a tenant: its folders' chains, from where they were left to where they end.

mod completeness;
mod connection;
mod fetch;
pub(crate) mod folder_delta;
mod folders;
mod listing_fallback;
pub(crate) mod mail_sync;
mod pages;
mod privacy;
mod remarks;
mod retries;
mod seen_ids;
mod sent_first;
mod switched_off;
mod widening;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt;

use crate::model::coverage::Status;
use crate::model::cursor::CursorRecord;
use crate::model::span::Span;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::mail::items::FolderContext;
use crate::source::folder::Folder;
use crate::source::service::MailboxPart;
use crate::source::service::MailboxService;
use crate::sync::absence;
use crate::sync::cursors;
use crate::sync::cursors::SavedCursors;
use crate::sync::delta::ChainError;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Turn;
use crate::sync::mail::completeness::Checked;
use crate::sync::mail::folder_delta::FolderDelta;
use crate::sync::mail::folders::FolderContexts;
use crate::sync::mail::mail_sync::MailSource;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::mailbox::CompletePages;
use crate::sync::mailbox::MailboxSync;
use crate::sync::mailbox_source::MailboxSource;
use crate::sync::mailbox_source::Reading;

/// What is read of the mail.
struct MailTurn {
    deltas: VecDeque<FolderDelta>,
    cursors: Vec<CursorRecord>,
}

impl<S: MailboxService> MailboxSource for MailSource<'_, S> {
    fn read<'a>(&'a mut self, sync: &'a mut MailboxSync<'_>, turn: &'a mut Turn) -> Reading<'a> {
        async move { MailSync::new(sync, self, turn).read().await }.boxed_local()
    }
}

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// Reads the mail, from where its chains were left.
    pub(super) async fn read(&mut self) -> Result<Status, SyncError> {
        if self.sync.is_stopped() {
            return Ok(Status::Stopped);
        }
        let mut known = self.sync.known()?;
        self.sync.was_absent = known.absent.is_some();
        let now = self.service.service_time();
        if !self.sync.context.again && absence::is_recent(&known, now) {
            self.sync.remark = Some("there was none when it was last requested".to_owned());
            return Ok(Status::NoMailbox);
        }
        if !self.captures_mail {
            return self.without_mail(&mut known).await;
        }
        self.sync.cursor_age_hours = oldest_link_hours(&known, self.sync.started_at);
        let (listed, mut cursor) = if self.reads_shared {
            let listed = self.listed().await?;
            let mut cursor = self.known_or_new(&known);
            self.request_kind(&mut cursor, MailboxPart::Mail).await?;
            (listed, cursor)
        } else {
            // Of a shared mailbox nothing but its kind is requested.
            let mut cursor = self.known_or_new(&known);
            self.request_kind(&mut cursor, MailboxPart::Mail).await?;
            (self.listed().await?, cursor)
        };
        self.note_settings(&mut cursor);
        let known_ids = self.service.well_known(&cursor.well_known, &listed);
        cursor.well_known = self.sync.context.unless_stopped(known_ids).await?;
        let readable = S::readable(&listed, &cursor.well_known);
        self.note_folders(&readable);
        let widened = self.widened(&mut cursor, &mut known);
        let reconciler = self.sync.open(S::SOURCE, cursor, EarlierIds::default());
        if !widened.is_empty() {
            self.record_cursors(widened).await?;
        }
        if let Some(range) = self.sync.context.range {
            return self.fill(&reconciler, readable, range).await;
        }
        let mut cursors = folder_delta::of_gone_folders(&self.sync.mailbox.id, &known, &readable);
        if known.absent.is_some() {
            cursors.push(cursors::absent_record(&self.sync.mailbox.id, None));
        }
        let deltas = self.deltas(readable, &known);
        let turn = MailTurn { deltas, cursors };
        self.lists = known.lists;
        let mail = self.mail(&reconciler, turn).await;
        self.remark();
        mail
    }

    /// Notes the folders as decisions see them.
    fn note_folders(&mut self, readable: &[Folder]) {
        let items = readable.iter().filter_map(|folder| folder.total_item_count);
        self.sync.folder_items = Some(i64::try_from(items.sum::<u64>()).unwrap_or(i64::MAX));
        let excluded = readable
            .iter()
            .filter(|f| self.sync.context.rules.excludes_folder(&f.path));
        let sent = readable.iter().find(|folder| folder.is_sent);
        self.folders = FolderContexts {
            excluded: Arc::new(excluded.map(|folder| folder.id.clone()).collect()),
            sent: sent.map(|folder| folder.id.clone()),
            ..FolderContexts::default()
        };
    }

    /// The chains of its folders.
    fn deltas(&mut self, folders: Vec<Folder>, known: &SavedCursors) -> VecDeque<FolderDelta> {
        let (selection, from_start) = (self.sync.context.selection, self.sync.context.again);
        let deltas = folder_delta::of_folders::<S>(folders, known, selection, from_start);
        let kept = deltas.iter().filter(|delta| delta.seen_until().is_some());
        self.kept = kept.count();
        deltas
    }

    /// All folders. That there is no mailbox is noted, so that it is not requested too often.
    async fn listed(&mut self) -> Result<Vec<Folder>, SyncError> {
        let asked = self.service.folders();
        let listed = self.sync.context.unless_stopped(asked).await;
        absence::note(self.sync, self.service.service_time(), &listed).await?;
        listed
    }

    /// Reads what was received within a range, folder by folder, and leaves the chains alone.
    async fn fill(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        folders: Vec<Folder>,
        range: Span,
    ) -> Result<Status, SyncError> {
        for folder in folders {
            if self.sync.is_stopped() {
                return Ok(Status::Stopped);
            }
            self.list_mails(reconciler, &folder.id, range).await?;
        }
        self.sync.remark = Some("only the requested range was read".to_owned());
        Ok(Status::Filled)
    }

    /// Takes chains a few at a time, a few pages of each, until all have ended; then checks that
    /// they returned everything, and tries unreadable items again.
    async fn mail(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        turn: MailTurn,
    ) -> Result<Status, SyncError> {
        let MailTurn {
            deltas: mut queue,
            mut cursors,
        } = turn;
        let due_in_sent = self.due_in_sent();
        self.read_singles(reconciler, due_in_sent).await?;
        loop {
            if self.sync.is_stopped() {
                return Ok(Status::Stopped);
            }
            let (deltas, is_sent) = self.next_chains(&mut queue).await?;
            let (fetched, left) = tokio::select! {
                fetched = self.fetch(deltas) => fetched,
                _ = self.sync.context.shutdown.wait() => return Ok(Status::Stopped),
            };
            folders::put_off(&mut queue, left);
            let mut sorted = self.sort(fetched, &mut cursors);
            let mut ahead = sorted.unfinished;
            let received = sorted
                .pages
                .iter()
                .map(|page| page.items.len() as u64)
                .sum();
            let items = self.complete_items(reconciler, sorted.pages).await?;
            let is_well = sorted.failure.is_none() && sorted.malformed.is_empty();
            let is_end = queue.is_empty() && ahead.is_empty() && is_well;
            let Checked {
                mismatches,
                unfinished,
            } = if is_end || (is_sent && is_well) {
                self.mismatches(&mut cursors).await?
            } else {
                Checked::default()
            };
            ahead.extend(unfinished);
            let is_end = is_end && ahead.is_empty();
            if is_end {
                self.note_forgotten();
            }
            let again = if is_end {
                self.due_elsewhere()
            } else {
                Vec::new()
            };
            let pages = CompletePages {
                items,
                received,
                cursors: std::mem::take(&mut cursors),
                ..CompletePages::default()
            };
            let ticket = self.record(reconciler, pages).await?;
            for delta in &mut ahead {
                delta.continue_after(ticket.clone());
            }
            folders::put_back(&mut queue, ahead, is_sent);
            self.read_malformed(reconciler, sorted.malformed, &mut sorted.failure)
                .await?;
            if let Some(error) = sorted.failure {
                return Err(error);
            }
            self.prove(reconciler, mismatches).await?;
            if is_end {
                return self.finish(reconciler, again).await;
            }
            if sorted.has_restarted {
                self.wait_for_resync().await?;
            }
        }
    }

    /// Reads folders whose chains fail in this run by plain lists. If these fail, too, the error of
    /// the chain is reported.
    async fn read_malformed(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        malformed: Vec<(FolderDelta, ChainError)>,
        failure: &mut Option<SyncError>,
    ) -> Result<(), SyncError> {
        for (delta, error) in malformed {
            if failure.is_some() {
                return Ok(());
            }
            let listed = self.lists.get(&*delta.folder.id).copied();
            match self
                .sync_by_listing(reconciler, &delta, listed.as_ref())
                .await
            {
                Ok(()) => self.listed += 1,
                Err(SyncError::Service(refused)) if folder_delta::is_of_one_folder(&refused) => {
                    if self.continues_without(&delta, &refused) {
                        self.left.push(error);
                    } else {
                        *failure = Some(error.into());
                    }
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// Waits for the permit to read folders again from their beginning, and keeps it until the
    /// mailbox is finished.
    async fn wait_for_resync(&mut self) -> Result<(), SyncError> {
        if self.resync.is_none() {
            let resyncs = self.sync.context.resyncs.clone();
            let leave = async { Ok::<_, SyncError>(resyncs.acquire_owned().await.ok()) };
            self.resync = self.sync.context.unless_stopped(leave).await?;
        }
        Ok(())
    }

    /// The status of the mailbox when no chain is left: complete only if every folder was read.
    async fn finish(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        again: Vec<(String, FolderContext)>,
    ) -> Result<Status, SyncError> {
        self.read_singles(reconciler, again).await?;
        self.incomplete()?;
        if let Some(error) = self.left.pop() {
            return Err(error.into());
        }
        if !self.gone.is_empty() {
            let listed = self
                .sync
                .context
                .unless_stopped(self.service.folders())
                .await?;
            if listed.iter().any(|folder| self.gone.contains(&folder.id)) {
                return Err(SyncError::FolderHidden);
            }
        }
        Ok(Status::Complete)
    }
}

/// Hours since the oldest link of a mailbox was received.
#[expect(clippy::cast_precision_loss, reason = "hours for people to read")]
fn oldest_link_hours(known: &SavedCursors, now: Timestamp) -> Option<f64> {
    let oldest = known.deltas.values().map(|delta| delta.fetched_at).min()?;
    Some((now.0 - oldest.0).max(0) as f64 / (3600 * SECOND) as f64)
}

#[cfg(test)]
mod tests;
