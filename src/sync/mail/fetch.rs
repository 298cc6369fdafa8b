//! Fetches the next pages of several chains, and sorts the chains by their state.

use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use futures_util::StreamExt;
use futures_util::stream;

use crate::model::cursor::CursorRecord;
use crate::model::page::Page;
use crate::source::error::ServiceError;
use crate::source::service::MailboxService;
use crate::sync::cursors;
use crate::sync::delta::ChainError;
use crate::sync::error::SyncError;
use crate::sync::mail::folder_delta;
use crate::sync::mail::folder_delta::Fetched;
use crate::sync::mail::folder_delta::FolderDelta;
use crate::sync::mail::folder_delta::RoundState;
use crate::sync::mail::mail_sync::MailSync;

/// Bytes of pages that become one mailbox batch: some 2,500 mails without, 600 with header fields.
/// What is in flight comes on top: [`CHAINS_AT_ONCE`] chains of
/// [`folder_delta::PAGES_AHEAD`] pages.
const BYTES_PER_BATCH: usize = 4 << 20;

/// Requests of one mailbox in flight (facts 7.1); the client holds to it as well.
const CHAINS_AT_ONCE: usize = 3;

/// Folders that may be unreadable in a run while the others are read: each has cost all its
/// retries, and more of them mean that the mailbox as a whole is the cause.
const FOLDERS_LEFT_MAX: usize = 3;

/// Pages of one mailbox batch, and the state of their chains.
#[derive(Default)]
pub(super) struct Sorted {
    /// The pages.
    pub(super) pages: Vec<Page>,
    /// Chains with further pages.
    pub(super) unfinished: Vec<FolderDelta>,
    /// Chains that fail in this run; their folders are read by plain lists.
    pub(super) malformed: Vec<(FolderDelta, ChainError)>,
    /// Whether a chain begins from scratch.
    pub(super) has_restarted: bool,
    /// Why the mailbox cannot be read further.
    pub(super) failure: Option<SyncError>,
}

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// The next pages of chains, and the chains that have to wait for the next mailbox batch.
    pub(super) async fn fetch(&self, deltas: Vec<FolderDelta>) -> (Vec<Fetched>, Vec<FolderDelta>) {
        let (mailbox_id, selection) = (&self.sync.mailbox.id, self.sync.context.selection);
        let bytes = AtomicUsize::new(0);
        let fetch = async |delta| {
            if bytes.load(Ordering::Relaxed) >= BYTES_PER_BATCH {
                return Err(delta);
            }
            let fetched = folder_delta::fetch(self.service, mailbox_id, delta, selection).await;
            bytes.fetch_add(fetched.bytes(), Ordering::Relaxed);
            Ok(fetched)
        };
        let mut fetching = pin!(stream::iter(deltas).map(fetch).buffered(CHAINS_AT_ONCE));
        let (mut fetched, mut left) = (Vec::new(), Vec::new());
        while let Some(one) = fetching.next().await {
            match one {
                Ok(pages) => fetched.push(pages),
                Err(delta) => left.push(delta),
            }
        }
        (fetched, left)
    }

    /// Sorts the pages and chains of a mailbox batch.
    pub(super) fn sort(
        &mut self,
        fetched: Vec<Fetched>,
        cursors: &mut Vec<CursorRecord>,
    ) -> Sorted {
        let mut sorted = Sorted::default();
        for one in fetched {
            cursors.extend(one.cursor);
            sorted.pages.extend(one.pages);
            self.sort_chain(one.delta, one.state, &mut sorted, cursors);
        }
        sorted
    }

    fn sort_chain(
        &mut self,
        delta: FolderDelta,
        state: RoundState,
        sorted: &mut Sorted,
        cursors: &mut Vec<CursorRecord>,
    ) {
        match state {
            RoundState::InProgress => sorted.unfinished.push(delta),
            RoundState::Restarted { at_kept_link } => {
                sorted.has_restarted = true;
                self.forgotten += usize::from(at_kept_link);
                sorted.unfinished.push(delta);
            }
            RoundState::FolderGone => {
                self.folders.is_sent_incomplete |= delta.folder.is_sent;
                self.gone.push(delta.folder.id);
            }
            RoundState::Complete => {
                let folder = &delta.folder.id;
                if self.lists.remove(&**folder).is_some() {
                    let mailbox_id = &self.sync.mailbox.id;
                    cursors.push(cursors::list_record(mailbox_id, folder, None));
                }
                self.ended.push(delta);
            }
            RoundState::ListInstead(error) => sorted.malformed.push((delta, error)),
            RoundState::Failed(error) if self.continues_without(&delta, &error) => {
                self.left.push(error.into());
            }
            RoundState::Failed(error) => {
                sorted.failure = sorted.failure.take().or(Some(error.into()));
            }
        }
    }

    /// Whether the others are read despite one folder's error: otherwise those after it would wait
    /// permanently. Not so for Sent Items, whose copies of mails take precedence.
    pub(super) fn continues_without(&self, delta: &FolderDelta, error: &ServiceError) -> bool {
        folder_delta::is_of_one_folder(error)
            && !delta.folder.is_sent
            && self.left.len() < FOLDERS_LEFT_MAX
    }
}
