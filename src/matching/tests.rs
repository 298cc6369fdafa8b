//! Every rule of design section 6, and the matcher compared with a naive scan of the snapshot.

use hashbrown::HashSet;
use proptest::prelude::*;

use crate::matching::Matcher;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchRule;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::CrmSnapshot;
use crate::model::freemail::is_freemail;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(super) fn contact(id: &str, email: &str, others: &[&str], account: &str) -> Contact {
    Contact {
        id: id.into(),
        name: format!("name of {id}").into(),
        email: Address::parse(email),
        other_emails: others.iter().map(|other| address(other)).collect(),
        account_id: (!account.is_empty()).then(|| account.into()),
    }
}

pub(super) fn account(id: &str, domains: &[&str]) -> Account {
    Account {
        id: id.into(),
        name: format!("name of {id}").into(),
        domains: domains.iter().map(|&domain| domain.to_owned()).collect(),
    }
}

pub(super) fn participant(role: Role, text: &str) -> Participant {
    Participant {
        address: text.to_owned(),
        is_address: text.contains('@'),
        name: None,
        role,
        response: None,
        internal: false,
    }
}

pub(super) fn snapshot() -> CrmSnapshot {
    CrmSnapshot::new(
        vec![
            contact(
                "c1",
                "ann@acme.com",
                &["ann@old.example", "bob@acme.com"],
                "a1",
            ),
            contact("c2", "bob@acme.com", &[], "a1"),
            contact("c3", "team+sales@acme.com", &[], "gone"),
            contact("c4", "twin@acme.com", &[], ""),
            contact("c5", "twin@acme.com", &[], ""),
            contact("c6", "", &["only@alias.example"], "a2"),
            contact("c7", "free@gmail.com", &[], "a3"),
        ],
        vec![
            account("a1", &["acme.com"]),
            account("a2", &["shared.example", "deep.eu.globex.co.uk"]),
            account(
                "a3",
                &[
                    "shared.example",
                    "gmail.com",
                    "contoso.com",
                    "eu.contoso.com",
                ],
            ),
            account("a4", &["globex.co.uk"]),
        ],
    )
}

fn own() -> HashSet<String> {
    ["contoso.com".to_owned()].into_iter().collect()
}

/// `contact|account|address|role|rule` of each contact match.
fn show(contact_matches: &[ContactMatch]) -> Vec<String> {
    let line = |contact_match: &ContactMatch| {
        let contact = contact_match.contact.as_ref().map_or("-", |(id, _)| id);
        let account = contact_match.account.as_ref().map_or("-", |(id, _)| id);
        let role = contact_match.role.as_str();
        let rule = contact_match.rule.as_str();
        format!(
            "{contact}|{account}|{}|{role}|{rule}",
            contact_match.address
        )
    };
    contact_matches.iter().map(line).collect()
}

fn check(participants: &[(Role, &str)], expected: &[&str]) {
    let participants: Vec<_> = participants
        .iter()
        .map(|(r, a)| participant(*r, a))
        .collect();
    let contact_matches = Matcher::new(&snapshot(), &own()).contact_matches(&participants);
    assert_eq!(show(&contact_matches), expected, "{participants:?}");
}

#[test]
fn each_rule_finds_and_the_first_that_matches_wins() {
    for (text, expected) in [
        ("ann@acme.com", "c1|a1|ann@acme.com|to|contact_email"),
        ("ann@old.example", "c1|a1|ann@old.example|to|contact_alias"),
        ("bob@acme.com", "c2|a1|bob@acme.com|to|contact_email"),
        (
            "ann+news@acme.com",
            "c1|a1|ann+news@acme.com|to|contact_email",
        ),
        (
            "only+x@alias.example",
            "c6|a2|only+x@alias.example|to|contact_alias",
        ),
        ("new@acme.com", "-|a1|new@acme.com|to|account_domain"),
        ("new@eu.acme.com", "-|a1|new@eu.acme.com|to|account_domain"),
        (
            "x@deep.eu.globex.co.uk",
            "-|a2|x@deep.eu.globex.co.uk|to|account_domain",
        ),
        (
            "x@other.globex.co.uk",
            "-|a4|x@other.globex.co.uk|to|account_domain",
        ),
        ("free@gmail.com", "c7|a3|free@gmail.com|to|contact_email"),
    ] {
        check(&[(Role::To, text)], &[expected]);
    }
}

#[test]
fn ties_go_to_the_smallest_id() {
    check(
        &[(Role::To, "twin@acme.com")],
        &["c4|-|twin@acme.com|to|contact_email"],
    );
    check(
        &[(Role::To, "x@shared.example")],
        &["-|a2|x@shared.example|to|account_domain"],
    );
}

#[test]
fn a_tag_in_the_crm_is_kept() {
    check(
        &[(Role::To, "team+sales@acme.com")],
        &["c3|gone|team+sales@acme.com|to|contact_email"],
    );
    check(
        &[(Role::To, "team@acme.com")],
        &["-|a1|team@acme.com|to|account_domain"],
    );
    check(
        &[(Role::To, "team+other@acme.com")],
        &["-|a1|team+other@acme.com|to|account_domain"],
    );
}

#[test]
fn freemail_and_own_domains_are_never_an_account() {
    for text in [
        "x@gmail.com",
        "x@mail.gmail.com",
        "x@contoso.com",
        "x@eu.contoso.com",
    ] {
        check(&[(Role::To, text)], &[]);
    }
}

#[test]
fn an_unknown_account_is_kept_without_a_name() {
    let contact_matches = Matcher::new(&snapshot(), &own())
        .contact_matches(&[participant(Role::To, "team+sales@acme.com")]);
    assert_eq!(contact_matches[0].account, Some(("gone".into(), None)));
    assert_eq!(
        contact_matches[0].contact,
        Some(("c3".into(), "name of c3".into()))
    );
}

#[test]
fn a_contact_gets_one_row_with_the_best_role() {
    check(
        &[
            (Role::From, "ann@old.example"),
            (Role::To, "ann@acme.com"),
            (Role::Cc, "bob@acme.com"),
        ],
        &[
            "c1|a1|ann@old.example|from|contact_alias",
            "c2|a1|bob@acme.com|cc|contact_email",
        ],
    );
    check(
        &[(Role::To, "ann@old.example"), (Role::To, "ann@acme.com")],
        &["c1|a1|ann@acme.com|to|contact_email"],
    );
}

#[test]
fn accounts_get_rows_only_without_contact_rows() {
    check(
        &[(Role::From, "new@acme.com"), (Role::Cc, "ann@acme.com")],
        &["c1|a1|ann@acme.com|cc|contact_email"],
    );
    check(
        &[
            (Role::Cc, "a@acme.com"),
            (Role::To, "z@acme.com"),
            (Role::To, "y@acme.com"),
            (Role::Cc, "twin@acme.com"),
        ],
        &[
            "c4|-|twin@acme.com|cc|contact_email",
            "-|a1|y@acme.com|to|account_domain",
        ],
    );
}

#[test]
fn internal_people_and_raw_text_never_match() {
    let mut colleague = participant(Role::To, "ann@acme.com");
    colleague.internal = true;
    let mut raw = participant(Role::To, "ann@acme.com");
    raw.is_address = false;
    let contact_matches = Matcher::new(&snapshot(), &own()).contact_matches(&[colleague, raw]);
    assert_eq!(contact_matches, []);
}

/// The best hit of each contact or account, in order of id.
fn best(
    mut hits: Vec<(String, &Participant, MatchRule)>,
) -> Vec<(String, &Participant, MatchRule)> {
    hits.sort_by_key(|(id, p, _)| (id.clone(), p.role, p.address.clone()));
    hits.dedup_by_key(|(id, _, _)| id.clone());
    hits
}

/// Design section 6 literally: every contact and account is compared with every participant.
fn naive(
    snapshot: &CrmSnapshot,
    own: &HashSet<String>,
    participants: &[Participant],
) -> Vec<String> {
    let mut contacts: Vec<(String, &Participant, MatchRule)> = Vec::new();
    let mut accounts: Vec<(String, &Participant, MatchRule)> = Vec::new();
    for participant in participants {
        if participant.internal || !participant.is_address {
            continue;
        }
        let whole = address(&participant.address);
        let untagged = whole.without_tag();
        let by_contact = |address: &Address| {
            let primary = snapshot
                .contacts
                .iter()
                .find(|c| c.email.as_ref() == Some(address));
            let alias = snapshot
                .contacts
                .iter()
                .find(|c| c.other_emails.contains(address));
            primary
                .map(|c| (c.id.to_string(), MatchRule::ContactEmail))
                .or(alias.map(|c| (c.id.to_string(), MatchRule::ContactAlias)))
        };
        if let Some((id, rule)) = by_contact(&whole).or(untagged.as_ref().and_then(by_contact)) {
            contacts.push((id, participant, rule));
            continue;
        }
        let by_domain = |domain: &str| {
            let is_own = own
                .iter()
                .any(|o| o == domain || domain.ends_with(&format!(".{o}")));
            let is_usable = !is_freemail(domain) && !is_own;
            let has = |a: &&Account| is_usable && a.domains.iter().any(|d| d == domain);
            snapshot.accounts.iter().find(has).map(|a| a.id.to_string())
        };
        let registrable = psl::domain_str(whole.domain()).unwrap_or_default();
        if let Some(id) = by_domain(whole.domain()).or(by_domain(registrable)) {
            accounts.push((id, participant, MatchRule::AccountDomain));
        }
    }
    let mut lines = Vec::new();
    let mut taken = HashSet::new();
    for (id, participant, rule) in best(contacts) {
        let contact = snapshot.contacts.iter().find(|c| *c.id == *id).unwrap();
        let account = contact.account_id.as_deref().unwrap_or("-");
        taken.insert(account.to_owned());
        let role = participant.role.as_str();
        lines.push(format!(
            "{id}|{account}|{}|{role}|{}",
            participant.address,
            rule.as_str()
        ));
    }
    for (id, participant, rule) in best(accounts) {
        if !taken.contains(&id) {
            let role = participant.role.as_str();
            lines.push(format!(
                "-|{id}|{}|{role}|{}",
                participant.address,
                rule.as_str()
            ));
        }
    }
    lines
}

pub(super) fn any_domain() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "acme.com",
        "eu.acme.com",
        "x.eu.acme.com",
        "globex.co.uk",
        "mail.globex.co.uk",
        "co.uk",
        "gmail.com",
        "contoso.com",
        "sub.contoso.com",
        "ann.github.io",
        "github.io",
        "localhost",
    ])
    .prop_map(str::to_owned)
}

pub(super) fn any_address() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec!["a", "b", "a+t", "a+t+u", "+t", "b+"]),
        any_domain(),
    )
        .prop_map(|(local, domain)| format!("{local}@{domain}"))
}

pub(super) fn any_snapshot() -> impl Strategy<Value = CrmSnapshot> {
    let contacts = prop::collection::vec(
        (
            prop::option::of(any_address()),
            prop::collection::vec(any_address(), 0..3),
            0..5_u8,
        ),
        0..8,
    );
    let accounts = prop::collection::vec(prop::collection::vec(any_domain(), 0..4), 0..4);
    (contacts, accounts).prop_map(|(contacts, accounts)| {
        let contacts = contacts
            .into_iter()
            .enumerate()
            .map(|(at, (email, others, of))| {
                let others: Vec<&str> = others.iter().map(String::as_str).collect();
                let account = if of == 4 {
                    String::new()
                } else {
                    format!("a{of}")
                };
                contact(
                    &format!("c{at}"),
                    &email.unwrap_or_default(),
                    &others,
                    &account,
                )
            });
        let accounts = accounts.into_iter().enumerate().map(|(at, domains)| {
            let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
            account(&format!("a{at}"), &domains)
        });
        CrmSnapshot::new(contacts.collect(), accounts.collect())
    })
}

pub(super) fn any_participants() -> impl Strategy<Value = Vec<Participant>> {
    let roles = prop::sample::select(vec![Role::From, Role::To, Role::Cc, Role::Bcc]);
    prop::collection::vec((roles, any_address(), any::<bool>()), 0..10).prop_map(|all| {
        let make = |(role, address, internal): (Role, String, bool)| Participant {
            internal: internal && address.len() % 2 == 0,
            ..participant(role, &address)
        };
        all.into_iter().map(make).collect()
    })
}

proptest! {
    #[test]
    fn the_matcher_equals_a_naive_scan(snapshot in any_snapshot(), participants in any_participants()) {
        let contact_matches = Matcher::new(&snapshot, &own()).contact_matches(&participants);
        prop_assert_eq!(show(&contact_matches), naive(&snapshot, &own(), &participants));
    }

    #[test]
    fn the_order_of_participants_changes_nothing(
        snapshot in any_snapshot(),
        (ordered, shuffled) in any_participants().prop_flat_map(|p| (Just(p.clone()), Just(p).prop_shuffle())),
    ) {
        let matcher = Matcher::new(&snapshot, &own());
        prop_assert_eq!(matcher.contact_matches(&ordered), matcher.contact_matches(&shuffled));
    }

    #[test]
    fn normalising_an_address_again_changes_nothing(raw in "\\PC{0,40}|[a-zA-Z0-9.<>\"' :+@ä]{0,30}") {
        if let Some(once) = Address::parse(&raw) {
            prop_assert_eq!(Address::parse(once.as_str()), Some(once));
        }
    }
}
