//! The disk under the tables' logs: reads as the local disk does, and writes as the rest of the
//! lake does.

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::CopyOptions;
use object_store::GetOptions;
use object_store::GetResult;
use object_store::ListResult;
use object_store::MultipartUpload;
use object_store::ObjectMeta;
use object_store::ObjectStore;
use object_store::PutMode;
use object_store::PutMultipartOptions;
use object_store::PutOptions;
use object_store::PutPayload;
use object_store::PutResult;
use object_store::Result;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use crate::lake::storage::disk;
use crate::lake::storage::disk::Place;

/// What errors of this store name as their origin.
const STORE: &str = "LogStore";

/// The local disk. What a put has written survives a loss of power when the put returns.
#[derive(Debug)]
pub(crate) struct LogStore {
    disk: LocalFileSystem,
}

impl LogStore {
    pub(super) fn new() -> Self {
        Self {
            disk: LocalFileSystem::new(),
        }
    }
}

impl fmt::Display for LogStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

fn put(path: &std::path::Path, payload: &PutPayload, place: Place) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    disk::create_folder(folder).map_err(std::io::Error::other)?;
    disk::publish(path, &disk::log_draft(path), payload.iter(), place)
}

#[async_trait]
impl ObjectStore for LogStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let path = self.disk.path_to_filesystem(location)?;
        let place = match options.mode {
            PutMode::Create => Place::Free,
            PutMode::Overwrite => Place::Any,
            PutMode::Update(_) => return self.disk.put_opts(location, payload, options).await,
        };
        let writing = tokio::task::spawn_blocking(move || put(&path, &payload, place));
        match writing.await? {
            Ok(()) => Ok(PutResult {
                e_tag: None,
                version: None,
                extensions: object_store::Extensions::default(),
            }),
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(object_store::Error::AlreadyExists {
                    path: location.to_string(),
                    source: source.into(),
                })
            }
            Err(source) => Err(object_store::Error::Generic {
                store: STORE,
                source: source.into(),
            }),
        }
    }

    /// Nothing of a log is so large that it would be written in parts.
    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(refused("put_multipart"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.disk.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.disk.get_ranges(location, ranges).await
    }

    /// Entries of logs are deleted by `log_retention`: nothing is deleted this way.
    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        locations
            .map(|location| location.and(Err(refused("delete"))))
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listed = self.disk.list(prefix);
        #[cfg(test)]
        let listed = crate::lake::tests::simulated_disk::not_yet_late(listed);
        listed
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let listed = self.disk.list_with_offset(prefix, offset);
        #[cfg(test)]
        let listed = crate::lake::tests::simulated_disk::not_yet_late(listed);
        listed
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.disk.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(refused("copy"))
    }
}

fn refused(operation: &str) -> object_store::Error {
    object_store::Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: STORE.to_owned(),
    }
}
