//! Errors of the index.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;
use tantivy::directory::error::OpenReadError;
use tantivy::directory::error::OpenWriteError;

use crate::index::query_error::QueryError;

/// Why the index could not be written or searched. None of these endangers the lake.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Another process is writing it.
    #[error("the index is being written by another run; wait for it, or give this one its own")]
    InUse,
    /// It does not exist.
    #[error("there is no index in {}; `touchpoint run` creates it", path.display())]
    Missing {
        /// The folder of the configuration.
        path: PathBuf,
    },
    /// It may exist, but access is denied.
    #[error(
        "no permission to read the index in {}; ask its owner, or set group_readable in [lake] and \
         give its group access",
        path.display()
    )]
    Denied {
        /// The folder of the configuration.
        path: PathBuf,
    },
    /// The folder cannot be created or emptied.
    #[error("cannot use the index folder {}; check its path and its owner", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// It is of another version of the program, or damaged.
    #[error("the index cannot be read; delete its folder, the next run rebuilds it")]
    Damaged,
    /// The query does not make sense.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A disk error.
    #[error("cannot read or write the index; check the disk and its free space")]
    Disk(#[source] Arc<io::Error>),
    /// Any other failure of the store.
    #[error("the index failed; if this happens again, delete its folder: the next run rebuilds it")]
    Store(#[source] Box<TantivyError>),
}

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        match error {
            // Stored data is corrupt: compressed texts cannot be decompressed.
            TantivyError::IoError(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData
                        | io::ErrorKind::UnexpectedEof
                        | io::ErrorKind::Other
                ) =>
            {
                Self::Damaged
            }
            TantivyError::IoError(error)
            | TantivyError::LockFailure(LockError::IoError(error), _)
            | TantivyError::OpenReadError(OpenReadError::IoError {
                io_error: error, ..
            })
            | TantivyError::OpenWriteError(OpenWriteError::IoError {
                io_error: error, ..
            }) => Self::Disk(error),
            TantivyError::LockFailure(LockError::LockBusy, _) => Self::InUse,
            TantivyError::DataCorruption(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::SchemaError(_)
            | TantivyError::OpenReadError(
                OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
            ) => Self::Damaged,
            other => Self::Store(Box::new(other)),
        }
    }
}
