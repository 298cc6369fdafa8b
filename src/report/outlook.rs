//! Links that open an interaction in Outlook on the web.

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;

use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Source;
use crate::model::interaction::State;

/// What is encoded in a segment of a path (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The link of a copy that was read from Microsoft Graph; it works for the mailbox's owner. `None`
/// for other sources, and for what is no longer there.
pub fn link(row: &Interaction) -> Option<String> {
    let is_there = !matches!(row.state, State::Withdrawn | State::Superseded);
    (row.source == Source::Graph && is_there).then(|| {
        let path = match row.kind {
            Kind::Email => "mail/deeplink/read",
            Kind::Meeting => "calendar/item",
        };
        let id = encoded(&row.source_id);
        format!("https://outlook.office.com/{path}/{id}")
    })
}

/// A text as one segment of a path.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_one_segment_of_a_path() {
        assert_eq!(encoded("AAMk=/+ü-_"), "AAMk%3D%2F%2B%C3%BC-_");
    }
}
