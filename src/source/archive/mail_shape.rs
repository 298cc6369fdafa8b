//! Whether bytes have the shape of a mail at all.

/// A name longer than this is no header field's: the longest that are registered have half of it.
const FIELD_NAME_MAX: usize = 128;

/// A mail begins, blank lines left out, with a header field (`Name:`) or with an mbox line that
/// was left in place (`From `, `>From `). All else is no mail: PST and MSG files, pictures, text
/// without any header, `.emlx` (which begins with a number).
pub(super) fn is_mail(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = bytes.split(|b| *b == b'\n');
    let Some(first) = lines.find(|line| !line.trim_ascii().is_empty()) else {
        return false;
    };
    is_mbox_line(first) || is_field(first)
}

/// Whether a line opens a message of an mbox file.
pub(super) fn is_mbox_line(line: &[u8]) -> bool {
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
        assert!(!is_mail(b"!BDN\x00\x01\x02: pst"));
        assert!(!is_mail(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"));
        assert!(!is_mail(b": no name\n"));
    }
}
