//! When do we stop? A flag that all tasks watch and that is never reset, and a second one for tasks
//! that do not finish.

use std::sync::Arc;

use tokio::sync::watch;

/// Why the run was asked to stop early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// SIGTERM, SIGINT or ctrl-c.
    Signal,
    /// The time given by `--until` was reached.
    Deadline,
}

/// A handle shared by many tasks: any of them may request the stop, and all observe it.
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
    /// Requests a stop at the next commit. The first reason is kept.
    pub fn request(&self, reason: StopReason) {
        self.sender.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(reason);
            first
        });
    }

    /// Requests that work which does not finish is abandoned: a decoder, a file that cannot be
    /// read.
    pub fn give_up(&self) {
        self.overdue.send_replace(true);
    }

    /// Waits until unfinished work is to be abandoned.
    pub async fn overdue(&self) {
        let mut receiver = self.overdue.subscribe();
        // Both ends are held by `self`.
        let _ = receiver.wait_for(|overdue| *overdue).await;
    }

    /// The reason, once a stop was requested.
    pub fn requested(&self) -> Option<StopReason> {
        *self.sender.borrow()
    }

    /// Waits until a stop is requested.
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
