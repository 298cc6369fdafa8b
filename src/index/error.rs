//! What can go wrong with the index.

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
    /// Another process writes it.
    #[error("the index is being written by another run; wait for it, or give this one its own")]
    InUse,
    /// There is none.
    #[error("there is no index in {}; `touchpoint run` makes it", path.display())]
    Missing {
        /// The folder of the configuration.
        path: PathBuf,
    },
    /// There may be one.
    #[error(
        "the index in {} may not be read; ask its owner, or set group_readable in [lake] and let its \
         group have it",
        path.display()
    )]
    Denied {
        /// The folder of the configuration.
        path: PathBuf,
    },
    /// The folder cannot be made or emptied.
    #[error("cannot use the index folder {}; check its place and its owner", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is of another version of the program, or damaged.
    #[error("the index cannot be read; delete its folder, the next run makes it again")]
    Damaged,
    /// The query does not make sense.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The disk refused.
    #[error("cannot read or write the index; check the disk and its free space")]
    Disk(#[source] Arc<io::Error>),
    /// Any other failure of the store.
    #[error("the index failed; delete its folder if it happens again, the next run makes it anew")]
    Store(#[source] Box<TantivyError>),
}

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        match error {
            // What was written is not what is read: packed texts that do not unpack.
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
