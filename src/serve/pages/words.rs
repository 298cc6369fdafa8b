//! Times, numbers and links as pages write them.

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;

use crate::insight::answer::Named;
use crate::insight::lookup::What;
use crate::model::time::Timestamp;
use crate::report::terminal::harmless;

/// What is encoded in a segment of a path (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `2026-03-02 02:00 UTC`.
pub(in crate::serve) fn minute(at: Timestamp) -> String {
    at.timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-03-02`.
pub(in crate::serve) fn day(at: Timestamp) -> String {
    at.timestamp().strftime("%Y-%m-%d").to_string()
}

/// When something took place: a minute, or two.
pub(in crate::serve) fn period(start: Timestamp, end: Option<Timestamp>) -> String {
    match end {
        None => minute(start),
        Some(end) => {
            let start = start.timestamp().strftime("%Y-%m-%d %H:%M");
            format!("{start} to {}", minute(end))
        }
    }
}

/// The page of a contact, an account or a colleague.
pub(in crate::serve) fn link_of(named: &Named) -> String {
    link(named.what, &named.id)
}

/// The page of what has an id.
pub(in crate::serve) fn link(what: What, id: &str) -> String {
    let id = utf8_percent_encode(id, ENCODED);
    format!("/{}/{id}", what.as_str())
}

/// A text of somebody else on one line: nothing in it changes the direction of what stands around it, or
/// is invisible.
pub(in crate::serve) fn clean(text: &str) -> String {
    harmless(text)
}

/// The same, line by line.
pub(in crate::serve) fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// `1 mailbox`, `2 mailboxes`.
pub(in crate::serve) fn count(number: usize, one: &str, several: &str) -> String {
    let written = crate::report::table::number(number as u64);
    let what = if number == 1 { one } else { several };
    format!("{written} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_one_segment_of_a_path() {
        assert_eq!(link(What::Contact, "a/b?ü"), "/contact/a%2Fb%3F%C3%BC");
        assert_eq!(link(What::Colleague, "a@b.org"), "/colleague/a%40b.org");
    }
}
