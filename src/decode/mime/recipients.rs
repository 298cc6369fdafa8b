//! The people named in a header field, as written there.

use crate::decode::kept::Kept;
use crate::decode::mime::entries;
use crate::decode::mime::entries::End;
use crate::decode::mime::entries::Entries;
use crate::decode::mime::fields;
use crate::decode::mime::words;
use crate::model::address::addr_spec;
use crate::model::address::surroundings::Written;
use crate::model::address::visible::visible;
use crate::model::address::written;
use crate::model::interaction::Role;
use crate::model::legacy_name;
use crate::model::limits;
use crate::model::mail::RawParticipant;

/// All people found, at most [`limits::PARTICIPANTS`].
#[derive(Debug, Default)]
pub(super) struct Found {
    pub participants: Vec<RawParticipant>,
    pub kept: Kept,
}

/// The origin of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A header field.
    Field,
    /// Encoded words in it.
    EncodedWords,
}

/// All people in the value of a header field, with the role of author.
pub fn named_in(value: &str) -> Vec<RawParticipant> {
    let mut found = Found::default();
    found.named_in(value.as_bytes(), Role::From);
    found.participants
}

impl Found {
    /// Adds all people in a field, in order: members of groups one by one, a group without members
    /// as its own text (`undisclosed-recipients:;`), names without address in place of the address.
    /// From unparsable text, the addresses that can be found in it.
    pub(super) fn named_in(&mut self, value: &[u8], role: Role) {
        self.named_in_text(&fields::unfolded(value), role, Origin::Field);
    }

    fn named_in_text(&mut self, text: &str, role: Role, origin: Origin) {
        for (entry, end) in Entries::of(text) {
            if !self.kept.has_room(self.participants.len()) {
                return;
            }
            if !entry.trim().is_empty() {
                self.named_in_entry(entry, end, role, origin);
            }
        }
    }

    /// An entry is one address with its name, or a group's beginning, middle or end.
    fn named_in_entry(&mut self, entry: &str, end: End, role: Role, origin: Origin) {
        let (group, member) = entries::group(entry);
        if let Some(group) = group {
            let bare = addr_spec::without_comments(member).unwrap_or_default();
            if bare.trim_matches([' ', ';']).is_empty() {
                // After a comma its members follow, in entries of their own.
                if end != End::Comma {
                    let name = addr_spec::without_comments(group);
                    let name = name.unwrap_or_else(|| group.to_owned());
                    let name = words::decoded(name.trim().trim_matches('"'));
                    self.push(role, None, format!("{}:;", name.to_lowercase()));
                }
                return;
            }
        }
        if names_legacy(member) {
            self.push_raw(role, member);
        } else if let Some(written) = written::read(member) {
            self.push_written(role, written);
        } else if origin == Origin::Field && entries::is_encoded_list(member) {
            let decoded = words::decoded(member);
            self.named_in_text(&decoded, role, Origin::EncodedWords);
        } else {
            self.salvage(entry, member, role);
        }
    }

    /// Adds the addresses that can be found, and the remainder if it may contain an address.
    fn salvage(&mut self, entry: &str, member: &str, role: Role) {
        let decoded = words::decoded(member);
        let seen = visible(&decoded);
        if seen.found.is_empty() {
            return self.push_raw(role, if seen.has_rest { entry } else { member });
        }
        for written in seen.found {
            if !self.kept.has_room(self.participants.len()) {
                return;
            }
            self.push_written(role, written);
        }
        if seen.has_rest {
            self.push(role, None, decoded.trim().to_owned());
        }
    }

    /// Adds text in place of an address: `Ann Lee`, `Ann <ann>`.
    fn push_raw(&mut self, role: Role, entry: &str) {
        let mut read = limits::cut(entry, limits::PARTICIPANT_BYTES).to_owned();
        if read.len() < entry.len() {
            self.kept.is_shortened = true;
            // It remains visible that there was an address.
            if entry.contains('@') && !read.contains('@') {
                read.push_str(" …@");
            }
        }
        let bare = addr_spec::without_comments(&read).unwrap_or(read);
        let plain = |text: &str| {
            let text = words::decoded(text.trim());
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"');
            (!text.is_empty()).then(|| text.to_owned())
        };
        let bare = bare.trim().trim_end_matches(';');
        let in_brackets = bare
            .strip_suffix('>')
            .and_then(|text| text.rsplit_once('<'));
        match in_brackets {
            Some((name, inside)) => {
                if let Some(inside) = plain(inside).or_else(|| plain(name)) {
                    self.push(role, plain(name).filter(|name| *name != inside), inside);
                }
            }
            None => {
                if let Some(text) = plain(bare) {
                    self.push(role, None, text);
                }
            }
        }
    }

    fn push_written(&mut self, role: Role, written: Written) {
        let name = written.name.map(|name| words::decoded(&name));
        self.push(role, name, written.text);
    }

    fn push(&mut self, role: Role, name: Option<String>, address: String) {
        self.participants.push(RawParticipant {
            role,
            name: name.map(|name| self.kept.name(name)),
            address: self.kept.address(address),
        });
    }
}

/// Whether there is a legacy Exchange name in place of the address.
fn names_legacy(entry: &str) -> bool {
    let in_brackets = entry.rsplit_once('<').map_or(entry, |(_, inside)| inside);
    legacy_name::read(in_brackets).is_some()
}

#[cfg(test)]
mod tests;
