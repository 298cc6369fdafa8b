//! Recovers the author of mail in which a group replaced the author by itself, because the author's
//! domain forbids others to send in its name (DMARC): `From: 'Eva' via Sales <sales@contoso.com>`.
//!
//! Google Groups name the author in `X-Original-From` where they replace it, and in
//! `X-Original-Sender` always; Mailman and others put the author into `Reply-To`, or into `Cc`
//! where replies go to the list. Other services write "via" as well (`Ann via HubSpot`), and their
//! `Reply-To` is an address of their own: it is the author only if the mail is the group's, or if
//! it has the name that precedes "via".

use crate::decode::bulk;
use crate::decode::mime::recipients;
use crate::model::address::Address;
use crate::model::address::visible::visible;
use crate::model::interaction::Role;
use crate::model::mail::RawParticipant;

/// The fields that are read.
pub const FIELDS: [&str; 5] = [
    "x-original-from",
    "x-original-sender",
    "reply-to",
    "list-post",
    "mailing-list",
];

/// The word that groups write between the author's name and their own, by language.
const VIA: [&str; 6] = ["via", "über", "tramite", "através", "przez", "через"];

/// Minimum length of a word by which a name is recognised in an address.
const NAME_LETTERS_MIN: usize = 3;

/// The header fields that identify the author besides `From`.
#[derive(Debug, Default)]
pub struct Claims {
    /// The person in `X-Original-From`.
    pub original_from: Vec<RawParticipant>,
    /// The person in `X-Original-Sender`.
    pub original_sender: Vec<RawParticipant>,
    /// The people in `Reply-To`.
    pub reply_to: Vec<RawParticipant>,
    /// The addresses in `List-Post` and `Mailing-list`.
    pub lists: Vec<Address>,
}

impl Claims {
    /// Reads the fields; `field` returns the first field of a name.
    pub fn of(field: impl Fn(&str) -> Option<String>) -> Self {
        let named = |name| field(name).map_or_else(Vec::new, |value| recipients::named_in(&value));
        let listed = |name| field(name).map_or_else(Vec::new, |value| visible(&value).found);
        let lists = ["list-post", "mailing-list"].into_iter().flat_map(listed);
        Self {
            original_from: named("x-original-from"),
            original_sender: named("x-original-sender"),
            reply_to: named("reply-to"),
            lists: lists.map(|written| written.address).collect(),
        }
    }
}

/// Restores the author that a group replaced; the group becomes the sender.
pub fn restore(participants: &mut Vec<RawParticipant>, claims: &Claims) {
    let is_from = |one: &RawParticipant| one.role == Role::From;
    let Some(place) = participants.iter().position(is_from) else {
        return;
    };
    let Some(group) = participants.get(place).and_then(Group::of) else {
        return;
    };
    let Some(mut author) = group.author(participants, claims) else {
        return;
    };
    author.role = Role::From;
    let mut sender = group.from;
    sender.role = Role::Sender;
    if let Some(from) = participants.get_mut(place) {
        *from = author;
    }
    let is_sender = |one: &RawParticipant| one.role == Role::Sender && is_same(one, &sender);
    if !participants.iter().any(is_sender) {
        participants.insert(place + 1, sender);
    }
}

/// The possible group in `From`.
struct Group {
    from: RawParticipant,
    address: Address,
    /// The name before "via", if there is one.
    author_name: Option<String>,
}

impl Group {
    fn of(from: &RawParticipant) -> Option<Self> {
        Some(Self {
            from: from.clone(),
            address: Address::parse(&from.address)?,
            author_name: from.name.as_deref().and_then(name_before_via),
        })
    }

    fn author(&self, people: &[RawParticipant], claims: &Claims) -> Option<RawParticipant> {
        let is_read = |one: &&RawParticipant| Address::parse(&one.address).is_some();
        if let Some(original) = claims.original_from.iter().find(is_read) {
            return Some(original.clone()).filter(|one| !is_same(one, &self.from));
        }
        let is_listed = claims.lists.contains(&self.address);
        let is_recipient =
            |one: &RawParticipant| one.role > Role::Sender && is_same(one, &self.from);
        let is_group = is_listed || people.iter().any(is_recipient);
        let is_via = self.author_name.is_some();
        let original = claims
            .original_sender
            .iter()
            .filter(|_| is_listed || is_via);
        let answers = claims
            .reply_to
            .iter()
            .filter(|one| is_via && (is_group || self.is_named(one)));
        let copied = people.iter().filter(|one| one.role == Role::Cc);
        let copied = copied.filter(|one| is_listed && self.is_named(one));
        let mut candidates = original.chain(answers).chain(copied);
        let found = candidates.find(|one| self.may_be_author(one)).cloned();
        let mut author = found.or_else(|| self.named_author())?;
        author.name = author.name.or_else(|| self.author_name.clone());
        Some(author)
    }

    /// Another address, of another domain, that belongs to a person.
    fn may_be_author(&self, one: &RawParticipant) -> bool {
        let address = Address::parse(&one.address);
        address.is_some_and(|address| {
            address.domain() != self.address.domain()
                && bulk::reason(Some(address.as_str()), None, None).is_none()
        })
    }

    /// Whether a person has the name before "via".
    fn is_named(&self, one: &RawParticipant) -> bool {
        let name = self
            .author_name
            .as_deref()
            .unwrap_or_default()
            .to_lowercase();
        let mut words = name.split(|c: char| !c.is_alphanumeric());
        let theirs = [one.name.as_deref().unwrap_or_default(), &one.address]
            .join(" ")
            .to_lowercase();
        words.any(|word| word.chars().count() >= NAME_LETTERS_MIN && theirs.contains(word))
    }

    /// The address within the name itself: `eva@fabrikam.com via Sales`.
    fn named_author(&self) -> Option<RawParticipant> {
        let name = self.author_name.as_deref()?;
        let written = visible(name).found.into_iter().next()?;
        let author = RawParticipant {
            role: Role::From,
            name: None,
            address: written.text,
        };
        self.may_be_author(&author).then_some(author)
    }
}

fn is_same(one: &RawParticipant, other: &RawParticipant) -> bool {
    let address = |one: &RawParticipant| Address::parse(&one.address);
    address(one) == address(other)
}

/// The name of a person before that of the group that sent the mail.
fn name_before_via(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_via = |word: &&str| VIA.contains(&word.to_lowercase().as_str());
    let at = words.iter().position(is_via)?;
    let (before, behind) = words.split_at_checked(at)?;
    let name = before.join(" ");
    let name = name.trim_matches(['\'', '"']).trim();
    (!name.is_empty() && behind.len() > 1).then(|| name.to_owned())
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

    /// Author and sender of a mail to `to`.
    fn restored(from: (&str, &str), to: &[RawParticipant], claims: &Claims) -> Vec<String> {
        let mut participants = vec![named(Role::From, from.0, from.1)];
        participants.extend_from_slice(to);
        restore(&mut participants, claims);
        let authors = participants.iter().filter(|one| one.role <= Role::Sender);
        let shown = authors.map(|one| {
            let name = one.name.as_deref().unwrap_or_default();
            format!("{} {name} {}", one.role.as_str(), one.address)
        });
        shown.collect()
    }

    fn eva() -> Vec<RawParticipant> {
        vec![named(Role::To, "Eva", "eva@fabrikam.com")]
    }

    fn to(address: &str) -> Vec<RawParticipant> {
        vec![named(Role::To, "", address)]
    }

    const GROUP: (&str, &str) = ("'Eva' via Sales", "sales@contoso.com");
    const RIGHT: [&str; 2] = [
        "from Eva eva@fabrikam.com",
        "sender 'Eva' via Sales sales@contoso.com",
    ];

    #[test]
    fn the_author_precedes_the_replacing_group() {
        let unreadable = || vec![named(Role::To, "", "garbage")];
        for (original_from, original_sender, reply_to) in [
            (eva(), Vec::new(), Vec::new()),
            (Vec::new(), to("eva@fabrikam.com"), Vec::new()),
            (Vec::new(), Vec::new(), eva()),
            (Vec::new(), Vec::new(), to("eva@fabrikam.com")),
            (
                Vec::new(),
                Vec::new(),
                [to("sales@contoso.com"), eva()].concat(),
            ),
            (unreadable(), Vec::new(), eva()),
        ] {
            let claims = Claims {
                original_from,
                original_sender,
                reply_to,
                lists: Vec::new(),
            };
            for recipient in ["ann@contoso.com", "sales@contoso.com"] {
                assert_eq!(
                    restored(GROUP, &to(recipient), &claims),
                    RIGHT,
                    "{claims:?}"
                );
            }
        }
    }

    #[test]
    fn groups_are_known_by_headers_authors_by_cc_or_name() {
        let list = || Claims {
            lists: vec![Address::parse("Sales@contoso.com").unwrap()],
            ..Claims::default()
        };
        let claims = Claims {
            original_sender: eva(),
            ..list()
        };
        let right = [
            "from Eva eva@fabrikam.com",
            "sender Sales sales@contoso.com",
        ];
        assert_eq!(restored(("Sales", GROUP.1), &[], &claims), right);
        let copied = [named(Role::Cc, "Eva", "eva@fabrikam.com")];
        assert_eq!(restored(GROUP, &copied, &list()), RIGHT);
        let from = ("eva@fabrikam.com via Sales", GROUP.1);
        let author = &restored(from, &to("ann@contoso.com"), &Claims::default())[0];
        assert_eq!(author, "from eva@fabrikam.com eva@fabrikam.com");
    }

    #[test]
    fn an_author_who_was_not_replaced_stays() {
        for (name, address, reply_to) in [
            ("Ann", "ann@contoso.com", "eva@fabrikam.com"),
            ("Via Milano", "ann@contoso.com", "eva@fabrikam.com"),
            ("Ann via", "ann@contoso.com", "eva@fabrikam.com"),
            ("Olivia Navia Lee", "ann@contoso.com", "eva@fabrikam.com"),
            ("Ann via HubSpot", "ann@contoso.com", "track@hubspot.com"),
            (
                "Ann Lee via Zendesk",
                "support@contoso.com",
                "support@contoso.zendesk.com",
            ),
            (
                "Eva via DocuSign",
                "dse@docusign.net",
                "noreply@docusign.net",
            ),
            (
                "Eva via LinkedIn",
                "invitations@linkedin.com",
                "no-reply@linkedin.com",
            ),
            ("Eva via Jira", "jira@fabrikam.com", "jira+eva@fabrikam.com"),
        ] {
            let claims = Claims {
                reply_to: to(reply_to),
                ..Claims::default()
            };
            let stays = [format!("from {name} {address}")];
            assert_eq!(
                restored((name, address), &to("bob@contoso.com"), &claims),
                stays
            );
        }
        let same = Claims {
            original_from: to("Sales@Contoso.com"),
            reply_to: eva(),
            ..Claims::default()
        };
        let stays = [format!("from {} {}", GROUP.0, GROUP.1)];
        assert_eq!(restored(GROUP, &[], &same), stays);
    }
}
