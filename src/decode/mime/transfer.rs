//! Decodes the transfer encoding of bodies (RFC 2045 section 6) as far as possible.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;

use crate::decode::mime::words::hex;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    Base64,
    QuotedPrintable,
    /// Identity: 7bit, 8bit, binary, and unknown names.
    #[default]
    Plain,
}

impl Encoding {
    /// By the value of `Content-Transfer-Encoding`, without comments and parameters.
    pub(super) fn of(value: &str) -> Self {
        let end = |c: char| c.is_whitespace() || matches!(c, ';' | '(' | ',');
        let name = value.trim().trim_matches('"').split(end).next();
        let name = name.unwrap_or_default();
        if name.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if name.eq_ignore_ascii_case("quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Plain
        }
    }

    /// The bytes of a body.
    pub(super) fn decode(self, body: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Base64 => base64(body).into(),
            Self::QuotedPrintable => quoted_printable(body).into(),
            Self::Plain => body.into(),
        }
    }
}

/// In a body that is labelled base64, at most one character in this many may be invalid.
const ODD_ONE_IN: usize = 20;

/// Invalid characters are skipped; a truncated group of four is decoded as far as possible. Text
/// that is only labelled base64 is left unchanged.
fn base64(code: &[u8]) -> Vec<u8> {
    if let Some(bytes) = base64_decode(code).filter(|_| is_whole(code)) {
        return bytes;
    }
    let is_code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let is_around = |b: &u8| matches!(b, b'\r' | b'\n' | b'=');
    let odd = code.iter().filter(|b| !is_code(b) && !is_around(b)).count();
    if odd > 1 && odd > code.len() / ODD_ONE_IN {
        return code.to_vec();
    }
    let mut code: Vec<u8> = code.iter().copied().filter(is_code).collect();
    if code.len() % 4 == 1 {
        code.pop();
    }
    base64_decode(&code).unwrap_or_default()
}

fn is_whole(code: &[u8]) -> bool {
    let characters = code.iter().filter(|b| !b.is_ascii_whitespace());
    characters.count() % 4 == 0
}

/// `=` not followed by two hex digits or a line ending is a character.
fn quoted_printable(code: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        let behind = from.get(1..).unwrap_or_default();
        let digit = |at| behind.get(at).copied().and_then(hex);
        let digits = (digit(0), digit(1));
        rest = if let (Some(high), Some(low)) = digits {
            out.push(high * 16 + low);
            behind.get(2..).unwrap_or_default()
        } else if let Some(next_line) = behind_line_end(behind) {
            next_line
        } else {
            out.push(b'=');
            behind
        };
    }
    out.extend_from_slice(rest);
    out
}

/// The text after a line ending with optional spaces before it; the end of the body counts as one.
fn behind_line_end(text: &[u8]) -> Option<&[u8]> {
    let blanks = text
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'));
    let rest = text.get(blanks.count()..)?;
    rest.strip_prefix(b"\n").or(rest.is_empty().then_some(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(encoding: &str, body: &str, expected: &str) {
        let bytes = Encoding::of(encoding).decode(body.as_bytes());
        assert_eq!(String::from_utf8_lossy(&bytes), expected, "{body:?}");
    }

    #[test]
    fn encodings_are_told_by_their_names() {
        check(" BASE64 ", "aGk=", "hi");
        check("base64; x=y", "aGk=", "hi");
        check("Quoted-Printable (really)", "=68i", "hi");
        for name in ["", "7bit", "8bit", "binary", "x-unknown"] {
            check(name, "=68i", "=68i");
        }
    }

    #[test]
    fn base64_is_read_as_far_as_it_goes() {
        check("base64", "aGVsbG8=\r\n", "hello");
        check("base64", "aGVs bG8", "hello");
        check("base64", "aGVsbG8=\naGVsbG8=", "hellohello");
        check("base64", "aGVsb*G8=", "hello");
        check("base64", "aGVsbG8x1", "hello1");
        check("base64", "", "");
        check(
            "base64",
            "This is no code at all.",
            "This is no code at all.",
        );
    }

    #[test]
    fn quoted_printable_that_is_broken_keeps_its_characters() {
        check("quoted-printable", "caf=C3=A9 a=\r\nb=  \nc=", "café abc");
        check(
            "quoted-printable",
            "1=2 =x =\u{e9} ==41",
            "1=2 =x =\u{e9} =A",
        );
    }
}
