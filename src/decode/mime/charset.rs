//! Decodes bytes of a declared character set.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes bytes to text. If they do not fit the declared charset, or it is unknown or missing,
/// they are read as UTF-8 if valid, or else as Windows-1252.
pub(super) fn text(charset: Option<&str>, bytes: &[u8]) -> String {
    let charset = charset.map(|name| name.trim().trim_matches(['"', '\'']));
    // UTF-7 consists of ASCII only; other bytes show that the declaration is wrong.
    if charset.is_some_and(is_utf7) && bytes.is_ascii() {
        return utf7(bytes);
    }
    let named = charset.filter(|name| !is_utf7(name) && !is_uninformative(name));
    let decoder = named.and_then(|name| charset_decoder(name.as_bytes()));
    let decoded = decoder.map(|decode| decode(bytes));
    match decoded.filter(|text| is_of_charset(text, bytes)) {
        Some(text) => text,
        None => lenient(bytes).into_owned(),
    }
}

/// UTF-8; anything else is Windows-1252, which programs write that declare nothing.
pub(super) fn lenient(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let windows_1252 = charset_decoder(b"windows-1252");
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        match windows_1252 {
            Some(decode) => text.push_str(&decode(chunk.invalid())),
            None => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    Cow::Owned(text)
}

/// Charsets that many programs declare without checking.
pub(super) fn is_uninformative(charset: &str) -> bool {
    let plain = charset.replace(['-', '_'], "");
    [
        "utf8",
        "usascii",
        "ascii",
        "ansix3.41968",
        "iso646us",
        "unicode11utf8",
        "xuserdefined",
    ]
    .iter()
    .any(|name| plain.eq_ignore_ascii_case(name))
}

/// Whether the decoded text is plausible: no replacement characters, or few of them where the bytes
/// are not UTF-8 either.
fn is_of_charset(text: &str, bytes: &[u8]) -> bool {
    let wrong = text.matches(char::REPLACEMENT_CHARACTER).count();
    if wrong == 0 {
        return true;
    }
    let others = text.chars().filter(|c| !c.is_ascii()).count() - wrong;
    std::str::from_utf8(bytes).is_err() && others > wrong
}

/// Whether a charset is UTF-7. The parser's own reader loses the character that ends a run of code
/// without a hyphen, and keeps both characters of `+-`.
pub(super) fn is_utf7(charset: &str) -> bool {
    ["utf-7", "unicode-1-1-utf-7"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name))
}

/// Decodes UTF-7 (RFC 2152): the text between `+` and the next character that is not base64 is
/// UTF-16; a hyphen there only ends it; `+-` is `+`. Truncated code becomes U+FFFD.
fn utf7(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'+' {
            out.push(char::from(byte));
            continue;
        }
        let code: Vec<u8> = std::iter::from_fn(|| rest.next_if(|b| base64(*b).is_some())).collect();
        rest.next_if_eq(&b'-');
        if code.is_empty() {
            out.push('+');
        } else {
            push_utf16(&code, &mut out);
        }
    }
    out
}

fn push_utf16(code: &[u8], out: &mut String) {
    let mut units = Vec::with_capacity(code.len() * 6 / 16);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for value in code.iter().filter_map(|byte| base64(*byte)) {
        bits = (bits << 6 | u32::from(value)) & 0x003f_ffff;
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push(u16::try_from(bits >> held & 0xffff).unwrap_or_default());
        }
    }
    let characters = char::decode_utf16(units);
    out.extend(characters.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    // The remainder of a complete run is less than one digit.
    if held >= 6 {
        out.push(char::REPLACEMENT_CHARACTER);
    }
}

fn base64(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_7_is_read_as_rfc_2152_has_it() {
        for (code, expected) in [
            ("Hi Mom -+Jjo--!", "Hi Mom -☺-!"),
            ("A+ImIDkQ.", "A≢Α."),
            ("+ZeVnLIqe-", "日本語"),
            ("16:55 +-0100, 1 +- 1", "16:55 +0100, 1 + 1"),
            ("+AKM 1 +AKM\n", "£ 1 £\n"),
            ("+2D3eAA", "😀"),
            ("a + b+", "a + b+"),
            ("cut +AK short", "cut \u{fffd} short"),
            ("half a pair +2D0-", "half a pair \u{fffd}"),
        ] {
            assert_eq!(text(Some("UTF-7"), code.as_bytes()), expected, "{code}");
        }
    }

    #[test]
    fn invalid_bytes_of_a_charset_are_replaced() {
        assert_eq!(text(Some("utf-7"), "1 + 1 é".as_bytes()), "1 + 1 é");
        assert_eq!(text(None, "café".as_bytes()), "café");
        for label in [
            "latin-99",
            "unknown-8bit",
            "x-unknown",
            "8bit",
            "us-ascii",
            "x-user-defined",
            "utf-8",
            "",
            "y",
        ] {
            assert_eq!(
                text(Some(label), b"It\x92s caf\xe9"),
                "It’s café",
                "{label}"
            );
            assert_eq!(
                text(Some(label), "It’s café".as_bytes()),
                "It’s café",
                "{label}"
            );
        }
        assert_eq!(text(Some("utf-8"), b"caf\xc3\xa9 caf\xe9"), "café café");
        assert_eq!(text(Some("Shift_JIS"), "日本語".as_bytes()), "日本語");
        assert_eq!(text(Some("gb2312"), b"It\x92s \xff\xff"), "It’s ÿÿ");
        assert_eq!(text(Some("iso-2022-kr"), b"plain"), "plain");
        let mostly = [&b"\x93\xfa\x96\x7b\x8c\xea "[..], b"\xfd"].concat();
        assert_eq!(text(Some("shift_jis"), &mostly), "日本語 \u{fffd}");
    }
}
