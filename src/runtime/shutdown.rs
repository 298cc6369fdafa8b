//! When do we stop? A flag that everyone can watch and that only ever goes up, and a second one for
//! those who do not come to an end.

use std::sync::Arc;

use tokio::sync::watch;

/// Why the run was asked to end early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// SIGTERM, SIGINT or ctrl-c.
    Signal,
    /// The time given by `--until` has come.
    Deadline,
}

/// A handle that many tasks hold: any may ask for the stop, all see it.
#[derive(Debug, Clone)]
pub struct Shutdown {
    sender: Arc<watch::Sender<Option<StopReason>>>,
    overdue: Arc<watch::Sender<bool>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            sender: Arc::new(watch::Sender::new(None)),
            overdue: Arc::new(watch::Sender::new(false)),
        }
    }
}

impl Shutdown {
    /// Asks everyone to end at the next commit. The first reason is kept.
    pub fn request(&self, reason: StopReason) {
        self.sender.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(reason);
            first
        });
    }

    /// Asks everyone to leave what does not end by itself: a decoder, a file that cannot be read.
    pub fn give_up(&self) {
        self.overdue.send_replace(true);
    }

    /// Waits until nobody shall wait any longer for what does not end by itself.
    pub async fn overdue(&self) {
        let mut receiver = self.overdue.subscribe();
        // Both ends are held by `self`.
        let _ = receiver.wait_for(|overdue| *overdue).await;
    }

    /// The reason, once somebody asked.
    pub fn requested(&self) -> Option<StopReason> {
        *self.sender.borrow()
    }

    /// Waits until somebody asks.
    pub async fn wait(&self) -> StopReason {
        let mut receiver = self.sender.subscribe();
        loop {
            if let Some(reason) = *receiver.borrow_and_update() {
                return reason;
            }
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
