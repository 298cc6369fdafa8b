//! Lines of an mbox file that open a message: `From `, a sender and a date.
//!
//! Every writer has its own form, and the bodies of mails hold lines that begin with `From `. So a
//! separator ends in a date, in one of the forms that writers are known to use:
//!
//! - `From ann@x.org Mon Jan  5 10:00:00 2026`: `asctime`, also with a zone before or behind the
//!   year (RFC 4155 appendix A; Google Takeout), with `remote from host` (UUCP);
//! - `From ann@x.org Mon, 5 Jan 2026 10:00:00 +0100`: the date of RFC 5322;
//! - `From - Mon Jan  5 10:00:00 2026` (Mozilla), `From ann at x.org  Mon Jan …` (Mailman).
//!
//! Where a header field must follow, it may also be a line with any other date and time, or without
//! one (`From `, `From -`, `From ???@???`), and in files whose first line is in another form, any
//! line.

/// What opens a message.
pub(super) const FROM: &[u8] = b"From ";

/// Header fields of which one begins a mail: what follows a separator without a date.
const FIELDS: &[&str] = &[
    "return-path",
    "received",
    "delivered-to",
    "envelope-to",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "date",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "status",
    "user-agent",
    "organization",
    "importance",
    "priority",
    "thread-topic",
    "thread-index",
    "accept-language",
    "comments",
    "errors-to",
    "content-length",
    "lines",
    "dkim-signature",
    "domainkey-signature",
    "authentication-results",
    "old-return-path",
    "envelope-from",
    "delivery-date",
    "mailing-list",
    "precedence",
    "auto-submitted",
    "apparently-to",
    "newsgroups",
    "path",
    "keywords",
    "sensitivity",
    "expires",
    "autocrypt",
    "feedback-id",
    "disposition-notification-to",
];

/// Beginnings of the names of such fields.
const FIELD_BEGINNINGS: &[&str] = &["x-", "arc-", "list-", "resent-", "received-"];

/// Whether a line is a field with which a mail may begin.
pub(super) fn begins_mail(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', line) else {
        return false;
    };
    let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
    let name = name.to_ascii_lowercase();
    let is_known = FIELDS.iter().any(|field| field.as_bytes() == name);
    let is_beginning = |with: &&str| name.starts_with(with.as_bytes());
    is_known || (!name.contains(&b' ') && FIELD_BEGINNINGS.iter().any(is_beginning))
}

/// What a line that begins with `From ` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// A separator, and its date.
    Exact(String),
    /// One whose form people write as well; a separator if a header field follows.
    Likely(String),
    /// A separator of a writer that gives no date, if a header field follows.
    Bare,
    /// Text, or a separator in a form that is not known.
    Other,
}

/// A separator is no longer than this: an address, and a date.
const LINE_BYTES_MAX: usize = 1 << 10;

/// Words of a line that are looked at: those of an address, a name and a date.
const WORDS_MAX: usize = 32;

/// Tells a line by its form, without looking at what stands around it.
pub(super) fn read(line: &[u8]) -> Line {
    let Some(rest) = line
        .strip_prefix(FROM)
        .filter(|_| line.len() <= LINE_BYTES_MAX)
    else {
        return Line::Other;
    };
    let rest = String::from_utf8_lossy(rest);
    if matches!(rest.trim(), "" | "-" | "???@???") {
        return Line::Bare;
    }
    let words: Vec<&str> = rest.split_whitespace().take(WORDS_MAX).collect();
    let words = without_remote(&words);
    let parted = |at| words.split_at_checked(at);
    let exact = (0..words.len())
        .filter_map(parted)
        .find(|(sender, date)| is_sender(sender) && is_exact(sender, date));
    if let Some((_, date)) = exact {
        return Line::Exact(date.join(" "));
    }
    let dated = (0..words.len())
        .filter_map(parted)
        .find(|(_, date)| is_date(date));
    match dated {
        Some((_, date)) => Line::Likely(date.join(" ")),
        None if has_time_and_year(words) => {
            Line::Likely(words.get(1..).unwrap_or_default().join(" "))
        }
        None => Line::Other,
    }
}

/// `… remote from host`, as UUCP wrote it.
fn without_remote<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    match words {
        [date @ .., "remote", "from", _] | date => date,
    }
}

/// One word, an address in quotes or brackets, an address that an archive wrote out.
fn is_sender(words: &[&str]) -> bool {
    match words {
        [] | [_] | [_, "at", _] => true,
        [first, .., last] => {
            first.starts_with('"') || (last.starts_with('<') && last.ends_with('>'))
        }
    }
}

/// A date as exact as programs write it: with seconds, and as in a header only behind an address.
fn is_exact(sender: &[&str], date: &[&str]) -> bool {
    let has_seconds = date
        .iter()
        .any(|word| word.matches(':').count() == 2 && is_time(word));
    let is_address = sender.iter().any(|word| word.contains('@') || *word == "-");
    let has_weekday = date.first().is_some_and(|word| is_name(word));
    let is_of_header = is_of_header(date) && (is_address || (sender.is_empty() && has_weekday));
    has_seconds && (is_asctime(date) || is_of_header)
}

fn is_date(words: &[&str]) -> bool {
    is_asctime(words) || is_of_header(words)
}

/// Whether a time and a year stand in a line, in whatever form.
fn has_time_and_year(words: &[&str]) -> bool {
    let is_time_of_day = |word: &str| {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let hour = word.len() - digits.len();
        let rest = digits.strip_prefix([':', '.']).unwrap_or_default();
        let minutes = rest.bytes().take_while(u8::is_ascii_digit).count();
        (1..=2).contains(&hour) && minutes == 2
    };
    let has_year = |word: &&str| {
        let mut parts = word.split(|c: char| !c.is_ascii_digit());
        parts.any(|part| part.len() == 4 && (part.starts_with("19") || part.starts_with("20")))
    };
    let is_iso = |word: &str| word.contains('T') && (2..=3).contains(&word.matches(':').count());
    let has_time = words
        .iter()
        .any(|word| is_time_of_day(word) || is_iso(word));
    has_time && words.iter().any(has_year)
}

/// `Mon Jan  5 10:00:00 2026`, with zones before or behind the year.
fn is_asctime(words: &[&str]) -> bool {
    let [weekday, month, day, time, rest @ ..] = words else {
        return false;
    };
    let zones = match rest {
        [zones @ .., year] if is_year(year) => zones,
        [year, zones @ ..] if is_year(year) => zones,
        _ => return false,
    };
    is_name(weekday) && is_name(month) && is_day(day) && is_time(time) && are_zones(zones)
}

/// `Mon, 5 Jan 2026 10:00:00 +0100`, also without the name of the day.
fn is_of_header(words: &[&str]) -> bool {
    let has_weekday = words.first().is_some_and(|word| is_name(word));
    let date = if has_weekday {
        words.get(1..)
    } else {
        Some(words)
    };
    let [day, month, year, time, zones @ ..] = date.unwrap_or_default() else {
        return false;
    };
    is_day(day) && is_name(month) && is_year(year) && is_time(time) && are_zones(zones)
}

/// The name of a day or month, in any language, short or long.
fn is_name(word: &str) -> bool {
    let bare = word.trim_end_matches(['.', ',']);
    let length = bare.chars().count();
    (2..=12).contains(&length) && bare.chars().all(char::is_alphabetic)
}

fn is_day(word: &str) -> bool {
    is_number(word.trim_end_matches(','), 1, 2)
}

fn is_year(word: &str) -> bool {
    is_number(word, 4, 4) || is_number(word, 2, 2)
}

fn is_number(word: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit())
}

/// `10:00`, `10:00:00`.
fn is_time(word: &str) -> bool {
    let parts = word.split(':');
    let is_part = |part: &str| is_number(part, 1, 2);
    (2..=3).contains(&parts.clone().count()) && parts.into_iter().all(is_part)
}

/// Up to two of `+0100`, `GMT`, `MET DST`, `(CET)`.
fn are_zones(words: &[&str]) -> bool {
    let is_zone = |word: &&str| {
        let bare = word.trim_start_matches('(').trim_end_matches(')');
        let offset = bare.strip_prefix(['+', '-']);
        match offset {
            Some(digits) => is_number(&digits.replace(':', ""), 3, 4),
            None => (1..=5).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_uppercase()),
        }
    };
    words.len() <= 2 && words.iter().all(is_zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date_of(line: &str) -> Option<String> {
        match read(line.as_bytes()) {
            Line::Exact(date) => Some(date),
            _ => None,
        }
    }

    #[test]
    fn separators_end_in_a_date_as_their_writers_make_it() {
        for (line, date) in [
            (
                "From ann@x.org Mon Jan  5 10:00:00 2026\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From ann Mon Jan  5 10:00:00 MET DST 2026\n",
                "Mon Jan  5 10:00:00 MET DST 2026",
            ),
            (
                "From 17@xxx Mon Jan 05 10:00:00 +0000 2026\n",
                "Mon Jan 05 10:00:00 +0000 2026",
            ),
            (
                "From ann@x.org Mon Jan  5 10:00:00 2026 +0100\n",
                "Mon Jan  5 10:00:00 2026 +0100",
            ),
            (
                "From ann@x.org Mon, 5 Jan 2026 10:00:00 +0100 (CET)\n",
                "Mon, 5 Jan 2026 10:00:00 +0100 (CET)",
            ),
            (
                "From - Mon Jan  5 10:00:00 2026\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From ???@??? Mon Jan  5 10:00:00 2026\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From ann at x.org  Mon Jan  5 10:00:00 2026\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From \"ann lee\"@x.org Mon Jan  5 10:00:00 2026\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From Ann Lee <ann@x.org> Mon Jan  5 10:00:00 2026\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From uucp Mon Jan  5 10:00:00 2026 remote from host\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From Mon Jan  5 10:00:00 2026\n",
                "Mon Jan  5 10:00:00 2026",
            ),
            (
                "From Mon, 5 Jan 2026 10:00:00 +0100",
                "Mon, 5 Jan 2026 10:00:00 +0100",
            ),
            (
                "From - lun. janv. 05 10:00:00 2026\n",
                "lun. janv. 05 10:00:00 2026",
            ),
        ] {
            assert_eq!(date_of(line), Some(date.replace("  ", " ")), "{line}");
        }
    }

    #[test]
    fn what_people_write_as_well_needs_a_header_behind_it() {
        for line in [
            "From ann@x.org Mon Jan 5 10:00 2026\n",
            "From ann@x.org 5 Jan 2026 10:00 GMT\n",
            "From Berlin Monday, 12 January 2026 10:00\n",
            "From Eva Mon, 12 Jan 2026 09:00:00 +0100\n",
            "From Eva Miller Mon Jan 12 09:00:00 2026\n",
            "From eva@x.org (Eva Miller) Mon Jan 12 09:00:00 2026\n",
            "From eva@x.org Mon Jan 12 09:00:00 Pacific Standard Time 2026\n",
            "From eva@x.org Mon Jan 12 09:00:00 UTC+1 2026\n",
            "From eva@x.org Mon Jan 12 09:00:00.123 2026\n",
            "From eva@x.org Mon Jan 12 09.00.00 2026\n",
            "From eva@x.org 2026-01-12 09:00:00\n",
            "From eva@x.org 2026-01-12T09:00:00Z\n",
            "From eva@x.org 2026-01-12T09:00:00+01:00\n",
            "From eva@x.org 1/12/2026 9:00:00 AM\n",
            "From our call on Mon Jan  5 10:00:00 2026\n",
        ] {
            assert!(matches!(read(line.as_bytes()), Line::Likely(_)), "{line}");
        }
    }

    #[test]
    fn a_mail_begins_with_a_field_that_mails_begin_with() {
        for line in [
            "Return-Path: <x>\n",
            "subject : x\n",
            "X-Mailer: y\n",
            "ARC-Seal: i=1\n",
            "Received-SPF: pass\n",
            "Resent-Date: x\n",
        ] {
            assert!(begins_mail(line.as_bytes()), "{line}");
        }
        for line in [
            "Note: x\n",
            "\n",
            "X-ray of: y\n",
            "Subject\n",
            "The date: today\n",
        ] {
            assert!(!begins_mail(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn text_that_begins_so_is_told_from_separators() {
        for line in [
            "From what I understand the offer stands.\n",
            "From the customer:\n",
            "From our call on Mon Jan  5 10:00:00 2026\n",
            "From 5 Jan 2026 10:00\n",
            "From Mon 5 Jan to Tue 6 Jan 2026\n",
            "From Monday, 5 Jan 2026 10:00 to noon\n",
            "From 10:00 to 12:00 on Mon Jan 5\n",
            "From January 5, 2026\n",
            "From ann@x.org\n",
            "From: ann@x.org\n",
            "from ann@x.org Mon Jan  5 10:00:00 2026\n",
        ] {
            assert_eq!(date_of(line), None, "{line}");
        }
        let long = format!(
            "From {} Mon Jan  5 10:00:00 2026\n",
            "x".repeat(LINE_BYTES_MAX)
        );
        assert_eq!(read(long.as_bytes()), Line::Other);
        for bare in ["From \n", "From -\r\n", "From ???@???", "From    \n"] {
            assert_eq!(read(bare.as_bytes()), Line::Bare, "{bare}");
        }
        assert_eq!(read(b"From\n"), Line::Other);
    }
}
