//! Splits a field that names participants into its entries (RFC 5322 section 3.4) before any of
//! them is parsed, in a single pass whatever the field contains.

use crate::decode::mime::words;

/// An encoded word is searched for within this many bytes: RFC 2047 allows 75, programs write more.
const WORD_BYTES_MAX: usize = 1_024;
/// The charset of an encoded word, with a language.
const CHARSET_BYTES_MAX: usize = 64;

/// Prefixes of an address that end in a colon and do not name a group.
const SCHEMES: [&str; 4] = ["mailto", "smtp", "x500", "ex"];

/// The delimiter after an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A comma: if the entry begins a group, its members follow.
    Comma,
    /// A semicolon, which belongs to the entry.
    Semicolon,
    /// The end of the field.
    Field,
}

/// The context of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    Quotes,
    Brackets,
}

/// The entries of an unfolded field.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    rest: &'a str,
    is_done: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn of(field: &'a str) -> Self {
        Self {
            rest: field,
            is_done: false,
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, End);

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let (length, end) = first_end(self.rest.as_bytes());
        let separator = usize::from(end == End::Comma);
        let entry = self.rest.get(..length).unwrap_or_default();
        self.rest = self.rest.get(length + separator..).unwrap_or_default();
        self.is_done = end == End::Field;
        Some((entry, end))
    }
}

/// The bytes outside quotes, brackets, comments and encoded words, and those that open one. An
/// unclosed one extends to the end.
struct Outside<'a> {
    field: &'a [u8],
    at: usize,
    place: Place,
    comments: usize,
}

impl<'a> Outside<'a> {
    fn of(field: &'a [u8]) -> Self {
        Self {
            field,
            at: 0,
            place: Place::Plain,
            comments: 0,
        }
    }

    /// Processes the current byte, and advances to the next.
    fn pass(&mut self, byte: u8) {
        match byte {
            b'\\' if self.place != Place::Plain || self.comments > 0 => self.at += 1,
            b'(' if self.place != Place::Quotes => self.comments += 1,
            b')' if self.comments > 0 => self.comments -= 1,
            _ if self.comments > 0 => {}
            b'"' if self.place == Place::Plain => self.place = Place::Quotes,
            b'"' if self.place == Place::Quotes => self.place = Place::Plain,
            b'<' if self.place == Place::Plain => self.place = Place::Brackets,
            b'>' if self.place == Place::Brackets => self.place = Place::Plain,
            b'=' => {
                let rest = self.field.get(self.at..).unwrap_or_default();
                self.at += word_bytes(rest).saturating_sub(1);
            }
            _ => {}
        }
        self.at += 1;
    }
}

impl Iterator for Outside<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (at, byte) = (self.at, *self.field.get(self.at)?);
            let is_outside = self.place == Place::Plain && self.comments == 0;
            self.pass(byte);
            if is_outside {
                return Some((at, byte));
            }
        }
    }
}

/// Length of the first entry, and the delimiter after it.
fn first_end(field: &[u8]) -> (usize, End) {
    let end = Outside::of(field).find_map(|(at, byte)| match byte {
        b',' => Some((at, End::Comma)),
        b';' => Some((at + 1, End::Semicolon)),
        _ => None,
    });
    end.unwrap_or((field.len(), End::Field))
}

/// A group's name before its colon (RFC 5322 section 3.4), and the entry without it. A prefix that
/// is a scheme, a route or an address is not a group.
pub(super) fn group(entry: &str) -> (Option<&str>, &str) {
    let whole = (None, entry);
    let Some(at) = first_colon(entry.as_bytes()) else {
        return whole;
    };
    let (Some(name), Some(member)) = (entry.get(..at), entry.get(at + 1..)) else {
        return whole;
    };
    let is_scheme = |scheme: &&'static str| name.trim().eq_ignore_ascii_case(scheme);
    if name.trim().is_empty() || name.contains('@') || SCHEMES.iter().any(is_scheme) {
        return whole;
    }
    (Some(name), member)
}

/// The first colon outside, before any bracket.
fn first_colon(entry: &[u8]) -> Option<usize> {
    let mut bytes = Outside::of(entry);
    let (at, byte) = bytes.find(|(_, byte)| matches!(byte, b':' | b'<'))?;
    (byte == b':').then_some(at)
}

/// Whether all addresses of an entry are in encoded words: some programs encode a whole list.
pub(super) fn is_encoded_list(entry: &str) -> bool {
    let bytes = entry.as_bytes();
    let mut has_words = false;
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"@") {
            return false;
        }
        let word = word_bytes(rest);
        has_words |= word > 0;
        at += word.max(1);
    }
    has_words && words::decoded(entry).contains('@')
}

/// Length of the encoded word at the beginning; 0 if there is none.
fn word_bytes(text: &[u8]) -> usize {
    let text = text.get(..WORD_BYTES_MAX).unwrap_or(text);
    let length = || {
        let charset = text.strip_prefix(b"=?")?;
        let charset = charset.get(..CHARSET_BYTES_MAX).unwrap_or(charset);
        // `=?`, the charset, `?`, the encoding, `?`.
        let data = 2 + memchr::memchr(b'?', charset)? + 3;
        let data_text = text.get(data..)?;
        (text.get(data - 1) == Some(&b'?')).then_some(())?;
        Some(data + memchr::memmem::find(data_text, b"?=")? + 2)
    };
    length().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &str, expected: &[&str]) {
        let found: Vec<&str> = Entries::of(field).map(|(entry, _)| entry).collect();
        assert_eq!(found, expected, "{field:?}");
    }

    #[test]
    fn commas_and_semicolons_part_entries() {
        check("a@x, b@x; c@x", &["a@x", " b@x;", " c@x"]);
        check("Team: a, b;", &["Team: a", " b;", ""]);
        check("", &[""]);
    }

    #[test]
    fn what_is_quoted_or_commented_parts_nothing() {
        check("\"Lee, Ann\" <a@x>, b", &["\"Lee, Ann\" <a@x>", " b"]);
        check(r#""a\", b", c"#, &[r#""a\", b""#, " c"]);
        check("a (x, (y, z)), b", &["a (x, (y, z))", " b"]);
        check("<a,b>, c", &["<a,b>", " c"]);
        check("\"never closed, b", &["\"never closed, b"]);
        check(
            "=?utf-8?Q?Lee,_Ann?= <a@x>, b",
            &["=?utf-8?Q?Lee,_Ann?= <a@x>", " b"],
        );
        check("=?utf-8?Q?never, closed", &["=?utf-8?Q?never", " closed"]);
    }
}
