//! The messages of a mailbox, one after the other.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::vec::IntoIter;

use bytes::Bytes;

use crate::model::id::Id128;
use crate::model::maildir_name;
use crate::model::page::ArchiveMessage;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::limits::MESSAGE_BYTES_MAX;
use crate::source::archive::limits::SMALL_MESSAGE_BYTES;
use crate::source::archive::mail_shape;
use crate::source::archive::maildir;
use crate::source::archive::maildir::MessageFile;
use crate::source::archive::mbox::Split;
use crate::source::archive::mbox::Splitter;
use crate::source::archive::packed;
use crate::source::archive::packed::Fault;
use crate::source::archive::repetition::Repetition;
use crate::source::archive::spec::Format;
use crate::source::archive::tree;

/// Bytes read from an mbox at a time: disks give no more for more.
const READ_BYTES: usize = 256 << 10;
/// How often it is looked where files are by now that were gone when it was their turn.
const LOOKS_MAX: u32 = 5;

/// Reads the messages of one mailbox; see [`ArchiveMailbox::messages`](crate::source::archive::mailbox::ArchiveMailbox::messages).
pub struct Messages {
    format: Format,
    folders: IntoIter<Folder>,
    open: Option<Open>,
    repetition: Repetition,
}

/// What is being read.
enum Open {
    Files(OpenFolder),
    /// And the number of the message that was read last.
    Mbox(Folder, Splitter<BufReader<File>>, u64),
}

/// A folder while its files are read.
struct OpenFolder {
    folder: Folder,
    files: IntoIter<MessageFile>,
    /// Names, without flags, of files that were gone when it was their turn.
    missed: HashSet<String>,
    looks: u32,
}

impl OpenFolder {
    /// Looks where files are by now that were gone: a mail that is flagged gets another name.
    /// `None` where there are none.
    fn look_again(&mut self, format: Format) -> Option<()> {
        if self.missed.is_empty() || self.looks == LOOKS_MAX {
            return None;
        }
        self.looks += 1;
        let missed = std::mem::take(&mut self.missed);
        // A folder that is gone as well, or cannot be listed any more, holds none of them.
        let mut files = maildir::files(&self.folder, format).ok()?;
        files.retain(|file| missed.contains(maildir_name::base_name(&file.name)));
        self.files = files.into_iter();
        Some(())
    }
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

    /// The next message. Before more than [`SMALL_MESSAGE_BYTES`] of one are held, `room` is called
    /// how many bytes it may have, and may wait until there is memory for them.
    ///
    /// # Errors
    /// A folder or a file cannot be read. The next call continues with the next one.
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
            let path = &folder.path;
            let file = folder.open(path).map_err(|error| {
                if folder.is_refused_link(&error) {
                    ArchiveError::Link { path: path.clone() }
                } else {
                    ArchiveError::io(path, error)
                }
            })?;
            let reader = BufReader::with_capacity(READ_BYTES, file);
            return Ok(Open::Mbox(folder, Splitter::new(reader), 0));
        }
        let files = maildir::files(&folder, self.format)?;
        Ok(Open::Files(OpenFolder {
            folder,
            files: files.into_iter(),
            missed: HashSet::new(),
            looks: 0,
        }))
    }

    /// The next message of what is open; `None` at its end.
    fn advance(
        &mut self,
        room: &mut dyn FnMut(usize),
    ) -> Option<Result<ArchiveMessage, ArchiveError>> {
        match self.open.as_mut()? {
            Open::Mbox(folder, splitter, number) => loop {
                *number += 1;
                match splitter.next(room) {
                    // What a server keeps in the file is no message.
                    Ok(Some(split)) if mail_shape::is_folder_data(&split.bytes) => {}
                    Ok(split) => {
                        let repetition = &mut self.repetition;
                        return split.map(|split| Ok(of_mbox(folder, *number, split, repetition)));
                    }
                    Err(source) => {
                        let error = ArchiveError::io(&folder.path, source);
                        self.open = None;
                        return Some(Err(error));
                    }
                }
            },
            Open::Files(open) => loop {
                let Some(file) = open.files.next() else {
                    open.look_again(self.format)?;
                    continue;
                };
                let folder = &open.folder;
                match read(folder, &file.path, room) {
                    Ok(content) => {
                        let repetition = &mut self.repetition;
                        let message = of_file(folder, &file, content, self.format, repetition);
                        return Some(Ok(message));
                    }
                    // Flagged, delivered or filed elsewhere since the folder was listed.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        open.missed
                            .insert(maildir_name::base_name(&file.name).to_owned());
                    }
                    Err(error) if folder.is_refused_link(&error) => {
                        return Some(Ok(of_link(folder, &file.name)));
                    }
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

/// What a file holds.
struct Content {
    /// Nothing where it is unreadable.
    bytes: Vec<u8>,
    /// Of all bytes, where `bytes` does not hold them.
    hash: Option<blake3::Hash>,
    unreadable: Option<&'static str>,
}

impl Content {
    fn of(bytes: Vec<u8>) -> Self {
        Self {
            unreadable: unreadable(&bytes, false),
            hash: None,
            bytes,
        }
    }

    fn unreadable(bytes: &[u8], code: &'static str) -> Self {
        Self {
            bytes: Vec::new(),
            hash: Some(blake3::hash(bytes)),
            unreadable: Some(code),
        }
    }

    fn hash(&self) -> blake3::Hash {
        self.hash.unwrap_or_else(|| blake3::hash(&self.bytes))
    }
}

fn read(folder: &Folder, path: &Path, room: &mut dyn FnMut(usize)) -> io::Result<Content> {
    let mut file = folder.open(path)?;
    let stated = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    if stated > MESSAGE_BYTES_MAX {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut file)?;
        return Ok(Content {
            bytes: Vec::new(),
            hash: Some(hasher.finalize()),
            unreadable: Some("too_large"),
        });
    }
    if stated > SMALL_MESSAGE_BYTES {
        room(stated);
    }
    // As much as it takes: a copy for every doubling would cost more memory than the message.
    let mut bytes = Vec::with_capacity(stated + 1);
    file.take(stated as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > stated {
        return Ok(Content::unreadable(&bytes, "growing"));
    }
    // What cannot be unpacked is no mail.
    match packed::unpacked(&bytes, room) {
        Some(Err(Fault::TooLarge)) => Ok(Content::unreadable(&bytes, "too_large")),
        Some(Ok(unpacked)) => Ok(Content::of(unpacked)),
        Some(Err(Fault::Broken)) | None => Ok(Content::of(bytes)),
    }
}

/// A Maildir file goes by its name, which says nothing where another file of the folder has it,
/// too; then, and in other formats, by what it holds.
fn source_id(
    folder: &Folder,
    file: &MessageFile,
    content: &Content,
    format: Format,
    repeated: &mut Repetition,
) -> String {
    if format != Format::Maildir {
        return repeated.id(&content.hash());
    }
    let name = tree::join(&folder.name, maildir_name::base_name(&file.name));
    if file.is_name_shared {
        tree::join(&name, &Id128::beginning(&content.hash()).to_string())
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
        former_ids: Vec::new(),
        container: folder.container(),
        place: tree::join(&folder.name, name).into(),
        unreadable: content.unreadable,
        bytes: of_header(content.bytes),
        received: None,
        is_draft: folder.is_draft
            || (format == Format::Maildir && maildir_name::is_flagged_draft(name)),
        is_junk: folder.is_junk,
    }
}

/// A link that is not followed: it is not known what it leads to.
fn of_link(folder: &Folder, name: &str) -> ArchiveMessage {
    let place = tree::join(&folder.name, name);
    let id = tree::join(&folder.name, maildir_name::base_name(name));
    ArchiveMessage {
        // No path begins so.
        source_id: format!("//link/{id}"),
        former_ids: Vec::new(),
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
        former_ids: split.former_ids(),
        container: folder.container(),
        place: format!("{}, message {number}", file.to_string_lossy()).into(),
        bytes: of_header(split.bytes),
        received: split.received,
        is_draft: folder.is_draft,
        is_junk: folder.is_junk,
        unreadable,
    }
}

fn unreadable(bytes: &[u8], is_too_large: bool) -> Option<&'static str> {
    if is_too_large {
        Some("too_large")
    } else if mail_shape::mail(bytes).is_some() {
        None
    } else {
        Some("not_mail")
    }
}

/// The message from its header on.
fn of_header(bytes: Vec<u8>) -> Bytes {
    let begin = mail_shape::mail(&bytes).map_or(0, |mail| bytes.len() - mail.len());
    Bytes::from(bytes).slice(begin..)
}
