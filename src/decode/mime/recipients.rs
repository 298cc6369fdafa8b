//! Who is named in a header field, as it stands there.

use std::borrow::Cow;

use mail_parser::Addr;
use mail_parser::Address;
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use crate::decode::kept::Kept;
use crate::decode::mime::entries::End;
use crate::decode::mime::entries::Entries;
use crate::decode::mime::fields;
use crate::model::interaction::Role;
use crate::model::limits;
use crate::model::mail::RawParticipant;

/// Everybody who was found, no more than [`limits::PARTICIPANTS`].
#[derive(Debug, Default)]
pub(super) struct Found {
    pub participants: Vec<RawParticipant>,
    pub kept: Kept,
}

impl Found {
    /// Adds everybody in a field, in order: members of groups one by one, a group without members
    /// as its own text (`undisclosed-recipients:;`), names without address in place of the address.
    pub fn named_in(&mut self, value: &[u8], role: Role) {
        let line = fields::unfolded(value);
        for (entry, end) in Entries::of(&line) {
            if !self.kept.has_room(self.participants.len()) {
                return;
            }
            let read = limits::cut(entry, limits::PARTICIPANT_BYTES);
            self.kept.is_shortened |= read.len() < entry.len();
            self.named_in_entry(read, end, role);
        }
    }

    /// An entry is one address with its name, or a group's beginning, middle or end.
    fn named_in_entry(&mut self, entry: &str, end: End, role: Role) {
        if entry.trim().is_empty() {
            return;
        }
        let line = format!("{entry}\n");
        match MessageStream::new(line.as_bytes()).parse_address() {
            HeaderValue::Address(Address::List(list)) => self.add(list, role, &line),
            HeaderValue::Address(Address::Group(groups)) => {
                for group in groups {
                    let before = self.participants.len();
                    self.add(group.addresses, role, &line);
                    if let Some(name) = group.name
                        && self.participants.len() == before
                        // Behind a comma follow its members, in entries of their own.
                        && end != End::Comma
                    {
                        self.push(role, None, format!("{}:;", name.trim().to_lowercase()));
                    }
                }
            }
            _ => self.push(role, None, line.trim().to_owned()),
        }
    }

    fn add(&mut self, list: Vec<Addr<'_>>, role: Role, line: &str) {
        for addr in list {
            if let Some((name, address)) = named(addr, line) {
                self.push(role, name, address);
            }
        }
    }

    fn push(&mut self, role: Role, name: Option<String>, address: String) {
        self.participants.push(RawParticipant {
            role,
            name: name.map(|name| self.kept.name(name)),
            address: self.kept.address(address),
        });
    }
}

/// Name and address. `line` is what was parsed: the parser hands over a comment that stands alone
/// as a name.
fn named(addr: Addr<'_>, line: &str) -> Option<(Option<String>, String)> {
    let plain = |text: Cow<'_, str>| {
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    };
    let name = addr.name.and_then(plain);
    Some(match addr.address.and_then(plain) {
        // A quoted local part (`"ann lee"@x.org`) is handed over as a name.
        Some(domain) if domain.starts_with('@') && !domain.contains(':') => {
            (None, name.unwrap_or_default() + &domain)
        }
        Some(address) => (name, without_route(&address).to_owned()),
        None => (
            None,
            name.filter(|name| !line.contains(&format!("({name})")))?,
        ),
    })
}

/// `@relay.org,@other.org:ann@x.org` is an obsolete way to write `ann@x.org` (RFC 5322 section 4.4).
fn without_route(address: &str) -> &str {
    if !address.starts_with('@') {
        return address;
    }
    let target = address.rsplit_once(':').map(|(_, target)| target);
    target
        .filter(|target| target.contains('@'))
        .unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &[(Option<&str>, &str)]) {
        let mut found = Found::default();
        found.named_in(value.as_bytes(), Role::To);
        let found: Vec<_> = found
            .participants
            .iter()
            .map(|entry| (entry.name.as_deref(), entry.address.as_str()))
            .collect();
        assert_eq!(found, expected, "{value:?}");
    }

    #[test]
    fn names_quotes_and_comments_are_told_from_addresses() {
        check(
            " a@x.org, Bo <b@x.org>",
            &[(None, "a@x.org"), (Some("Bo"), "b@x.org")],
        );
        check("\"Lee, Ann\" <a@x.org>", &[(Some("Lee, Ann"), "a@x.org")]);
        check("a@x.org (Ann)", &[(Some("Ann"), "a@x.org")]);
        check(
            "=?utf-8?Q?J=C3=BCrgen?= <j@x.org>",
            &[(Some("Jürgen"), "j@x.org")],
        );
        check(
            "a@x.org;\r\n b@x.org",
            &[(None, "a@x.org"), (None, "b@x.org")],
        );
    }

    #[test]
    fn a_group_without_members_is_kept_as_it_stands() {
        check(
            "Undisclosed-Recipients:;",
            &[(None, "undisclosed-recipients:;")],
        );
        check(
            "undisclosed-recipients: ;",
            &[(None, "undisclosed-recipients:;")],
        );
        check(
            "Recipient List\r\n Suppressed:;",
            &[(None, "recipient list suppressed:;")],
        );
    }

    #[test]
    fn members_of_a_group_take_part_themselves() {
        check(
            "c@x.org, Team: a@x.org, Bo <b@x.org>;, d@x.org",
            &[
                (None, "c@x.org"),
                (None, "a@x.org"),
                (Some("Bo"), "b@x.org"),
                (None, "d@x.org"),
            ],
        );
    }

    #[test]
    fn what_is_no_address_is_kept_as_it_stands() {
        check("Ann Lee", &[(None, "Ann Lee")]);
        check("Ann <ann>", &[(Some("Ann"), "ann")]);
        check("<@relay.org:ann@x.org>", &[(None, "ann@x.org")]);
        check("\"ann lee\"@x.org", &[(None, "ann lee@x.org")]);
        check("(nobody)", &[]);
        check(
            "unlisted-recipients:; (no To-header on input)",
            &[(None, "unlisted-recipients:;")],
        );
        check("", &[]);
        check(" , ", &[]);
    }
}
