//! The messages of a mailbox, one after the other.

use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::vec::IntoIter;

use bytes::Bytes;

use crate::model::page::ArchiveMessage;
use crate::source::archive::Format;
use crate::source::archive::MESSAGE_BYTES_MAX;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::mail_shape;
use crate::source::archive::maildir;
use crate::source::archive::mbox::Split;
use crate::source::archive::mbox::Splitter;
use crate::source::archive::open::open;
use crate::source::archive::repetition::Repetition;
use crate::source::archive::tree;

/// Bytes read from an mbox at a time: disks give no more for more.
const READ_BYTES: usize = 256 << 10;

/// Reads the messages of one mailbox; see [`super::ArchiveMailbox::messages`].
pub struct Messages {
    format: Format,
    folders: IntoIter<Folder>,
    open: Option<Open>,
    repetition: Repetition,
}

/// What is being read.
enum Open {
    Files(Folder, IntoIter<(String, PathBuf)>),
    /// And the number of the message that was read last.
    Mbox(Folder, Splitter<BufReader<File>>, u64),
}

impl Messages {
    pub(super) fn new(format: Format, folders: Vec<Folder>) -> Self {
        Self {
            format,
            folders: folders.into_iter(),
            open: None,
            repetition: Repetition::default(),
        }
    }

    fn open(&self, folder: Folder) -> Result<Open, ArchiveError> {
        if self.format == Format::Mbox {
            let file = open(&folder.path).map_err(|e| ArchiveError::io(&folder.path, e))?;
            let reader = BufReader::with_capacity(READ_BYTES, file);
            return Ok(Open::Mbox(folder, Splitter::new(reader), 0));
        }
        let files = maildir::files(&folder, self.format)?;
        Ok(Open::Files(folder, files.into_iter()))
    }

    /// The next message of what is open; `None` at its end.
    fn advance(&mut self) -> Option<Result<ArchiveMessage, ArchiveError>> {
        match self.open.as_mut()? {
            Open::Mbox(folder, splitter, number) => match splitter.next() {
                Ok(split) => {
                    *number += 1;
                    split.map(|split| Ok(of_mbox(folder, *number, split, &mut self.repetition)))
                }
                Err(source) => {
                    let error = ArchiveError::io(&folder.path, source);
                    self.open = None;
                    Some(Err(error))
                }
            },
            Open::Files(folder, files) => loop {
                let (name, path) = files.next()?;
                match read(&path) {
                    Ok(content) => {
                        let repetition = &mut self.repetition;
                        let message = of_file(folder, &name, content, self.format, repetition);
                        return Some(Ok(message));
                    }
                    // Delivered or filed elsewhere since the folder was listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        tracing::debug!(path = %path.display(), "file went away while reading");
                    }
                    Err(source) => return Some(Err(ArchiveError::io(&path, source))),
                }
            },
        }
    }
}

impl Iterator for Messages {
    type Item = Result<ArchiveMessage, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(message) = self.advance() {
                return Some(message);
            }
            let folder = self.folders.next()?;
            match self.open(folder) {
                Ok(open) => self.open = Some(open),
                Err(error) => {
                    self.open = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// What a file holds, or only its hash where that is too much.
struct Content {
    bytes: Vec<u8>,
    /// Of all bytes, where `bytes` does not hold them.
    too_large: Option<blake3::Hash>,
}

fn read(path: &Path) -> io::Result<Content> {
    let mut file = open(path)?;
    let mut bytes = Vec::new();
    let limit = MESSAGE_BYTES_MAX as u64 + 1;
    file.by_ref().take(limit).read_to_end(&mut bytes)?;
    let mut too_large = None;
    if bytes.len() > MESSAGE_BYTES_MAX {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&bytes);
        hasher.update_reader(&mut file)?;
        too_large = Some(hasher.finalize());
        bytes = Vec::new();
    }
    Ok(Content { bytes, too_large })
}

fn of_file(
    folder: &Folder,
    name: &str,
    content: Content,
    format: Format,
    repetition: &mut Repetition,
) -> ArchiveMessage {
    let source_id = if format == Format::Maildir {
        tree::join(&folder.name, maildir::base_name(name))
    } else {
        let hash = content.too_large;
        repetition.id(&hash.unwrap_or_else(|| blake3::hash(&content.bytes)))
    };
    ArchiveMessage {
        source_id,
        container: folder.container(),
        place: tree::join(&folder.name, name).into(),
        unreadable: unreadable(&content.bytes, content.too_large.is_some()),
        bytes: Bytes::from(content.bytes),
        received: None,
        is_draft: folder.is_draft || (format == Format::Maildir && maildir::is_flagged_draft(name)),
        is_junk: folder.is_junk,
    }
}

fn of_mbox(
    folder: &Folder,
    number: u64,
    split: Split,
    repetition: &mut Repetition,
) -> ArchiveMessage {
    let file = folder.path.file_name().unwrap_or_default();
    let unreadable = if split.is_stray {
        Some("not_mail")
    } else {
        unreadable(&split.bytes, split.is_too_large)
    };
    ArchiveMessage {
        source_id: repetition.id(&split.hash),
        container: folder.container(),
        place: format!("{}, message {number}", file.to_string_lossy()).into(),
        bytes: Bytes::from(split.bytes),
        received: split.received,
        is_draft: folder.is_draft,
        is_junk: folder.is_junk,
        unreadable,
    }
}

fn unreadable(bytes: &[u8], is_too_large: bool) -> Option<&'static str> {
    if is_too_large {
        Some("too_large")
    } else if mail_shape::is_mail(bytes) {
        None
    } else {
        Some("not_mail")
    }
}
