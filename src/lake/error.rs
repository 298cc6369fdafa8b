//! What can go wrong with the lake, and what to do about it.

use std::path::Path;
use std::path::PathBuf;

use delta_kernel::KernelError;
use parquet::errors::ParquetError;

/// Why an operation on the lake failed.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// A file or folder of the lake cannot be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The Delta log of a table cannot be read or written.
    #[error("cannot {doing} table {table}: {source}")]
    Delta {
        /// What was tried.
        doing: &'static str,
        /// Folder of the table.
        table: &'static str,
        /// What the Delta library said.
        source: Box<KernelError>,
    },
    /// A file of the lake does not hold what it should.
    #[error("{file} is not readable: {why}; restore it from a backup, nothing was changed")]
    BadFile {
        /// Name of the file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Rows cannot be turned into a file.
    #[error(
        "cannot encode rows of {table}: {why}; this is a defect of touchpoint, please report it"
    )]
    Encode {
        /// Folder of the table.
        table: &'static str,
        /// What is wrong.
        why: String,
    },
    /// Another process committed to a slot that this one serves.
    #[error(
        "another process writes slot {slot} of this lake; let it finish or give each process its own \
         shard, then run again"
    )]
    SlotTaken {
        /// The slot.
        slot: u8,
    },
    /// A commit failed and it could not be found out whether it has happened.
    #[error("table {table} could not be committed to in {attempts} attempts; run again later")]
    Contended {
        /// Folder of the table.
        table: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// A batch in which some item has no outcome, or two.
    #[error(
        "in {mailboxes} mailboxes of the batch the outcomes do not add up to the items received; \
         nothing was committed; this is a defect of touchpoint, please report it"
    )]
    Unbalanced {
        /// How many mailboxes.
        mailboxes: usize,
    },
    /// Another process holds the lake.
    #[error("{} is held by another run (process {holder}); wait for it to end", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Process id that the holder left in the file.
        holder: String,
    },
    /// There is no lake, or none of a format that this program knows.
    #[error("{} holds no lake that can be used: {why}", path.display())]
    NoLake {
        /// Folder of the lake.
        path: PathBuf,
        /// What is the matter.
        why: String,
    },
    /// A table has a column that this program does not know.
    #[error(
        "table {table} has a column {column}, which this touchpoint does not know: use the newer one \
         that added it; nothing was changed"
    )]
    UnknownColumn {
        /// Folder of the table.
        table: &'static str,
        /// The column.
        column: String,
    },
    /// `contact_activity` has not reached what is committed.
    #[error("contact_activity is behind in slot {slot}; let it catch up before the next commit")]
    ViewBehind {
        /// The slot.
        slot: u8,
    },
    /// Something that needs the lake to be opened for writing.
    #[error("the lake was opened for reading only")]
    ReadOnly,
}

impl LakeError {
    /// Whether something of the lake is missing or is not what it should be, while the disk works.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::BadFile { .. } | Self::Delta { .. } => true,
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// Wraps an error of the system.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }

    /// Wraps an error of writing a file of columns: distinguishes a disk that refuses (it is full, say) from
    /// rows that cannot be encoded, which `otherwise` wraps.
    pub(super) fn unwritten(
        path: &Path,
        error: ParquetError,
        otherwise: impl FnOnce(&dyn std::fmt::Display) -> Self,
    ) -> Self {
        match error {
            ParquetError::External(source) => match source.downcast::<std::io::Error>() {
                Ok(source) => Self::io("write", path)(*source),
                Err(source) => otherwise(&source),
            },
            error => otherwise(&error),
        }
    }

    /// Wraps an error of turning rows into a file.
    pub(super) fn encode(table: &'static str, why: &dyn std::fmt::Display) -> Self {
        Self::Encode {
            table,
            why: why.to_string(),
        }
    }

    /// Wraps an error of the Delta library.
    pub(super) fn delta(doing: &'static str, table: &'static str) -> impl Fn(KernelError) -> Self {
        move |source| Self::Delta {
            doing,
            table,
            source: Box::new(source),
        }
    }

    /// Wraps the reason why a file is malformed.
    pub(super) fn bad_file(file: &Path) -> impl Fn(&dyn std::fmt::Display) -> Self {
        let file = file.display().to_string();
        move |why| Self::BadFile {
            file: file.clone(),
            why: why.to_string(),
        }
    }
}
