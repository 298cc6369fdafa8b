//! Listens with the settings of a configuration, until a signal ends.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::config::Config;
use crate::config::error::ConfigError;
use crate::config::readers;
use crate::pipeline::error::RunError;
use crate::pipeline::stores;
use crate::serve::access_log::AccessLog;
use crate::serve::current::Latest;
use crate::serve::guard::Hosts;
use crate::serve::readers::Readers;
use crate::serve::readers::ReadersError;
use crate::serve::routes;
use crate::serve::server::Server;

/// Answers that take longer are not finished when the program ends.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// Why pages are not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The address is in use, or not one of this machine.
    #[error("cannot listen on {address}; is it in use, or not an address of this machine?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// The readers' tokens cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It is unknown who reads.
    #[error(transparent)]
    Readers(#[from] ReadersError),
    /// The file of accesses cannot be written.
    #[error("cannot write the access log {}; check its folder and its owner", path.display())]
    AccessLog {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The threads cannot be started.
    #[error(transparent)]
    Threads(#[from] RunError),
    /// The socket failed.
    #[error("the socket failed")]
    Socket(#[source] io::Error),
}

/// A server that listens.
pub(crate) struct Listening {
    /// The address, with the port that was found where 0 was requested.
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    server: Arc<Server>,
}

impl Listening {
    /// Listens with the settings of a configuration. Nothing is answered yet.
    ///
    /// # Errors
    /// The address cannot be used, anybody could read there, or a file cannot be used.
    pub(crate) async fn open(config: Config) -> Result<Self, ServeError> {
        let settings = &config.serve;
        let tokens = match &settings.token_file {
            Some(path) => readers::load(path)?,
            None => Vec::new(),
        };
        let readers = Readers::new(settings, tokens, settings.listen.ip())?;
        let path = settings.access_log.clone();
        let access_log = AccessLog::open(path.clone())
            .map_err(|source| ServeError::AccessLog { path, source })?;
        let cannot_listen = |source| ServeError::Listen {
            address: settings.listen,
            source,
        };
        let listener = TcpListener::bind(settings.listen)
            .await
            .map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let hosts = Hosts::new(address, &settings.hosts);
        let latest = Latest::new(config.clone(), stores::cpu(&config)?, Handle::current());
        let server = Server::new(config, (hosts, readers), latest, access_log);
        Ok(Self {
            address,
            listener,
            server: Arc::new(server),
        })
    }

    /// Answers requests until `ended`; those that are being answered are finished, within a limit.
    ///
    /// # Errors
    /// The socket failed.
    pub(crate) async fn serve(
        self,
        ended: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let (stop, stopped) = watch::channel(false);
        let wait = |mut stopped: watch::Receiver<bool>| async move {
            // The sender lives as long as this function.
            let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
        };
        self.server.open_soon();
        let router = routes::router(self.server);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(self.listener, service);
        let serving = serving.with_graceful_shutdown(wait(stopped.clone()));
        let overdue = async {
            ended.await;
            stop.send_replace(true);
            tokio::time::sleep(FINISH_MAX).await;
        };
        tokio::select! {
            served = serving => served.map_err(ServeError::Socket),
            () = overdue => Ok(()),
        }
    }
}
