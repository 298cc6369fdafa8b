//! Whether bytes have the shape of a mail at all, and where it begins.

/// A name longer than this is no header field's: the longest that are registered have half of it.
const FIELD_NAME_MAX: usize = 128;

/// Lines before the header that some programs write (`Microsoft Mail Internet Headers Version
/// 2.0`).
const BANNER_LINES_MAX: usize = 3;

/// Bytes of such a line.
const BANNER_BYTES_MAX: usize = 512;

/// Fields that people write, too, where they quote a mail, in lower case.
const WRITTEN_FIELDS: [&[u8]; 3] = [b"from", b"to", b"subject"];

/// Fields that programs write. Behind a banner must follow one of these, and another one.
const FIELDS: [&[u8]; 5] = [
    b"date",
    b"message-id",
    b"received",
    b"mime-version",
    b"return-path",
];

/// Bytes of a message in which the fields of [`is_folder_data`] are looked for.
const FOLDER_DATA_BYTES: usize = 2 << 10;

/// The mail in some bytes, without what stands before its header: a mark of the byte order, blank
/// lines, lines that some programs write. `None` where it is no mail.
///
/// A mail begins with a header field (`Name:`) or with an mbox line that was left in place (`From
/// `, `>From `). All else is no mail: PST and MSG files, pictures, text without any header, `.emlx`
/// (which begins with a number).
pub(super) fn mail(bytes: &[u8]) -> Option<&[u8]> {
    let mut text = without_blank_lines(bytes);
    for banners in 0..=BANNER_LINES_MAX {
        let first = first_line(text);
        let is_mail = is_mbox_line(first) || is_field(first);
        if is_mail && (banners == 0 || has_known_fields(text)) {
            return Some(text);
        }
        if is_mail || !is_banner(first) {
            return None;
        }
        text = without_blank_lines(text.get(first.len()..)?);
    }
    None
}

/// What follows the mark of the byte order and lines without text.
pub(super) fn without_blank_lines(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    loop {
        let line = first_line(rest);
        if line.is_empty() || !line.trim_ascii().is_empty() {
            return rest;
        }
        rest = rest.get(line.len()..).unwrap_or_default();
    }
}

/// What some servers keep in the first message of an mbox (c-client, `unix.c`): no mail.
pub(super) fn is_folder_data(bytes: &[u8]) -> bool {
    let head = bytes.get(..FOLDER_DATA_BYTES).unwrap_or(bytes);
    let header = memchr::memmem::find(head, b"\n\n").or(memchr::memmem::find(head, b"\n\r\n"));
    let header = head.get(..header.unwrap_or(head.len())).unwrap_or(head);
    let has = |text: &[u8]| memchr::memmem::find(header, text).is_some();
    has(b"-- FOLDER INTERNAL DATA") && (has(b"X-IMAP") || has(b"Mail System Internal Data"))
}

/// With its end.
fn first_line(text: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
    text.get(..end).unwrap_or(text)
}

/// A short line of words. A number is the length of an `.emlx`, and a tag opens another format.
fn is_banner(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_number = line.iter().all(u8::is_ascii_digit);
    let is_text = !line.iter().any(u8::is_ascii_control) && !line.starts_with(b"<");
    !line.is_empty() && line.len() <= BANNER_BYTES_MAX && is_text && !is_number
}

/// Whether a header has several fields, one of which only programs write.
pub(super) fn has_known_fields(text: &[u8]) -> bool {
    let lines = text.split(|b| *b == b'\n').take(30);
    let header = lines.take_while(|line| !line.trim_ascii().is_empty());
    let (mut of_programs, mut written) = (0, 0);
    for line in header {
        let name = line.split(|b| *b == b':').next().unwrap_or_default();
        let name = name.trim_ascii_end().to_ascii_lowercase();
        of_programs += usize::from(FIELDS.contains(&&*name));
        written += usize::from(WRITTEN_FIELDS.contains(&&*name));
    }
    of_programs > 0 && of_programs + written > 1
}

/// Whether a line opens a message of an mbox file.
fn is_mbox_line(line: &[u8]) -> bool {
    let from = line.strip_prefix(b">").unwrap_or(line);
    from.starts_with(b"From ")
}

fn is_field(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', line) else {
        return false;
    };
    // Blanks before the colon are obsolete but legal (RFC 5322 section 4.5).
    let name = line.get(..colon).unwrap_or_default().trim_ascii();
    (1..=FIELD_NAME_MAX).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_mail(bytes: &[u8]) -> bool {
        mail(bytes).is_some()
    }

    #[test]
    fn a_mail_begins_with_a_field_or_an_mbox_line() {
        assert!(is_mail(b"Subject: x\r\n\r\nhello"));
        assert!(is_mail(b"\r\n\nReceived : by x\n"));
        assert!(is_mail(
            b"From ann@x.org Thu Jan  1 00:00:00 1970\nSubject: x\n"
        ));
        assert!(is_mail(b"\xef\xbb\xbfSubject: x\n"));
    }

    #[test]
    fn other_files_are_told_from_mails() {
        assert!(!is_mail(b""));
        assert!(!is_mail(b"\n\n"));
        assert!(!is_mail(b"hello\nSubject: x\n"));
        assert!(!is_mail(b"2014\nSubject: an emlx\n"));
        assert!(!is_mail(b"2014\nSubject: an emlx\nDate: a\n"));
        assert!(!is_mail(b"!BDN\x00\x01\x02: pst"));
        assert!(!is_mail(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"));
        assert!(!is_mail(b": no name\n"));
        assert!(!is_mail(b"Hi\nFrom: a\nSent: b\nTo: c\nSubject: d\n"));
        assert!(!is_mail(b"<message>\nDate: a\nFrom: b\n"));
        assert!(!is_mail(b"one\ntwo\nthree\nfour\nFrom: a\nDate: b\n"));
    }

    #[test]
    fn what_stands_before_the_header_is_taken_away() {
        let header = "From: a\nDate: b\n\nhello\n";
        for before in [
            "",
            "\u{feff}",
            "\u{feff}\r\n \t\n\n",
            "Microsoft Mail Internet Headers Version 2.0\r\n",
            "\nA banner\n\n  \nAnother\n",
        ] {
            let bytes = format!("{before}{header}");
            assert_eq!(
                mail(bytes.as_bytes()),
                Some(header.as_bytes()),
                "{before:?}"
            );
        }
    }

    #[test]
    fn a_servers_own_message_is_no_mail() {
        let data = "From: Mail System Internal Data <MAILER-DAEMON@x>\n\
                    Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nx";
        assert!(is_folder_data(data.as_bytes()));
        let about = "From: Ann <ann@x.org>\nSubject: Re: -- FOLDER INTERNAL DATA\n\nX-IMAP: what?";
        assert!(!is_folder_data(about.as_bytes()));
        assert!(!is_folder_data(
            b"X-IMAPbase: 1 2\nSubject: x\n\n-- FOLDER INTERNAL DATA"
        ));
    }
}
