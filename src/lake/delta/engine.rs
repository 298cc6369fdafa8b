//! The Delta library over the local disk.

use std::path::Path;
use std::sync::Arc;

use delta_kernel::Engine;
use delta_kernel_default_engine::DefaultEngineBuilder;
use delta_kernel_default_engine::executor::tokio::TokioMultiThreadExecutor;
use tokio::runtime::Handle;
use url::Url;

use crate::lake::delta::log_store::LogStore;
use crate::lake::error::LakeError;

/// Reads and writes the logs; the same for all tables of a lake.
pub(crate) type DeltaEngine = Arc<dyn Engine>;

/// The engine over the local disk; all that it writes is synced, folders too.
pub(crate) fn engine(handle: Handle) -> DeltaEngine {
    let store = Arc::new(LogStore::new());
    let executor = Arc::new(TokioMultiThreadExecutor::new(handle));
    let builder = DefaultEngineBuilder::new(store).with_task_executor(executor);
    Arc::new(builder.build())
}

/// The URL of a folder: the library takes nothing else.
pub(crate) fn folder_url(folder: &Path) -> Result<Url, LakeError> {
    Url::from_directory_path(folder).map_err(|()| LakeError::NoLake {
        path: folder.to_owned(),
        why: "its path is not absolute".to_owned(),
    })
}
