//! One mailbox while it is read, from whatever source: its totals, what the lake keeps of it, and
//! its final status.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::lake::error::LakeError;
use crate::model::activity::MatchedInteraction;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::coverage::UnreadItem;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::FailedItem;
use crate::model::cursor::MailboxCursor;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::run::Progress;
use crate::model::time::Timestamp;
use crate::reconcile::outcomes::Outcomes;
use crate::reconcile::unread::AWAITS_SENT;
use crate::runtime::clock;
use crate::runtime::cpu::TaskPanicked;
use crate::runtime::memory::Taken;
use crate::source::archive::error::ArchiveError;
use crate::source::graph::error::GraphError;
use crate::source::graph::retry::RetryAction;
use crate::state::error::StateError;
use crate::state::pending::Pending;
use crate::state::uncommitted::Uncommitted;
use crate::sync::batch::MailboxBatch;
use crate::sync::calendar::CalendarError;
use crate::sync::calendar::round::RoundError;
use crate::sync::context::Context;
use crate::sync::cursors;
use crate::sync::cursors::CursorUnreadable;
use crate::sync::cursors::SavedCursors;
use crate::sync::in_flight::Ticket;
use crate::sync::in_flight::WriterStopped;
use crate::sync::mail::folder_delta::FolderDeltaError;

/// Runs in which an item is tried, the first included: errors of the service may last for days
/// (facts 6.2). Afterwards it stays in the ledger, and only `run --again` tries it.
pub(crate) const TRIES_MAX: u32 = 10;

/// Unreadable items of a mailbox that the report names.
const UNREAD_REPORTED: usize = 100;

/// One mailbox while it is read.
#[derive(Debug)]
pub(crate) struct MailboxSync<'a> {
    /// What all tasks of the run share.
    pub context: &'a Context,
    /// Whose.
    pub mailbox: Arc<Mailbox>,
    /// When the run began to read it.
    pub started_at: Timestamp,
    /// What is kept of the mailbox as a whole; the lake follows with the next mailbox batch.
    pub cursor: Option<MailboxCursor>,
    /// See [`Coverage::cursor_age_hours`].
    pub cursor_age_hours: Option<f64>,
    /// See [`Coverage::folder_items`].
    pub folder_items: Option<i64>,
    /// Items that could not be read, by the provider's id; the lake follows with each mailbox
    /// batch.
    pub ledger: BTreeMap<String, FailedItem>,
    /// A remark on the mailbox that is no error.
    pub remark: Option<String>,
    /// See [`Coverage::was_absent`].
    pub was_absent: bool,
    /// Items of an archive that this run could not read.
    unread: HashSet<String>,
    /// `cursor` as the lake has it.
    written: Option<MailboxCursor>,
    tally: Tally,
    /// What was decided and may not be committed yet.
    decided: VecDeque<(Ticket, Arc<Pending>)>,
    /// The part of the cost that was reported with earlier batches.
    counted: Cost,
}

/// What is known of some pages besides their items.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pages {
    /// Items counted when the pages were split.
    pub received: u64,
    /// What the mailbox has cost so far, these pages included.
    pub total_cost: Cost,
}

/// Why a mailbox was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The service refused.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A folder's chain cannot continue.
    #[error(transparent)]
    FolderDelta(#[from] FolderDeltaError),
    /// The calendar's chain cannot continue.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// A file of the archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Where reading continues is unknown.
    #[error(transparent)]
    Cursor(#[from] CursorUnreadable),
    /// What was seen before is unknown.
    #[error(transparent)]
    State(#[from] StateError),
    /// What is recorded cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A computation panicked.
    #[error(transparent)]
    Computation(#[from] TaskPanicked),
    /// The run is over.
    #[error(transparent)]
    Writer(#[from] WriterStopped),
    /// Not an error of the mailbox.
    #[error("the run was asked to end")]
    Stopped,
    /// Something in it did not come to an end: a file that blocks, an item that is being decoded.
    #[error("it was left while something of it was still being read; the next run reads it again")]
    Overdue,
    /// The listing of the folders and a folder's own answer contradict each other.
    #[error("a folder that is listed was answered as not found; the next run reads it again")]
    FolderHidden,
    /// Not all items of a folder were seen, and the rest is unavailable.
    #[error(
        "{folders} folders hold {held} items, {walked} of them were read and the others are \
         unavailable; the next run compares them again"
    )]
    Incomplete {
        /// How many folders.
        folders: usize,
        /// Items that the folders count.
        held: u64,
        /// Items that their chains returned.
        walked: u64,
    },
    /// More items are unavailable than single items explain: the mailbox as a whole is the cause.
    #[error("more than {max} items are unavailable; the next run tries them and the others again")]
    ManyRefused {
        /// At most this many are given up one by one.
        max: usize,
    },
}

impl SyncError {
    fn status(&self) -> Status {
        match self {
            Self::Stopped | Self::Overdue => Status::Stopped,
            Self::Incomplete { .. } | Self::ManyRefused { .. } => Status::Incomplete,
            Self::Graph(error)
            | Self::FolderDelta(FolderDeltaError::Graph(error))
            | Self::Calendar(CalendarError::Round(RoundError::Graph(error))) => {
                match error.action() {
                    RetryAction::MailboxDenied => Status::Denied,
                    RetryAction::NoMailbox => Status::NoMailbox,
                    _ => Status::Failed,
                }
            }
            _ => Status::Failed,
        }
    }
}

impl<'a> MailboxSync<'a> {
    /// Begins with a mailbox.
    pub(crate) fn new(context: &'a Context, mailbox: Mailbox) -> Self {
        Self {
            context,
            mailbox: Arc::new(mailbox),
            started_at: clock::now(),
            cursor: None,
            cursor_age_hours: None,
            folder_items: None,
            ledger: BTreeMap::new(),
            remark: None,
            was_absent: false,
            unread: HashSet::new(),
            written: None,
            tally: Tally::default(),
            decided: VecDeque::new(),
            counted: Cost::default(),
        }
    }

    /// What the lake keeps of the mailbox from earlier runs.
    pub(crate) fn known(&mut self) -> Result<SavedCursors, SyncError> {
        let known = SavedCursors::read(self.context.state.cursors(&self.mailbox.id)?)?;
        self.written.clone_from(&known.mailbox);
        self.ledger.clone_from(&known.ledger);
        Ok(known)
    }

    /// Notes rows that were sent to the writer before it was begun.
    pub(crate) fn note_derived(&mut self, rows: u64) {
        self.tally.derived += rows;
    }

    /// Whether the run is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.context.shutdown.requested().is_some()
    }

    /// Waits for the service, but not after the run is to end: the service may have requested half
    /// an hour of waiting.
    pub(crate) async fn unless_stopped<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, SyncError>
    where
        SyncError: From<E>,
    {
        tokio::select! {
            result = work => Ok(result?),
            _ = self.context.shutdown.wait() => Err(SyncError::Stopped),
        }
    }

    /// What was decided and is not committed yet: the next decision has to see it.
    pub(crate) fn uncommitted(&mut self) -> Uncommitted {
        // Commits are in the order in which batches were sent.
        while let Some((ticket, _)) = self.decided.front()
            && ticket.is_redeemed()
        {
            self.decided.pop_front();
        }
        Uncommitted::new(self.decided.iter().map(|(_, seen)| Arc::clone(seen)))
    }

    /// Hands decided pages to the writer. What is decided next sees them at once, in
    /// [`MailboxSync::uncommitted`]; what must not happen before they are committed waits for the
    /// ticket.
    pub(crate) async fn hand_over(
        &mut self,
        outcomes: Outcomes,
        mut cursors: Vec<CursorRecord>,
        pages: Pages,
    ) -> Result<Ticket, WriterStopped> {
        let mut tally = outcomes.tally;
        tally.received = pages.received;
        Progress::add(&self.context.progress.items, pages.received);
        self.tally.add(&tally);
        if let Some(cursor) = &mut self.cursor {
            let is_first = |row: &&MatchedInteraction| row.interaction.revision == 1;
            cursor.recorded += outcomes.rows.iter().filter(is_first).count() as u64;
            if self.written.as_ref() != Some(cursor) {
                cursors.push(cursors::mailbox_record(&self.mailbox.id, cursor));
                self.written = Some(cursor.clone());
            }
        }
        let mut seen = outcomes.seen;
        for record in &cursors {
            seen.note_cursor(record.clone());
        }
        let (promise, ticket) = Ticket::new();
        let seen = Arc::new(seen);
        let mut mailbox_batch = MailboxBatch {
            mailbox: self.mailbox.clone(),
            rows: outcomes.rows,
            cursors,
            tally,
            cost: pages.total_cost.since(self.counted),
            seen: Arc::clone(&seen),
            promise,
            taken: Taken::default(),
        };
        self.counted = pages.total_cost;
        if mailbox_batch.is_empty() {
            return Ok(Ticket::redeemed());
        }
        self.decided.push_back((ticket.clone(), seen));
        let memory = &self.context.memory.mailbox_batches;
        mailbox_batch.taken = memory.take(mailbox_batch.bytes()).await;
        let sent = self.context.mailbox_batches.send(mailbox_batch).await;
        sent.map_err(|_| WriterStopped)?;
        Ok(ticket)
    }

    /// Notes unreadable messages of an archive. Known entries are not written again: an archive
    /// does not change.
    pub(crate) fn note_unread_of_archive(&mut self, outcomes: &Outcomes) -> Vec<CursorRecord> {
        let now = clock::now();
        let mut cursors = Vec::new();
        for unread in &outcomes.unread {
            let Some(id) = &unread.source_id else {
                continue;
            };
            self.unread.insert(id.clone());
            let is_known = |entry: &FailedItem| {
                entry.reason == unread.code && *entry.folder == *unread.container
            };
            if self.ledger.get(id).is_some_and(is_known) {
                continue;
            }
            let entry = FailedItem {
                folder: unread.container.to_string(),
                reason: unread.code.to_owned(),
                tries: 1,
                first_at: now,
                last_at: now,
            };
            cursors.push(cursors::ledger_record(&self.mailbox.id, id, Some(&entry)));
            self.ledger.insert(id.clone(), entry);
        }
        cursors
    }

    /// Resolves, at the end of an archive, entries that are gone or were read.
    pub(crate) fn resolve_of_archive(&mut self) -> Vec<CursorRecord> {
        let mut cursors = Vec::new();
        let (mailbox_id, unread) = (&self.mailbox.id, &self.unread);
        self.ledger.retain(|id, _| {
            let is_there = unread.contains(id);
            if !is_there {
                cursors.push(cursors::ledger_record(mailbox_id, id, None));
            }
            is_there
        });
        cursors
    }

    /// Notes unreadable items, and resolves those that were read after all.
    pub(crate) fn keep_ledger(&mut self, outcomes: &Outcomes) -> Vec<CursorRecord> {
        let now = clock::now();
        let mut cursors = Vec::new();
        for unread in &outcomes.unread {
            let Some(id) = &unread.source_id else {
                continue;
            };
            let entry = self.ledger.entry(id.clone()).or_insert(FailedItem {
                folder: unread.container.to_string(),
                reason: String::new(),
                tries: 0,
                first_at: now,
                last_at: now,
            });
            if entry.reason == AWAITS_SENT {
                // It could be read.
                entry.tries = 0;
            }
            unread.code.clone_into(&mut entry.reason);
            entry.tries = entry.tries.saturating_add(1);
            entry.last_at = now;
            cursors.push(cursors::ledger_record(&self.mailbox.id, id, Some(entry)));
        }
        let mailbox_id = &self.mailbox.id;
        let is_read = |id: &String| {
            let decided = outcomes.decided.get(id);
            decided.is_some_and(|seen| seen.outcome != Outcome::Unreadable)
        };
        self.ledger.retain(|id, _| {
            let is_read = is_read(id);
            if is_read {
                cursors.push(cursors::ledger_record(mailbox_id, id, None));
            }
            !is_read
        });
        cursors
    }

    /// How far the mailbox was read: an error becomes its status.
    pub(crate) fn coverage(
        self,
        result: Result<Status, SyncError>,
        cost: Cost,
    ) -> Result<Coverage, WriterStopped> {
        let (status, reason) = match result {
            Ok(status) => (status, self.remark),
            Err(SyncError::Writer(gone)) => return Err(gone),
            Err(SyncError::Stopped) => (Status::Stopped, None),
            Err(error) => {
                let remark = self.remark.into_iter();
                let parts: Vec<String> = remark.chain([error.to_string()]).collect();
                (error.status(), Some(parts.join("; ")))
            }
        };
        let recorded = self.cursor.map_or(0, |cursor| cursor.recorded);
        let unread = self.ledger.into_values().take(UNREAD_REPORTED);
        let unread = unread.map(|entry| UnreadItem {
            place: entry.folder,
            code: entry.reason,
        });
        Ok(Coverage {
            run_id: self.context.run.run_id.clone(),
            mailbox: self.mailbox,
            started_at: self.started_at,
            ended_at: clock::now(),
            status,
            reason,
            tally: self.tally,
            cost,
            cursor_age_hours: self.cursor_age_hours,
            folder_items: self.folder_items,
            recorded_total: i64::try_from(recorded).unwrap_or(i64::MAX),
            unread: unread.collect(),
            was_absent: self.was_absent,
        })
    }
}
