//! What a mailbox cost: requests, bytes and waits.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Counts of one mailbox (or of the directory), added to by all its requests.
#[derive(Debug, Default)]
pub struct RequestMetrics {
    requests: AtomicU64,
    bytes: AtomicU64,
    waited_micros: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestTotals {
    /// Requests sent, repetitions included; a batch is one.
    pub requests: u64,
    /// Body bytes as received.
    pub bytes: u64,
    /// Time for which the service, or its failures, made us wait.
    pub waited: Duration,
}

impl RequestMetrics {
    /// The counts at this moment.
    pub fn totals(&self) -> RequestTotals {
        RequestTotals {
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            waited: Duration::from_micros(self.waited_micros.load(Ordering::Relaxed)),
        }
    }

    pub(super) fn add_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn add_wait(&self, wait: Duration) {
        let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        self.waited_micros.fetch_add(micros, Ordering::Relaxed);
    }
}
