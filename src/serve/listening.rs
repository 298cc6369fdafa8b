//! Listens with the settings of a configuration, until a signal ends.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::Handle;

use crate::config::Config;
use crate::config::error::ConfigError;
use crate::config::readers;
use crate::config::readers::ReaderToken;
use crate::config::serve::Serve;
use crate::pipeline::error::RunError;
use crate::pipeline::stores;
use crate::serve::access_log::AccessLog;
use crate::serve::connections;
use crate::serve::current::Latest;
use crate::serve::guard::Hosts;
use crate::serve::readers::Readers;
use crate::serve::readers::ReadersError;
use crate::serve::routes;
use crate::serve::server::Server;

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
}

/// A server that listens.
pub(crate) struct Listening {
    /// The address, with the port that was found where 0 was requested.
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    server: Arc<Server>,
}

/// Checks the settings as far as that is possible without listening; gives the number of tokens.
///
/// # Errors
/// The tokens cannot be read, anybody could read, or readers are not known who must be.
pub(crate) fn check(settings: &Serve) -> Result<usize, ServeError> {
    let tokens = tokens(settings)?;
    let count = tokens.len();
    Readers::new(settings, tokens, settings.listen.ip())?;
    Ok(count)
}

fn tokens(settings: &Serve) -> Result<Vec<ReaderToken>, ConfigError> {
    let path = settings.token_file.as_deref();
    Ok(path.map(readers::load).transpose()?.unwrap_or_default())
}

impl Listening {
    /// Listens with the settings of a configuration. Nothing is answered yet.
    ///
    /// # Errors
    /// The address cannot be used, anybody could read there, or a file cannot be used.
    pub(crate) async fn open(config: Config) -> Result<Self, ServeError> {
        let settings = &config.serve;
        let readers = Readers::new(settings, tokens(settings)?, settings.listen.ip())?;
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
    pub(crate) async fn serve(self, ended: impl Future<Output = ()>) {
        self.server.open_soon();
        connections::answer(self.listener, routes::router(self.server), ended).await;
    }
}
