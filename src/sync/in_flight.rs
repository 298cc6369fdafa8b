//! Which mailboxes are being read, and which wait for a commit: the writer closes a batch early only
//! where every mailbox in flight waits for it.
//!
//! ```text
//!            begin            wait_for            committed          room again
//!  (job) ──────────► reading ──────────► waiting ──────────► ready ──────────► reading
//! ```

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

/// Mailboxes that may be in flight for each that may be read at a time: those that wait for a
/// commit hold little memory, and others are read in the meantime.
const OPEN_PER_READING: usize = 4;

/// The writer has stopped: the run is over, and the reason is reported elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("the writer has stopped")]
pub struct WriterStopped;

/// The mailboxes in flight. Clones are the same.
#[derive(Debug, Clone)]
pub struct InFlight {
    counts: watch::Sender<Counts>,
    reading_max: usize,
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    /// Mailboxes that are being read.
    reading: usize,
    /// Mailboxes whose commit has happened, and that are read on as soon as there is room.
    ready: usize,
    /// Mailboxes that wait for a commit.
    waiting: usize,
    /// Whether there are further mailboxes to begin.
    has_more: bool,
}

/// The right of a mailbox to be read; dropping it ends its turn.
#[derive(Debug)]
pub struct Turn {
    in_flight: InFlight,
}

/// A promise that rows will be committed.
#[derive(Debug, Clone)]
#[must_use = "what is read beyond these rows has to wait for them"]
pub struct Ticket {
    outcome: watch::Receiver<bool>,
    waiting: Arc<AtomicUsize>,
}

/// Redeems a [`Ticket`]. Dropped without, the writer has stopped.
#[derive(Debug)]
pub struct Promise {
    outcome: watch::Sender<bool>,
    waiting: Arc<AtomicUsize>,
}

impl InFlight {
    /// Nothing is in flight, and `reading_max` mailboxes may be read at a time.
    pub fn new(reading_max: usize) -> Self {
        let counts = Counts {
            reading: 0,
            ready: 0,
            waiting: 0,
            has_more: false,
        };
        Self {
            counts: watch::Sender::new(counts),
            reading_max,
        }
    }

    /// Begins a mailbox where there is room. Mailboxes that were begun before go first.
    pub fn begin(&self) -> Option<Turn> {
        let has_begun = self.counts.send_if_modified(|counts| {
            let has_room = self.has_room(counts);
            counts.reading += usize::from(has_room);
            has_room
        });
        has_begun.then(|| Turn {
            in_flight: self.clone(),
        })
    }

    /// Says whether there are further mailboxes to begin.
    pub fn set_has_more(&self, has_more: bool) {
        self.counts.send_if_modified(|counts| {
            std::mem::replace(&mut counts.has_more, has_more) != has_more
        });
    }

    /// Waits until a further mailbox may begin.
    pub async fn room(&self) {
        self.until(|counts| self.has_room(counts)).await;
    }

    /// Waits until every mailbox in flight waits for a commit, and no further one may begin.
    pub async fn stalled(&self) {
        self.until(|counts| {
            let may_begin = counts.has_more && self.has_room(counts);
            counts.reading + counts.ready == 0 && !may_begin
        })
        .await;
    }

    fn has_room(&self, counts: &Counts) -> bool {
        let open = counts.reading + counts.ready + counts.waiting;
        counts.ready == 0
            && counts.reading < self.reading_max
            && open < self.reading_max.saturating_mul(OPEN_PER_READING)
    }

    /// The sender is never dropped before its receivers: it is part of `self`.
    async fn until(&self, is_reached: impl Fn(&Counts) -> bool) {
        let _ = self.counts.subscribe().wait_for(is_reached).await;
    }

    /// Redeems a ticket, which wakes its waiters.
    pub fn redeem(&self, promise: &Promise) {
        self.counts.send_modify(|counts| {
            let waited = promise.waiting.swap(0, Ordering::Relaxed);
            counts.waiting -= waited;
            counts.ready += waited;
            promise.outcome.send_replace(true);
        });
    }
}

impl Turn {
    /// Waits until the batch of a ticket is committed, while other mailboxes are read.
    ///
    /// # Errors
    /// The writer has stopped.
    pub async fn wait_for(&mut self, ticket: &Ticket) -> Result<(), WriterStopped> {
        let counts = &self.in_flight.counts;
        // Under the lock that redeeming takes.
        let waits = counts.send_if_modified(|counts| {
            let waits = !ticket.is_redeemed();
            if waits {
                ticket.waiting.fetch_add(1, Ordering::Relaxed);
                counts.reading -= 1;
                counts.waiting += 1;
            }
            waits
        });
        if !waits {
            return Ok(());
        }
        let mut waiting = Waiting {
            in_flight: &self.in_flight,
            ticket,
            has_resumed: false,
        };
        let mut outcome = ticket.outcome.clone();
        outcome
            .wait_for(|is_redeemed| *is_redeemed)
            .await
            .map_err(|_| WriterStopped)?;
        let max = self.in_flight.reading_max;
        while !waiting.has_resumed {
            self.in_flight.until(|counts| counts.reading < max).await;
            waiting.resume();
        }
        Ok(())
    }
}

/// A mailbox that waits, or is ready. Dropped before it has resumed (the run ends), it counts as
/// being read, as its [`Turn`] expects.
struct Waiting<'a> {
    in_flight: &'a InFlight,
    ticket: &'a Ticket,
    has_resumed: bool,
}

impl Waiting<'_> {
    /// Reads on, where there is still room.
    fn resume(&mut self) {
        let max = self.in_flight.reading_max;
        self.has_resumed = self.in_flight.counts.send_if_modified(|counts| {
            let has_room = counts.reading < max;
            counts.ready -= usize::from(has_room);
            counts.reading += usize::from(has_room);
            has_room
        });
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.has_resumed {
            return;
        }
        self.in_flight.counts.send_modify(|counts| {
            if self.ticket.is_redeemed() {
                counts.ready -= 1;
            } else {
                self.ticket.waiting.fetch_sub(1, Ordering::Relaxed);
                counts.waiting -= 1;
            }
            counts.reading += 1;
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.in_flight
            .counts
            .send_modify(|counts| counts.reading -= 1);
    }
}

impl Ticket {
    /// A ticket, and what redeems it.
    pub fn new() -> (Promise, Self) {
        let (sender, outcome) = watch::channel(false);
        let waiting = Arc::new(AtomicUsize::new(0));
        let ticket = Self {
            outcome,
            waiting: Arc::clone(&waiting),
        };
        let promise = Promise {
            outcome: sender,
            waiting,
        };
        (promise, ticket)
    }

    /// A ticket for nothing.
    pub fn redeemed() -> Self {
        let (promise, ticket) = Self::new();
        promise.outcome.send_replace(true);
        ticket
    }

    /// Whether it is committed.
    pub fn is_redeemed(&self) -> bool {
        *self.outcome.borrow()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn is_stalled(in_flight: &InFlight) -> bool {
        in_flight.stalled().now_or_never().is_some()
    }

    #[tokio::test]
    async fn waiting_mailboxes_yield_and_resume_before_others_begin() {
        let in_flight = InFlight::new(1);
        in_flight.set_has_more(true);
        let mut first = in_flight.begin().unwrap();
        assert!(in_flight.begin().is_none());
        let (promise, ticket) = Ticket::new();
        let waiting = tokio::spawn(async move {
            first.wait_for(&ticket).await.unwrap();
            first
        });
        in_flight.room().await;
        let second = in_flight.begin().unwrap();
        in_flight.set_has_more(false);
        assert!(!is_stalled(&in_flight));
        in_flight.redeem(&promise);
        // Its commit has happened, but there is no room.
        assert!(in_flight.begin().is_none());
        drop(second);
        let first = waiting.await.unwrap();
        assert!(!is_stalled(&in_flight));
        drop(first);
        assert!(is_stalled(&in_flight));
    }

    #[tokio::test]
    async fn waiting_mailboxes_stall_only_if_none_may_begin() {
        let in_flight = InFlight::new(1);
        let (_promise, ticket) = Ticket::new();
        in_flight.set_has_more(true);
        for _ in 0..OPEN_PER_READING {
            assert!(!is_stalled(&in_flight));
            in_flight.room().await;
            let mut turn = in_flight.begin().unwrap();
            // A mailbox that gives up waiting counts as being read again.
            assert!(turn.wait_for(&ticket).now_or_never().is_none());
            assert!(in_flight.begin().is_none());
            let ticket = ticket.clone();
            tokio::spawn(async move { turn.wait_for(&ticket).await });
            tokio::task::yield_now().await;
        }
        assert!(is_stalled(&in_flight));
    }

    #[tokio::test]
    async fn a_writer_that_stops_ends_the_wait() {
        let in_flight = InFlight::new(2);
        let mut turn = in_flight.begin().unwrap();
        let (promise, ticket) = Ticket::new();
        drop(promise);
        assert!(turn.wait_for(&ticket).await.is_err());
        drop(turn);
        assert!(is_stalled(&in_flight));
    }
}
