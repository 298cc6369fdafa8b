//! The difference of two snapshots, compared with the results of the matcher.

use hashbrown::HashSet;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::matching::Matcher;
use crate::matching::difference::SnapshotDiff;
use crate::matching::tests::account;
use crate::matching::tests::any_address;
use crate::matching::tests::any_domain;
use crate::matching::tests::any_participants;
use crate::matching::tests::any_snapshot;
use crate::matching::tests::contact;
use crate::matching::tests::participant;
use crate::model::activity::ContactMatch;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::CrmSnapshot;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;

/// An edit of a snapshot between two runs.
#[derive(Debug, Clone)]
enum Edit {
    Add(String, u8),
    Remove(usize),
    MergeInto(usize, usize),
    MoveToAccount(usize, u8),
    GiveAddress(usize, String),
    TakeAddress(usize),
    Rename(usize),
    GiveDomain(usize, String),
    TakeDomain(usize),
    RenameAccount(usize),
    RemoveAccount(usize),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let at = || 0..8_usize;
    prop_oneof![
        (any_address(), 0..5_u8).prop_map(|(address, account)| Edit::Add(address, account)),
        at().prop_map(Edit::Remove),
        (at(), at()).prop_map(|(from, into)| Edit::MergeInto(from, into)),
        (at(), 0..5_u8).prop_map(|(at, account)| Edit::MoveToAccount(at, account)),
        (at(), any_address()).prop_map(|(at, address)| Edit::GiveAddress(at, address)),
        at().prop_map(Edit::TakeAddress),
        at().prop_map(Edit::Rename),
        (at(), any_domain()).prop_map(|(at, domain)| Edit::GiveDomain(at, domain)),
        at().prop_map(Edit::TakeDomain),
        at().prop_map(Edit::RenameAccount),
        at().prop_map(Edit::RemoveAccount),
    ]
}

/// Applies an edit; one of a missing row has no effect.
fn apply(contacts: &mut Vec<Contact>, accounts: &mut Vec<Account>, edit: &Edit) {
    match edit {
        // An id smaller than all others: it wins ties.
        Edit::Add(address, account) => {
            contacts.push(contact("b9", address, &[], &format!("a{account}")));
        }
        Edit::Remove(at) => drop((*at < contacts.len()).then(|| contacts.remove(*at))),
        Edit::MergeInto(from, into) => {
            if from != into && (*from).max(*into) < contacts.len() {
                let gone = contacts[*from].clone();
                let addresses = gone.email.into_iter().chain(gone.other_emails);
                contacts[*into].other_emails.extend(addresses);
                contacts.remove(*from);
            }
        }
        Edit::RemoveAccount(at) => drop((*at < accounts.len()).then(|| accounts.remove(*at))),
        Edit::GiveDomain(at, _) | Edit::TakeDomain(at) | Edit::RenameAccount(at) => {
            if let Some(account) = accounts.get_mut(*at) {
                change_account(account, edit);
            }
        }
        Edit::MoveToAccount(at, _)
        | Edit::GiveAddress(at, _)
        | Edit::TakeAddress(at)
        | Edit::Rename(at) => {
            if let Some(contact) = contacts.get_mut(*at) {
                change_contact(contact, edit);
            }
        }
    }
}

fn change_account(account: &mut Account, edit: &Edit) {
    match edit {
        Edit::GiveDomain(_, domain) => account.domains.push(domain.clone()),
        Edit::TakeDomain(_) => drop(account.domains.pop()),
        _ => account.name = "renamed".into(),
    }
}

fn change_contact(contact: &mut Contact, edit: &Edit) {
    match edit {
        Edit::MoveToAccount(_, account) => contact.account_id = Some(format!("a{account}").into()),
        Edit::GiveAddress(_, address) => contact.other_emails.extend(Address::parse(address)),
        Edit::TakeAddress(_) => contact.email = None,
        _ => contact.name = "renamed".into(),
    }
}

/// A snapshot before and after edits; sometimes two unrelated ones.
fn two_snapshots() -> impl Strategy<Value = (CrmSnapshot, CrmSnapshot)> {
    let edited =
        (any_snapshot(), prop::collection::vec(any_edit(), 0..4)).prop_map(|(old, edits)| {
            let (mut contacts, mut accounts) = (old.contacts.clone(), old.accounts.clone());
            for edit in &edits {
                apply(&mut contacts, &mut accounts, edit);
            }
            contacts.dedup_by_key(|contact| contact.id.clone());
            (old, CrmSnapshot::new(contacts, accounts))
        });
    prop_oneof![4 => edited, 1 => (any_snapshot(), any_snapshot())]
}

fn contact_matches(snapshot: &CrmSnapshot, participants: &[Participant]) -> Vec<ContactMatch> {
    Matcher::new(snapshot, &HashSet::new()).contact_matches(participants)
}

/// Whether the difference affects some participant, and whether the contact matches differ.
fn compared(old: &CrmSnapshot, new: &CrmSnapshot, participants: &[Participant]) -> (bool, bool) {
    let difference = SnapshotDiff::of(old, new);
    let concerned = participants.iter().any(|p| difference.concerns(p));
    let differ = contact_matches(old, participants) != contact_matches(new, participants);
    (concerned, differ)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn both_snapshots_agree_outside_the_difference(
        (old, new) in two_snapshots(),
        participants in any_participants(),
    ) {
        let (concerned, differ) = compared(&old, &new, &participants);
        prop_assert!(concerned || !differ);
    }

    #[test]
    fn the_difference_is_symmetric_and_empty_for_equal_snapshots((old, new) in two_snapshots()) {
        prop_assert_eq!(SnapshotDiff::of(&old, &new), SnapshotDiff::of(&new, &old));
        prop_assert!(SnapshotDiff::of(&old, &old).is_empty());
    }
}

#[test]
fn most_people_without_changes_are_unaffected() {
    let (mut alike, mut spared, mut differing) = (0, 0, 0);
    let mut runner = TestRunner::deterministic();
    for _ in 0..500 {
        let mut draw =
            |strategy: &BoxedStrategy<_>| strategy.new_tree(&mut runner).unwrap().current();
        let ((old, new), participants) = draw(&(two_snapshots(), any_participants()).boxed());
        for one in participants.chunks(1) {
            match compared(&old, &new, one) {
                (_, true) => differing += 1,
                (concerned, false) => {
                    alike += 1;
                    spared += u32::from(!concerned);
                }
            }
        }
    }
    assert!(differing > 100, "{differing} differ");
    assert!(spared > alike * 9 / 10, "{spared} of {alike} are spared");
}

/// Which of some people are affected by edits of the snapshot below.
fn concerned(edits: &[Edit]) -> Vec<&'static str> {
    const PEOPLE: [&str; 7] = [
        "ann@acme.com",
        "ann+news@acme.com",
        "ann@old.example",
        "twin@acme.com",
        "new@acme.com",
        "x@mail.globex.co.uk",
        "stranger@else.example",
    ];
    let mut contacts = vec![
        contact("c0", "ann@acme.com", &["ann@old.example"], "a0"),
        contact("c1", "twin@acme.com", &[], "a0"),
        contact("c2", "twin@acme.com", &[], ""),
        contact("c3", "else@elsewhere.example", &[], "a9"),
    ];
    let mut accounts = vec![
        account("a0", &["acme.com"]),
        account("a1", &["globex.co.uk"]),
    ];
    let old = CrmSnapshot::new(contacts.clone(), accounts.clone());
    for edit in edits {
        apply(&mut contacts, &mut accounts, edit);
    }
    let difference = SnapshotDiff::of(&old, &CrmSnapshot::new(contacts, accounts));
    let is_concerned = |address: &&str| difference.concerns(&participant(Role::To, address));
    PEOPLE.into_iter().filter(is_concerned).collect()
}

#[test]
fn each_edit_concerns_those_whom_it_touches() {
    let ann = ["ann@acme.com", "ann+news@acme.com", "ann@old.example"];
    let check = |edit: Edit, expected: &[&str]| {
        let text = format!("{edit:?}");
        assert_eq!(concerned(&[edit]), expected, "{text}");
    };
    check(Edit::Add("new@acme.com".into(), 0), &["new@acme.com"]);
    check(Edit::Remove(0), &ann);
    check(Edit::Remove(1), &["twin@acme.com"]);
    // The tie still goes to the other one.
    check(Edit::Remove(2), &[]);
    check(Edit::Remove(3), &[]);
    check(Edit::Rename(0), &ann);
    check(Edit::MoveToAccount(0, 1), &ann);
    check(Edit::MergeInto(0, 3), &ann);
    check(
        Edit::GiveAddress(0, "new@acme.com".into()),
        &["new@acme.com"],
    );
    check(Edit::TakeAddress(0), &["ann@acme.com", "ann+news@acme.com"]);
    check(
        Edit::GiveDomain(0, "else.example".into()),
        &["stranger@else.example"],
    );
    check(
        Edit::GiveDomain(0, "globex.co.uk".into()),
        &["x@mail.globex.co.uk"],
    );
    check(Edit::TakeDomain(1), &["x@mail.globex.co.uk"]);
    check(Edit::RenameAccount(1), &["x@mail.globex.co.uk"]);
    check(
        Edit::RenameAccount(0),
        &[&ann[..], &["twin@acme.com", "new@acme.com"]].concat(),
    );
    check(
        Edit::RemoveAccount(0),
        &[&ann[..], &["twin@acme.com", "new@acme.com"]].concat(),
    );
}

#[test]
fn an_account_that_appears_below_its_contacts_concerns_them() {
    let contacts = vec![contact("c0", "ann@acme.com", &[], "a0")];
    let old = CrmSnapshot::new(contacts.clone(), Vec::new());
    let new = CrmSnapshot::new(contacts, vec![account("a0", &[])]);
    let difference = SnapshotDiff::of(&old, &new);
    assert!(difference.concerns(&participant(Role::From, "ann@acme.com")));
    assert!(!difference.concerns(&participant(Role::From, "bob@acme.com")));
}

#[test]
fn colleagues_and_raw_text_are_never_concerned() {
    let old = CrmSnapshot::new(Vec::new(), Vec::new());
    let new = CrmSnapshot::new(
        vec![contact("c0", "ann@acme.com", &[], "")],
        vec![account("a0", &["acme.com"])],
    );
    let difference = SnapshotDiff::of(&old, &new);
    let ann = participant(Role::To, "ann@acme.com");
    assert!(difference.concerns(&ann));
    assert!(!difference.concerns(&Participant {
        internal: true,
        ..ann.clone()
    }));
    assert!(!difference.concerns(&Participant {
        is_address: false,
        ..ann
    }));
}
