//! The index follows behind the commits, on a thread of its own, so that it never holds them up
//! more than its queue is long.

use std::collections::BTreeMap;

use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::index::doc::IndexDoc;
use crate::index::error::IndexError;
use crate::index::writer::Indexer;
use crate::index::writer::Keys;
use crate::model::activity::Matched;
use crate::runtime::clock::Stopwatch;

/// Committed batches that wait for the index; each may hold the rows of a whole batch.
const QUEUE: usize = 2;
/// So much indexing is repeated at most after a crash. Each commit costs a segment to be merged.
const COMMIT_EVERY_SECONDS: u64 = 60;

/// Rows that were committed to the lake, and how far the lake came with them.
#[derive(Debug)]
pub struct IndexBatch {
    /// Documents of the rows that are new.
    pub docs: Vec<IndexDoc>,
    /// Version that each slot touched has reached.
    pub versions: BTreeMap<u8, i64>,
}

/// The way to the thread that indexes.
#[derive(Debug)]
pub struct IndexQueue {
    sender: mpsc::Sender<IndexBatch>,
    ended: oneshot::Receiver<Result<(), IndexError>>,
}

/// The thread that indexes is gone.
#[derive(Debug, thiserror::Error)]
pub enum IndexingError {
    /// It failed; what it had is committed, and the next run catches up.
    #[error("the search index fell behind and is caught up by the next run: {0}")]
    Index(#[from] IndexError),
    /// It panicked.
    #[error("indexing ended in a panic; this is a defect of touchpoint, please report it")]
    Lost,
}

impl IndexQueue {
    /// Starts the thread.
    pub fn start(indexer: Indexer) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (tell, ended) = oneshot::channel();
        std::thread::spawn(move || {
            // Who does not ask any more does not want to know.
            let _ = tell.send(follow(indexer, receiver));
        });
        Self { sender, ended }
    }

    /// Hands over rows that were committed. Waits while the queue is full. Where the thread has
    /// failed the rows are dropped: [`IndexQueue::close`] tells, and the next run catches up.
    pub async fn send(&self, batch: IndexBatch) {
        let _ = self.sender.send(batch).await;
    }

    /// Waits until all rows are indexed and committed.
    pub async fn close(self) -> Result<(), IndexingError> {
        drop(self.sender);
        self.ended
            .await
            .map_err(|_| IndexingError::Lost)?
            .map_err(IndexingError::from)
    }
}

fn follow(
    mut indexer: Indexer,
    mut receiver: mpsc::Receiver<IndexBatch>,
) -> Result<(), IndexError> {
    let mut reached = BTreeMap::new();
    let mut since_commit = Stopwatch::start();
    while let Some(IndexBatch { docs, versions }) = receiver.blocking_recv() {
        indexer.add(docs, Keys::New)?;
        reached.extend(versions);
        if since_commit.elapsed().as_secs() >= COMMIT_EVERY_SECONDS {
            indexer.commit(&reached)?;
            since_commit = Stopwatch::start();
        }
    }
    indexer.commit(&reached)?;
    indexer.close()
}

/// The documents of some rows; runs on the pool of `runtime::cpu`.
pub fn documents(rows: &[Matched]) -> Vec<IndexDoc> {
    rows.par_iter().filter_map(IndexDoc::of).collect()
}
