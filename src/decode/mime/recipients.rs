//! Who is named in a header field, as it stands there.

use mail_parser::Addr;
use mail_parser::Address;
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use crate::decode::mime::fields;
use crate::model::interaction::Role;
use crate::model::mail::RawParticipant;

/// Everybody in a field, in order: members of groups one by one, a group without members as its
/// own text (`undisclosed-recipients:;`), names without address in place of the address.
pub(super) fn named_in(value: &[u8], role: Role, out: &mut Vec<RawParticipant>) {
    let mut line = fields::unfolded(value);
    if line.trim().is_empty() {
        return;
    }
    line.push('\n');
    match MessageStream::new(line.as_bytes()).parse_address() {
        HeaderValue::Address(Address::List(list)) => {
            let named = list.into_iter();
            out.extend(named.filter_map(|addr| participant(addr, role, &line)));
        }
        HeaderValue::Address(Address::Group(groups)) => {
            for group in groups {
                let members = group.addresses.into_iter();
                let before = out.len();
                out.extend(members.filter_map(|addr| participant(addr, role, &line)));
                if let Some(name) = group.name
                    && out.len() == before
                {
                    out.push(RawParticipant {
                        role,
                        name: None,
                        address: format!("{}:;", name.trim().to_lowercase()),
                    });
                }
            }
        }
        _ => out.push(RawParticipant {
            role,
            name: None,
            address: line.trim().to_owned(),
        }),
    }
}

/// `line` is the whole field: the parser hands over a comment that stands alone as a name.
fn participant(addr: Addr<'_>, role: Role, line: &str) -> Option<RawParticipant> {
    let plain = |text: std::borrow::Cow<'_, str>| {
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    };
    let name = addr.name.and_then(plain);
    let (name, address) = match addr.address.and_then(plain) {
        // A quoted local part (`"ann lee"@x.org`) is handed over as a name.
        Some(domain) if domain.starts_with('@') && !domain.contains(':') => {
            (None, name.unwrap_or_default() + &domain)
        }
        Some(address) => (name, without_route(&address).to_owned()),
        None => (
            None,
            name.filter(|name| !line.contains(&format!("({name})")))?,
        ),
    };
    Some(RawParticipant {
        role,
        name,
        address,
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
        let mut found = Vec::new();
        named_in(value.as_bytes(), Role::To, &mut found);
        let found: Vec<_> = found
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
        check(" , ", &[(None, ",")]);
    }
}
