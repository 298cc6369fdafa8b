//! The chain of one folder in one run: a few pages at a time, and what to do when it breaks.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::cursor::CompletenessCheck;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::FolderCursor;
use crate::model::page::Link;
use crate::model::page::Page;
use crate::model::selection::Selection;
use crate::model::time::Timestamp;
use crate::source::error::ServiceError;
use crate::source::folder::Folder;
use crate::source::retry_action::RetryAction;
use crate::source::service::Chain;
use crate::source::service::MailboxService;
use crate::sync::cursors;
use crate::sync::cursors::SavedCursors;
use crate::sync::delta::ChainError;
use crate::sync::delta::DeltaRound;
use crate::sync::delta::Step;
use crate::sync::in_flight::Ticket;

/// A chain is fetched at most this many pages beyond its committed link: its older links expire
/// after a few generations (facts 1.6), and after a crash reading continues at the committed one.
pub(crate) const PAGES_AHEAD: usize = 2;

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
    round: DeltaRound,
    /// Its last pages.
    committed: Ticket,
}

/// What a chain came to with the pages of one mailbox batch.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The chain after these pages.
    pub delta: FolderDelta,
    /// The pages.
    pub pages: Vec<Page>,
    /// The state of its round.
    pub state: RoundState,
    /// Where it continues after these pages; `None`: as before.
    pub cursor: Option<CursorRecord>,
}

/// The state of a chain's round after the pages of one mailbox batch.
#[derive(Debug)]
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
    /// It does not work in this run; its folder may be read by plain lists.
    ListInstead(ChainError),
    /// It cannot continue in this run.
    Failed(ServiceError),
}

/// The chains of a mailbox, in the order in which they are read. `from_start`: each from its
/// beginning. A chain of another selection restarts in any case: the service would never return by
/// it what is requested now (facts 1.2).
pub(crate) fn of_folders<S: MailboxService>(
    folders: Vec<Folder>,
    known: &SavedCursors,
    selection: Selection,
    from_start: bool,
) -> VecDeque<FolderDelta> {
    let digest: Arc<str> = S::selection_digest(selection).into();
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
            round: DeltaRound::default(),
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
    service: &impl MailboxService,
    mailbox_id: &str,
    mut delta: FolderDelta,
    selection: Selection,
) -> Fetched {
    let mut pages = Vec::new();
    let mut cursor = None;
    let mut state = RoundState::InProgress;
    while pages.len() < PAGES_AHEAD && matches!(state, RoundState::InProgress) {
        let is_at_kept_link = delta.seen_until().is_some();
        let chain = delta.chain(selection);
        state = match delta
            .round
            .step(service, &chain, delta.link.as_deref())
            .await
        {
            Step::Page(fetched) => {
                delta.items += fetched.page.items.len() as u64;
                let state = match fetched.link {
                    Link::Next(_) => RoundState::InProgress,
                    Link::Delta(_) => RoundState::Complete,
                };
                let followed = delta.follow(mailbox_id, fetched.link, fetched.fetched_at);
                cursor = followed.or(cursor);
                pages.push(fetched.page);
                state
            }
            Step::Restarted => {
                delta.restart();
                // An expired link is not worth keeping.
                cursor = None;
                RoundState::Restarted {
                    at_kept_link: is_at_kept_link && delta.round.is_first_restart(),
                }
            }
            Step::Gone(_) => {
                cursor = Some(cursors::delete_folder_cursor(mailbox_id, &delta.folder.id));
                RoundState::FolderGone
            }
            Step::ListInstead(error) => {
                cursor = cursor.filter(|_| !error.is_of_link());
                RoundState::ListInstead(error)
            }
            Step::Failed(error) => RoundState::Failed(error),
        };
    }
    Fetched {
        delta,
        pages,
        state,
        cursor,
    }
}

impl Fetched {
    /// Bytes of its pages.
    pub(crate) fn bytes(&self) -> usize {
        self.pages.iter().map(|page| page.body.len()).sum()
    }
}

/// Whether a refusal concerns only one folder of the mailbox: others may be read all the same.
pub(crate) fn is_of_one_folder(error: &ServiceError) -> bool {
    matches!(
        error.action(),
        RetryAction::GiveUpMailbox | RetryAction::PlainList | RetryAction::RestartChain
    )
}

impl FolderDelta {
    fn chain(&self, selection: Selection) -> Chain {
        Chain::Folder {
            folder: Arc::clone(&self.folder.id),
            selection,
        }
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
        self.items = 0;
        self.completeness = self.completeness.map(CompletenessCheck::lapsed);
    }
}
