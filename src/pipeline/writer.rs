//! The writer: a single task that turns mailbox batches into commits, and redeems their tickets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::index::doc::IndexDoc;
use crate::index::error::IndexError;
use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::batch::MailboxTally;
use crate::lake::error::LakeError;
use crate::lake::packed::PackedRows;
use crate::model::cursor::CursorRecord;
use crate::model::interaction::State as RowState;
use crate::model::run::Progress;
use crate::model::run::RunStamp;
use crate::pipeline::index_queue;
use crate::pipeline::index_queue::IndexQueue;
use crate::pipeline::index_queue::IndexingError;
use crate::runtime::clock;
use crate::runtime::cpu::TaskPanicked;
use crate::runtime::shares::Shares;
use crate::state::error::StateError;
use crate::state::packed::PackedDecisions;
use crate::state::store::State;
use crate::sync::batch::MailboxBatch;
use crate::sync::in_flight::InFlight;
use crate::sync::in_flight::Promise;

/// Rows of a batch: beyond this the files of a month grow no better.
const BATCH_ROWS: usize = 250_000;
/// Bytes of the encoded rows of a batch, which wait on the disk.
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
    /// Counters for the progress display.
    pub progress: Arc<Progress>,
    /// How much memory a batch may take.
    pub shares: Shares,
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
struct Open {
    batch: CommitBatch,
    seen: Vec<Arc<PackedDecisions>>,
    promises: Vec<Promise>,
    /// Bytes of the rows that are not encoded yet.
    loose_bytes: usize,
    /// The newest links of the chains, by mailbox and key.
    cursors: BTreeMap<(String, String), Option<String>>,
    /// Bytes of everything but the rows.
    note_bytes: usize,
    withdrawn: u64,
    since: Instant,
}

impl Writer {
    /// Takes mailbox batches until all senders are gone, then commits what is left and closes the
    /// index.
    pub async fn run(
        mut self,
        mut mailbox_batches: mpsc::Receiver<MailboxBatch>,
    ) -> Result<(), WriterError> {
        let mut open: Option<Open> = None;
        loop {
            let since = open.as_ref().map(|open| open.since);
            match self.next(&mut mailbox_batches, since).await {
                Next::MailboxBatch(mailbox_batch) => {
                    let (rest, docs) = self.add(open.take(), *mailbox_batch).await?;
                    self.index.add(docs).await;
                    open = Some(rest);
                }
                Next::Due => self.commit(open.take()).await?,
                Next::Closed => break,
            }
            if open.as_ref().is_some_and(|open| self.is_full(open)) {
                self.commit(open.take()).await?;
            }
        }
        self.commit(open).await?;
        Ok(self.index.close().await?)
    }

    /// Adds the rows of a mailbox batch to a batch, which is begun where there is none; gives their
    /// documents, which wait in the index for the commit.
    async fn add(
        &self,
        open: Option<Open>,
        mailbox_batch: MailboxBatch,
    ) -> Result<(Open, Vec<IndexDoc>), WriterError> {
        let mut open = open.unwrap_or_else(|| self.begin());
        if mailbox_batch.rows.is_empty() {
            open.add(mailbox_batch);
            return Ok((open, Vec::new()));
        }
        let (lake, loose_max) = (self.lake.clone(), self.shares.loose_rows);
        let adding = self.lake.cpu().run(move || {
            let docs = index_queue::documents(&mailbox_batch.rows);
            open.add(mailbox_batch);
            if open.loose_bytes >= loose_max {
                open.loose_bytes = 0;
                lake.spill(&mut open.batch)?;
            }
            Ok((open, docs))
        });
        adding.await?
    }

    fn begin(&self) -> Open {
        Open {
            batch: CommitBatch {
                run: self.run.clone(),
                rows: Vec::new(),
                packed: PackedRows::default(),
                cursors: Vec::new(),
                tallies: Vec::new(),
                snapshot_digest: self.snapshot.clone(),
            },
            seen: Vec::new(),
            promises: Vec::new(),
            cursors: BTreeMap::new(),
            loose_bytes: 0,
            note_bytes: 0,
            withdrawn: 0,
            since: clock::monotonic(),
        }
    }

    fn is_full(&self, open: &Open) -> bool {
        open.rows() >= BATCH_ROWS
            || open.batch.packed.bytes() >= BATCH_BYTES
            || open.note_bytes >= self.shares.notes
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

    async fn commit(&mut self, open: Option<Open>) -> Result<(), WriterError> {
        let Some(open) = open else {
            return Ok(());
        };
        let (recorded, withdrawn) = (open.rows() as u64, open.withdrawn);
        let Open {
            mut batch,
            seen,
            promises,
            cursors,
            ..
        } = open;
        let cursors = cursors.into_iter();
        let cursors = cursors.map(|((mailbox_id, key), value)| CursorRecord {
            mailbox_id,
            key,
            value,
        });
        batch.cursors = cursors.collect();
        let (lake, state) = (self.lake.clone(), self.state.clone());
        let writing = tokio::task::spawn_blocking(move || {
            lake.encode(&mut batch)?;
            let committed = lake.commit(&batch)?;
            let slots = committed.slots.iter();
            let versions: BTreeMap<u8, i64> =
                slots.map(|slot| (*slot, committed.version)).collect();
            state.commit(&seen, &batch.cursors, &versions)?;
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

enum Next {
    MailboxBatch(Box<MailboxBatch>),
    /// The batch is old enough, or every mailbox in flight waits for it.
    Due,
    Closed,
}

impl Open {
    fn add(&mut self, mailbox_batch: MailboxBatch) {
        self.loose_bytes += mailbox_batch.row_bytes();
        self.note_bytes += mailbox_batch.note_bytes();
        let rows = mailbox_batch.rows;
        let withdrawn = rows.iter();
        let withdrawn = withdrawn.filter(|row| row.interaction.state == RowState::Withdrawn);
        self.withdrawn += withdrawn.count() as u64;
        self.seen.push(mailbox_batch.seen);
        self.batch.rows.extend(rows);
        for cursor in mailbox_batch.cursors {
            let bytes = cursor.bytes();
            let key = (cursor.mailbox_id, cursor.key);
            if self.cursors.insert(key, cursor.value).is_none() {
                self.note_bytes += bytes;
            }
        }
        self.batch.tallies.push(MailboxTally {
            mailbox: mailbox_batch.mailbox,
            tally: mailbox_batch.tally,
            cost: mailbox_batch.cost,
        });
        self.promises.push(mailbox_batch.promise);
    }

    fn rows(&self) -> usize {
        self.batch.packed.len() + self.batch.rows.len()
    }
}
