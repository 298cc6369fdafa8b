//! mbox files (mboxo, mboxrd and those with `Content-Length`), split as a stream.

use std::io;
use std::io::BufRead;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::ops::Range;

use crate::model::id::Id128;
use crate::model::mail_date;
use crate::model::time::Timestamp;
use crate::source::archive::limits::MESSAGE_BYTES_MAX;
use crate::source::archive::limits::SMALL_MESSAGE_BYTES;
use crate::source::archive::mail_shape;
use crate::source::archive::separator;
use crate::source::archive::separator::FROM;
use crate::source::archive::separator::Line;

/// Bytes of a line that are looked at together: enough for every `From ` line with its quoting,
/// and what memory a line without end may take.
const LINE_PIECE_BYTES: u64 = 64 << 10;

/// Bytes of a file that tell what begins there.
pub(super) const HEAD_BYTES: usize = 2 << 10;

/// After this number of lengths that lead elsewhere, those of a file are not looked at any more: its line
/// ends were changed, and each look reads the buffer again.
const WRONG_LENGTHS_MAX: u32 = 20;

const CONTENT_LENGTH: &[u8] = b"Content-Length:";

/// A message as it was split off.
#[derive(Debug)]
pub(super) struct Split {
    /// The message, quoting taken away; empty where it is too large.
    pub bytes: Vec<u8>,
    /// Hash of all its bytes.
    pub hash: blake3::Hash,
    /// When the `From ` line says that it was received.
    pub received: Option<Timestamp>,
    /// Not led by a `From ` line: the beginning of a file that is no mbox.
    pub is_stray: bool,
    /// Larger than [`MESSAGE_BYTES_MAX`].
    pub is_too_large: bool,
    /// Where lines lie in it that begin with `From ` and are no separators.
    from_lines: Vec<Range<usize>>,
}

/// Lines of a message that begin with `From ` and are remembered.
const FROM_LINES_MAX: usize = 1_000;

impl Split {
    /// The ids of what earlier versions split it into: they took every such line for a separator.
    pub(super) fn former_ids(&self) -> Vec<String> {
        if self.from_lines.is_empty() {
            return Vec::new();
        }
        let begins = [0]
            .into_iter()
            .chain(self.from_lines.iter().map(|line| line.end));
        let ends = self.from_lines.iter().map(|line| line.start);
        let parts = begins.clone().zip(ends);
        let parts = parts.filter_map(|(begin, end)| self.bytes.get(begin..end));
        let parts = parts.map(without_blank_end);
        // Behind the last one, the blank line is gone already.
        let last = begins.last().and_then(|begin| self.bytes.get(begin..));
        let hash = |part| Id128::beginning(&blake3::hash(part)).to_string();
        parts.chain(last).map(hash).collect()
    }
}

/// Without the blank line that stands before a separator.
fn without_blank_end(part: &[u8]) -> &[u8] {
    let is_line_end = |rest: &&[u8]| rest.is_empty() || rest.ends_with(b"\n");
    let crlf = part.strip_suffix(b"\r\n").filter(is_line_end);
    let lf = part.strip_suffix(b"\n").filter(is_line_end);
    crlf.or(lf).unwrap_or(part)
}

/// Splits an mbox. A separator behind a blank line, or before a header, opens a message
/// ([`separator`]), unless the `Content-Length` of the message before reaches beyond it and leads
/// to another one; all other lines belong to the message, whatever they begin with. One `>` is
/// removed from lines that begin with `>From `, `>>From ` and so on, and so is the blank line
/// before the next message. It never holds more than one message.
pub(super) struct Splitter<R> {
    reader: R,
    /// Bytes of the file before `line` ends.
    position: u64,
    line: Vec<u8>,
    /// Whether `line` holds a `From ` line that was read ahead.
    is_ahead: bool,
    writer: Writer,
    /// How often a `Content-Length` was found to lead elsewhere.
    wrong_lengths: u32,
    /// In which small messages are put together: they are handed out as copies of the right size.
    spare: Vec<u8>,
}

/// How the program that wrote a file opens its messages, by the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// With a date, or not at all.
    Known,
    /// In another form.
    Unknown,
}

/// What must follow a line that may be a separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    /// A field with which mails begin.
    FirstField,
    /// Such a field and others, one of which only programs write.
    Complete,
}

impl Header {
    fn is_in(self, text: &[u8]) -> bool {
        let text = text.get(..HEAD_BYTES).unwrap_or(text);
        let first = text.split(|b| *b == b'\n').next();
        let is_begun = first.is_some_and(separator::begins_mail);
        is_begun && (self == Self::FirstField || mail_shape::has_known_fields(text))
    }
}

/// Where it stands in a message.
#[derive(Debug, Default)]
struct Place {
    /// Where the body begins, once it has.
    body: Option<u64>,
    /// `Content-Length`, where it is stated and was not found to lead elsewhere.
    length: Option<u64>,
    /// Whether `length` was found to lead to a separator.
    is_proven: bool,
    is_behind_blank: bool,
}

impl Place {
    /// Notes a line of the message that ends at `position`.
    fn pass(&mut self, line: &[u8], position: u64) {
        self.is_behind_blank = matches!(line, b"\n" | b"\r\n");
        if self.body.is_some() {
            return;
        }
        if self.is_behind_blank {
            self.body = Some(position);
        } else if let Some(length) = content_length(line) {
            self.length = Some(length);
        }
    }

    /// Where the body ends by `Content-Length`.
    fn stated_end(&self) -> Option<u64> {
        self.body?.checked_add(self.length?)
    }
}

impl<R: BufRead + Seek> Splitter<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            position: 0,
            line: Vec::new(),
            is_ahead: false,
            writer: Writer::Known,
            wrong_lengths: 0,
            spare: Vec::with_capacity(SMALL_MESSAGE_BYTES),
        }
    }

    /// The next message; `room` is called before more than [`SMALL_MESSAGE_BYTES`] of it are held.
    pub(super) fn next(&mut self, room: &mut dyn FnMut(usize)) -> io::Result<Option<Split>> {
        if !self.is_ahead && !self.begin()? {
            return Ok(None);
        }
        let is_stray = !self.line.starts_with(FROM);
        let received = received(&self.line);
        let mut message = Growing::over(std::mem::take(&mut self.spare));
        if is_stray {
            message.push(unquoted(&self.line));
        }
        self.is_ahead = false;
        let mut place = Place::default();
        let mut has_room = false;
        loop {
            let is_line_start = self.line.ends_with(b"\n");
            if !self.read_piece()? {
                break;
            }
            if is_line_start && self.line.starts_with(FROM) && self.is_separator(&mut place)? {
                self.is_ahead = true;
                break;
            }
            if is_line_start {
                place.pass(&self.line, self.position);
                message.note_from_line(&self.line);
            } else {
                place.is_behind_blank = false;
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

    /// Reads the first line of the file that is not blank; false where there is none.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if !self.read_piece()? {
                return Ok(false);
            }
            let text = mail_shape::without_blank_lines(&self.line);
            if !text.is_empty() {
                let skipped = self.line.len() - text.len();
                self.line.drain(..skipped);
                break;
            }
        }
        if self.line.starts_with(FROM) && separator::read(&self.line) == Line::Other {
            self.writer = Writer::Unknown;
        }
        Ok(true)
    }

    /// Whether the `From ` line that was read opens a message.
    fn is_separator(&mut self, place: &mut Place) -> io::Result<bool> {
        let begin = self.position - self.line.len() as u64;
        let line = separator::read(&self.line);
        let is_dated = matches!(line, Line::Exact(_) | Line::Likely(_));
        if is_dated && place.stated_end() == Some(begin) {
            return Ok(true);
        }
        let is_one = match line {
            Line::Exact(_) if place.is_behind_blank => true,
            // Some writers (Eudora), and files that were put together, have no blank line before
            // it.
            Line::Exact(_) => place.body.is_some() && self.opens_mail(Header::Complete)?,
            Line::Likely(_) => place.is_behind_blank && self.opens_mail(Header::Complete)?,
            Line::Bare => place.is_behind_blank && self.opens_mail(Header::FirstField)?,
            Line::Other => {
                let is_unknown = self.writer == Writer::Unknown && place.is_behind_blank;
                is_unknown && self.opens_mail(Header::FirstField)?
            }
        };
        Ok(is_one && !self.is_within_length(place, begin)?)
    }

    /// Whether `Content-Length` reaches beyond a line, and leads to a separator there.
    fn is_within_length(&mut self, place: &mut Place, begin: u64) -> io::Result<bool> {
        let Some(end) = place.stated_end().filter(|end| *end > begin) else {
            return Ok(false);
        };
        if !place.is_proven && self.wrong_lengths < WRONG_LENGTHS_MAX {
            place.is_proven = self.leads_to_separator(end)?;
            self.wrong_lengths += u32::from(!place.is_proven);
        }
        if !place.is_proven {
            place.length = None;
        }
        Ok(place.is_proven)
    }

    /// Whether a message may end at a place: a separator follows, or nothing.
    fn leads_to_separator(&mut self, end: u64) -> io::Result<bool> {
        if self.reader.seek(SeekFrom::End(0))? < end {
            self.reader.seek(SeekFrom::Start(self.position))?;
            return Ok(false);
        }
        let text = self.look(end)?;
        let rest = mail_shape::without_blank_lines(&text);
        let line = rest.split_inclusive(|b| *b == b'\n').next();
        let is_dated = |line| matches!(separator::read(line), Line::Exact(_) | Line::Likely(_));
        Ok(line.is_none_or(is_dated))
    }

    /// Whether a header follows.
    fn opens_mail(&mut self, header: Header) -> io::Result<bool> {
        let ahead = self.reader.fill_buf()?;
        let is_enough = ahead.len() >= HEAD_BYTES
            || (header == Header::FirstField && memchr::memchr(b'\n', ahead).is_some());
        if is_enough {
            return Ok(header.is_in(ahead));
        }
        Ok(header.is_in(&self.look(self.position)?))
    }

    /// Some bytes at another place of the file.
    fn look(&mut self, at: u64) -> io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(HEAD_BYTES);
        self.reader.seek(SeekFrom::Start(at))?;
        let mut limited = self.reader.by_ref().take(HEAD_BYTES as u64);
        limited.read_to_end(&mut text)?;
        self.reader.seek(SeekFrom::Start(self.position))?;
        Ok(text)
    }

    /// Reads a line, or as much of it as a piece may have; false at the end of the file.
    fn read_piece(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut limited = self.reader.by_ref().take(LINE_PIECE_BYTES);
        let read = limited.read_until(b'\n', &mut self.line)?;
        self.position += read as u64;
        Ok(read > 0)
    }
}

/// The value of a field `Content-Length`.
fn content_length(line: &[u8]) -> Option<u64> {
    let name = line.get(..CONTENT_LENGTH.len())?;
    let value = line.get(CONTENT_LENGTH.len()..)?;
    let is_named = name.eq_ignore_ascii_case(CONTENT_LENGTH);
    let value = std::str::from_utf8(value).ok().filter(|_| is_named)?;
    value.trim().parse().ok()
}

/// A message that is being put together; the newest line is kept apart, because a blank one at the
/// end is not part of the message.
#[derive(Default)]
struct Growing {
    bytes: Vec<u8>,
    blank: &'static [u8],
    /// Takes the place of `bytes` once they are too many.
    overflow: Option<blake3::Hasher>,
    from_lines: Vec<Range<usize>>,
}

impl Growing {
    fn over(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Continues in memory for the largest message, of which only what is written to counts: copies
    /// that double would take more than the message. Gives the memory that it began in.
    fn make_large(&mut self) -> Vec<u8> {
        let mut large = Vec::with_capacity(MESSAGE_BYTES_MAX);
        large.extend_from_slice(&self.bytes);
        std::mem::replace(&mut self.bytes, large)
    }

    /// Remembers where a line is put that begins with `From `.
    fn note_from_line(&mut self, line: &[u8]) {
        if line.starts_with(FROM) && self.from_lines.len() < FROM_LINES_MAX {
            let begin = self.bytes.len() + self.blank.len();
            self.from_lines.push(begin..begin + line.len());
        }
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

    fn finish(self, received: Option<Timestamp>, is_stray: bool) -> Split {
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
            from_lines: self.from_lines,
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
fn received(line: &[u8]) -> Option<Timestamp> {
    let date = match separator::read(line) {
        Line::Exact(date) | Line::Likely(date) => date,
        Line::Bare => return None,
        Line::Other => {
            let text = std::str::from_utf8(line.strip_prefix(FROM)?).ok()?;
            let (_sender, date) = text.trim_start().split_once([' ', '\t'])?;
            date.to_owned()
        }
    };
    mail_date::parse(&date).filter(|received| received.0 > 0)
}
