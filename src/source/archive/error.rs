//! What can be wrong with an archive.

use std::io;
use std::path::PathBuf;

/// An archive that cannot be read, as a whole or in one of its files.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The path leads nowhere.
    #[error("{path}: no such file or folder; correct `path` of the archive", path = .path.display())]
    Missing {
        /// The archive's path.
        path: PathBuf,
    },
    /// A file or folder cannot be read.
    #[error("{path}: cannot be read; check its permissions and the disk", path = .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link that is not followed.
    #[error("{path}: is a link that leads out of its mailbox; put the file in its place, or set links = \"all\" for this archive", path = .path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A file where a folder is needed.
    #[error("{path}: is a file; `path` must be the folder that holds the messages", path = .path.display())]
    NotAFolder {
        /// The archive's path.
        path: PathBuf,
    },
    /// No mbox file.
    #[error("{path}: is not mbox, which begins with a line `From `; correct `path` or `format`, or export the mails as mbox, Maildir or .eml files", path = .path.display())]
    NotMbox {
        /// The file or folder.
        path: PathBuf,
    },
    /// No file that could be a message.
    #[error("{path}: no message in it ({expected}); correct `path`, `format` or `mailboxes`", path = .path.display())]
    NoMessage {
        /// The archive's path.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
    },
    /// A Maildir where a folder of Maildirs was announced.
    #[error("{path}: is one Maildir; set `mailboxes = \"one\"` and `address`, or `path` to the folder above", path = .path.display())]
    IsOneMaildir {
        /// The archive's path.
        path: PathBuf,
    },
}

impl ArchiveError {
    /// An error of the system, distinguished by whether the path exists.
    pub(crate) fn io(path: &std::path::Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        if source.kind() == io::ErrorKind::NotFound {
            Self::Missing { path }
        } else {
            Self::Read { path, source }
        }
    }
}
