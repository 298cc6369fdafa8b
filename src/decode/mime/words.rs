//! Encoded words in header values (RFC 2047).

use mail_parser::decoders::base64::base64_decode;

use crate::decode::mime::charset;
use crate::model::limits;

/// Bytes of an encoded word, delimiters included. RFC 2047 allows 75; programs that put a whole
/// subject into one word write some hundred.
const WORD_BYTES_MAX: usize = 1 << 10;

/// A word between `=?` and `?=`.
struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
}

/// Decodes the encoded words of an unfolded value. Adjacent words of one charset are joined before
/// decoding, because programs split within characters; other text is unchanged.
pub(super) fn decoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut pending: Option<Word<'_>> = None;
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"=?") {
        let (before, from_word) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let Some((word, after)) = word(from_word) else {
            flush(&mut out, &mut pending);
            let (mark, after) = from_word.split_at_checked(2).unwrap_or((from_word, ""));
            out.push_str(before);
            out.push_str(mark);
            rest = after;
            continue;
        };
        let is_neighbour = pending.is_some() && before.trim().is_empty();
        if !is_neighbour {
            flush(&mut out, &mut pending);
            out.push_str(before);
        }
        match &mut pending {
            Some(open) if is_one_text(open.charset, word.charset) => {
                open.bytes.extend(word.bytes);
            }
            _ => {
                flush(&mut out, &mut pending);
                pending = Some(word);
            }
        }
        rest = after;
    }
    flush(&mut out, &mut pending);
    out.push_str(rest);
    out
}

/// ISO-2022 and UTF-7 restart in every word: joined, they would contain empty runs, which are
/// errors, or unterminated runs.
fn is_one_text(one: &str, other: &str) -> bool {
    let is_iso_2022 = one
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("iso-2022"));
    one.eq_ignore_ascii_case(other) && !is_iso_2022 && !charset::is_utf7(one)
}

fn flush(out: &mut String, pending: &mut Option<Word<'_>>) {
    if let Some(word) = pending.take() {
        out.push_str(&charset::text(Some(word.charset), &word.bytes));
    }
}

/// The encoded word at the beginning of a text, and the rest. The search is limited to
/// [`WORD_BYTES_MAX`], so that a text of nothing but opening delimiters takes linear time.
fn word(text: &str) -> Option<(Word<'_>, &str)> {
    let near = limits::cut(text, WORD_BYTES_MAX);
    let (charset, rest) = near.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    if encoding.len() != 1 {
        return None;
    }
    let (data, _) = rest.split_once("?=")?;
    // `=?`, `?`, `?`, `?=`.
    let length = charset.len() + encoding.len() + data.len() + 6;
    let after = text.get(length..)?;
    // RFC 2231 lets a language follow the charset.
    let charset = charset.split_once('*').map_or(charset, |(name, _)| name);
    let is_charset = charset.bytes().all(|b| b.is_ascii_graphic());
    let bytes = match encoding {
        "B" | "b" => base64_decode(data.as_bytes())?,
        "Q" | "q" => quoted(data),
        _ => return None,
    };
    is_charset.then_some((Word { charset, bytes }, after))
}

/// The Q encoding; `=` not followed by two hex digits is kept.
fn quoted(data: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut bytes = data.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        match byte {
            b'_' => out.push(b' '),
            b'=' => match (ahead.next().and_then(hex), ahead.next().and_then(hex)) {
                (Some(high), Some(low)) => {
                    out.push(high * 16 + low);
                    bytes = ahead;
                }
                _ => out.push(b'='),
            },
            other => out.push(other),
        }
    }
    out
}

/// The value of a hex digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_decoded_and_joined() {
        for (value, expected) in [
            ("plain = text ?", "plain = text ?"),
            ("=?utf-8?Q?caf=C3=A9_x?= y", "café x y"),
            (
                "a =?ISO-8859-1?q?=E9?= =?iso-8859-1*de?B?6Q==?= b",
                "a éé b",
            ),
            ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
            ("=?utf-8?B?w6k=?= and =?utf-8?B?w6k=?=", "é and é"),
            ("=?y?Q?caf=E9?=", "café"),
            ("=??Q?caf=E9?=", "café"),
            (
                "=?ISO-2022-JP?B?GyRCJUYbKEI=?= =?ISO-2022-JP?B?GyRCJUYbKEI=?=",
                "テテ",
            ),
            ("=?utf-7?Q?1_+-_+AOk?= =?UTF-7?Q?+AOk?=", "1 + éé"),
            ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
            ("=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
            ("=?utf-8?Q?50=?=", "50="),
            ("=?", "=?"),
        ] {
            assert_eq!(decoded(value), expected, "{value}");
        }
    }
}
