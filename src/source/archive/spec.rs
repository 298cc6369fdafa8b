//! An archive as it is configured.

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use crate::config::archive::Links;

/// How the files of an archive are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Files in which messages follow each other, each led by a `From ` line.
    Mbox,
    /// Maildir, or a tree of plain files like one: every file is a message.
    Maildir,
    /// A tree in which every `*.eml` is a message.
    Eml,
}

/// Which mailboxes an archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// All of it is one mailbox.
    One {
        /// Whose it is.
        address: String,
    },
    /// Each child folder, and each mbox file, is one.
    Subfolders {
        /// Whose each is, by name of the folder; a folder that is missing here goes by its name.
        addresses: BTreeMap<String, String>,
    },
}

/// An archive as it is configured (design section 4.1).
#[derive(Debug, Clone)]
pub struct ArchiveSpec {
    /// Its name in reports, tables and mailbox ids.
    pub name: String,
    /// How its files are made.
    pub format: Format,
    /// The file or folder.
    pub path: PathBuf,
    /// Which mailboxes it holds.
    pub layout: Layout,
    /// Which links are followed.
    pub links: Links,
}
