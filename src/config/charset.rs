//! The text of a file of which the encoding is not stated: UTF-8, UTF-16 with a byte order mark, and
//! Windows-1252 where nothing speaks for another one.

use std::char;

use encoding_rs::WINDOWS_1252;

use crate::config::records::At;
use crate::config::records::line_ends;

/// What a text was encoded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// With or without a byte order mark.
    Utf8,
    /// The least significant byte first.
    Utf16Le,
    /// The most significant byte first.
    Utf16Be,
    /// Of western spreadsheet programs.
    Windows1252,
}

impl Charset {
    /// Its name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// Letters beyond ASCII in a row that no text in Windows-1252 has, but every one in Cyrillic, Greek
/// or an Asian script.
const ROW_OF_LETTERS: usize = 3;

/// Decodes a file.
///
/// # Errors
///
/// The line at which the encoding is unknown, and what to do.
pub(super) fn decode(bytes: Vec<u8>) -> At<(String, Charset)> {
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        return utf_16(rest, u16::from_le_bytes).map(|text| (text, Charset::Utf16Le));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        return utf_16(rest, u16::from_be_bytes).map(|text| (text, Charset::Utf16Be));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let message = "the text has NUL characters; if it is UTF-16, it lacks its byte order mark: save \
                       the file as \"CSV UTF-8\"";
        return Err((line_at(&bytes, at), message.into()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((without_mark(text), Charset::Utf8)),
        Err(error) => windows_1252(error.as_bytes(), error.utf8_error().valid_up_to())
            .map(|text| (text, Charset::Windows1252)),
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> At<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let decoded = char::decode_utf16(units.iter().map(|bytes| unit(*bytes)));
    let mut text = String::with_capacity(units.len());
    for character in decoded {
        let Ok(character) = character else {
            return Err(cut_off(&text));
        };
        text.push(character);
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(cut_off(&text))
    }
}

fn cut_off(text: &str) -> (usize, String) {
    let message = "the text is not UTF-16, although it begins with the byte order mark of it; export the \
                   file again, or save it as \"CSV UTF-8\"";
    (line_ends(text) + 1, message.into())
}

/// `at` is the first byte that is not UTF-8.
fn windows_1252(bytes: &[u8], at: usize) -> At<String> {
    let refuse = |at: usize, problem: &str| {
        let message = format!("{problem}; save the file as \"CSV UTF-8\"");
        Err((line_at(bytes, at), message))
    };
    if has_utf_8(bytes) {
        return refuse(
            at,
            "the text is UTF-8 in parts, and something else from here on",
        );
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let mut in_a_row = 0;
    // Each byte is a character; those that there are not become controls.
    for (at, character) in text.chars().enumerate() {
        let is_none = !character.is_ascii() && character.is_control();
        in_a_row = if character.is_ascii() {
            0
        } else {
            in_a_row + 1
        };
        if in_a_row == ROW_OF_LETTERS || is_none {
            return refuse(at, "the text is neither UTF-8 nor Windows-1252");
        }
    }
    Ok(text.into_owned())
}

/// A text without the byte order mark that may begin it.
pub(super) fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Whether a part of the text beyond ASCII is UTF-8.
fn has_utf_8(bytes: &[u8]) -> bool {
    let mut chunks = bytes.utf8_chunks();
    chunks.any(|chunk| !chunk.valid().is_ascii())
}

fn line_at(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or_default();
    line_ends(&String::from_utf8_lossy(before)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], text: &str, charset: Charset) {
        assert_eq!(decode(bytes.to_vec()), Ok((text.to_owned(), charset)));
    }

    fn check_error(bytes: &[u8], line: usize, message: &str) {
        let (found, text) = decode(bytes.to_vec()).unwrap_err();
        assert!(text.contains(message), "{text}");
        assert!(text.contains("CSV UTF-8"), "{text}");
        assert_eq!(found, line, "{text}");
    }

    #[test]
    fn what_spreadsheet_programs_write_is_read() {
        check("a,ü\n".as_bytes(), "a,ü\n", Charset::Utf8);
        check("\u{feff}a,ü\n".as_bytes(), "a,ü\n", Charset::Utf8);
        check(b"\xff\xfea\0\n\0=\xd8\0\xde", "a\n😀", Charset::Utf16Le);
        check(b"\xfe\xff\0a\0\n\0\xfc", "a\nü", Charset::Utf16Be);
        check(
            b"M\xfcller \x80 \x93x\x94\n",
            "Müller € “x”\n",
            Charset::Windows1252,
        );
        check(b"", "", Charset::Utf8);
    }

    #[test]
    fn what_may_be_something_else_is_refused_with_its_line() {
        check_error(b"\xff\xfea\0\n\0b", 2, "not UTF-16");
        check_error(b"\xff\xfea\0\n\0\0\xd8b\0", 2, "not UTF-16");
        check_error(b"a\0,\0b\0\n\0", 1, "NUL");
        check_error(b"M\xc3\xbcller\nM\xfcller\n", 2, "in parts");
        // A Cyrillic name in Windows-1251, and a byte that Windows-1252 does not have.
        check_error(b"id\n\xc8\xe2\xe0\xed\n", 2, "neither");
        check_error(b"id\r\n\r\nx \x81 y\n", 3, "neither");
    }
}
