//! Limits the texts of an item, and records whether anything was cut off (`model::limits`).

use crate::model::limits;

/// Truncates the texts of one item, and records whether anything was cut off.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Whether the item has more content than is kept.
    pub is_shortened: bool,
}

impl Kept {
    /// A subject.
    pub(super) fn subject(&mut self, text: &str) -> String {
        match text.char_indices().nth(limits::SUBJECT_CHARS) {
            Some((end, _)) => {
                self.is_shortened = true;
                limits::cut(text, end).to_owned()
            }
            None => text.to_owned(),
        }
    }

    /// The encoded bytes of a text or HTML part that are read.
    pub(super) fn source<'a>(&mut self, text: &'a str) -> &'a str {
        let cut = limits::cut(text, limits::TEXT_SOURCE_BYTES);
        self.is_shortened |= cut.len() < text.len();
        cut
    }

    /// The text of an item.
    pub(super) fn text(&mut self, mut text: String) -> String {
        self.is_shortened |= limits::truncate(&mut text, limits::TEXT_BYTES);
        text
    }

    /// A display name.
    pub(super) fn name(&mut self, mut name: String) -> String {
        self.is_shortened |= limits::truncate(&mut name, limits::NAME_BYTES);
        name
    }

    /// An address, or the text in its place. A truncated address is marked so that it does not
    /// count as one: it would be a different address.
    pub(super) fn address(&mut self, mut text: String) -> String {
        let has_sign = text.contains('@');
        if limits::truncate(&mut text, limits::ADDRESS_BYTES) {
            self.is_shortened = true;
            text.push_str(" …");
            // It remains visible that there was an address.
            if has_sign && !text.contains('@') {
                text.push('@');
            }
        }
        text
    }

    /// Whether there is room for one more participant.
    pub(super) fn has_room(&mut self, participants: usize) -> bool {
        let has_room = participants < limits::PARTICIPANTS;
        self.is_shortened |= !has_room;
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::Address;

    #[test]
    fn what_is_cut_off_is_remembered() {
        let mut kept = Kept::default();
        let subject = "é".repeat(limits::SUBJECT_CHARS);
        assert_eq!(kept.subject(&subject), subject);
        assert_eq!(kept.name("Ann".into()), "Ann");
        assert!(!kept.is_shortened);
        assert_eq!(kept.subject(&format!("{subject}x")), subject);
        assert!(kept.is_shortened);
    }

    #[test]
    fn what_is_left_of_an_address_is_none() {
        let address = format!("ann@{}example.org", "x.".repeat(300));
        let left = Kept::default().address(address);
        assert!(Address::parse(&left).is_none(), "{left}");
        let left = Kept::default().address(format!("{}@x.org", "a".repeat(600)));
        assert!(
            Address::parse(&left).is_none() && left.ends_with("…@"),
            "{left}"
        );
    }
}
