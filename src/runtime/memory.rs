//! A memory budget shared by tasks: large buffers are reserved before they are filled.

use std::sync::Arc;

use tokio::runtime::Handle;
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

    /// Reserves bytes, waiting until they are free; requests are served in order. The caller must
    /// not hold a reservation, or two callers could deadlock. Blocks its thread, which must not be
    /// a worker of the async runtime.
    pub fn take(&self, bytes: usize) -> Taken {
        let permit = self.free.clone().acquire_many_owned(self.count(bytes));
        // It is never closed.
        Taken(Handle::current().block_on(permit).ok())
    }

    fn count(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.bytes)).unwrap_or(u32::MAX)
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
        let waiting = tokio::task::spawn_blocking(move || waiting.take(80).bytes());
        drop(taken);
        assert_eq!(waiting.await.unwrap(), 80);
    }
}
