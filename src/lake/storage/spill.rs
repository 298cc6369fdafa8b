//! Bytes that wait for their commit on the disk, where they take no memory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::lake::error::LakeError;

/// A file without a name, which goes with its last clone. It is no part of the lake: nothing of it
/// is synced, and after a crash it is gone.
#[derive(Debug, Clone)]
pub(crate) struct SpillFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    folder: PathBuf,
    end: AtomicU64,
}

/// Bytes in memory or in a file.
#[derive(Debug, Clone)]
pub(crate) enum Spilled {
    /// In memory.
    InMemory(Bytes),
    /// In a file.
    InFile {
        /// Which.
        file: SpillFile,
        /// Where they begin.
        offset: u64,
        /// How many.
        length: usize,
    },
}

impl SpillFile {
    /// Makes a file that only its owner may read, in a folder that exists.
    pub(crate) fn create(folder: &Path) -> Result<Self, LakeError> {
        let file = tempfile::tempfile_in(folder);
        Ok(Self(Arc::new(Inner {
            file: file.map_err(LakeError::io("write", folder))?,
            folder: folder.to_owned(),
            end: AtomicU64::default(),
        })))
    }

    /// Adds bytes.
    pub(crate) fn put(&self, bytes: &[u8]) -> Result<Spilled, LakeError> {
        let length = bytes.len();
        let offset = self.0.end.fetch_add(length as u64, Ordering::Relaxed);
        let written = self.0.file.write_all_at(bytes, offset);
        written.map_err(LakeError::io("write", &self.0.folder))?;
        Ok(Spilled::InFile {
            file: self.clone(),
            offset,
            length,
        })
    }
}

impl Spilled {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::InMemory(bytes) => bytes.len(),
            Self::InFile { length, .. } => *length,
        }
    }

    /// The bytes, read where they are in a file.
    pub(crate) fn bytes(&self) -> Result<Bytes, LakeError> {
        match self {
            Self::InMemory(bytes) => Ok(bytes.clone()),
            Self::InFile {
                file,
                offset,
                length,
            } => {
                let mut bytes = vec![0; *length];
                let read = file.0.file.read_exact_at(&mut bytes, *offset);
                read.map_err(LakeError::io("read", &file.0.folder))?;
                Ok(bytes.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn spilled_bytes_are_read_back_and_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = SpillFile::create(folder.path()).unwrap();
        let (first, second) = (file.put(b"first").unwrap(), file.put(b"2nd").unwrap());
        assert_eq!((first.len(), second.len()), (5, 3));
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(second.bytes().unwrap(), "2nd");
        assert_eq!(first.bytes().unwrap(), "first");
    }
}
