//! What most commands begin with: the configuration, and the threads that wait for the network.

use std::path::Path;

use anyhow::Context as _;

use crate::config::Config;
use crate::pipeline::stores;
use crate::runtime::private;

/// Reads the configuration; files written from now on are accessible to its readers only.
pub fn load(path: &Path) -> anyhow::Result<Config> {
    let config = Config::load(path)?;
    private::limit_new_files(stores::readers(&config));
    Ok(config)
}

/// Runs asynchronous work on its own threads. Two suffice: they only wait and pass on data, the
/// work is done by `runtime::cpu`.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let result = runtime.block_on(work);
    // Dropping the runtime would wait for a thread that blocks on a file.
    runtime.shutdown_background();
    result
}
