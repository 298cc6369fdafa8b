//! The limits of one mailbox: its slots, its pause, the page size that works for it, its counts.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::runtime::clock;
use crate::source::graph::request_metrics::RequestMetrics;

/// Smaller pages than this do not help any more (facts 1.7).
const PAGE_SIZE_MIN: u32 = 10;

/// Pages become this many times smaller, or larger.
const STEP: u32 = 4;

/// Pages in a row that must come before larger ones are tried: one in this many may fail for it.
const PAGES_BEFORE_GROWTH: u32 = 16;

/// After this many new limiters those that are no longer used are removed.
const ADDED_BETWEEN_SWEEPS: usize = 256;

/// The limiters of all mailboxes that are in use.
#[derive(Debug, Default)]
pub struct Limiters {
    by_user: HashMap<Arc<str>, Weak<MailboxLimiter>>,
    added_since_sweep: usize,
}

impl Limiters {
    /// The limiter of a user's mailbox: the one in use, or a new one.
    pub fn of(&mut self, user: &str, new: impl FnOnce() -> MailboxLimiter) -> Arc<MailboxLimiter> {
        if let Some(used) = self.by_user.get(user).and_then(Weak::upgrade) {
            return used;
        }
        if self.added_since_sweep >= ADDED_BETWEEN_SWEEPS {
            self.by_user.retain(|_, limiter| limiter.strong_count() > 0);
            self.added_since_sweep = 0;
        }
        let limiter = Arc::new(new());
        self.by_user.insert(user.into(), Arc::downgrade(&limiter));
        self.added_since_sweep += 1;
        limiter
    }
}

/// What the requests of one mailbox share (facts 7.1: limits are per application and mailbox).
#[derive(Debug)]
pub struct MailboxLimiter {
    slots: Arc<Semaphore>,
    width: u32,
    paused_until: Mutex<Option<Instant>>,
    page_size: AtomicU32,
    wished_size: u32,
    /// Pages in a row that came.
    came: AtomicU32,
    /// What it cost.
    pub metrics: RequestMetrics,
}

impl MailboxLimiter {
    /// A limiter for this many requests at a time, beginning with pages of this many items.
    pub fn new(width: u32, page_size: u32) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(width as usize)),
            width,
            paused_until: Mutex::new(None),
            page_size: AtomicU32::new(page_size),
            wished_size: page_size,
            came: AtomicU32::new(0),
            metrics: RequestMetrics::default(),
        }
    }

    /// Waits for a slot (or for all of them) and for the end of a pause.
    pub async fn enter(&self, all_slots: bool) -> Option<OwnedSemaphorePermit> {
        let wanted = if all_slots { self.width } else { 1 };
        let slots = Arc::clone(&self.slots).acquire_many_owned(wanted).await;
        while let Some(end) = self.pause_end() {
            tokio::time::sleep_until(end).await;
        }
        slots.ok()
    }

    /// Lets nothing of this mailbox start for a while. Overlapping pauses count once.
    pub fn pause(&self, wait: Duration) {
        let now = clock::monotonic();
        let mut paused_until = self.lock();
        let from = paused_until.map_or(now, |end| end.max(now));
        let end = from.max(now + wait);
        self.metrics.add_wait(end - from);
        *paused_until = Some(end);
    }

    /// Items to wish for on the next page.
    pub fn page_size(&self) -> u32 {
        self.page_size.load(Ordering::Relaxed)
    }

    /// Items to request of a list whose pages hold at most `largest`: fewer in the proportion in
    /// which pages of chains became smaller (facts 1.7).
    pub fn list_size(&self, largest: u32) -> u32 {
        let wished = u64::from(self.wished_size.max(1));
        let size = u64::from(largest) * u64::from(self.page_size()) / wished;
        let size = u32::try_from(size).unwrap_or(largest);
        size.clamp(PAGE_SIZE_MIN.min(largest), largest)
    }

    /// Wishes for a quarter of the items from now on. (Not less than 10, or what it was.)
    pub fn shrink_pages(&self) {
        self.came.store(0, Ordering::Relaxed);
        let smaller = |size: u32| Some((size / STEP).max(PAGE_SIZE_MIN).min(size));
        // The closure always gives a value, so there is no failure to look at.
        let _ = self
            .page_size
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, smaller);
    }

    /// Notes that a page came. After some in a row larger ones are tried again: what made them
    /// small may have been an hour's trouble, or that of one folder.
    pub fn note_success(&self, is_page: bool) {
        if !is_page || self.page_size() >= self.wished_size {
            return;
        }
        if self.came.fetch_add(1, Ordering::Relaxed) + 1 < PAGES_BEFORE_GROWTH {
            return;
        }
        self.came.store(0, Ordering::Relaxed);
        let larger = |size: u32| Some(size.saturating_mul(STEP).min(self.wished_size));
        let _ = self
            .page_size
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, larger);
    }

    fn pause_end(&self) -> Option<Instant> {
        self.lock().filter(|end| *end > clock::monotonic())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // A panic elsewhere cannot leave an instant half written.
        self.paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts 7.3.
    #[tokio::test]
    async fn a_pause_holds_up_its_own_mailbox_only_and_counts_once() {
        let throttled = MailboxLimiter::new(3, 100);
        let other = MailboxLimiter::new(3, 100);
        let start = clock::monotonic();
        throttled.pause(Duration::from_millis(50));
        throttled.pause(Duration::from_millis(50));
        throttled.pause(Duration::from_millis(20));
        let _free = other.enter(false).await;
        assert!(throttled.pause_end().is_some());
        let _held = throttled.enter(false).await;
        assert!(start.elapsed() >= Duration::from_millis(50));
        let waited = throttled.metrics.totals().waited;
        assert!(waited >= Duration::from_millis(50) && waited < Duration::from_millis(60));
    }

    #[test]
    fn pages_shrink_down_to_ten() {
        let limiter = MailboxLimiter::new(3, 500);
        let mut sizes = Vec::new();
        for _ in 0..4 {
            limiter.shrink_pages();
            sizes.push(limiter.page_size());
        }
        assert_eq!(sizes, [125, 31, 10, 10]);
        let tiny = MailboxLimiter::new(3, 1);
        tiny.shrink_pages();
        assert_eq!(tiny.page_size(), 1);
    }

    /// Facts 1.7.
    #[test]
    fn lists_shrink_with_the_pages_of_chains() {
        let limiter = MailboxLimiter::new(3, 500);
        let mut sizes = Vec::new();
        for _ in 0..5 {
            sizes.push([1_000, 100, 7].map(|largest| limiter.list_size(largest)));
            limiter.shrink_pages();
        }
        let expected = [
            [1_000, 100, 7],
            [250, 25, 7],
            [62, 10, 7],
            [20, 10, 7],
            [20, 10, 7],
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn pages_grow_again_after_many_came_and_never_beyond_the_wish() {
        let limiter = MailboxLimiter::new(3, 500);
        for _ in 0..4 {
            limiter.shrink_pages();
        }
        let mut sizes = Vec::new();
        for _ in 0..4 {
            for _ in 0..PAGES_BEFORE_GROWTH - 1 {
                limiter.note_success(true);
                limiter.note_success(false);
            }
            sizes.push(limiter.page_size());
            limiter.note_success(true);
        }
        assert_eq!(sizes, [10, 40, 160, 500]);
        limiter.shrink_pages();
        for _ in 1..PAGES_BEFORE_GROWTH {
            limiter.note_success(true);
        }
        limiter.shrink_pages();
        limiter.note_success(true);
        assert_eq!(limiter.page_size(), 31);
    }
}
