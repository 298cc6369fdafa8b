//! The mailboxes of an archive.

use std::sync::Arc;

use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::maildir;
use crate::source::archive::mbox_files;
use crate::source::archive::messages::Messages;
use crate::source::archive::spec::ArchiveSpec;
use crate::source::archive::spec::Format;
use crate::source::archive::spec::Layout;

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
            Format::Mbox => mbox_files::mailboxes(spec)?,
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
    /// After an error, reading continues with the next file.
    pub fn messages(&self) -> Messages {
        Messages::new(self.format, self.folders.clone())
    }
}
