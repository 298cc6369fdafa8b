//! The fields of the query language: `from:`, `subject:`, `before:` and the others.

use std::fmt;

use crate::index::condition::Place;
use crate::index::condition::Property;

/// What a field compares its value with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// Words of a part.
    Words(Place),
    /// A property.
    Is,
    /// The first of some days: earlier ones.
    Before,
    /// The last of some days: later ones.
    After,
    /// The first of some days: that day and later ones.
    From,
}

/// The fields and their names. `older_than:` is `before:` with an amount of time, which both take.
const FIELDS: [(&str, Field); 10] = [
    ("from", Field::Words(Place::Author)),
    ("to", Field::Words(Place::Recipients)),
    ("with", Field::Words(Place::People)),
    ("subject", Field::Words(Place::Subject)),
    ("in", Field::Words(Place::Container)),
    ("is", Field::Is),
    ("before", Field::Before),
    ("after", Field::After),
    ("older_than", Field::Before),
    ("newer_than", Field::From),
];

/// Words before a colon that begin subjects and links, and are no fields.
const NO_FIELDS: [&str; 20] = [
    "re", "aw", "fw", "fwd", "wg", "tr", "sv", "vs", "antw", "rif", "ps", "cf", "nb", "http",
    "https", "ftp", "mailto", "tel", "sip", "urn",
];

/// What to use instead of names that people try.
const INSTEAD: [(&str, &str); 24] = [
    ("account", "use the option --account"),
    ("company", "use the option --account"),
    ("organization", "use the option --account"),
    ("contact", "use the option --contact"),
    ("person", "use the option --contact, or with:"),
    ("user", "use the option --user"),
    ("mailbox", "use the option --user"),
    ("colleague", "use the option --user, or with:"),
    ("kind", "use the option --kind, or is:meeting"),
    ("type", "use the option --kind, or is:meeting"),
    (
        "date",
        "use after: and before:, or the options --from and --to",
    ),
    ("since", "use after:, or the option --from"),
    ("until", "use before:, or the option --to"),
    ("sort", "use the option --sort"),
    ("limit", "use the option --limit"),
    ("cc", "use to:, which covers all recipients"),
    ("bcc", "use to:, which covers all recipients"),
    ("sender", "use from:"),
    ("author", "use from:"),
    ("organizer", "use from:"),
    ("attendee", "use to: or with:"),
    ("folder", "use in:"),
    ("has", "attachments are not recorded"),
    ("attachment", "attachments are not recorded"),
];

/// What precedes a value in a piece of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start<'a> {
    /// No field: all of it is words.
    Words,
    /// A field with its name, and what follows the colon.
    Field(&'a str, Field, &'a str),
    /// A name that is no field, with a value.
    Unknown(&'a str),
}

/// Reads the beginning of a piece without quotation mark and `-`.
pub(crate) fn start(piece: &str) -> Start<'_> {
    let Some((name, rest)) = piece.split_once(':') else {
        return Start::Words;
    };
    let is_name = |c: char| c.is_ascii_alphabetic() || "_-".contains(c);
    if name.len() < 2 || !name.chars().all(is_name) {
        return Start::Words;
    }
    let folded = name.to_ascii_lowercase().replace('-', "_");
    if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == folded) {
        return Start::Field(name, *field, rest);
    }
    // `Agenda: …` and `std::io` are text.
    let has_value = rest.starts_with(|c: char| !c.is_whitespace() && !":/\\".contains(c));
    if has_value && !NO_FIELDS.contains(&folded.as_str()) {
        Start::Unknown(name)
    } else {
        Start::Words
    }
}

/// What to use instead of a name that is no field.
pub(crate) fn instead_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let found = INSTEAD.iter().find(|(known, _)| *known == name);
    found.map(|(_, instead)| *instead)
}

/// Lists the names of the fields, for messages.
pub(crate) struct Known;

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = FIELDS.iter().map(|(name, _)| format!("{name}:")).collect();
        f.write_str(&names.join(", "))
    }
}

/// Lists the values of `is:`, for messages.
pub(crate) struct KnownProperties;

impl fmt::Display for KnownProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Property::ALL.iter().map(|known| known.as_str()).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_distinguished_from_links_subjects_and_times() {
        for words in [
            "offer",
            "10:30",
            "https://x.org/a",
            "custom://x",
            "re:",
            "RE:offer",
            "Agenda:",
            "Agenda: offer",
            "std::io",
            "c:x",
            "größe:5",
            "o'clock:x",
            ":x",
            "mailto:a@b.org",
        ] {
            assert_eq!(start(words), Start::Words, "{words}");
        }
        let from = Field::Words(Place::Author);
        assert_eq!(start("from:ann x"), Start::Field("from", from, "ann x"));
        assert_eq!(
            start("Older-Than:1y"),
            Start::Field("Older-Than", Field::Before, "1y")
        );
        assert_eq!(
            start("to:"),
            Start::Field("to", Field::Words(Place::Recipients), "")
        );
        assert_eq!(start("contact:x"), Start::Unknown("contact"));
        assert_eq!(start("foo:\"a b\""), Start::Unknown("foo"));
    }
}
