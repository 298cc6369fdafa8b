//! What can go wrong with the state file.

use std::io;
use std::path::PathBuf;

/// Why the state could not be read or written. None of these endangers the lake.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process holds the file.
    #[error("the state folder is in use by another run; wait for it, or give this one its own")]
    InUse,
    /// The folder or file cannot be made or opened.
    #[error("cannot use the state folder {}; check its place and its owner", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk refused to read or write the file, or what a rebuild sorts beside it.
    #[error("cannot read or write in the state folder; check the disk and its free space")]
    Disk(#[from] io::Error),
    /// The file was damaged while it was open.
    #[error("the state file is damaged; delete the state folder and run again, it is rebuilt")]
    Damaged,
    /// What waits for a commit could not be compressed, or not be read back.
    #[error("decisions could not be compressed; this is a defect of touchpoint, please report it")]
    Compression(#[source] io::Error),
    /// Any other failure of the store.
    #[error("the state file cannot be used; delete the state folder and run again, it is rebuilt")]
    Store(#[source] Box<redb::Error>),
}

impl StateError {
    /// Sorts the store's many error types into ours.
    pub(crate) fn of(error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Corrupted(_) => Self::Damaged,
            redb::Error::Io(error) => Self::Disk(error),
            other => Self::Store(Box::new(other)),
        }
    }
}
