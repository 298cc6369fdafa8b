//! Names of folders as IMAP servers store them (RFC 3501 section 5.1.3): `Entw&APw-rfe`.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;

const CODE: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// The name; as it stands where it is not in this form.
pub(super) fn decoded(name: &str) -> Cow<'_, str> {
    if !name.is_ascii() || !name.contains('&') {
        return Cow::Borrowed(name);
    }
    decode(name).map_or(Cow::Borrowed(name), Cow::Owned)
}

fn decode(name: &str) -> Option<String> {
    let mut parts = name.split('&');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (code, text) = part.split_once('-')?;
        if code.is_empty() {
            out.push('&');
        } else {
            push_utf16(&CODE.decode(code).ok()?, &mut out)?;
        }
        out.push_str(text);
    }
    Some(out)
}

fn push_utf16(bytes: &[u8], out: &mut String) -> Option<()> {
    let (units, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
    for character in char::decode_utf16(units) {
        out.push(character.ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_code_are_read_and_others_stay() {
        for (name, expected) in [
            ("Entw&APw-rfe", "Entwürfe"),
            ("&BCcENQRABD0EPgQyBDgEOgQ4-", "Черновики"),
            ("&Tgtm+DBN-", "下書き"),
            ("R&-D", "R&D"),
            ("&2D3eAA-", "😀"),
            ("R&D", "R&D"),
            ("A&B-C", "A&B-C"),
            ("&APw", "&APw"),
            ("&2D0-", "&2D0-"),
            ("Entwürfe &APw-", "Entwürfe &APw-"),
            ("plain", "plain"),
        ] {
            assert_eq!(decoded(name), expected, "{name}");
        }
    }
}
