//! The only bridge from asynchronous tasks to the threads that compute.

use tokio::sync::oneshot;

/// The threads that decode, match and encode: one rayon pool for the whole process.
#[derive(Debug)]
pub struct CpuPool {
    pool: rayon::ThreadPool,
}

/// A computation that did not come back: its thread panicked.
#[derive(Debug, thiserror::Error)]
#[error("a computation ended in a panic; this is a defect of touchpoint, please report it")]
pub struct ComputationLost;

impl CpuPool {
    /// A pool of `threads` threads (0: one for each core).
    pub fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|n| format!("cpu-{n}"))
            .panic_handler(|_| tracing::error!("a computation panicked"))
            .build()?;
        Ok(Self { pool })
    }

    /// Runs `work` on the pool and waits for it without holding up the async thread.
    ///
    /// Inside `work` the parallel iterators of rayon use the same pool.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ComputationLost>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn(move || {
            // The asker may be gone (shutdown): then nobody wants the result.
            let _ = sender.send(work());
        });
        receiver.await.map_err(|_| ComputationLost)
    }

    /// Runs `work` on the pool and waits for it. For blocking threads only, which may lend it what
    /// they hold; a panic of `work` is theirs.
    ///
    /// Inside `work` the parallel iterators of rayon use this pool.
    pub fn lend<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }
}
