//! How much of an item is read and kept. What goes beyond is cut off or left out, and the row that
//! it becomes is counted as shortened: no item can make a run, the lake or the index fail.

/// Bytes of a mail's header fields that are read, from its first line on. The longest of real mails
/// have a tenth of it.
pub const HEADER_BYTES: usize = 1 << 20;
/// Header fields that are read.
pub const HEADER_FIELDS: usize = 4_000;
/// Bytes of one header field that are read, except for fields that name participants.
pub const FIELD_BYTES: usize = 32 << 10;
/// Participants that are kept. Mail systems deliver to some hundreds or thousands at a time.
pub const PARTICIPANTS: usize = 5_000;
/// Bytes that are read of what names one participant.
pub const PARTICIPANT_BYTES: usize = 4 << 10;
/// Bytes of a display name that are kept.
pub const NAME_BYTES: usize = 512;
/// Bytes of an address, or of the text in its place, that are kept. A longer text is no address.
pub const ADDRESS_BYTES: usize = 512;
/// Bytes of a domain (RFC 1035 section 2.3.4).
pub const DOMAIN_BYTES: usize = 253;
/// Bytes of a domain's label (RFC 1035 section 2.3.4).
pub const LABEL_BYTES: usize = 63;
/// Characters of a subject that are kept. Programs write at most 255; a longer one has no practical
/// use, and a hostile one must not inflate every table, index and screen that shows it.
pub const SUBJECT_CHARS: usize = 4_000;
/// Characters of a preview: as many as the service gives (facts 1.9).
pub const PREVIEW_CHARS: usize = 255;
/// A preview with fewer characters is the whole text: one that was cut loses white space at its end
/// besides.
pub const WHOLE_PREVIEW_CHARS: usize = 250;
/// Bytes of a text or HTML part that are read, counted before decoding.
pub const TEXT_SOURCE_BYTES: usize = 8 << 20;
/// Bytes of a text that are kept (`content = "full"`).
pub const TEXT_BYTES: usize = 1 << 20;
/// Parts of a mail that are looked at.
pub const PARTS: usize = 1_000;
/// Parts within parts that are looked into; a mail inside the mail is not.
pub const DEPTH: usize = 100;

/// A line of the table of limits, as REFERENCE.md prints it.
#[derive(Debug)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// How much at most.
    pub most: &'static str,
    /// What becomes of the rest.
    pub beyond: &'static str,
}

/// All limits of an item's content.
pub const TABLE: &[Limit] = &[
    Limit {
        what: "requests that `serve` answers at the same time",
        most: "8",
        beyond: "wait 10 seconds, then status 503",
    },
    Limit {
        what: "connections of `serve`",
        most: "256, each 15 seconds without a request, and 10 minutes in all",
        beyond: "wait; closed",
    },
    Limit {
        what: "entries of one answer of `serve`",
        most: "100",
        beyond: "further requests (`offset`)",
    },
    Limit {
        what: "a mail in an archive",
        most: "64 MiB",
        beyond: "`unreadable`, `too_large`",
    },
    Limit {
        what: "the time in which an item is read",
        most: "30 seconds",
        beyond: "`unreadable`, `too_costly`",
    },
    Limit {
        what: "header fields of a mail",
        most: "1 MiB, 4,000 fields",
        beyond: "left out",
    },
    Limit {
        what: "one header field",
        most: "32 KiB",
        beyond: "cut off (recipients: see participants)",
    },
    Limit {
        what: "participants",
        most: "5,000",
        beyond: "left out",
    },
    Limit {
        what: "a display name",
        most: "512 bytes",
        beyond: "cut off",
    },
    Limit {
        what: "an address",
        most: "512 bytes",
        beyond: "kept as text, cut off; it matches no one",
    },
    Limit {
        what: "a domain, a label of it",
        most: "253 and 63 bytes",
        beyond: "no domain: the address is kept as text, cut off; it matches no one",
    },
    Limit {
        what: "subject",
        most: "4,000 characters",
        beyond: "cut off",
    },
    Limit {
        what: "preview",
        most: "255 characters",
        beyond: "cut off (not counted as shortened)",
    },
    Limit {
        what: "a text or HTML part, or the service's body",
        most: "8 MiB",
        beyond: "the rest is not read",
    },
    Limit {
        what: "text that is kept",
        most: "1 MiB",
        beyond: "cut off",
    },
    Limit {
        what: "parts of a mail",
        most: "1,000, nested 100 deep",
        beyond: "not looked at: the text is taken from the others",
    },
];

/// The longest prefix of a text of at most `max` bytes that ends at a character boundary.
pub fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// Cuts a text that is owned; whether anything was cut off.
pub fn truncate(text: &mut String, bytes: usize) -> bool {
    let is_longer = text.len() > bytes;
    if is_longer {
        text.truncate(text.floor_char_boundary(bytes));
    }
    is_longer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_character() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        let mut text = "éé".to_owned();
        assert!(truncate(&mut text, 3));
        assert!(!truncate(&mut text, 3));
        assert_eq!(text, "é");
    }
}
