//! Hands each request to a thread that may wait for the disk, and notes what was read.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::Config;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::serve::access_log::Access;
use crate::serve::access_log::AccessLog;
use crate::serve::answers::Asking;
use crate::serve::current::Latest;
use crate::serve::failure::Failure;
use crate::serve::guard::Hosts;
use crate::serve::readers::Reader;
use crate::serve::readers::Readers;
use crate::serve::visible::Visible;

/// Requests that are answered at the same time: each may hold the rows of one contact.
const AT_ONCE: usize = 8;
/// Further requests wait so long before they are refused.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// What all requests share.
pub(super) struct Server {
    pub(super) hosts: Hosts,
    pub(super) readers: Readers,
    config: Config,
    latest: Latest,
    access_log: AccessLog,
    permits: Arc<Semaphore>,
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// Who reads.
    pub(super) reader: Reader,
    /// The network address.
    pub(super) peer: IpAddr,
}

impl Server {
    /// Nothing is opened yet.
    pub(super) fn new(
        config: Config,
        (hosts, readers): (Hosts, Readers),
        latest: Latest,
        access_log: AccessLog,
    ) -> Self {
        Self {
            hosts,
            readers,
            config,
            latest,
            access_log,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Opens lake and index before the first request.
    pub(super) fn open_soon(self: &Arc<Self>) {
        let server = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = server.latest.get() {
                tracing::warn!(%error, "nothing can be shown yet");
            }
        });
    }

    /// Answers a request on a thread that may wait for the disk, and notes the access before anything
    /// is sent.
    ///
    /// # Errors
    /// The work fails, others are worked on, or the access cannot be noted.
    pub(super) async fn answer<T: Send + 'static>(
        self: &Arc<Self>,
        client: Client,
        work: impl FnOnce(&Asking<'_>) -> Result<(T, Access), Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(WAIT_MAX, waiting).await;
        let permit = permit
            .map_err(|_| Failure::Busy)?
            .map_err(|_| Failure::Busy)?;
        let server = Arc::clone(self);
        let working = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            server.work(&client, clock::now(), work)
        });
        working.await.map_err(|_| {
            tracing::error!("a request ended in a panic; this is a defect of touchpoint");
            Failure::Unavailable
        })?
    }

    fn work<T>(
        &self,
        client: &Client,
        now: Timestamp,
        work: impl FnOnce(&Asking<'_>) -> Result<(T, Access), Failure>,
    ) -> Result<T, Failure> {
        let current = self.latest.get()?;
        let asking = Asking {
            visible: Visible::to(&client.reader, self.config.serve.visibility, &current),
            config: &self.config,
            current: &current,
            now,
        };
        let (answer, access) = match work(&asking) {
            Ok((answer, access)) => (Ok(answer), access),
            Err(Failure::Name(error)) => {
                let ids = error.suggestions.iter().map(|one| one.id.clone());
                let access = Access::of("names", ids.collect());
                (Err(Failure::Name(error)), access)
            }
            Err(failure) => return Err(failure),
        };
        self.note(client, now, &access)?;
        answer
    }

    fn note(&self, client: &Client, now: Timestamp, access: &Access) -> Result<(), Failure> {
        let noted = self
            .access_log
            .note((now, &client.reader, client.peer), access);
        noted.map_err(|error| {
            tracing::error!(%error, "the access log cannot be written");
            Failure::Unavailable
        })
    }

    /// Notes that a request from an address was refused because it is unknown who reads.
    pub(super) async fn note_refused(self: &Arc<Self>, peer: IpAddr) {
        let server = Arc::clone(self);
        let noting = tokio::task::spawn_blocking(move || {
            let reader = Reader { address: None };
            let access = Access::of("refused", Vec::new());
            server.note(&Client { reader, peer }, clock::now(), &access)
        });
        // What fails is logged; the request is refused in any case.
        let _ = noting.await;
    }
}
