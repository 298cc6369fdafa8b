//! Mail whose author a group replaced by itself, because the author's domain forbids others to send
//! in its name (DMARC): `From: 'Eva' via Sales <sales@contoso.com>`.
//!
//! Google Groups name the author in `X-Original-From` where they replace it, and in
//! `X-Original-Sender` always; Mailman and others put the author into `Reply-To`.

use crate::model::address::Address;
use crate::model::interaction::Role;
use crate::model::mail::RawParticipant;

/// The fields that are looked at.
pub const FIELDS: [&str; 5] = [
    "x-original-from",
    "x-original-sender",
    "reply-to",
    "list-post",
    "mailing-list",
];

/// What groups write between the author's name and their own, in their language.
const VIA: [&str; 6] = ["via", "über", "tramite", "através", "przez", "через"];

/// What the header says of the author besides `From`.
#[derive(Debug, Default)]
pub struct Claims {
    /// Who stands in `X-Original-From`.
    pub original_from: Vec<RawParticipant>,
    /// Who stands in `X-Original-Sender`.
    pub original_sender: Vec<RawParticipant>,
    /// Who stands in `Reply-To`.
    pub reply_to: Vec<RawParticipant>,
    /// `List-Post` and `Mailing-list`, as they stand there.
    pub list: String,
}

/// Puts the author in the place of the group that replaced it; the group stays as the sender.
pub fn restore(participants: &mut Vec<RawParticipant>, claims: Claims) {
    let is_from = |one: &RawParticipant| one.role == Role::From;
    let Some(place) = participants.iter().position(is_from) else {
        return;
    };
    let Some(mut author) = author(&participants[place], claims) else {
        return;
    };
    author.role = Role::From;
    let mut group = std::mem::replace(&mut participants[place], author);
    group.role = Role::Sender;
    let is_group = |one: &RawParticipant| one.role == Role::Sender && is_same(one, &group);
    if !participants.iter().any(is_group) {
        participants.insert(place + 1, group);
    }
}

fn author(from: &RawParticipant, claims: Claims) -> Option<RawParticipant> {
    let is_via = from.name.as_deref().is_some_and(names_via);
    let address = Address::parse(&from.address)?;
    let is_group = is_via || claims.list.to_lowercase().contains(address.as_str());
    let other = |listed: Vec<RawParticipant>| {
        let mut others = listed.into_iter();
        others.find(|one| Address::parse(&one.address).is_some() && !is_same(one, from))
    };
    if !claims.original_from.is_empty() {
        return other(claims.original_from);
    }
    let sender = other(claims.original_sender).filter(|_| is_group);
    let reply_to = || other(claims.reply_to).filter(|_| is_via);
    let mut author = sender.or_else(reply_to)?;
    author.name = author
        .name
        .or_else(|| name_before_via(from.name.as_deref()?));
    Some(author)
}

fn is_same(one: &RawParticipant, other: &RawParticipant) -> bool {
    let address = |one: &RawParticipant| Address::parse(&one.address);
    address(one) == address(other)
}

/// Whether a name is that of somebody and of the group by which the mail came.
fn names_via(name: &str) -> bool {
    let words = name.split_whitespace().skip(1);
    let words: Vec<String> = words.map(str::to_lowercase).collect();
    let named = words.split_last().map_or(&[][..], |(_, before)| before);
    named.iter().any(|word| VIA.contains(&word.as_str()))
}

fn name_before_via(name: &str) -> Option<String> {
    let words = name.split_whitespace();
    let is_name = |word: &&str| !VIA.contains(&word.to_lowercase().as_str());
    let name: Vec<&str> = words.take_while(is_name).collect();
    let name = name.join(" ");
    let name = name.trim_matches(['\'', '"']).trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(role: Role, name: &str, address: &str) -> RawParticipant {
        RawParticipant {
            role,
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            address: address.to_owned(),
        }
    }

    fn check(from: (&str, &str), claims: Claims, expected: &[(Role, &str, &str)]) {
        let mut participants = vec![
            named(Role::From, from.0, from.1),
            named(Role::To, "", "sales@contoso.com"),
        ];
        restore(&mut participants, claims);
        participants.pop();
        let expected: Vec<_> = expected
            .iter()
            .map(|one| named(one.0, one.1, one.2))
            .collect();
        assert_eq!(participants, expected);
    }

    fn eva() -> Vec<RawParticipant> {
        vec![named(Role::To, "Eva", "eva@fabrikam.com")]
    }

    const GROUP: (&str, &str) = ("'Eva' via Sales", "sales@contoso.com");

    #[test]
    fn the_author_stands_before_the_group_that_replaced_it() {
        let expected = [
            (Role::From, "Eva", "eva@fabrikam.com"),
            (Role::Sender, GROUP.0, GROUP.1),
        ];
        let original = Claims {
            original_from: eva(),
            ..Claims::default()
        };
        check(GROUP, original, &expected);
        let sender = Claims {
            original_sender: vec![named(Role::To, "", "eva@fabrikam.com")],
            ..Claims::default()
        };
        check(GROUP, sender, &expected);
        let both = vec![named(Role::To, "", "sales@contoso.com"), eva().remove(0)];
        let reply_to = Claims {
            reply_to: both,
            ..Claims::default()
        };
        check(GROUP, reply_to, &expected);
    }

    #[test]
    fn a_group_is_known_by_its_list_as_well() {
        let claims = Claims {
            original_sender: eva(),
            list: "<mailto:Sales@contoso.com>".to_owned(),
            ..Claims::default()
        };
        let expected = [
            (Role::From, "Eva", "eva@fabrikam.com"),
            (Role::Sender, "Sales", GROUP.1),
        ];
        check(("Sales", GROUP.1), claims, &expected);
    }

    #[test]
    fn an_author_who_was_not_replaced_stays() {
        for name in ["Ann", "Via Milano", "Ann via", "Olivia Navia Lee"] {
            let claims = Claims {
                original_sender: eva(),
                reply_to: eva(),
                ..Claims::default()
            };
            let expected = [(Role::From, name, "ann@contoso.com")];
            check((name, "ann@contoso.com"), claims, &expected);
        }
        let same = Claims {
            original_from: vec![named(Role::To, "", "Sales@Contoso.com")],
            reply_to: eva(),
            ..Claims::default()
        };
        check(GROUP, same, &[(Role::From, GROUP.0, GROUP.1)]);
    }
}
