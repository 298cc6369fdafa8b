//! The folder of the index as its writer reads it: part by part, into memory of its own. tantivy
//! maps files, so that merging large segments would make all of them resident.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tantivy::Directory;
use tantivy::HasLen;
use tantivy::directory::DirectoryLock;
use tantivy::directory::FileHandle;
use tantivy::directory::Lock;
use tantivy::directory::MmapDirectory;
use tantivy::directory::OwnedBytes;
use tantivy::directory::WatchCallback;
use tantivy::directory::WatchHandle;
use tantivy::directory::WritePtr;
use tantivy::directory::error::DeleteError;
use tantivy::directory::error::LockError;
use tantivy::directory::error::OpenReadError;
use tantivy::directory::error::OpenWriteError;

/// Bytes that are read at a time: merging reads most files from front to back, a term at a time.
const PART_BYTES: usize = 128 << 10;

/// A folder of which no file is mapped.
#[derive(Debug, Clone)]
pub(super) struct ReadByParts {
    folder: PathBuf,
    inner: MmapDirectory,
}

impl ReadByParts {
    /// The folder that `inner` would map.
    pub(super) fn new(folder: &Path, inner: MmapDirectory) -> Self {
        Self {
            folder: folder.to_owned(),
            inner,
        }
    }
}

impl Directory for ReadByParts {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => OpenReadError::FileDoesNotExist(path.to_owned()),
            _ => OpenReadError::wrap_io_error(error, path.to_owned()),
        };
        let file = File::open(self.folder.join(path)).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(Arc::new(Parts {
            file,
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            last: Mutex::default(),
        }))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.inner.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.inner.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

/// A file, and the part of it that was read last with where it begins.
#[derive(Debug)]
struct Parts {
    file: File,
    bytes: usize,
    last: Mutex<Option<(usize, OwnedBytes)>>,
}

impl Parts {
    fn read(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let mut bytes = vec![0; range.len()];
        self.file.read_exact_at(&mut bytes, range.start as u64)?;
        Ok(OwnedBytes::new(bytes))
    }
}

impl HasLen for Parts {
    fn len(&self) -> usize {
        self.bytes
    }
}

impl FileHandle for Parts {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.len() > PART_BYTES / 2 {
            return self.read(range);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((start, bytes)) = &*last
            && *start <= range.start
            && range.end <= start + bytes.len()
        {
            return Ok(bytes.slice(range.start - start..range.end - start));
        }
        let end = range.start.saturating_add(PART_BYTES).min(self.bytes);
        let bytes = self.read(range.start..end.max(range.end))?;
        let wanted = bytes.slice(0..range.len());
        *last = Some((range.start, bytes));
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_range_is_read_as_from_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..=250).cycle().take(3 * PART_BYTES + 17).collect();
        std::fs::write(folder.path().join("file"), &content).unwrap();
        let inner = MmapDirectory::open(folder.path()).unwrap();
        let directory = ReadByParts::new(folder.path(), inner);
        let file = directory.get_file_handle(Path::new("file")).unwrap();
        assert_eq!(file.len(), content.len());
        for start in (0..content.len()).step_by(50_021) {
            for length in [0, 1, 1_000, PART_BYTES / 2, PART_BYTES, 2 * PART_BYTES] {
                let range = start..(start + length).min(content.len());
                let bytes = file.read_bytes(range.clone()).unwrap();
                assert_eq!(bytes.as_slice(), &content[range.clone()], "{range:?}");
            }
        }
        let beyond = content.len()..content.len() + 1;
        assert!(file.read_bytes(beyond).is_err());
        let missing = directory.get_file_handle(Path::new("missing"));
        assert!(matches!(missing, Err(OpenReadError::FileDoesNotExist(_))));
    }
}
