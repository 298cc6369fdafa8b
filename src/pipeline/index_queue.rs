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
use crate::model::activity::MatchedInteraction;
use crate::runtime::clock::Stopwatch;

/// Mailbox batches whose documents wait for the index: enough that it never runs dry, few enough to
/// bound memory.
const QUEUE: usize = 4;
/// So much indexing is repeated at most after a crash. Each commit costs a segment to be merged.
const COMMIT_EVERY_SECONDS: u64 = 60;

/// What the index receives, in this order: the documents of the rows of a batch, then that the batch is
/// committed. The index makes none of them visible before.
#[derive(Debug)]
enum Message {
    /// Documents of rows that are about to be committed.
    Docs(Vec<IndexDoc>),
    /// The rows of all documents so far are committed; the version of each slot touched.
    Committed(BTreeMap<u8, i64>),
}

/// The way to the thread that indexes.
#[derive(Debug)]
pub struct IndexQueue {
    sender: mpsc::Sender<Message>,
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

    /// Hands over documents of rows that are about to be committed. Waits while the queue is full.
    /// Where the thread has failed they are dropped: [`IndexQueue::close`] reports it, and the next
    /// run catches up.
    pub async fn add(&self, docs: Vec<IndexDoc>) {
        let _ = self.sender.send(Message::Docs(docs)).await;
    }

    /// Says that the rows of all documents so far are committed.
    pub async fn committed(&self, versions: BTreeMap<u8, i64>) {
        let _ = self.sender.send(Message::Committed(versions)).await;
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

fn follow(mut indexer: Indexer, mut receiver: mpsc::Receiver<Message>) -> Result<(), IndexError> {
    let mut reached = BTreeMap::new();
    let mut since_commit = Stopwatch::start();
    let mut is_ahead = false;
    while let Some(message) = receiver.blocking_recv() {
        match message {
            Message::Docs(docs) => {
                is_ahead |= !docs.is_empty();
                indexer.add(docs, Keys::New)?;
            }
            Message::Committed(versions) => {
                is_ahead = false;
                reached.extend(versions);
                if since_commit.elapsed().as_secs() >= COMMIT_EVERY_SECONDS {
                    indexer.commit(&reached)?;
                    since_commit = Stopwatch::start();
                }
            }
        }
    }
    if is_ahead {
        // The run failed before their rows were committed: the next one catches up from the last
        // commit of the index.
        indexer.discard()?;
    } else {
        indexer.commit(&reached)?;
    }
    indexer.close()
}

/// The documents of some rows; runs on the pool of `runtime::cpu`.
pub fn documents(rows: &[MatchedInteraction]) -> Vec<IndexDoc> {
    rows.par_iter().filter_map(IndexDoc::of).collect()
}
