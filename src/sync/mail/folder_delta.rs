//! The chain of one folder in one run: a few pages at a time, and what to do when it breaks.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::cursor::CompletenessCheck;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::FolderCursor;
use crate::model::page::GraphPage;
use crate::model::page::Link;
use crate::model::time::Timestamp;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::delta::FetchedPage;
use crate::source::graph::error::GraphError;
use crate::source::graph::folders::Folder;
use crate::source::graph::loop_detector::LoopDetector;
use crate::source::graph::retry::RetryAction;
use crate::source::graph::selection::Selection;
use crate::sync::cursors;
use crate::sync::cursors::SavedCursors;
use crate::sync::in_flight::Ticket;

/// A chain is fetched at most this many pages beyond its committed link: its older links expire
/// after a few generations (facts 1.6), and after a crash reading continues at the committed one.
pub(crate) const PAGES_AHEAD: usize = 2;
/// A chain that the service invalidates is restarted at most this often in one run.
const RESTARTS_MAX: u32 = 2;
/// Pages of one chain in one run: 5 million items at the default page size. A longer chain does not
/// end (facts 2.2).
const PAGES_MAX: u64 = 10_000;

/// A folder's chain in this run.
#[derive(Debug)]
pub(crate) struct FolderDelta {
    /// Its folder.
    pub folder: Folder,
    /// The last proof that all of it was seen.
    pub completeness: Option<CompletenessCheck>,
    /// Items of the chain so far, over all rounds.
    pub items: u64,
    /// Whether its deltaLink was followed once more because the folder's count differs.
    pub was_followed_up: bool,
    link: Option<String>,
    is_delta: bool,
    fetched_at: Timestamp,
    begun_at: Timestamp,
    /// Of what this run requests.
    selection: Arc<str>,
    pages: u64,
    restarts: u32,
    repeats: LoopDetector,
    /// Its last pages.
    committed: Ticket,
}

/// What a chain came to with the pages of one mailbox batch.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The chain after these pages.
    pub delta: FolderDelta,
    /// The pages.
    pub pages: Vec<GraphPage>,
    /// The state of its round.
    pub state: RoundState,
    /// Where it continues after these pages; `None`: as before.
    pub cursor: Option<CursorRecord>,
    /// Why it cannot continue in this run.
    pub error: Option<FolderDeltaError>,
}

/// The state of a chain's round after the pages of one mailbox batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RoundState {
    /// The next page follows.
    InProgress,
    /// All its pages were fetched.
    Complete,
    /// The service said that there is no such folder.
    FolderGone,
    /// The first page follows, since the service lost the chain.
    Restarted {
        /// Whether that was at the link which an earlier run had kept.
        at_kept_link: bool,
    },
}

/// Why a chain cannot continue in this run.
#[derive(Debug, thiserror::Error)]
pub enum FolderDeltaError {
    /// The service refused.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// It does not end.
    #[error("the chain of a folder does not end; the next run continues")]
    Endless,
}

/// The chains of a mailbox, in the order in which they are read. `from_start`: each from its
/// beginning. A chain of another selection restarts in any case: the service would never return by
/// it what is requested now (facts 1.2).
pub(crate) fn of_folders(
    folders: Vec<Folder>,
    known: &SavedCursors,
    selection: Selection,
    from_start: bool,
) -> VecDeque<FolderDelta> {
    let digest: Arc<str> = selection.digest().into();
    let delta = |folder: Folder| {
        let cursor = known.deltas.get(&*folder.id);
        let is_other = cursor.is_some_and(|cursor| cursor.selection.as_deref() != Some(&*digest));
        let mut delta = FolderDelta {
            selection: digest.clone(),
            link: cursor.map(|cursor| cursor.link.clone()),
            is_delta: cursor.is_some_and(|cursor| cursor.is_delta),
            fetched_at: cursor.map_or(Timestamp(0), |cursor| cursor.fetched_at),
            items: cursor.map_or(0, |cursor| cursor.items),
            completeness: cursor.and_then(|cursor| cursor.completeness),
            was_followed_up: false,
            begun_at: cursor.map_or(Timestamp(0), |cursor| cursor.begun_at),
            pages: 0,
            restarts: 0,
            repeats: LoopDetector::default(),
            committed: Ticket::redeemed(),
            folder,
        };
        if from_start || is_other {
            delta.restart();
        }
        delta
    };
    folders.into_iter().map(delta).collect()
}

/// Deletes the cursors of folders that are no longer listed.
pub(crate) fn of_gone_folders(
    mailbox_id: &str,
    known: &SavedCursors,
    folders: &[Folder],
) -> Vec<CursorRecord> {
    let is_gone = |id: &&String| folders.iter().all(|folder| *folder.id != ***id);
    let deltas = known.deltas.keys().filter(is_gone);
    let deltas = deltas.map(|id| cursors::delete_folder_cursor(mailbox_id, id));
    let lists = known.lists.keys().filter(is_gone);
    let lists = lists.map(|id| cursors::list_record(mailbox_id, id, None));
    deltas.chain(lists).collect()
}

/// Fetches the next pages of a chain.
pub(crate) async fn fetch(
    client: &MailboxClient,
    mailbox_id: &str,
    mut delta: FolderDelta,
    selection: Selection,
) -> Fetched {
    let mut pages = Vec::new();
    let mut state = RoundState::InProgress;
    let mut cursor = None;
    let mut error = None;
    while pages.len() < PAGES_AHEAD && state == RoundState::InProgress && error.is_none() {
        match delta.next_page(client, selection).await {
            Ok(fetched) => {
                delta.items += fetched.page.items.len() as u64;
                if matches!(fetched.link, Link::Delta(_)) {
                    state = RoundState::Complete;
                }
                cursor = delta
                    .follow(mailbox_id, fetched.link, fetched.fetched_at)
                    .or(cursor);
                pages.push(fetched.page);
            }
            Err(FolderDeltaError::Graph(refused)) => match refused.action() {
                RetryAction::RestartChain if delta.restarts < RESTARTS_MAX => {
                    state = RoundState::Restarted {
                        at_kept_link: delta.is_at_kept_link(),
                    };
                    delta.restarts += 1;
                    delta.restart();
                    // An expired link is not worth keeping.
                    cursor = None;
                }
                RetryAction::FolderGone => {
                    state = RoundState::FolderGone;
                    cursor = Some(cursors::delete_folder_cursor(mailbox_id, &delta.folder.id));
                }
                reaction => {
                    // An expired link is not worth keeping.
                    cursor = cursor.filter(|_| reaction != RetryAction::RestartChain);
                    error = Some(FolderDeltaError::Graph(refused));
                }
            },
            Err(other) => error = Some(other),
        }
    }
    Fetched {
        delta,
        pages,
        state,
        cursor,
        error,
    }
}

impl Fetched {
    /// Bytes of its pages.
    pub(crate) fn bytes(&self) -> usize {
        self.pages.iter().map(|page| page.body.len()).sum()
    }
}

impl FolderDeltaError {
    /// Whether other folders of the mailbox may be read all the same.
    pub fn is_of_one_folder(&self) -> bool {
        match self {
            Self::Graph(error) => is_of_one_folder(error),
            Self::Endless => true,
        }
    }

    /// Whether the folder may be read in another way: a full mailbox, a malformed page, a chain
    /// that the service loses each time it is begun (facts 13).
    pub fn asks_for_lists(&self) -> bool {
        match self {
            Self::Graph(error) => matches!(
                error.action(),
                RetryAction::PlainList | RetryAction::RestartChain
            ),
            Self::Endless => true,
        }
    }
}

/// Whether a refusal concerns only one folder of the mailbox.
pub(crate) fn is_of_one_folder(error: &GraphError) -> bool {
    matches!(
        error.action(),
        RetryAction::GiveUpMailbox | RetryAction::PlainList | RetryAction::RestartChain
    )
}

impl FolderDelta {
    async fn next_page(
        &mut self,
        client: &MailboxClient,
        selection: Selection,
    ) -> Result<FetchedPage, FolderDeltaError> {
        self.pages += 1;
        if self.pages > PAGES_MAX {
            return Err(FolderDeltaError::Endless);
        }
        let fetched = match &self.link {
            Some(link) => client.next_page(&self.folder.id, link).await?,
            None => client.first_page(&self.folder.id, selection).await?,
        };
        if self.repeats.is_endless(&fetched.page) {
            return Err(FolderDeltaError::Endless);
        }
        Ok(fetched)
    }

    /// Moves on; gives the cursor where the link is another one than before (facts 1.4: the same
    /// deltaLink again is no error).
    fn follow(
        &mut self,
        mailbox_id: &str,
        link: Link,
        fetched_at: Timestamp,
    ) -> Option<CursorRecord> {
        let is_delta = matches!(link, Link::Delta(_));
        let (Link::Next(link) | Link::Delta(link)) = link;
        if self.link.as_ref() == Some(&link) {
            return None;
        }
        if self.link.is_none() {
            self.begun_at = fetched_at;
        }
        self.link = Some(link);
        self.is_delta = is_delta;
        self.fetched_at = fetched_at;
        Some(self.record(mailbox_id))
    }

    /// The record of the chain. A chain without a link has no record.
    fn record(&self, mailbox_id: &str) -> CursorRecord {
        let Some(link) = &self.link else {
            return cursors::delete_folder_cursor(mailbox_id, &self.folder.id);
        };
        let cursor = FolderCursor {
            link: link.clone(),
            is_delta: self.is_delta,
            fetched_at: self.fetched_at,
            begun_at: self.begun_at,
            selection: Some(self.selection.to_string()),
            items: self.items,
            completeness: self.completeness,
        };
        cursors::folder_cursor_record(mailbox_id, &self.folder.id, &cursor)
    }

    /// The record of the chain with a proof.
    pub(crate) fn proven(
        mut self,
        mailbox_id: &str,
        completeness: CompletenessCheck,
    ) -> CursorRecord {
        self.completeness = Some(completeness);
        self.record(mailbox_id)
    }

    /// Whether the next page is behind the deltaLink with which this run began. (A page counts as
    /// fetched when it is requested.)
    fn is_at_kept_link(&self) -> bool {
        self.seen_until().is_some() && self.pages <= 1 && self.restarts == 0
    }

    /// Its last pages were sent to the writer: it is fetched further once they are committed.
    pub(crate) fn continue_after(&mut self, ticket: Ticket) {
        self.committed = ticket;
    }

    /// What it waits for.
    pub(crate) fn committed(&self) -> &Ticket {
        &self.committed
    }

    /// When the chain was begun.
    pub(crate) fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// Whether the next page is the first of all.
    pub(crate) fn is_at_start(&self) -> bool {
        self.link.is_none()
    }

    /// Up to when everything was seen; `None`: no round has come to its end.
    pub(crate) fn seen_until(&self) -> Option<Timestamp> {
        (self.link.is_some() && self.is_delta).then_some(self.fetched_at)
    }

    /// The folder is read again, as when the service lost the chain (facts 1.6).
    fn restart(&mut self) {
        self.link = None;
        self.is_delta = false;
        self.repeats = LoopDetector::default();
        self.items = 0;
        self.completeness = self.completeness.map(CompletenessCheck::lapsed);
    }
}
