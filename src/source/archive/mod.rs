//! Mail that lies in files: mbox, Maildir and `.eml`, read as a stream in a fixed order.

pub mod error;
mod folder;
mod mail_shape;
mod maildir;
mod mbox;
mod messages;
mod modified_utf7;
mod open;
mod packed;
mod repetition;
mod separator;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use crate::config::archive::Links;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
pub use crate::source::archive::messages::Messages;

/// A message larger than this is not read (`unreadable: too_large`): mail systems refuse such
/// mails, and memory has to stay bounded whatever a file holds.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// A message up to this size is read without asking for room: see [`Messages::next_with`].
pub const SMALL_MESSAGE_BYTES: usize = 4 << 20;

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

/// One mailbox of an archive: which files it has, not what they say.
#[derive(Debug, Clone)]
pub struct ArchiveMailbox {
    /// `archive:<archive>/<folder>`; where all of the archive is one mailbox, `<folder>` is its
    /// address.
    pub id: Arc<str>,
    /// The folder's address, or its name where none is stated.
    pub address: Arc<str>,
    /// In the order in which they are read: Sent first, then by name.
    folders: Vec<Folder>,
    format: Format,
}

/// The mailboxes of an archive, in order of their names.
pub struct Archive;

impl Archive {
    /// Looks up which mailboxes the archive holds. Blocking; reads names of folders and files,
    /// and the beginning of mbox files.
    pub fn open(spec: &ArchiveSpec) -> Result<Vec<ArchiveMailbox>, ArchiveError> {
        let roots = match spec.format {
            Format::Mbox => mbox::mailboxes(spec)?,
            Format::Maildir | Format::Eml => maildir::mailboxes(spec)?,
        };
        let mut mailboxes: Vec<_> = roots
            .into_iter()
            .map(|(name, folders)| ArchiveMailbox::new(spec, &name, folders))
            .collect();
        mailboxes.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(mailboxes)
    }
}

impl ArchiveMailbox {
    fn new(spec: &ArchiveSpec, name: &str, mut folders: Vec<Folder>) -> Self {
        folders.sort_by(|a, b| a.order().cmp(&b.order()));
        let (folder, address) = match &spec.layout {
            Layout::One { address } => (address.as_str(), address.as_str()),
            Layout::Subfolders { addresses } => {
                (name, addresses.get(name).map_or(name, String::as_str))
            }
        };
        Self {
            id: format!("archive:{}/{folder}", spec.name).into(),
            address: address.into(),
            folders,
            format: spec.format,
        }
    }

    /// The messages in the order of design section 4. Blocking, a file or an mbox's message at a
    /// time; it holds one message (of an mbox 4 MiB besides, to put small ones together), the file
    /// names of one folder, and for mbox and `.eml` a hash of 16 bytes for each message, to number
    /// those that are repeated.
    ///
    /// After an error, reading goes on with the next file.
    pub fn messages(&self) -> Messages {
        Messages::new(self.format, self.folders.clone())
    }
}

/// The id of a message by what parts a file name from its flags today: earlier versions knew `:2,`
/// alone.
pub fn steady_source_id(source_id: &str) -> String {
    match source_id.rsplit_once('/') {
        Some((folder, name)) => tree::join(folder, maildir::base_name(name)),
        None => maildir::base_name(source_id).to_owned(),
    }
}

#[cfg(test)]
mod tests;
