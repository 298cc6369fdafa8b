//! The writer: a single task that turns portions into commits, and tells everyone who waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::index::error::IndexError;
use crate::lake::Lake;
use crate::lake::batch::Batch;
use crate::lake::batch::MailboxTally;
use crate::lake::error::LakeError;
use crate::model::activity::Matched;
use crate::model::cursor::CursorRecord;
use crate::model::interaction::State as RowState;
use crate::model::run::Progress;
use crate::model::run::RunStamp;
use crate::pipeline::indexing;
use crate::pipeline::indexing::IndexBatch;
use crate::pipeline::indexing::IndexQueue;
use crate::pipeline::indexing::IndexingError;
use crate::pipeline::portion::Portion;
use crate::runtime::cpu::ComputationLost;
use crate::runtime::cpu::CpuPool;
use crate::state::error::StateError;
use crate::state::pending::Pending;
use crate::state::store::State;

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
    /// The cache that is told what was committed.
    pub state: Arc<State>,
    /// The index, which follows behind.
    pub index: IndexQueue,
    /// The run in whose name rows are written.
    pub run: RunStamp,
    /// Digest of the book that matched the rows.
    pub book: Arc<str>,
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
    Computation(#[from] ComputationLost),
    /// A blocking task died.
    #[error("writing ended in a panic; this is a defect of touchpoint, please report it")]
    Lost,
}

/// Portions that will become visible together.
#[derive(Default)]
struct Open {
    rows: Vec<Matched>,
    cursors: Vec<CursorRecord>,
    tallies: Vec<MailboxTally>,
    seen: Pending,
    bytes: usize,
    waiting: Vec<oneshot::Sender<()>>,
    since: Option<Instant>,
}

impl Writer {
    /// Takes portions until all senders are gone, then commits what is left and closes the index.
    pub async fn run(mut self, mut portions: mpsc::Receiver<Portion>) -> Result<(), WriterError> {
        let mut open = Open::default();
        loop {
            let deadline = open.since.map(|since| since + BATCH_AGE);
            match next(&mut portions, deadline).await {
                Next::Portion(portion) => open.add(*portion),
                Next::Deadline => {
                    self.commit(std::mem::take(&mut open)).await?;
                    continue;
                }
                Next::Closed => break,
            }
            if open.must_close() {
                // Whatever lies ready goes along: under load, commits get fewer, not later.
                while !open.is_full()
                    && let Ok(portion) = portions.try_recv()
                {
                    open.add(portion);
                }
                self.commit(std::mem::take(&mut open)).await?;
            }
        }
        self.commit(open).await?;
        Ok(self.index.close().await?)
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
            waiting,
            ..
        } = open;
        let batch = Batch {
            run: self.run.clone(),
            rows,
            cursors,
            tallies,
            book_digest: self.book.clone(),
        };
        let (lake, state) = (self.lake.clone(), self.state.clone());
        let writing = tokio::task::spawn_blocking(move || {
            let committed = lake.commit(&batch)?;
            let slots = committed.slots.iter();
            let versions: BTreeMap<u8, i64> =
                slots.map(|slot| (*slot, committed.version)).collect();
            state.commit(&seen, &versions)?;
            Ok::<_, WriterError>((batch.rows, versions))
        });
        let (rows, versions) = writing.await.map_err(|_| WriterError::Lost)??;
        Progress::raise(&self.progress.rows, rows.len() as u64);
        Progress::raise(&self.progress.commits, 1);
        let is_withdrawn = |row: &&Matched| row.interaction.state == RowState::Withdrawn;
        let withdrawn = rows.iter().filter(is_withdrawn).count() as u64;
        Progress::raise(&self.progress.withdrawn, withdrawn);
        for waiting in waiting {
            // Who gave up waiting does not want to know.
            let _ = waiting.send(());
        }
        let docs = self.cpu.run(move || indexing::documents(&rows)).await?;
        self.index.send(IndexBatch { docs, versions }).await;
        Ok(())
    }
}

enum Next {
    Portion(Box<Portion>),
    Deadline,
    Closed,
}

async fn next(portions: &mut mpsc::Receiver<Portion>, deadline: Option<Instant>) -> Next {
    let received = match deadline {
        None => portions.recv().await,
        Some(deadline) => match tokio::time::timeout_at(deadline, portions.recv()).await {
            Ok(received) => received,
            Err(_) => return Next::Deadline,
        },
    };
    received.map_or(Next::Closed, |portion| Next::Portion(Box::new(portion)))
}

impl Open {
    fn add(&mut self, portion: Portion) {
        self.since.get_or_insert_with(Instant::now);
        self.bytes += portion.bytes();
        for record in &portion.cursors {
            self.seen.note_cursor(record.clone());
        }
        self.seen.append(portion.seen);
        self.rows.extend(portion.rows);
        self.cursors.extend(portion.cursors);
        self.tallies.push(MailboxTally {
            mailbox: portion.mailbox,
            tally: portion.tally,
            cost: portion.cost,
        });
        self.waiting.extend(portion.committed);
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// A mailbox that waits for the commit before it fetches further closes the batch.
    fn must_close(&self) -> bool {
        self.is_full() || !self.waiting.is_empty()
    }
}
