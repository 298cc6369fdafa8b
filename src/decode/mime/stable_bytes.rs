//! A hash of a mail that does not change when the mail is read, answered, moved or copied.

use crate::model::id::Id128;

/// Fields in which mail programs and servers store the status of a mail, in lower case. Names that
/// end in `-` are prefixes.
const VOLATILE: &[&str] = &[
    "status",
    "x-status",
    "x-keywords",
    "x-uid",
    "x-uidl",
    "x-imap",
    "x-imapbase",
    "x-tuid",
    "x-offlineimap",
    "x-mozilla-",
    "x-account-key",
    "x-gmail-labels",
    "x-gm-",
    "x-label",
    "x-evolution",
    "x-evolution-",
    "x-kmail-",
    "x-vm-",
    "x-rmail-attributes",
    "x-pmflags",
    "replied",
    "forwarded",
    "content-length",
    "lines",
];

/// Hash of a mail, independent of these fields, the kind of line endings and trailing blank lines.
pub(super) fn key(mail: &[u8]) -> Id128 {
    let mut hasher = blake3::Hasher::new();
    let mut is_header = true;
    let mut is_skipped = false;
    for line in without_mbox_line(mail)
        .trim_ascii_end()
        .split(|b| *b == b'\n')
    {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        is_header &= !line.is_empty();
        if is_header && !line.starts_with(b" ") && !line.starts_with(b"\t") {
            is_skipped = is_volatile(line);
        }
        if !(is_header && is_skipped) {
            hasher.update(line);
            hasher.update(b"\n");
        }
    }
    Id128::beginning(&hasher.finalize())
}

/// Without an mbox separator line before the header.
fn without_mbox_line(mail: &[u8]) -> &[u8] {
    let is_left = mail.starts_with(b"From ") || mail.starts_with(b">From ");
    let end = memchr::memchr(b'\n', mail).filter(|_| is_left);
    end.and_then(|end| mail.get(end + 1..)).unwrap_or(mail)
}

fn is_volatile(line: &[u8]) -> bool {
    let name = line.split(|b| *b == b':').next().unwrap_or_default();
    let name = name.trim_ascii_end().to_ascii_lowercase();
    VOLATILE.iter().any(|volatile| {
        let is_beginning = volatile.ends_with('-') && name.starts_with(volatile.as_bytes());
        is_beginning || name == volatile.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_line_endings_do_not_change_identity() {
        let plain = key(b"From: a\nSubject: b\n\nStatus: c\n");
        for same in [
            "Status: RO\nFrom: a\nSubject: b\n\nStatus: c\n",
            "From: a\r\nSubject: b\r\nX-Keywords: x\r\n\ty\r\n\r\nStatus: c\r\n",
            "X-UID: 7\nFrom: a\nX-Mozilla-Keys: x\nSubject: b\nContent-Length : 9\n\nStatus: c\n",
            "From ann@x.org Mon Jan  5 10:00:00 2026\nFrom: a\nReplied: x\nSubject: b\n\nStatus: c\n",
            "X-Gmail-Labels: =?UTF-8?Q?x?=\n =?UTF-8?Q?y?=\nFrom: a\nSubject: b\n\nStatus: c\n",
        ] {
            assert_eq!(key(same.as_bytes()), plain, "{same}");
        }
        for other in [
            "From: a\nSubject: b\n\nStatus: d\n",
            "From: a\nSubject: b\nX-Other: c\n\nStatus: c\n",
            "From: a\nSubject: b\n\n\nStatus: c\n",
            "",
        ] {
            assert_ne!(key(other.as_bytes()), plain, "{other}");
        }
    }
}
