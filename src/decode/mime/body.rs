//! What the parts of a mail say: its text, and whether it is a meeting's.

use mail_parser::MessagePart;
use mail_parser::MimeHeaders;
use mail_parser::PartType;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use crate::decode::html;
use crate::decode::mime::charset;
use crate::decode::mime::parts;
use crate::decode::mime::parts::Kind;
use crate::decode::mime::parts::PARSER;
use crate::decode::mime::parts::Part;
use crate::decode::mime::parts::is_type;
use crate::model::limits;
use crate::model::mail::MailClass;

/// Methods of iCalendar objects that make a mail a meeting's (RFC 5546); PUBLISH does not.
const METHODS: &[&str] = &[
    "REQUEST",
    "REPLY",
    "CANCEL",
    "COUNTER",
    "DECLINECOUNTER",
    "REFRESH",
];

/// Bytes of a calendar in which its method is looked for: it stands in one of the first lines.
const CALENDAR_BYTES: usize = 64 << 10;

/// What was read of the parts.
pub(super) struct Body {
    /// First inline text/plain part, else the stripped HTML.
    pub text: Option<String>,
    pub class: MailClass,
    /// Whether parts were left out or the text was cut off.
    pub is_cut: bool,
}

/// Reads the parts. A mail inside the mail says nothing here.
pub(super) fn read(mail: &[u8]) -> Body {
    let parts = parts::read(mail);
    let class = if parts.found.iter().any(is_meeting) {
        MailClass::Meeting
    } else {
        MailClass::Plain
    };
    let (mut text, mut is_cut) = match text_part(&parts.found) {
        Some(part) => text(part),
        None => (None, false),
    };
    if let Some(text) = &mut text {
        is_cut |= limits::truncate(text, limits::TEXT_BYTES);
    }
    Body {
        text,
        class,
        is_cut: is_cut || parts.is_cut,
    }
}

/// The part that is the mail's text.
fn text_part<'p, 'a>(parts: &'p [Part<'a>]) -> Option<&'p Part<'a>> {
    let of = |kind| {
        let mut inline = parts.iter().filter(|part| part.is_inline);
        inline.find(|part| part.kind == kind)
    };
    // A body of a kind that is unknown or broken is text to whoever opens the mail.
    let only = match parts {
        [only] if only.is_inline && only.kind != Kind::Mail => Some(only),
        _ => None,
    };
    of(Kind::Plain).or_else(|| of(Kind::Html)).or(only)
}

/// The text of a part, and whether it was not read to its end.
fn text(part: &Part<'_>) -> (Option<String>, bool) {
    let (decoded, is_cut) = decoded(part, limits::TEXT_SOURCE_BYTES);
    let text = match decoded {
        Some(PartType::Text(text) | PartType::Html(text)) if part.kind == Kind::Html => {
            Some(html::text(&text))
        }
        Some(PartType::Text(text) | PartType::Html(text)) => Some(text.into_owned()),
        _ => None,
    };
    (text, is_cut)
}

/// The first so many bytes of a part's body, decoded, and whether there are more.
fn decoded(part: &Part<'_>, bytes: usize) -> (Option<PartType<'static>>, bool) {
    let body = part.body.get(..bytes).unwrap_or(part.body);
    let whole = [part.head.as_slice(), body].concat();
    let mut message = PARSER.parse(&whole);
    let first = message
        .as_mut()
        .and_then(|message| message.parts.first_mut());
    let decoded = first.map(|part| {
        repair(part, &whole);
        std::mem::take(part).into_owned().body
    });
    (decoded, body.len() < part.body.len())
}

/// What the parser reads wrongly is read again: base64 with a character too many or too few, of
/// which it leaves the code, and UTF-7.
fn repair(part: &mut MessagePart<'_>, mail: &[u8]) {
    let encoding = part.content_transfer_encoding().unwrap_or_default();
    let is_base64 = encoding.eq_ignore_ascii_case("base64");
    let kind = part.content_type();
    let charset = kind.and_then(|kind| kind.attribute("charset"));
    let is_text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
    let is_utf7 = is_text && charset.is_some_and(charset::is_utf7);
    let range = part.offset_body as usize..part.offset_end as usize;
    let code = mail.get(range).unwrap_or_default();
    let is_broken = is_base64 && (part.is_encoding_problem || is_cut_off(code));
    if !is_broken && !is_utf7 {
        return;
    }
    let bytes = if is_base64 {
        lenient_base64(code)
    } else if encoding.eq_ignore_ascii_case("quoted-printable") {
        quoted_printable_decode(code)
    } else {
        Some(code.to_vec())
    };
    let Some(bytes) = bytes else {
        return;
    };
    let text = charset::text(charset, &bytes);
    let is_html = kind.is_some_and(|kind| is_type(kind, "text", "html"));
    part.body = if is_html {
        PartType::Html(text.into())
    } else {
        PartType::Text(text.into())
    };
}

/// Whether base64 ends within a group of four characters.
fn is_cut_off(code: &[u8]) -> bool {
    let characters = code.iter().filter(|b| is_code(**b) || **b == b'=');
    characters.count() % 4 != 0
}

/// Reads base64 as far as it goes.
fn lenient_base64(code: &[u8]) -> Option<Vec<u8>> {
    let mut code: Vec<u8> = code.iter().copied().filter(|b| is_code(*b)).collect();
    match code.len() % 4 {
        1 => code.truncate(code.len() - 1),
        2 => code.extend_from_slice(b"=="),
        3 => code.push(b'='),
        _ => {}
    }
    base64_decode(&code)
}

fn is_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn is_meeting(part: &Part<'_>) -> bool {
    if part.kind != Kind::Calendar || !part.is_inline {
        return false;
    }
    let method = part.method.clone().or_else(|| {
        let (calendar, _) = decoded(part, CALENDAR_BYTES);
        match calendar? {
            PartType::Text(calendar) => method_of(&calendar).map(str::to_owned),
            _ => None,
        }
    });
    method.is_some_and(|method| {
        METHODS
            .iter()
            .any(|known| method.eq_ignore_ascii_case(known))
    })
}

/// The calendar's own word, where the part's type does not repeat it.
fn method_of(calendar: &str) -> Option<&str> {
    calendar.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("METHOD").then(|| value.trim())
    })
}

/// The beginning of a text, each run of white space as one blank; `None` where there is none.
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
    fn base64_that_is_cut_off_is_read_as_far_as_it_goes() {
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
    fn a_mail_within_the_mail_says_nothing() {
        let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
                    Content-Type: message/rfc822\n\nSubject: x\n\ninner\n--b--\n";
        assert_eq!(text_of(mail), None);
    }

    #[test]
    fn mails_within_mails_within_the_mail_are_survived() {
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
    fn a_preview_has_at_most_255_characters_and_no_runs_of_blanks() {
        assert_eq!(preview(" a \n\n\u{a0}b ").as_deref(), Some("a b"));
        assert_eq!(preview(" \n "), None);
        let long = preview(&"é".repeat(300)).unwrap();
        assert_eq!(long.chars().count(), 255);
        let words = preview(&"ab ".repeat(200)).unwrap();
        assert!(words.chars().count() <= 255 && !words.ends_with(' '));
    }
}
