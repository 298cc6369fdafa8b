//! What most commands begin with: the configuration, and the threads that wait for the network.

use std::path::Path;

use anyhow::Context as _;
use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::runtime::Runtime;

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
    let runtime = runtime(Builder::new_multi_thread().worker_threads(2))?;
    let result = runtime.block_on(work);
    // Dropping the runtime would wait for a thread that blocks on a file.
    runtime.shutdown_background();
    result
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
