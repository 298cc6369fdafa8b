//! The writer: a single task that turns mailbox batches into commits, and redeems their tickets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::index::error::IndexError;
use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::batch::MailboxTally;
use crate::lake::error::LakeError;
use crate::model::activity::MatchedInteraction;
use crate::model::cursor::CursorRecord;
use crate::model::interaction::State as RowState;
use crate::model::run::Progress;
use crate::model::run::RunStamp;
use crate::pipeline::index_queue;
use crate::pipeline::index_queue::IndexQueue;
use crate::pipeline::index_queue::IndexingError;
use crate::runtime::clock;
use crate::runtime::cpu::CpuPool;
use crate::runtime::cpu::TaskPanicked;
use crate::state::error::StateError;
use crate::state::pending::Pending;
use crate::state::store::State;
use crate::sync::batch::MailboxBatch;
use crate::sync::in_flight::InFlight;
use crate::sync::in_flight::Promise;

/// Rows of a batch: beyond this the files of a month grow no better, only memory does.
const BATCH_ROWS: usize = 250_000;
/// Bytes of a batch in memory.
const BATCH_BYTES: usize = 64 << 20;
/// Age of a batch: so much work is lost at most when the process dies.
const BATCH_AGE: Duration = Duration::from_secs(30);

/// What the writer needs.
#[derive(Debug)]
pub struct Writer {
    /// The lake to commit to.
    pub lake: Arc<Lake>,
    /// The cache that learns what was committed.
    pub state: Arc<State>,
    /// The index, which follows behind.
    pub index: IndexQueue,
    /// The run in whose name rows are written.
    pub run: RunStamp,
    /// Which mailboxes wait for commits.
    pub in_flight: InFlight,
    /// Digest of the CRM snapshot that matched the rows.
    pub snapshot: Arc<str>,
    /// The threads that compute.
    pub cpu: Arc<CpuPool>,
    /// Counters for the progress display.
    pub progress: Arc<Progress>,
}

/// Why the writer had to stop; the run ends with it.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// The lake did not take a batch.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The state cache did.
    #[error(transparent)]
    State(#[from] StateError),
    /// The index could not be opened or caught up.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index could not follow.
    #[error(transparent)]
    Indexing(#[from] IndexingError),
    /// A computation died.
    #[error(transparent)]
    Computation(#[from] TaskPanicked),
    /// A blocking task died.
    #[error("writing ended in a panic; this is a defect of touchpoint, please report it")]
    Lost,
}

/// Mailbox batches that will become visible together.
#[derive(Default)]
struct Open {
    rows: Vec<MatchedInteraction>,
    cursors: Vec<CursorRecord>,
    tallies: Vec<MailboxTally>,
    seen: Vec<Arc<Pending>>,
    bytes: usize,
    promises: Vec<Promise>,
    since: Option<Instant>,
}

impl Writer {
    /// Takes mailbox batches until all senders are gone, then commits what is left and closes the
    /// index.
    pub async fn run(
        mut self,
        mut mailbox_batches: mpsc::Receiver<MailboxBatch>,
    ) -> Result<(), WriterError> {
        let mut open = Open::default();
        loop {
            match self.next(&mut mailbox_batches, open.since).await {
                Next::MailboxBatch(mailbox_batch) => open.add(self.index(*mailbox_batch).await?),
                Next::Due => self.commit(std::mem::take(&mut open)).await?,
                Next::Closed => break,
            }
            if open.is_full() {
                self.commit(std::mem::take(&mut open)).await?;
            }
        }
        self.commit(open).await?;
        Ok(self.index.close().await?)
    }

    /// Sends the documents of rows to the index, which waits for the commit with them.
    async fn index(&self, mailbox_batch: MailboxBatch) -> Result<MailboxBatch, WriterError> {
        if mailbox_batch.rows.is_empty() {
            return Ok(mailbox_batch);
        }
        let working = self.cpu.run(move || {
            let docs = index_queue::documents(&mailbox_batch.rows);
            (mailbox_batch, docs)
        });
        let (mailbox_batch, docs) = working.await?;
        self.index.add(docs).await;
        Ok(mailbox_batch)
    }

    /// What comes next: whatever lies ready goes along, so that under load commits get fewer.
    async fn next(
        &self,
        mailbox_batches: &mut mpsc::Receiver<MailboxBatch>,
        since: Option<Instant>,
    ) -> Next {
        let due = async {
            match since {
                Some(since) => tokio::select! {
                    () = tokio::time::sleep_until(since + BATCH_AGE) => {}
                    () = self.in_flight.stalled() => {}
                },
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            received = mailbox_batches.recv() => {
                received.map_or(Next::Closed, |mailbox_batch| Next::MailboxBatch(Box::new(mailbox_batch)))
            }
            () = due => Next::Due,
        }
    }

    async fn commit(&mut self, open: Open) -> Result<(), WriterError> {
        if open.since.is_none() {
            return Ok(());
        }
        let Open {
            rows,
            cursors,
            tallies,
            seen,
            promises,
            ..
        } = open;
        let (recorded, withdrawn) = (rows.len() as u64, count_withdrawn(&rows));
        let batch = CommitBatch {
            run: self.run.clone(),
            rows,
            cursors,
            tallies,
            snapshot_digest: self.snapshot.clone(),
        };
        let (lake, state) = (self.lake.clone(), self.state.clone());
        let writing = tokio::task::spawn_blocking(move || {
            let committed = lake.commit(&batch)?;
            let slots = committed.slots.iter();
            let versions: BTreeMap<u8, i64> =
                slots.map(|slot| (*slot, committed.version)).collect();
            state.commit(&seen, &versions)?;
            Ok::<_, WriterError>(versions)
        });
        let versions = writing.await.map_err(|_| WriterError::Lost)??;
        Progress::add(&self.progress.rows, recorded);
        Progress::add(&self.progress.commits, 1);
        Progress::add(&self.progress.withdrawn, withdrawn);
        for promise in &promises {
            self.in_flight.redeem(promise);
        }
        self.index.committed(versions).await;
        Ok(())
    }
}

fn count_withdrawn(rows: &[MatchedInteraction]) -> u64 {
    let withdrawn = rows.iter();
    let withdrawn = withdrawn.filter(|row| row.interaction.state == RowState::Withdrawn);
    withdrawn.count() as u64
}

enum Next {
    MailboxBatch(Box<MailboxBatch>),
    /// The batch is old enough, or every mailbox in flight waits for it.
    Due,
    Closed,
}

impl Open {
    fn add(&mut self, mailbox_batch: MailboxBatch) {
        self.since.get_or_insert_with(clock::monotonic);
        self.bytes += mailbox_batch.bytes();
        self.seen.push(mailbox_batch.seen);
        self.rows.extend(mailbox_batch.rows);
        self.cursors.extend(mailbox_batch.cursors);
        self.tallies.push(MailboxTally {
            mailbox: mailbox_batch.mailbox,
            tally: mailbox_batch.tally,
            cost: mailbox_batch.cost,
        });
        self.promises.push(mailbox_batch.promise);
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }
}
