//! mbox files (mboxo and mboxrd), split as a stream.

use std::io;
use std::io::BufRead;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::model::mail_date;
use crate::model::time::Micros;
use crate::source::archive::ArchiveSpec;
use crate::source::archive::Layout;
use crate::source::archive::MESSAGE_BYTES_MAX;
use crate::source::archive::SMALL_MESSAGE_BYTES;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::open::is_link;
use crate::source::archive::tree;
use crate::source::archive::tree::Entries;
use crate::source::archive::tree::Tree;

/// Bytes of a line that are looked at together: enough for every `From ` line with its quoting,
/// and what memory a line without end may take.
const LINE_PIECE_BYTES: u64 = 64 << 10;

/// What opens a message.
const FROM: &[u8] = b"From ";

/// The mailboxes of the archive: name and mbox files.
pub(super) fn mailboxes(spec: &ArchiveSpec) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = &spec.path;
    let meta = std::fs::metadata(path).map_err(|e| ArchiveError::io(path, e))?;
    let tree = Arc::new(match &spec.layout {
        Layout::One { .. } => Tree::new(path, spec.links),
        Layout::Subfolders { .. } => Tree::of_owners(path, spec.links),
    });
    if meta.is_file() {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = stem(name.unwrap_or_default()).to_owned();
        // A link that the configuration names is followed.
        let file = path.canonicalize().unwrap_or_else(|_| path.clone());
        return checked(
            path,
            vec![(name.clone(), vec![Folder::new(&name, file, &tree)])],
        );
    }
    let mailboxes = match &spec.layout {
        Layout::One { .. } => vec![(String::new(), files_below(&tree))],
        Layout::Subfolders { .. } => subfolders(&tree, spec)?,
    };
    checked(path, mailboxes)
}

fn subfolders(
    tree: &Arc<Tree>,
    spec: &ArchiveSpec,
) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = &spec.path;
    let entries = tree.entries(path)?;
    entries.tell_links_left();
    let (mut mailboxes, mut strays) = (Vec::new(), 0_usize);
    for (name, file) in entries.files {
        if tree::is_hidden(&name) {
            continue;
        }
        if tree::has_extension(&name, "mbox") {
            let folder = Folder::new(stem(&name), file, tree);
            mailboxes.push((stem(&name).to_owned(), vec![folder]));
        } else {
            strays += 1;
        }
    }
    if strays > 0 {
        tracing::warn!(path = %path.display(), files = strays,
            "files that are not named *.mbox are not read");
    }
    for (name, folder) in entries.folders.into_iter().chain(entries.linked_folders) {
        if !tree::is_hidden(&name) {
            let tree = Arc::new(Tree::new(&folder, spec.links));
            mailboxes.push((stem(&name).to_owned(), files_below(&tree)));
        }
    }
    // `ann.mbox` beside `ann/`, as some programs make for a folder that has folders: one mailbox.
    mailboxes.sort_by(|(a, _), (b, _)| a.cmp(b));
    mailboxes.dedup_by(|(later, more), (name, folders)| {
        let is_same = later == name;
        if is_same {
            folders.append(more);
        }
        is_same
    });
    Ok(mailboxes)
}

/// All mbox files in a tree: those named so, and those without extension that begin like one.
fn files_below(tree: &Arc<Tree>) -> Vec<Folder> {
    let mut found = Vec::new();
    let enters = |_: &Entries, child: &str, _: &Path| !tree::is_hidden(child);
    tree.walk(enters, |visit| {
        let Ok(entries) = visit.entries else {
            // It costs its mailbox: reading it tells why.
            found.push(Folder::new(&visit.name, visit.path, tree));
            return;
        };
        for (name, file) in entries.files {
            let is_named = tree::has_extension(&name, "mbox");
            let is_bare = Path::new(&name).extension().is_none();
            let folder = Folder::new(&tree::join(&visit.name, stem(&name)), file, tree);
            // What a link that is not followed leads to, and is not named so, may be anything.
            let begins_so = || begins_like_mbox(&folder).unwrap_or_else(|error| !is_link(&error));
            if !tree::is_hidden(&name) && (is_named || (is_bare && begins_so())) {
                found.push(folder);
            }
        }
    });
    found
}

/// Refuses an archive without any mbox file; one that is none among others is read as unreadable.
fn checked(
    path: &Path,
    mailboxes: Vec<(String, Vec<Folder>)>,
) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = path.to_path_buf();
    let mut files = mailboxes.iter().flat_map(|(_, folders)| folders).peekable();
    if files.peek().is_none() {
        return Err(ArchiveError::NoMessage {
            path,
            expected: "files named *.mbox",
        });
    }
    for file in files {
        if begins_like_mbox(file).unwrap_or(true) {
            return Ok(mailboxes);
        }
    }
    Err(ArchiveError::NotMbox { path })
}

/// Whether a file begins with a `From ` line; an empty one is an mbox without messages.
fn begins_like_mbox(folder: &Folder) -> io::Result<bool> {
    let mut head = Vec::with_capacity(FROM.len());
    let file = folder.open(&folder.path)?;
    file.take(FROM.len() as u64).read_to_end(&mut head)?;
    Ok(head.is_empty() || head == FROM)
}

fn stem(name: &str) -> &str {
    if tree::has_extension(name, "mbox") {
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    } else {
        name
    }
}

/// A message as it was split off.
#[derive(Debug)]
pub(super) struct Split {
    /// The message, quoting taken away; empty where it is too large.
    pub bytes: Vec<u8>,
    /// Hash of all its bytes.
    pub hash: blake3::Hash,
    /// When the `From ` line says that it was received.
    pub received: Option<Micros>,
    /// Not led by a `From ` line: the beginning of a file that is no mbox.
    pub is_stray: bool,
    /// Larger than [`MESSAGE_BYTES_MAX`].
    pub is_too_large: bool,
}

/// Splits an mbox. Every line that begins with `From ` opens a message (the formats quote all
/// others); one `>` goes from lines that begin with `>From `, `>>From ` and so on, and the blank
/// line before the next message goes with it. It never holds more than one message.
pub(super) struct Splitter<R> {
    reader: R,
    line: Vec<u8>,
    /// Whether `line` holds a `From ` line that was read ahead.
    is_ahead: bool,
    /// In which small messages are put together: they are handed out as copies of the right size.
    spare: Vec<u8>,
}

impl<R: BufRead> Splitter<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            line: Vec::new(),
            is_ahead: false,
            spare: Vec::with_capacity(SMALL_MESSAGE_BYTES),
        }
    }

    /// The next message; `room` is told before more than [`SMALL_MESSAGE_BYTES`] of it are held.
    pub fn next(&mut self, room: &mut dyn FnMut(usize)) -> io::Result<Option<Split>> {
        if !self.is_ahead && !self.read_piece()? {
            return Ok(None);
        }
        let is_stray = !self.line.starts_with(FROM);
        let received = received(&self.line);
        let mut message = Growing::over(std::mem::take(&mut self.spare));
        if is_stray {
            message.push(unquoted(&self.line));
        }
        self.is_ahead = false;
        let mut has_room = false;
        loop {
            let is_line_start = self.line.ends_with(b"\n");
            if !self.read_piece()? {
                break;
            }
            if is_line_start && self.line.starts_with(FROM) {
                self.is_ahead = true;
                break;
            }
            let piece = if is_line_start {
                unquoted(&self.line)
            } else {
                &self.line
            };
            if !has_room && message.bytes.len() + piece.len() > SMALL_MESSAGE_BYTES {
                has_room = true;
                room(MESSAGE_BYTES_MAX);
                self.spare = message.make_large();
            }
            message.push(piece);
        }
        let mut split = message.finish(received, is_stray);
        if !has_room {
            let exact = split.bytes.as_slice().to_vec();
            self.spare = std::mem::replace(&mut split.bytes, exact);
        }
        Ok(Some(split))
    }

    /// Reads a line, or as much of it as a piece may have; false at the end of the file.
    fn read_piece(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut limited = self.reader.by_ref().take(LINE_PIECE_BYTES);
        Ok(limited.read_until(b'\n', &mut self.line)? > 0)
    }
}

/// A message that is being put together; the newest line is kept apart, because a blank one at the
/// end is not part of the message.
#[derive(Default)]
struct Growing {
    bytes: Vec<u8>,
    blank: &'static [u8],
    /// Takes the place of `bytes` once they are too many.
    overflow: Option<blake3::Hasher>,
}

impl Growing {
    fn over(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Goes on in memory for the largest message, of which only what is written to counts: copies
    /// that double would take more than the message. Gives the memory that it began in.
    fn make_large(&mut self) -> Vec<u8> {
        let mut large = Vec::with_capacity(MESSAGE_BYTES_MAX);
        large.extend_from_slice(&self.bytes);
        std::mem::replace(&mut self.bytes, large)
    }

    fn push(&mut self, piece: &[u8]) {
        self.append(self.blank);
        self.blank = match piece {
            b"\n" => b"\n",
            b"\r\n" => b"\r\n",
            _ => b"",
        };
        if self.blank.is_empty() {
            self.append(piece);
        }
    }

    fn append(&mut self, piece: &[u8]) {
        if let Some(hasher) = &mut self.overflow {
            hasher.update(piece);
        } else if self.bytes.len() + piece.len() > MESSAGE_BYTES_MAX {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&std::mem::take(&mut self.bytes));
            hasher.update(piece);
            self.overflow = Some(hasher);
        } else {
            self.bytes.extend_from_slice(piece);
        }
    }

    fn finish(self, received: Option<Micros>, is_stray: bool) -> Split {
        let hash = match &self.overflow {
            Some(hasher) => hasher.finalize(),
            None => blake3::hash(&self.bytes),
        };
        Split {
            bytes: self.bytes,
            hash,
            received,
            is_stray,
            is_too_large: self.overflow.is_some(),
        }
    }
}

/// Takes one `>` from a quoted `From ` line.
fn unquoted(line: &[u8]) -> &[u8] {
    match line.strip_prefix(b">") {
        Some(rest) if without_quotes(rest).starts_with(FROM) => rest,
        _ => line,
    }
}

fn without_quotes(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|b| **b == b'>').count();
    line.get(quotes..).unwrap_or_default()
}

/// When a `From ` line says that the message was received. 1970 is what archivers write that do
/// not know.
fn received(line: &[u8]) -> Option<Micros> {
    let text = std::str::from_utf8(line).ok()?;
    let rest = text.strip_prefix("From ")?.trim_start();
    let (_sender, date) = rest.split_once([' ', '\t'])?;
    mail_date::parse(date).filter(|received| received.0 > 0)
}
