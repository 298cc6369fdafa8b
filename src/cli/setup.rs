//! What most commands begin with: the configuration, and the threads that wait for the network.

use std::path::Path;

use anyhow::Context as _;
use anyhow::anyhow;
use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::runtime::Runtime;

use crate::config::Config;
use crate::lake::Lake;
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
    let runtime = runtime(Builder::new_multi_thread().worker_threads(2))?;
    let result = runtime.block_on(work);
    // Dropping the runtime would wait for a thread that blocks on a file.
    runtime.shutdown_background();
    result
}

/// Works with the lake of a configuration, opened for reading, on a thread that may wait for the disk.
pub fn with_lake<T: Send + 'static>(
    config: &Config,
    work: impl FnOnce(&Config, &Lake) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let config = config.clone();
    block_on(async {
        let handle = Handle::current();
        let working = tokio::task::spawn_blocking(move || {
            let lake = Lake::open(
                stores::lake_settings(&config),
                stores::cpu(&config)?,
                handle,
            )?;
            work(&config, &lake)
        });
        working.await?
    })
}

/// Why nothing of mails is shown.
pub fn mail_is_not_shown() -> anyhow::Error {
    anyhow!(
        "activity from mail is not shown: the configuration says mail_activity = false in [view]"
    )
}

/// Runs work that waits for the network on this thread alone: an answer reaches who waits for it
/// without another thread being woken. `work` is given the threads that wait for the disk.
pub fn block_on_network<T, F: Future<Output = anyhow::Result<T>>>(
    work: impl FnOnce(Handle) -> F,
) -> anyhow::Result<T> {
    let disk = runtime(Builder::new_multi_thread().worker_threads(1))?;
    let network = runtime(&mut Builder::new_current_thread())?;
    let result = network.block_on(work(disk.handle().clone()));
    network.shutdown_background();
    disk.shutdown_background();
    result
}

fn runtime(builder: &mut Builder) -> anyhow::Result<Runtime> {
    let runtime = builder.enable_all().build();
    runtime.context("starting the async runtime")
}
