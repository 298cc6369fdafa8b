//! When do we stop? A flag that everyone can watch and that only ever goes up.

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
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            sender: Arc::new(watch::Sender::new(None)),
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
