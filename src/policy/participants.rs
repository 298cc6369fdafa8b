//! Participants: normalises names and addresses as written in a message.

use hashbrown::HashSet;

use crate::model::address;
use crate::model::address::Address;
use crate::model::directory::Directory;
use crate::model::interaction::Direction;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::legacy_name;
use crate::model::mail::RawParticipant;

/// The participants as they are stored: by role, then in the order of the message; one entry for
/// each address and role; a sender only if it is not the author, an attendee only if it is not the
/// organiser.
pub(crate) fn resolve(raw: &[RawParticipant], directory: &Directory) -> Vec<Participant> {
    in_order(
        raw.iter()
            .filter_map(|entry| read(entry, directory))
            .collect(),
    )
}

/// Sorts participants into the stored order and removes duplicates.
pub(crate) fn in_order(mut participants: Vec<Participant>) -> Vec<Participant> {
    participants.sort_by_key(|participant| participant.role);
    let mut kept = are_kept(&participants).into_iter();
    participants.retain(|_| kept.next().unwrap_or(true));
    participants
}

/// Which participants are kept, once they are sorted by role.
fn are_kept(participants: &[Participant]) -> Vec<bool> {
    let mut seen: HashSet<(Role, &str)> = HashSet::with_capacity(participants.len());
    let mut kept = Vec::with_capacity(participants.len());
    for participant in participants {
        let address = participant.address.as_str();
        let above = match participant.role {
            Role::Sender => Some(Role::From),
            Role::Required | Role::Optional | Role::Resource => Some(Role::Organizer),
            _ => None,
        };
        let is_above = above.is_some_and(|role| seen.contains(&(role, address)));
        kept.push(!is_above && seen.insert((participant.role, address)));
    }
    kept
}

/// One participant; `None` if the header entry is empty.
pub(crate) fn read(raw: &RawParticipant, directory: &Directory) -> Option<Participant> {
    let name = raw.name.as_deref().map(str::trim);
    let name = name.filter(|name| !name.is_empty());
    let legacy_name = legacy_name::read(&raw.address);
    let resolved = legacy_name
        .as_ref()
        .and_then(|legacy| directory.legacy_names.get(legacy).cloned());
    let text = legacy_name
        .clone()
        .unwrap_or_else(|| raw.address.trim().to_lowercase());
    let parsed = || Address::parse(&raw.address).or_else(|| Address::stored(&text));
    let address = resolved.or_else(parsed);
    if let Some(address) = address.map(|address| directory.at_home(address)) {
        return Some(Participant {
            internal: directory.is_internal(&address),
            address: address.as_str().to_owned(),
            is_address: true,
            name: name.map(ToOwned::to_owned),
            role: raw.role,
            response: None,
        });
    }
    let internal = legacy_name.is_some_and(|legacy| directory.is_own_legacy_name(&legacy));
    let text = if text.is_empty() {
        name?.to_lowercase()
    } else {
        text
    };
    Some(Participant {
        address: text,
        is_address: false,
        name: name.map(ToOwned::to_owned),
        role: raw.role,
        response: None,
        internal,
    })
}

/// Whether there are participants with addresses and all of them belong to the company. Text in
/// place of an address is ignored, unless it may contain an address of another domain.
pub(crate) fn is_internal_only(participants: &[Participant], directory: &Directory) -> bool {
    let is_internal = |one: &Participant| {
        one.internal || (!one.is_address && !names_another_domain(&one.address, directory))
    };
    participants.iter().any(|one| one.is_address) && participants.iter().all(is_internal)
}

/// Whether an `@` in a text is followed by a domain that is not the company's.
fn names_another_domain(text: &str, directory: &Directory) -> bool {
    domains_in(text).any(|domain| !directory.is_internal_domain(&domain))
}

/// The domains after an `@` in a text that is not an address; empty if none can be parsed.
pub(super) fn domains_in(text: &str) -> impl Iterator<Item = String> {
    text.split('@').skip(1).map(|rest| {
        let rest = rest.trim_start();
        let is_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        let end = rest.find(|c| !is_host(c)).unwrap_or(rest.len());
        address::domain(rest.get(..end).unwrap_or_default())
    })
}

/// The direction from the company's point of view, so that all copies have the same.
pub(crate) fn direction(participants: &[Participant], directory: &Directory) -> Direction {
    if is_internal_only(participants, directory) {
        return Direction::Internal;
    }
    let author = participants
        .iter()
        .find(|participant| matches!(participant.role, Role::From | Role::Organizer));
    match author {
        Some(author) if author.is_address && author.internal => Direction::Outbound,
        _ => Direction::Inbound,
    }
}

/// The best role of any of some addresses.
pub(crate) fn best_role(participants: &[Participant], own: &[Address]) -> Option<Role> {
    let is_own = |participant: &&Participant| {
        let mut own = own.iter();
        participant.is_address && own.any(|own| own.as_str() == participant.address)
    };
    let roles = participants.iter().filter(is_own);
    roles.map(|participant| participant.role).min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::capture_policy::fixtures;

    fn raw(role: Role, name: &str, address: &str) -> RawParticipant {
        RawParticipant {
            role,
            name: Some(name.to_owned()),
            address: address.to_owned(),
        }
    }

    /// `role address (+ internal | ? no address)` of each participant.
    fn show(participants: &[Participant]) -> Vec<String> {
        let line = |p: &Participant| {
            let internal = if p.internal { " +" } else { "" };
            let text = if p.is_address { "" } else { " ?" };
            format!("{} {}{internal}{text}", p.role.as_str(), p.address)
        };
        participants.iter().map(line).collect()
    }

    fn check(raw: &[RawParticipant], expected: &[&str], direction_expected: Direction) {
        let participants = resolve(raw, &fixtures::directory());
        assert_eq!(show(&participants), expected);
        assert_eq!(
            direction(&participants, &fixtures::directory()),
            direction_expected
        );
    }

    #[test]
    fn roles_come_in_order_and_each_address_once_in_each() {
        check(
            &[
                raw(Role::To, "B", "Bob@Acme.com"),
                raw(Role::Cc, "", "bob@acme.com"),
                raw(Role::From, "Ann", "<ANN@contoso.com>"),
                raw(Role::To, "again", "bob@acme.com"),
                raw(Role::To, "", "eu@sub.contoso.com"),
                raw(Role::Sender, "Ann", "smtp:ann@contoso.com"),
            ],
            &[
                "from ann@contoso.com +",
                "to bob@acme.com",
                "to eu@sub.contoso.com +",
                "cc bob@acme.com",
            ],
            Direction::Outbound,
        );
    }

    #[test]
    fn a_sender_stays_where_it_is_not_the_author() {
        check(
            &[
                raw(Role::From, "", "boss@contoso.com"),
                raw(Role::Sender, "", "ann@contoso.com"),
                raw(Role::To, "", "bob@acme.com"),
            ],
            &[
                "from boss@contoso.com +",
                "sender ann@contoso.com +",
                "to bob@acme.com",
            ],
            Direction::Outbound,
        );
    }

    #[test]
    fn legacy_names_resolve_through_the_directory_or_stay() {
        check(
            &[
                raw(Role::From, "Ann", "/O=Contoso/OU=EU/cn=Recipients/cn=Ann"),
                raw(Role::To, "Gone", "/o=contoso/ou=EU/cn=Recipients/cn=Gone"),
                raw(Role::To, "Other", "X500:/O=Globex/cn=Z"),
                raw(Role::Cc, "Bob", "bob@acme.com"),
            ],
            &[
                "from ann@contoso.com +",
                "to /o=contoso/ou=eu/cn=recipients/cn=gone + ?",
                "to /o=globex/cn=z ?",
                "cc bob@acme.com",
            ],
            Direction::Outbound,
        );
    }

    #[test]
    fn text_without_address_is_kept_and_ignored() {
        check(
            &[
                raw(Role::From, "Ann", "ann@contoso.com"),
                raw(Role::To, "", "Undisclosed-Recipients:;"),
                raw(Role::To, "Board Room", ""),
                raw(Role::To, "", " "),
            ],
            &[
                "from ann@contoso.com +",
                "to undisclosed-recipients:; ?",
                "to board room ?",
            ],
            Direction::Internal,
        );
        // An author without an address is external, whatever the organisation.
        check(
            &[
                raw(Role::From, "Gone", "/o=contoso/cn=gone"),
                raw(Role::To, "", "bob@acme.com"),
                raw(Role::Cc, "", "ann@contoso.com"),
            ],
            &[
                "from /o=contoso/cn=gone + ?",
                "to bob@acme.com",
                "cc ann@contoso.com +",
            ],
            Direction::Inbound,
        );
        let without_address = [
            raw(Role::From, "", "mailer-daemon"),
            raw(Role::To, "", "root"),
        ];
        check(
            &without_address,
            &["from mailer-daemon ?", "to root ?"],
            Direction::Inbound,
        );
        let directory = fixtures::directory();
        assert!(!is_internal_only(
            &resolve(&without_address, &directory),
            &directory
        ));
        check(&[], &[], Direction::Inbound);
    }

    #[test]
    fn text_with_a_possible_foreign_address_is_external() {
        let from = || raw(Role::From, "Ann", "ann@contoso.com");
        for (text, expected) in [
            ("eva@ fabrikam.com and others", Direction::Outbound),
            ("<eva@fabrikam.com", Direction::Outbound),
            ("eva@ <fabrikam.com>", Direction::Outbound),
            ("eva, bob@", Direction::Outbound),
            ("eva@[fabrikam", Direction::Outbound),
            ("bob at contoso.com", Direction::Internal),
            ("bob @ eu.contoso.com, x", Direction::Internal),
            ("list:;", Direction::Internal),
        ] {
            let people = resolve(&[from(), raw(Role::To, "", text)], &fixtures::directory());
            assert_eq!(
                direction(&people, &fixtures::directory()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_guest_is_external_under_the_original_address() {
        let name = "eva_fabrikam.com#EXT#@contoso.com";
        let mut directory = fixtures::directory();
        let people = |directory: &Directory| {
            let raw = [
                raw(Role::From, "", "ann@contoso.com"),
                raw(Role::To, "Eva", name),
            ];
            show(&resolve(&raw, directory))
        };
        let by_name = ["from ann@contoso.com +", "to eva@fabrikam.com"];
        assert_eq!(people(&directory), by_name);
        let known = Address::parse("eva.miller@fabrikam.com").unwrap();
        directory
            .guests
            .insert(Address::parse(name).unwrap(), known);
        let by_directory = ["from ann@contoso.com +", "to eva.miller@fabrikam.com"];
        assert_eq!(people(&directory), by_directory);
        let other = [
            raw(Role::From, "", "ann@contoso.com"),
            raw(Role::To, "", "eva#EXT#@contoso.com"),
        ];
        let shown = show(&resolve(&other, &directory));
        assert_eq!(shown, ["from ann@contoso.com +", "to eva#ext#@contoso.com"]);
    }

    #[test]
    fn authorless_mail_to_the_company_is_inbound() {
        check(
            &[
                raw(Role::To, "", "ann@contoso.com"),
                raw(Role::Cc, "", "bob@acme.com"),
            ],
            &["to ann@contoso.com +", "cc bob@acme.com"],
            Direction::Inbound,
        );
    }

    #[test]
    fn the_owner_gets_the_best_role_of_all_own_addresses() {
        let mailbox = fixtures::mailbox("ann");
        for (roles, expected) in [
            (
                &[
                    (Role::Cc, "ann@contoso.com"),
                    (Role::To, "ann.lee@contoso.com"),
                ][..],
                Some(Role::To),
            ),
            (
                &[
                    (Role::From, "ann@contoso.com"),
                    (Role::Bcc, "ann@contoso.com"),
                ],
                Some(Role::From),
            ),
            (&[(Role::To, "list@contoso.com")], None),
        ] {
            let raw: Vec<_> = roles
                .iter()
                .map(|(role, address)| raw(*role, "", address))
                .collect();
            let participants = resolve(&raw, &fixtures::directory());
            assert_eq!(best_role(&participants, &mailbox.own_addresses), expected);
        }
    }

    proptest! {
        #[test]
        fn resolving_what_was_resolved_changes_nothing(
            entries in prop::collection::vec((0..5_usize, "[a-cA-C/o=+@.<>: ]{0,12}"), 0..40),
        ) {
            let raw: Vec<_> = entries
                .iter()
                .map(|(role, address)| raw(Role::ALL[*role], "n", address))
                .collect();
            let once = resolve(&raw, &fixtures::directory());
            let again: Vec<_> = once.iter().map(raw_of).collect();
            prop_assert_eq!(resolve(&again, &fixtures::directory()), once);
        }
    }

    fn raw_of(participant: &Participant) -> RawParticipant {
        RawParticipant {
            role: participant.role,
            name: participant.name.clone(),
            address: participant.address.clone(),
        }
    }
}
