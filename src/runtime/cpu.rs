//! The only bridge from asynchronous tasks to CPU-bound threads.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rayon::ThreadPool;
use rayon::ThreadPoolBuildError;
use rayon::ThreadPoolBuilder;
use tokio::sync::Notify;
use tokio::sync::oneshot;
use tokio::sync::watch;

use crate::runtime::clock::Stopwatch;

/// The time after which an item is abandoned: the slowest known items take a few seconds.
const ITEM_DEADLINE: Duration = Duration::from_secs(30);
/// How often such items are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The number of threads that may be abandoned at a time: each continues to compute. Beyond that,
/// the work fails.
const GIVEN_UP_MAX: usize = 16;

/// Fewer items than this are computed on the calling thread: waking others takes longer.
pub const MANY: usize = 16;

/// The CPU-bound threads: one rayon pool that matches and encodes, and one that decodes items, some
/// of which may never finish.
#[derive(Debug)]
pub struct CpuPool {
    pool: ThreadPool,
    reading: watch::Sender<Arc<ThreadPool>>,
    /// Threads of the second pool that were abandoned and have not finished.
    given_up: Arc<AtomicUsize>,
    /// An item that takes longer is abandoned.
    deadline: Duration,
}

/// A computation that did not return.
#[derive(Debug, thiserror::Error)]
pub enum TaskPanicked {
    /// Its thread panicked.
    #[error("a computation ended in a panic; this is a defect of touchpoint, please report it")]
    Panicked,
    /// Too many threads are occupied by items that take too long.
    #[error(
        "{GIVEN_UP_MAX} items took too long to read and are still being read; the next run continues"
    )]
    NoThreads,
}

impl CpuPool {
    /// A pool of `threads` threads (0: one for each core).
    pub fn new(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        Ok(Self {
            pool: pool(threads)?,
            reading: watch::Sender::new(Arc::new(pool(threads)?)),
            given_up: Arc::default(),
            deadline: ITEM_DEADLINE,
        })
    }

    /// Runs `work` on the pool and waits for it without blocking the async thread.
    ///
    /// Inside `work` the parallel iterators of rayon use the same pool.
    pub async fn run<T, F>(&self, work: F) -> Result<T, TaskPanicked>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn(move || {
            // The caller may have stopped waiting (shutdown): then the result is discarded.
            let _ = sender.send(work());
        });
        receiver.await.map_err(|_| TaskPanicked::Panicked)
    }

    /// The same for work on some items; where they are few, on this thread. `work` must then not use
    /// rayon.
    pub async fn run_on<T, F>(&self, items: usize, work: F) -> Result<T, TaskPanicked>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        if items < MANY {
            return catch_unwind(AssertUnwindSafe(work)).map_err(|_| TaskPanicked::Panicked);
        }
        self.run(work).await
    }

    /// Runs `work` on the pool and waits for it. For blocking threads only; `work` may borrow from
    /// the caller, and its panics propagate to the caller.
    ///
    /// Inside `work` the parallel iterators of rayon use this pool.
    pub fn lend<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Reads each item and waits for the results without blocking the async thread. Results are in
    /// the order of the items; `None`: the item took too long, and its thread was abandoned. `read`
    /// must not use rayon.
    ///
    /// # Errors Reading an item panicked, or too many threads are abandoned.
    pub async fn each<T, R>(
        &self,
        items: Vec<T>,
        read: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> Result<Vec<Option<R>>, TaskPanicked>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let at_once = items.len();
        let each = Arc::new(Each {
            progress: Mutex::new(Progress::of(items)),
            ended: Notify::new(),
            given_up: Arc::clone(&self.given_up),
            read,
        });
        let mut pools = self.reading.subscribe();
        loop {
            let pool = Arc::clone(&pools.borrow_and_update());
            each.start_on(&pool, at_once);
            loop {
                tokio::select! {
                    () = each.ended.notified() => {}
                    // Healthy threads of the old pool continue with these items as well.
                    Ok(()) = pools.changed() => break,
                    () = tokio::time::sleep(LOOK_EVERY.min(self.deadline)) => {
                        let late = lock(&each.progress).give_up(self.deadline);
                        if late > 0 {
                            self.give_up(late, &pool)?;
                        }
                        if self.given_up.load(Ordering::Relaxed) > GIVEN_UP_MAX {
                            return Err(TaskPanicked::NoThreads);
                        }
                    }
                }
                if let Some(results) = lock(&each.progress).results()? {
                    return Ok(results);
                }
            }
        }
    }

    /// Replaces a pool that has lost this many threads, unless it was replaced already.
    fn give_up(&self, threads: usize, pool: &Arc<ThreadPool>) -> Result<(), TaskPanicked> {
        tracing::warn!(
            items = threads,
            "items take too long to be read and are left out"
        );
        self.given_up.fetch_add(threads, Ordering::Relaxed);
        let new = self::pool(pool.current_num_threads());
        let new = Arc::new(new.map_err(|_| TaskPanicked::NoThreads)?);
        self.reading.send_if_modified(|current| {
            let is_same = Arc::ptr_eq(current, pool);
            if is_same {
                *current = new;
            }
            is_same
        });
        Ok(())
    }
}

fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|n| format!("cpu-{n}"))
        .panic_handler(|_| tracing::error!("a computation panicked"))
        .build()
}

/// The data behind a poisoned lock is consistent: nothing panics while holding the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A set of items that threads of the pool read.
struct Each<T, R, F> {
    progress: Mutex<Progress<T, R>>,
    ended: Notify,
    given_up: Arc<AtomicUsize>,
    read: F,
}

struct Progress<T, R> {
    waiting: std::iter::Enumerate<std::vec::IntoIter<T>>,
    /// Since when each item has been read, by position.
    under_way: HashMap<usize, Stopwatch>,
    results: Vec<Option<R>>,
    /// Items without a result that are not abandoned.
    left: usize,
    has_panicked: bool,
}

impl<T, R, F> Each<T, R, F>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(T) -> R + Send + Sync + 'static,
{
    fn start_on(self: &Arc<Self>, pool: &ThreadPool, at_once: usize) {
        for _ in 0..pool.current_num_threads().min(at_once) {
            let each = Arc::clone(self);
            pool.spawn(move || while each.one() {});
        }
    }

    /// Reads the next item; false if there is none, or this thread was abandoned.
    fn one(&self) -> bool {
        let Some((place, item)) = lock(&self.progress).begin() else {
            return false;
        };
        let result = catch_unwind(AssertUnwindSafe(|| (self.read)(item)));
        let mut progress = lock(&self.progress);
        if progress.under_way.remove(&place).is_none() {
            self.given_up.fetch_sub(1, Ordering::Relaxed);
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

    /// The results, once all are there.
    fn results(&mut self) -> Result<Option<Vec<Option<R>>>, TaskPanicked> {
        if self.has_panicked {
            return Err(TaskPanicked::Panicked);
        }
        Ok((self.left == 0).then(|| std::mem::take(&mut self.results)))
    }

    /// Abandons items that have been read for longer; returns their number.
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

    fn impatient(threads: usize, millis: u64) -> CpuPool {
        CpuPool {
            deadline: Duration::from_millis(millis),
            ..CpuPool::new(threads).unwrap()
        }
    }

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
    async fn an_item_that_takes_too_long_does_not_block_others() {
        let cpu = impatient(1, 100);
        let (end, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let read = move |n: u32| {
            if n == 3 {
                // Until the test ends.
                let _ = wait.lock().unwrap().recv();
            }
            n
        };
        let first = cpu.each((0..10).collect(), read);
        // Queued behind the item that does not end.
        let second = cpu.each((20..23).collect(), |n: u32| n);
        let (first, second, third) = tokio::join!(first, second, cpu.run(|| 7));
        let first = first.unwrap();
        let done: Vec<u32> = first.iter().filter_map(|result| *result).collect();
        assert_eq!(done, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(first[3], None);
        assert_eq!(second.unwrap(), [20, 21, 22].map(Some));
        assert_eq!(third.unwrap(), 7);
        // The thread returns.
        assert_eq!(cpu.given_up.load(Ordering::Relaxed), 1);
        drop(end);
    }

    #[tokio::test]
    async fn too_many_abandoned_items_are_an_error() {
        let cpu = impatient(2, 10);
        let (end, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let mut failed = false;
        // The threads of the first items are abandoned before the last one starts.
        for _ in 0..=GIVEN_UP_MAX {
            let wait = Arc::clone(&wait);
            let read = move |_: u32| lock(&wait).recv().is_ok();
            let items = cpu.each(vec![0, 1], read);
            failed |= matches!(items.await, Err(TaskPanicked::NoThreads));
        }
        assert!(failed);
        drop(end);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_the_whole() {
        let cpu = CpuPool::new(2).unwrap();
        let lost = cpu.each(vec![1, 2, 3], |n: u32| assert_ne!(n, 2)).await;
        assert!(lost.is_err());
        assert!(cpu.run(|| panic!("on purpose")).await.is_err());
        for items in [1, MANY] {
            let lost = cpu.run_on(items, || panic!("on purpose"));
            assert!(lost.await.is_err());
        }
    }
}
