//! Evaluates the parts of a mail: its text, and whether it belongs to a meeting.

use std::borrow::Cow;

use crate::decode::html;
use crate::decode::mime::charset;
use crate::decode::mime::flowed;
use crate::decode::mime::parts;
use crate::decode::mime::parts::Kind;
use crate::decode::mime::parts::Part;
use crate::model::limits;
use crate::model::mail::MailClass;
use crate::model::unicode::is_invisible;

/// iCalendar methods of meeting mail (RFC 5546); PUBLISH is not one.
const METHODS: &[&str] = &[
    "REQUEST",
    "REPLY",
    "CANCEL",
    "COUNTER",
    "DECLINECOUNTER",
    "REFRESH",
];

/// Bytes of a calendar that are searched for its method, which is in one of the first lines.
const CALENDAR_BYTES: usize = 64 << 10;

/// The result of reading the parts.
pub(super) struct Body {
    /// The first inline text/plain part with content, else the stripped HTML.
    pub text: Option<String>,
    pub class: MailClass,
    /// Whether parts were skipped or the text was cut off.
    pub is_cut: bool,
}

/// Reads the parts. Mails inside the mail are ignored.
pub(super) fn read(mail: &[u8]) -> Body {
    let parts = parts::read(mail);
    let class = if parts.found.iter().any(is_meeting) {
        MailClass::Meeting
    } else {
        MailClass::Plain
    };
    let (mut text, mut is_cut) = text_of(&parts.found);
    if let Some(text) = &mut text {
        is_cut |= limits::truncate(text, limits::TEXT_BYTES);
    }
    Body {
        text,
        class,
        is_cut: is_cut || parts.is_cut,
    }
}

/// The text of a mail, and whether it was truncated. Programs put an empty text before their HTML,
/// and lists append a footer: so the first plain part counts, then the first HTML, then the others.
fn text_of(parts: &[Part<'_>]) -> (Option<String>, bool) {
    let of = |kind| {
        let inline = parts.iter().filter(|part| part.is_inline);
        inline.filter(move |part| part.kind == kind)
    };
    let others = of(Kind::Plain).skip(1).chain(of(Kind::Html).skip(1));
    let candidates = of(Kind::Plain).take(1).chain(of(Kind::Html).take(1));
    // Mail programs show a body of an unknown or malformed type as text.
    let only = match parts {
        [only] if only.is_inline && matches!(only.kind, Kind::Text | Kind::Calendar) => Some(only),
        _ => None,
    };
    let mut first = None;
    for part in candidates.chain(others).chain(only) {
        let (text, is_cut) = text(part);
        if says_something(&text) {
            return (Some(text), is_cut);
        }
        first.get_or_insert((Some(text), is_cut));
    }
    first.unwrap_or_default()
}

/// Dashes of the line before a signature.
const SIGNATURE_DASHES: usize = 3;

/// Whether a text is more than white space, zero-width characters and a signature delimiter.
fn says_something(text: &str) -> bool {
    let is_blank = |c: char| {
        let is_empty = matches!(
            c,
            '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}'
        );
        c.is_whitespace() || c.is_control() || is_invisible(c) || is_empty
    };
    let is_dash = |c: char| matches!(c, '-' | '_' | '\u{2013}' | '\u{2014}');
    let mut visible = text.chars().filter(|c| !is_blank(*c)).peekable();
    let beginning = visible.by_ref().take(SIGNATURE_DASHES);
    !beginning.into_iter().all(is_dash) || visible.peek().is_some()
}

/// The text of a part, and whether it was truncated.
pub(super) fn text(part: &Part<'_>) -> (String, bool) {
    let (bytes, is_cut) = decoded(part, limits::TEXT_SOURCE_BYTES);
    let stated = part.charset.as_deref();
    let stated = stated.filter(|name| !name.trim().is_empty());
    let in_page = html::charset(&bytes).filter(|_| part.kind == Kind::Html);
    // The label ASCII is ignored if the bytes are not ASCII.
    let is_told = |name: &&str| !charset::is_uninformative(name) || bytes.is_ascii();
    let charset = stated.filter(is_told).or(in_page).or(stated);
    let text = charset::text(charset, &bytes);
    let text = text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text);
    let text = if part.kind == Kind::Html || html::is_page(&text) {
        html::text(&text)
    } else if part.has_joined_lines {
        flowed::joined(&text)
    } else {
        text
    };
    (text, is_cut)
}

/// At most this many bytes of a part's body, decoded, and whether there are more.
fn decoded<'a>(part: &Part<'a>, bytes: usize) -> (Cow<'a, [u8]>, bool) {
    let body = part.body.get(..bytes).unwrap_or(part.body);
    (part.encoding.decode(body), body.len() < part.body.len())
}

fn is_meeting(part: &Part<'_>) -> bool {
    if part.kind != Kind::Calendar || !part.is_inline {
        return false;
    }
    let method = part.method.clone().or_else(|| {
        let (calendar, _) = decoded(part, CALENDAR_BYTES);
        method_of(&charset::text(part.charset.as_deref(), &calendar)).map(str::to_owned)
    });
    method.is_some_and(|method| {
        METHODS
            .iter()
            .any(|known| method.eq_ignore_ascii_case(known))
    })
}

/// The method stated in the calendar, if the part's type does not repeat it.
fn method_of(calendar: &str) -> Option<&str> {
    calendar.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("METHOD").then(|| value.trim())
    })
}

/// The beginning of a text with runs of white space collapsed; `None` if it is empty.
pub(super) fn preview(text: &str) -> Option<String> {
    let mut preview = String::with_capacity(limits::PREVIEW_CHARS);
    let mut left = limits::PREVIEW_CHARS;
    for word in text.split_whitespace() {
        if !preview.is_empty() {
            if left <= 1 {
                break;
            }
            preview.push(' ');
            left -= 1;
        }
        for c in word.chars().take(left) {
            preview.push(c);
            left -= 1;
        }
        if left == 0 {
            break;
        }
    }
    (!preview.is_empty()).then_some(preview)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(mail: &str) -> Option<String> {
        read(mail.as_bytes()).text
    }

    #[test]
    fn the_first_inline_plain_part_is_the_text() {
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
                    Content-Type: text/plain\nContent-Disposition: attachment\n\nnot me\n--b\n\
                    Content-Type: text/html\n\n<p>nor me</p>\n--b\n\
                    Content-Type: TEXT/PLAIN\n\nme\n--b--\n";
        assert_eq!(text_of(mail).as_deref(), Some("me"));
    }

    #[test]
    fn without_a_plain_part_it_is_the_stripped_html() {
        let mail = "Content-Type: text/html; charset=iso-8859-1\n\
                    Content-Transfer-Encoding: quoted-printable\n\n<p>caf=E9 &amp; <b>tea</b></p>";
        assert_eq!(text_of(mail).as_deref().map(str::trim), Some("café & tea"));
    }

    #[test]
    fn truncated_base64_is_decoded_to_its_end() {
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
                    Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n\n\
                    PGI+aGVsbG88L2I+aA\n";
        assert_eq!(text_of(mail).as_deref(), Some("helloh"));
    }

    #[test]
    fn utf_7_is_read_in_every_encoding_of_it() {
        for (encoding, body) in [
            ("7bit", "1 +- 1 +AOk"),
            ("quoted-printable", "1 =2B- 1 +A=\nOk"),
            ("base64", "MSArLSAxICtBT2s="),
        ] {
            let mail = format!(
                "Content-Type: text/plain; charset=UTF-7\n\
                 Content-Transfer-Encoding: {encoding}\n\n{body}\n"
            );
            let text = text_of(&mail).unwrap();
            assert_eq!(text.trim_end(), "1 + 1 é", "{encoding}");
        }
    }

    #[test]
    fn a_mail_within_the_mail_is_uninformative() {
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
                    Content-Type: message/rfc822\n\nSubject: x\n\ninner\n--b--\n";
        assert_eq!(text_of(mail), None);
    }

    #[test]
    fn deeply_nested_mails_are_decoded() {
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
                    Content-Type: text/plain\n\nouter\n--b\n\
                    Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n\
                    Content-Type: text/html\n\n<p>inner\n--b--\n";
        assert_eq!(text_of(mail).as_deref(), Some("outer"));
    }

    fn class_of(part: &str) -> MailClass {
        let mail =
            format!("Content-Type: multipart/alternative; boundary=b\n\n--b\n{part}\n--b--\n");
        read(mail.as_bytes()).class
    }

    #[test]
    fn inline_calendars_with_a_method_make_a_meeting() {
        for part in [
            "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR",
            "Content-Type: Text/Calendar; charset=utf-8; Method=\"reply\"\n\nBEGIN:VCALENDAR",
            "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n",
        ] {
            assert_eq!(class_of(part), MailClass::Meeting, "{part}");
        }
        for part in [
            "Content-Type: text/calendar; method=PUBLISH\n\nMETHOD:REQUEST",
            "Content-Type: text/calendar; method=REQUEST\n\
             Content-Disposition: attachment; filename=a.ics\n\nMETHOD:REQUEST",
            "Content-Type: application/ms-tnef\n\nMETHOD:REQUEST",
            "Content-Type: text/calendar\n\nBEGIN:VCALENDAR",
        ] {
            assert_eq!(class_of(part), MailClass::Plain, "{part}");
        }
    }

    #[test]
    fn a_preview_is_short_with_collapsed_spaces() {
        assert_eq!(preview(" a \n\n\u{a0}b ").as_deref(), Some("a b"));
        assert_eq!(preview(" \n "), None);
        let long = preview(&"é".repeat(300)).unwrap();
        assert_eq!(long.chars().count(), 255);
        let words = preview(&"ab ".repeat(200)).unwrap();
        assert!(words.chars().count() <= 255 && !words.ends_with(' '));
    }
}
