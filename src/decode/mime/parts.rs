//! Splits a mail into its parts (RFC 2046 section 5.1) by their delimiters in one pass: their
//! content is decoded later, and only if it is needed.

use std::sync::LazyLock;

use hashbrown::HashSet;
use mail_parser::ContentType;
use mail_parser::Message;
use mail_parser::MessageParser;
use mail_parser::MimeHeaders;

use crate::decode::mime::fields::Fields;
use crate::decode::mime::transfer::Encoding;
use crate::model::limits;

/// Only what parts need; the mail's own fields are read elsewhere.
static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .with_mime_headers()
        .default_header_ignore()
});

/// The fields that describe a part.
const FIELDS: [&str; 3] = [
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
];

/// Types whose bodies are not text (RFC 6838 section 4.2).
const NOT_TEXT: [&str; 7] = [
    "application",
    "image",
    "audio",
    "video",
    "font",
    "model",
    "message",
];

/// Bytes of each that are read.
const FIELD_BYTES: usize = 8 << 10;

/// The kind of a part, by its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Html,
    Calendar,
    /// A mail, which is ignored here.
    Mail,
    /// Text of an unknown or malformed type.
    Text,
    Other,
}

/// A part without parts, or one that is not split further.
pub(super) struct Part<'a> {
    /// As encoded.
    pub body: &'a [u8],
    pub encoding: Encoding,
    /// As declared by its type.
    pub charset: Option<String>,
    pub kind: Kind,
    /// Trailing spaces are soft line breaks and not part of words.
    pub has_joined_lines: bool,
    /// Not attached.
    pub is_inline: bool,
    /// The method declared in the type of a calendar.
    pub method: Option<String>,
}

/// The parts of a mail in their order.
pub(super) struct Parts<'a> {
    pub found: Vec<Part<'a>>,
    /// Whether some were skipped.
    pub is_cut: bool,
}

/// A multipart whose end was not reached.
struct Open<'a> {
    boundary: Vec<u8>,
    /// Its parts are mails unless they declare a type.
    is_digest: bool,
    /// The part it would be without any delimiter: one without parts.
    opaque: Option<Part<'a>>,
}

/// Reads the parts of a mail.
pub(super) fn read(mail: &[u8]) -> Parts<'_> {
    let mut reader = Reader {
        mail,
        at: 0,
        open: Vec::new(),
        boundaries: HashSet::new(),
        parts: Parts {
            found: Vec::new(),
            is_cut: false,
        },
    };
    reader.read();
    reader.parts
}

struct Reader<'a> {
    mail: &'a [u8],
    /// Where the next line begins.
    at: usize,
    open: Vec<Open<'a>>,
    /// The delimiters of all open multiparts.
    boundaries: HashSet<Vec<u8>>,
    parts: Parts<'a>,
}

/// A line that separates the parts of a multipart (`--boundary`) or ends it (`--boundary--`).
struct Delimiter {
    /// The index of the open multipart.
    level: usize,
    is_end: bool,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        self.part();
        while self.parts.found.len() < limits::PARTS {
            match self.delimiter() {
                Some(delimiter) => self.pass(&delimiter),
                None => return self.close(0),
            }
        }
        self.parts.is_cut = true;
    }

    /// Reads the part after a delimiter.
    fn pass(&mut self, delimiter: &Delimiter) {
        // Unterminated inner parts end here.
        self.close(delimiter.level + 1);
        if let Some(open) = self.open.get_mut(delimiter.level) {
            open.opaque = None;
        }
        if delimiter.is_end {
            self.close(delimiter.level);
        } else {
            self.part();
        }
    }

    /// Ends all multiparts from a level on.
    fn close(&mut self, level: usize) {
        for open in self.open.drain(level..) {
            self.boundaries.remove(&open.boundary);
            self.parts.found.extend(open.opaque);
        }
        // A boundary that was used twice is still open further out.
        let still_open = self.open.iter().map(|open| &open.boundary);
        if self.boundaries.len() < self.open.len() {
            self.boundaries.extend(still_open.cloned());
        }
    }

    /// Reads a part's fields, and its body unless it has parts.
    fn part(&mut self) {
        let fields = Fields::read(self.fields());
        let head = head(&fields);
        let message = PARSER.parse_headers(&head);
        let content_type = message.as_ref().and_then(Message::content_type);
        let disposition = message.as_ref().and_then(Message::content_disposition);
        let is_attached = |it: &ContentType<'_>| it.ctype().eq_ignore_ascii_case("attachment");
        let is_in_digest = self.open.last().is_some_and(|open| open.is_digest);
        let method = content_type.and_then(|kind| kind.attribute("method"));
        let boundary = content_type.filter(|kind| kind.ctype() == "multipart");
        let boundary = boundary.and_then(|kind| kind.attribute("boundary"));
        let boundary = boundary.map(str::trim_end).filter(|text| !text.is_empty());
        let encoding = message
            .as_ref()
            .and_then(Message::content_transfer_encoding);
        let charset = content_type.and_then(|kind| kind.attribute("charset"));
        let part = |body| Part {
            body,
            encoding: encoding.map(Encoding::of).unwrap_or_default(),
            charset: charset.map(str::to_owned),
            kind: kind(content_type, is_in_digest),
            has_joined_lines: content_type.is_some_and(has_joined_lines),
            is_inline: !disposition.is_some_and(is_attached),
            method: method.map(|method| method.trim().to_owned()),
        };
        let Some(boundary) = boundary else {
            let body = self.body();
            self.parts.found.push(part(body));
            return;
        };
        if self.open.len() >= limits::DEPTH {
            self.parts.is_cut = true;
            return;
        }
        let subtype = content_type.and_then(ContentType::subtype);
        let opaque = part(self.mail.get(self.at..).unwrap_or_default());
        self.boundaries.insert(boundary.as_bytes().to_vec());
        self.open.push(Open {
            boundary: boundary.as_bytes().to_vec(),
            is_digest: subtype.is_some_and(|subtype| subtype.eq_ignore_ascii_case("digest")),
            opaque: Some(opaque),
        });
    }

    /// The lines up to the empty one; reading continues after it. A delimiter ends them as well.
    fn fields(&mut self) -> &'a [u8] {
        let begin = self.at;
        let mut is_first = true;
        while self.at < self.mail.len() {
            let line = self.line();
            let is_empty = matches!(line, b"\n" | b"\r\n");
            // Empty lines before the first field are skipped; a part may have no fields.
            if is_empty && !(is_first && self.open.is_empty()) {
                let fields = self.mail.get(begin..self.at).unwrap_or_default();
                self.at += line.len();
                return fields;
            }
            if self.delimiter_in(line).is_some() {
                break;
            }
            is_first &= is_empty;
            self.at += line.len();
        }
        self.mail.get(begin..self.at).unwrap_or_default()
    }

    /// The text before the next delimiter, to which the preceding line ending belongs.
    fn body(&mut self) -> &'a [u8] {
        let begin = self.at;
        if self.open.is_empty() {
            self.at = self.mail.len();
            return self.mail.get(begin..).unwrap_or_default();
        }
        self.seek();
        let body = self.mail.get(begin..self.at).unwrap_or_default();
        if self.at == self.mail.len() {
            return body;
        }
        let body = body.strip_suffix(b"\n").unwrap_or(body);
        body.strip_suffix(b"\r").unwrap_or(body)
    }

    /// The next delimiter; reading continues after it.
    fn delimiter(&mut self) -> Option<Delimiter> {
        self.seek();
        let line = self.line();
        self.at += line.len();
        self.delimiter_in(line)
    }

    /// Advances to the next delimiter line, or to the end.
    fn seek(&mut self) {
        loop {
            let line = self.line();
            if line.is_empty() || self.delimiter_in(line).is_some() {
                return;
            }
            // From here on the position is at a line ending, and `--` is searched for after it.
            let behind = self.at + line.len() - 1;
            let rest = self.mail.get(behind..).unwrap_or_default();
            let next = memchr::memmem::find(rest, b"\n--");
            self.at = next.map_or(self.mail.len(), |found| behind + found + 1);
        }
    }

    /// The line that begins here, with its line ending.
    fn line(&self) -> &'a [u8] {
        let rest = self.mail.get(self.at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        rest.get(..length).unwrap_or_default()
    }

    fn delimiter_in(&self, line: &[u8]) -> Option<Delimiter> {
        let named = line.strip_prefix(b"--")?.trim_ascii_end();
        let level = |boundary: &[u8]| {
            let is_open = self.boundaries.contains(boundary);
            is_open.then(|| self.open.iter().rposition(|open| open.boundary == boundary))?
        };
        if let Some(level) = level(named) {
            return Some(Delimiter {
                level,
                is_end: false,
            });
        }
        level(named.strip_suffix(b"--")?.trim_ascii_end()).map(|level| Delimiter {
            level,
            is_end: true,
        })
    }
}

/// Whether a content type is this one.
pub(super) fn is_type(kind: &ContentType<'_>, main: &str, sub: &str) -> bool {
    let subtype = kind.subtype().unwrap_or_default();
    kind.ctype().eq_ignore_ascii_case(main) && subtype.eq_ignore_ascii_case(sub)
}

fn kind(content_type: Option<&ContentType<'_>>, is_in_digest: bool) -> Kind {
    let Some(content_type) = content_type else {
        return if is_in_digest {
            Kind::Mail
        } else {
            Kind::Plain
        };
    };
    let kinds = [
        ("text", "plain", Kind::Plain),
        ("text", "html", Kind::Html),
        ("text", "calendar", Kind::Calendar),
        ("message", "rfc822", Kind::Mail),
        ("message", "global", Kind::Mail),
    ];
    let mut kinds = kinds.into_iter();
    let found = kinds.find(|(main, sub, _)| is_type(content_type, main, sub));
    let mut not_text = NOT_TEXT.iter();
    let other = if not_text.any(|main| content_type.ctype().eq_ignore_ascii_case(main)) {
        Kind::Other
    } else {
        Kind::Text
    };
    found.map_or(other, |(.., kind)| kind)
}

/// Whether trailing spaces are soft line breaks (RFC 3676).
fn has_joined_lines(kind: &ContentType<'_>) -> bool {
    let is = |name, value: &str| {
        let found = kind.attribute(name).map(str::trim);
        found.is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    is("format", "flowed") && is("delsp", "yes")
}

/// The fields that describe a part.
fn head(fields: &Fields<'_>) -> Vec<u8> {
    let mut head = Vec::new();
    for name in FIELDS {
        if let Some(value) = fields.all(name).next() {
            head.extend_from_slice(name.as_bytes());
            head.push(b':');
            let value = value.get(..FIELD_BYTES).unwrap_or(value);
            head.extend_from_slice(value);
            if !value.ends_with(b"\n") {
                head.push(b'\n');
            }
        }
    }
    head.push(b'\n');
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bodies of the parts.
    fn bodies(mail: &str) -> Vec<String> {
        let parts = read(mail.as_bytes()).found;
        let text = |part: &Part<'_>| String::from_utf8_lossy(part.body).into_owned();
        parts.iter().map(text).collect()
    }

    const MIXED: &str = "Content-Type: multipart/mixed; boundary=b\n\n";

    #[test]
    fn delimiters_part_a_mail() {
        let mail = format!("{MIXED}before\n--b\n\none\n--b  \r\nX: y\n\ntwo\n\n--b--\nafter\n");
        assert_eq!(bodies(&mail), ["one", "two\n"]);
        assert_eq!(bodies("Subject: x\n\n--b\none"), ["--b\none"]);
        assert_eq!(bodies(&format!("{MIXED}--b\n--b\n--b--\n")), ["", ""]);
        assert_eq!(
            bodies(&format!("{MIXED}--b\n\nnever ended\n")),
            ["never ended\n"]
        );
        // A longer boundary is a different one.
        assert_eq!(bodies(&format!("{MIXED}--b\n\n--bb\n--b--")), ["--bb"]);
    }

    #[test]
    fn an_outer_delimiter_ends_unterminated_inner_parts() {
        let inner = "Content-Type: multipart/alternative; boundary=\"in ner\"\n\n";
        let mail = format!("{MIXED}--b\n{inner}--in ner\n\none\n--b\n\ntwo\n--in ner\n--b--\n");
        assert_eq!(bodies(&mail), ["one", "two\n--in ner"]);
    }

    #[test]
    fn a_multipart_without_delimiters_is_one_part() {
        assert_eq!(bodies(&format!("{MIXED}text\n")), ["text\n"]);
        let inner = "Content-Type: multipart/mixed; boundary=c\n\ntext\n";
        assert_eq!(bodies(&format!("{MIXED}--b\n{inner}--b--\n")).len(), 1);
    }

    #[test]
    fn a_mail_within_the_mail_is_one_part() {
        let inner = "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--";
        let mail = format!("{MIXED}--b\n{inner}\n--b--\n");
        let parts = read(mail.as_bytes()).found;
        assert!(parts.len() == 1 && parts[0].kind == Kind::Mail);
        let digest =
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b--\n";
        assert!(read(digest.as_bytes()).found[0].kind == Kind::Mail);
    }

    #[test]
    fn depth_and_number_are_limited() {
        let many = format!("{MIXED}{}", "--b\n".repeat(limits::PARTS * 2));
        let parts = read(many.as_bytes());
        assert!(parts.is_cut && parts.found.len() == limits::PARTS);
        let level =
            |number| format!("Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n");
        let nested = (0..1_000).map(level).collect::<Vec<_>>().concat();
        assert!(read(nested.as_bytes()).is_cut);
        let mails = "Content-Type: message/rfc822\n\n".repeat(40_000);
        assert_eq!(read(mails.as_bytes()).found.len(), 1);
    }
}
