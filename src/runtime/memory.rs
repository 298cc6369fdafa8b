//! Memory budgets shared by tasks: large buffers are reserved before they are filled.

use std::fs;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::Wake;
use std::task::Waker;
use std::thread;
use std::thread::Thread;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

/// A number of bytes that all clones share.
#[derive(Debug, Clone)]
pub struct Memory {
    free: Arc<Semaphore>,
    bytes: usize,
}

/// Reserved bytes; dropping the reservation releases them.
#[derive(Debug, Default)]
pub struct Taken(Option<OwnedSemaphorePermit>);

/// Tells the system not to answer small allocations with pages of 2 MB: of each some bytes would be
/// used, and a third more memory would be resident. A refusal by the system is ignored.
pub fn forbid_huge_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// The most memory that this process had at a time, in bytes; `None` where the system does not say.
pub fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

impl Memory {
    /// A budget of `bytes`, at most 4 GiB.
    pub fn new(bytes: usize) -> Self {
        let bytes = bytes.min(u32::MAX as usize);
        Self {
            free: Arc::new(Semaphore::new(bytes)),
            bytes,
        }
    }

    /// Reserves bytes if they are free; at most the whole budget.
    pub fn try_take(&self, bytes: usize) -> Option<Taken> {
        let permit = self.free.clone().try_acquire_many_owned(self.count(bytes));
        permit.ok().map(|permit| Taken(Some(permit)))
    }

    /// Reserves bytes, waiting until they are free; requests are served in order, and one for more
    /// than the whole budget gets all of it. The caller must not hold a reservation, or two callers
    /// could deadlock.
    pub async fn take(&self, bytes: usize) -> Taken {
        let permit = self.free.clone().acquire_many_owned(self.count(bytes));
        // It is never closed.
        Taken(permit.await.ok())
    }

    /// As [`Memory::take`], for threads that may wait: it blocks the calling one.
    pub fn take_blocking(&self, bytes: usize) -> Taken {
        let mut taking = pin!(self.take(bytes));
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match taking.as_mut().poll(&mut context) {
                Poll::Ready(taken) => return taken,
                Poll::Pending => thread::park(),
            }
        }
    }

    fn count(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.bytes)).unwrap_or(u32::MAX)
    }
}

/// Wakes a thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Taken {
    /// The number of bytes.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Merges another reservation into this one.
    pub fn add(&mut self, other: Self) {
        match (&mut self.0, other.0) {
            (Some(own), Some(other)) => own.merge(other),
            (own @ None, other) => *own = other,
            (Some(_), None) => {}
        }
    }

    /// Releases the bytes beyond this number.
    pub fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.bytes().saturating_sub(bytes);
        if let Some(own) = &mut self.0 {
            drop(own.split(surplus));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_bytes_are_not_free_until_released() {
        let memory = Memory::new(100);
        let mut taken = memory.try_take(60).unwrap();
        assert!(memory.try_take(50).is_none());
        taken.add(memory.try_take(30).unwrap());
        assert_eq!(taken.bytes(), 90);
        taken.shrink_to(40);
        let rest = memory.try_take(60).unwrap();
        assert!(memory.try_take(1).is_none());
        drop((taken, rest));
        assert_eq!(memory.try_take(1_000).unwrap().bytes(), 100);
    }

    #[tokio::test]
    async fn whoever_waits_gets_what_another_gives_back() {
        let memory = Memory::new(100);
        let taken = memory.try_take(60).unwrap();
        let waiting = memory.clone();
        let waiting = tokio::spawn(async move { waiting.take(80).await.bytes() });
        drop(taken);
        assert_eq!(waiting.await.unwrap(), 80);
    }

    #[test]
    fn threads_without_a_runtime_wait_as_well() {
        let memory = Memory::new(100);
        let taken = memory.try_take(60).unwrap();
        let waiting = memory.clone();
        let waiting = thread::spawn(move || waiting.take_blocking(80).bytes());
        drop(taken);
        assert_eq!(waiting.join().unwrap(), 80);
    }
}
