//! The only bridge from asynchronous tasks to the threads that compute.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use rayon::ThreadPool;
use rayon::ThreadPoolBuildError;
use rayon::ThreadPoolBuilder;
use tokio::sync::Notify;
use tokio::sync::oneshot;
use tokio::sync::watch;

use crate::runtime::clock::Stopwatch;

/// An item is given up when its work takes longer: the longest that are known take some seconds.
const ITEM_DEADLINE: Duration = Duration::from_secs(30);
/// How often it is looked for such items.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Threads that are given up before it is a defect of the program: each goes on computing.
const GIVEN_UP_MAX: usize = 16;

/// The threads that decode, match and encode: one rayon pool for the whole process. One with a thread
/// that does not come back is replaced.
#[derive(Debug)]
pub struct CpuPool {
    threads: usize,
    current: watch::Sender<Arc<ThreadPool>>,
    given_up: Mutex<usize>,
}

/// A computation that did not come back: its thread panicked.
#[derive(Debug, thiserror::Error)]
#[error("a computation ended in a panic; this is a defect of touchpoint, please report it")]
pub struct ComputationLost;

impl CpuPool {
    /// A pool of `threads` threads (0: one for each core).
    pub fn new(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        Ok(Self {
            threads,
            current: watch::Sender::new(Arc::new(pool(threads)?)),
            given_up: Mutex::new(0),
        })
    }

    /// Runs `work` on the pool and waits for it without holding up the async thread.
    ///
    /// Inside `work` the parallel iterators of rayon use the same pool.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ComputationLost>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, mut receiver) = oneshot::channel();
        let job = Arc::new(Mutex::new(Some((work, sender))));
        let mut pools = self.current.subscribe();
        loop {
            let pool = Arc::clone(&pools.borrow_and_update());
            let job = Arc::clone(&job);
            pool.spawn(move || {
                if let Some((work, sender)) = lock(&job).take() {
                    // The asker may be gone (shutdown): then nobody wants the result.
                    let _ = sender.send(work());
                }
            });
            tokio::select! {
                result = &mut receiver => return result.map_err(|_| ComputationLost),
                // Where it still waits for a thread of the old pool, one of the new pool takes it.
                Ok(()) = pools.changed() => {}
            }
        }
    }

    /// Runs `work` on each item, and waits for it without holding up the async thread. Results are
    /// in the order of the items; `None`: it took too long, and the thread was given up.
    ///
    /// # Errors
    /// The work on an item panicked.
    pub async fn each<T, R>(
        &self,
        items: Vec<T>,
        work: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> Result<Vec<Option<R>>, ComputationLost>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        self.each_within(ITEM_DEADLINE, items, work).await
    }

    async fn each_within<T, R>(
        &self,
        deadline: Duration,
        items: Vec<T>,
        work: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> Result<Vec<Option<R>>, ComputationLost>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let each = Arc::new(Each {
            progress: Mutex::new(Progress::of(items)),
            ended: Notify::new(),
            work,
        });
        let pool = Arc::clone(&self.current.borrow());
        (0..pool.current_num_threads()).for_each(|_| each.start_on(&pool));
        loop {
            tokio::select! {
                () = each.ended.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY.min(deadline)) => {
                    for _ in 0..lock(&each.progress).give_up(deadline) {
                        each.start_on(&self.replaced());
                    }
                }
            }
            let mut progress = lock(&each.progress);
            if progress.has_panicked {
                return Err(ComputationLost);
            }
            if progress.left == 0 {
                return Ok(std::mem::take(&mut progress.results));
            }
        }
    }

    /// A new pool in the place of one that has lost a thread.
    fn replaced(&self) -> Arc<ThreadPool> {
        tracing::warn!("an item takes too long and is left out; its thread is given up");
        let mut given_up = lock(&self.given_up);
        *given_up += 1;
        if *given_up <= GIVEN_UP_MAX {
            match pool(self.threads) {
                Ok(pool) => drop(self.current.send_replace(Arc::new(pool))),
                Err(error) => tracing::error!(%error, "threads that compute cannot be replaced"),
            }
        }
        Arc::clone(&self.current.borrow())
    }

    /// Runs `work` on the pool and waits for it. For blocking threads only, which may lend it what
    /// they hold; a panic of `work` is theirs.
    ///
    /// Inside `work` the parallel iterators of rayon use this pool.
    pub fn lend<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let pool = Arc::clone(&self.current.borrow());
        pool.install(work)
    }
}

fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|n| format!("cpu-{n}"))
        .panic_handler(|_| tracing::error!("a computation panicked"))
        .build()
}

/// What a panicking thread left is whole: nothing panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Some items that threads of the pool work on.
struct Each<T, R, F> {
    progress: Mutex<Progress<T, R>>,
    ended: Notify,
    work: F,
}

struct Progress<T, R> {
    waiting: std::iter::Enumerate<std::vec::IntoIter<T>>,
    /// Since when an item is worked on, by its place.
    under_way: HashMap<usize, Stopwatch>,
    results: Vec<Option<R>>,
    /// Items without result that are not given up.
    left: usize,
    has_panicked: bool,
}

impl<T, R, F> Each<T, R, F>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(T) -> R + Send + Sync + 'static,
{
    fn start_on(self: &Arc<Self>, pool: &ThreadPool) {
        let each = Arc::clone(self);
        pool.spawn(move || while each.one() {});
    }

    /// Works on the next item; false where there is none, or this thread is given up.
    fn one(&self) -> bool {
        let Some((place, item)) = lock(&self.progress).begin() else {
            return false;
        };
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(item)));
        let mut progress = lock(&self.progress);
        if progress.under_way.remove(&place).is_none() {
            return false;
        }
        progress.left -= 1;
        match result {
            Ok(result) => {
                if let Some(slot) = progress.results.get_mut(place) {
                    *slot = Some(result);
                }
            }
            Err(_) => progress.has_panicked = true,
        }
        if progress.left == 0 || progress.has_panicked {
            self.ended.notify_one();
        }
        true
    }
}

impl<T, R> Progress<T, R> {
    fn of(items: Vec<T>) -> Self {
        Self {
            under_way: HashMap::new(),
            results: items.iter().map(|_| None).collect(),
            left: items.len(),
            has_panicked: false,
            waiting: items.into_iter().enumerate(),
        }
    }

    fn begin(&mut self) -> Option<(usize, T)> {
        let (place, item) = self.waiting.next()?;
        self.under_way.insert(place, Stopwatch::start());
        Some((place, item))
    }

    /// Gives up what is worked on for longer; gives how many items that is.
    fn give_up(&mut self, deadline: Duration) -> usize {
        let before = self.under_way.len();
        self.under_way
            .retain(|_, since| since.elapsed() <= deadline);
        let given_up = before - self.under_way.len();
        self.left -= given_up;
        given_up
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn every_item_has_its_result_in_its_place() {
        let cpu = CpuPool::new(3).unwrap();
        let results = cpu
            .each((0..1_000).collect(), |n: u32| n * 2)
            .await
            .unwrap();
        let expected: Vec<Option<u32>> = (0..1_000).map(|n| Some(n * 2)).collect();
        assert_eq!(results, expected);
        let none: Vec<u32> = Vec::new();
        assert!(cpu.each(none, |n| n).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_item_that_takes_too_long_costs_itself_even_of_a_single_thread() {
        let cpu = CpuPool::new(1).unwrap();
        let (end, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let work = move |n: u32| {
            if n == 3 {
                // Until the test ends.
                let _ = wait.lock().unwrap().recv();
            }
            n
        };
        let deadline = Duration::from_millis(100);
        let working = cpu.each_within(deadline, (0..10).collect(), work);
        // Queued behind the item that hangs.
        let (results, other) = tokio::join!(working, cpu.run(|| 7));
        let results = results.unwrap();
        let done: Vec<u32> = results.iter().filter_map(|result| *result).collect();
        assert_eq!(done, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(results[3], None);
        assert_eq!(other.unwrap(), 7);
        drop(end);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_the_whole() {
        let cpu = CpuPool::new(2).unwrap();
        let lost = cpu.each(vec![1, 2, 3], |n: u32| assert_ne!(n, 2)).await;
        assert!(lost.is_err());
        assert!(cpu.run(|| panic!("on purpose")).await.is_err());
    }
}
