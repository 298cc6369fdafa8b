//! The messages of a mailbox, one after the other.

use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::vec::IntoIter;

use bytes::Bytes;

use crate::model::page::ArchiveMessage;
use crate::source::archive::Format;
use crate::source::archive::MESSAGE_BYTES_MAX;
use crate::source::archive::SMALL_MESSAGE_BYTES;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::mail_shape;
use crate::source::archive::maildir;
use crate::source::archive::maildir::MessageFile;
use crate::source::archive::mbox::Split;
use crate::source::archive::mbox::Splitter;
use crate::source::archive::open::is_link;
use crate::source::archive::repetition::Repetition;
use crate::source::archive::tree;

/// Bytes read from an mbox at a time: disks give no more for more.
const READ_BYTES: usize = 256 << 10;
/// Hex digits of a hash in an id.
const HASH_DIGITS: usize = 32;

/// Reads the messages of one mailbox; see [`super::ArchiveMailbox::messages`].
pub struct Messages {
    format: Format,
    folders: IntoIter<Folder>,
    open: Option<Open>,
    repetition: Repetition,
}

/// What is being read.
enum Open {
    Files(Folder, IntoIter<MessageFile>),
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

    /// The next message. Before more than [`SMALL_MESSAGE_BYTES`] of one are held, `room` is told
    /// how many bytes it may have, and may wait until there is memory for them.
    ///
    /// # Errors
    /// A folder or a file cannot be read. The next call goes on with the next one.
    pub fn next_with(
        &mut self,
        room: &mut dyn FnMut(usize),
    ) -> Option<Result<ArchiveMessage, ArchiveError>> {
        loop {
            if let Some(message) = self.advance(room) {
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

    fn open(&self, folder: Folder) -> Result<Open, ArchiveError> {
        if self.format == Format::Mbox {
            let file = folder.open(&folder.path);
            let file = file.map_err(|e| ArchiveError::io(&folder.path, e))?;
            let reader = BufReader::with_capacity(READ_BYTES, file);
            return Ok(Open::Mbox(folder, Splitter::new(reader), 0));
        }
        let files = maildir::files(&folder, self.format)?;
        Ok(Open::Files(folder, files.into_iter()))
    }

    /// The next message of what is open; `None` at its end.
    fn advance(
        &mut self,
        room: &mut dyn FnMut(usize),
    ) -> Option<Result<ArchiveMessage, ArchiveError>> {
        match self.open.as_mut()? {
            Open::Mbox(folder, splitter, number) => match splitter.next(room) {
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
                let file = files.next()?;
                match read(folder, &file.path, room) {
                    Ok(content) => {
                        let repetition = &mut self.repetition;
                        let message = of_file(folder, &file, content, self.format, repetition);
                        return Some(Ok(message));
                    }
                    // Delivered or filed elsewhere since the folder was listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        tracing::debug!(path = %file.path.display(), "file went away while reading");
                    }
                    Err(error) if is_link(&error) => return Some(Ok(of_link(folder, &file.name))),
                    Err(source) => return Some(Err(ArchiveError::io(&file.path, source))),
                }
            },
        }
    }
}

impl Iterator for Messages {
    type Item = Result<ArchiveMessage, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with(&mut |_| {})
    }
}

/// What a file holds, or only its hash where that is too much.
struct Content {
    bytes: Vec<u8>,
    /// Of all bytes, where `bytes` does not hold them.
    too_large: Option<blake3::Hash>,
}

impl Content {
    fn hash(&self) -> blake3::Hash {
        self.too_large.unwrap_or_else(|| blake3::hash(&self.bytes))
    }
}

fn read(folder: &Folder, path: &Path, room: &mut dyn FnMut(usize)) -> io::Result<Content> {
    let mut file = folder.open(path)?;
    let stated = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let limit = if stated > SMALL_MESSAGE_BYTES {
        room(stated.min(MESSAGE_BYTES_MAX));
        MESSAGE_BYTES_MAX
    } else {
        // One that grows meanwhile is read as far as there is room for it.
        SMALL_MESSAGE_BYTES
    };
    // As much as it takes: a copy for every doubling would cost more memory than the message.
    let mut bytes = Vec::with_capacity(stated.min(limit) + 1);
    file.by_ref()
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)?;
    let mut too_large = None;
    if bytes.len() > limit {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&bytes);
        hasher.update_reader(&mut file)?;
        too_large = Some(hasher.finalize());
        bytes = Vec::new();
    }
    Ok(Content { bytes, too_large })
}

/// A Maildir file goes by its name, which says nothing where another file of the folder has it, too;
/// then, and in other formats, by what it holds.
fn source_id(
    folder: &Folder,
    file: &MessageFile,
    content: &Content,
    format: Format,
    repetition: &mut Repetition,
) -> String {
    if format != Format::Maildir {
        return repetition.id(&content.hash());
    }
    let name = tree::join(&folder.name, maildir::base_name(&file.name));
    if file.is_name_shared {
        let hash = content.hash().to_hex();
        tree::join(&name, hash.get(..HASH_DIGITS).unwrap_or_default())
    } else {
        name
    }
}

fn of_file(
    folder: &Folder,
    file: &MessageFile,
    content: Content,
    format: Format,
    repetition: &mut Repetition,
) -> ArchiveMessage {
    let name = &file.name;
    ArchiveMessage {
        source_id: source_id(folder, file, &content, format, repetition),
        container: folder.container(),
        place: tree::join(&folder.name, name).into(),
        unreadable: unreadable(&content.bytes, content.too_large.is_some()),
        bytes: Bytes::from(content.bytes),
        received: None,
        is_draft: folder.is_draft || (format == Format::Maildir && maildir::is_flagged_draft(name)),
        is_junk: folder.is_junk,
    }
}

/// A link that is not followed: it is not known what it leads to.
fn of_link(folder: &Folder, name: &str) -> ArchiveMessage {
    let place = tree::join(&folder.name, name);
    ArchiveMessage {
        source_id: format!("link/{place}"),
        container: folder.container(),
        place: place.into(),
        unreadable: Some("link_outside"),
        bytes: Bytes::new(),
        received: None,
        is_draft: false,
        is_junk: false,
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
