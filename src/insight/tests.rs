//! The worked example of INSIGHT.md, each rule alone, and what must not depend on the order of rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;

use crate::insight::colleagues::Colleagues;
use crate::insight::directory::Directory;
use crate::insight::exchange::Shown;
use crate::insight::lookup;
use crate::insight::lookup::Entry;
use crate::insight::lookup::Found;
use crate::insight::lookup::What;
use crate::insight::overview::Overview;
use crate::insight::relations::Collecting;
use crate::insight::relations::Grouping;
use crate::insight::relations::Relation;
use crate::insight::relations::Relations;
use crate::insight::relations::Subject;
use crate::insight::score::Score;
use crate::insight::score::Strength;
use crate::insight::score::WeakRule;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::CrmSnapshot;
use crate::model::distance;
use crate::model::formula::Formula;
use crate::model::id::Id128;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::model::touch::Touch;

fn day(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("{text}T09:00:00Z")).unwrap()
}

/// A mail that Tom wrote to Ann alone.
pub(super) fn touch(number: u32, at: Timestamp) -> Touch {
    Touch {
        interaction_id: Id128::of(&[&number.to_le_bytes()]),
        mailbox_id: "m-tom".into(),
        mailbox_kind: MailboxKind::User,
        kind: Kind::Email,
        occurred_at: at,
        user_role: Some(Role::From),
        contact_id: Some("ann".into()),
        account_id: Some("a1".into()),
        contact_role: Role::To,
        contact_declined: false,
        is_bulk: false,
        people: 2,
    }
}

fn received(number: u32, at: Timestamp) -> Touch {
    Touch {
        user_role: Some(Role::To),
        contact_role: Role::From,
        ..touch(number, at)
    }
}

fn meeting(number: u32, at: Timestamp) -> Touch {
    Touch {
        kind: Kind::Meeting,
        user_role: Some(Role::Organizer),
        contact_role: Role::Required,
        ..touch(number, at)
    }
}

fn mailbox(id: &str, address: &str) -> Mailbox {
    Mailbox {
        id: id.into(),
        address: address.into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: Vec::new(),
    }
}

fn collected(touches: &[Touch], grouping: Grouping, shown: Shown) -> Relations {
    let mailboxes = [
        mailbox("m-tom", "tom@contoso.com"),
        mailbox("archive:old/tom", "tom@contoso.com"),
        mailbox("m-eve", "eve@contoso.com"),
    ];
    let colleagues = Colleagues::new(&mailboxes);
    let collecting = Collecting {
        grouping,
        shown,
        formula: &Formula::default(),
        colleagues: &colleagues,
    };
    let mut relations = Relations::default();
    for touch in touches {
        relations.add(touch, &collecting);
    }
    relations
}

fn account() -> Grouping {
    Grouping::One(Subject::Account("a1".into()))
}

fn ranked(touches: &[Touch], as_of: &str) -> Vec<Relation> {
    let relations = collected(touches, account(), Shown::All);
    relations.ranked(day(as_of), &Formula::default(), |_| Some(3))
}

/// The score of the one relationship of some rows.
fn score(touches: &[Touch], as_of: &str) -> Score {
    let mut ranked = ranked(touches, as_of);
    assert_eq!(ranked.len(), 1, "{ranked:?}");
    ranked.remove(0).score
}

/// Cells of the rows below a heading of the document.
fn table(document: &str, head: &str) -> Vec<Vec<String>> {
    let rows = document.lines().skip_while(|line| !line.starts_with(head));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn the_worked_example_of_the_document_is_what_is_computed() {
    let document = include_str!("../../INSIGHT.md");
    let rows = table(document, "| number | day |");
    assert_eq!(rows.len(), 8);
    let touches: Vec<Touch> = rows
        .iter()
        .map(|cells| Touch {
            kind: Kind::parse(&cells[2]).unwrap(),
            user_role: Role::parse(&cells[3]),
            contact_id: Some(cells[4].as_str().into()),
            contact_role: Role::parse(&cells[5]).unwrap(),
            people: cells[6].parse().unwrap(),
            is_bulk: cells[7] == "yes",
            ..touch(cells[0].parse().unwrap(), day(&cells[1]))
        })
        .collect();
    let found = score(&touches, "2026-03-31");
    let counts = found.counts;
    assert_eq!((counts.sent, counts.received, counts.met), (1, 2, 1));
    assert_eq!((counts.same_room, counts.bulk, counts.people), (1, 1, 2));
    assert_eq!(found.next_meeting, Some(day("2026-04-14")));
    assert_eq!(found.unanswered_since, Some(day("2026-03-01")));
    let parts = table(document, "| part | computed as |");
    assert_eq!(parts.len(), found.parts.len());
    for (cells, part) in parts.iter().zip(&found.parts) {
        assert_eq!(cells[0], part.measure.as_str());
        assert_eq!(cells[2], format!("{:.4}", part.value.fraction()));
        assert_eq!(cells[3], part.weight.to_string());
    }
    assert!(
        document.contains(&format!("= **{}**.", found.total)),
        "{}",
        found.total
    );
}

#[test]
fn received_bulk_mail_makes_no_relationship() {
    let bulk = |number| Touch {
        is_bulk: true,
        ..received(number, day("2026-03-01"))
    };
    let found = score(&[bulk(1), bulk(2)], "2026-03-02");
    assert_eq!((found.strength(), found.counts.bulk), (Strength::None, 2));
    assert_eq!(found.total.parts(), 0);
}

#[test]
fn traffic_in_one_direction_is_weak_by_rule() {
    let many: Vec<Touch> = (0..100).map(|n| received(n, day("2026-03-01"))).collect();
    let found = score(&many, "2026-03-01");
    assert_eq!(found.weak_by, Some(WeakRule::OneWay));
    assert_eq!(found.total.to_string(), "10.0");
    let answered = [many, vec![touch(100, day("2026-03-01"))]].concat();
    let found = score(&answered, "2026-03-01");
    assert_eq!((found.weak_by, found.strength()), (None, Strength::Mutual));
    assert!(found.total.parts() > 5_000, "{}", found.total);
    let met = score(&[meeting(1, day("2026-03-01"))], "2026-03-01");
    assert_eq!(
        met.weak_by, None,
        "who meets is in touch in both directions"
    );
}

#[test]
fn many_people_in_one_mail_or_meeting_were_in_the_same_room() {
    let crowd = |touch: Touch, people| Touch { people, ..touch };
    let at = day("2026-03-01");
    let large = [
        crowd(touch(1, at), 11),
        crowd(received(2, at), 11),
        crowd(meeting(3, at), 11),
    ];
    let found = score(&large, "2026-03-01");
    assert_eq!(
        (found.strength(), found.counts.same_room),
        (Strength::None, 3)
    );
    let small = large.map(|touch| crowd(touch, 10));
    assert_eq!(score(&small, "2026-03-01").counts.direct(), 3);
    // A third person wrote to both.
    let third = Touch {
        user_role: Some(Role::Cc),
        ..touch(1, at)
    };
    assert_eq!(score(&[third], "2026-03-01").counts.same_room, 1);
}

#[test]
fn mailboxes_of_several_people_and_people_who_are_not_named_know_no_one() {
    let at = day("2026-03-01");
    let without = [
        Touch {
            mailbox_kind: MailboxKind::Shared,
            ..touch(1, at)
        },
        Touch {
            mailbox_kind: MailboxKind::Room,
            ..meeting(2, at)
        },
        Touch {
            mailbox_kind: MailboxKind::Equipment,
            ..meeting(6, at)
        },
        Touch {
            user_role: None,
            ..received(3, at)
        },
        Touch {
            user_role: Some(Role::Resource),
            ..meeting(4, at)
        },
        Touch {
            contact_declined: true,
            ..meeting(5, at)
        },
    ];
    assert_eq!(ranked(&without, "2026-03-01"), []);
}

#[test]
fn a_mail_counts_once_however_many_rows_and_copies_it_has() {
    let at = day("2026-03-01");
    let to = |contact: &str, mailbox: &str| Touch {
        contact_id: Some(contact.into()),
        mailbox_id: mailbox.into(),
        ..touch(1, at)
    };
    let copies = [
        to("ann", "m-tom"),
        to("ben", "m-tom"),
        to("ann", "archive:old/tom"),
        Touch {
            contact_id: None,
            ..to("", "m-tom")
        },
    ];
    let found = score(&copies, "2026-03-01");
    assert_eq!((found.counts.sent, found.counts.people), (1, 2));
}

#[test]
fn nothing_after_the_day_counts_but_the_next_meeting() {
    let touches = [
        touch(1, day("2026-03-01")),
        received(2, day("2026-03-05")),
        meeting(3, day("2026-03-09")),
        meeting(4, day("2026-03-07")),
    ];
    let found = score(&touches, "2026-03-02");
    assert_eq!(
        (found.counts.direct(), found.weak_by),
        (1, Some(WeakRule::OneWay))
    );
    assert_eq!(found.last, Some(day("2026-03-01")));
    assert_eq!(found.next_meeting, Some(day("2026-03-07")));
    let before = ranked(&touches, "2026-02-01");
    assert_eq!(before[0].score.strength(), Strength::None);
}

#[test]
fn what_lies_before_the_window_is_remembered_and_weak() {
    let touches = [touch(1, day("2024-01-01")), received(2, day("2024-01-02"))];
    let found = score(&touches, "2026-03-01");
    assert_eq!(found.weak_by, Some(WeakRule::Silent));
    assert_eq!(found.first, Some(day("2024-01-01")));
    assert_eq!(found.counts.direct(), 0);
    let edge = score(&[meeting(1, day("2025-03-02"))], "2026-03-01");
    assert_eq!(edge.counts.met, 1, "365 days, the day itself among them");
    let out = score(&[meeting(1, day("2025-03-01"))], "2026-03-01");
    assert_eq!(out.counts.met, 0);
}

#[test]
fn where_mail_is_not_shown_only_meetings_count() {
    let at = day("2026-03-01");
    let touches = [touch(1, at), received(2, at), meeting(3, at)];
    let relations = collected(&touches, account(), Shown::Meetings);
    let found = relations.ranked(at, &Formula::default(), |_| None);
    assert_eq!(found[0].score.counts.direct(), 1);
    assert_eq!(
        found[0].score.parts.len(),
        4,
        "no reach without contacts of an account"
    );
}

#[test]
fn silence_beyond_the_usual_interval_is_cooling() {
    let start = day("2025-06-01");
    let weekly: Vec<Touch> = (0..20_u32)
        .map(|week| {
            let at = start.plus(i64::from(week) * 7 * DAY);
            if week % 2 == 0 {
                touch(week, at)
            } else {
                received(week, at)
            }
        })
        .collect();
    let last = start.plus(19 * 7 * DAY);
    let after = |days: i64, touches: &[Touch]| {
        let relations = collected(touches, account(), Shown::All);
        let as_of = last.plus(days * DAY);
        relations
            .ranked(as_of, &Formula::default(), |_| Some(1))
            .remove(0)
    };
    assert_eq!(
        after(29, &weekly).cooling,
        None,
        "the least silence is 30 days"
    );
    let cooling = after(40, &weekly).cooling.unwrap();
    assert_eq!((cooling.usual_days, cooling.silent_days), (7, 40));
    assert_eq!(cooling.before, after(0, &weekly).score.total);
    assert_eq!(after(400, &weekly).cooling, None, "it has ended");
    assert_eq!(
        after(40, &weekly[16..]).cooling,
        None,
        "four days show no interval"
    );
    let planned = [weekly, vec![meeting(99, last.plus(60 * DAY))]].concat();
    assert_eq!(after(40, &planned).cooling, None, "a meeting is ahead");
}

#[test]
fn accounts_with_one_mutual_relationship_are_known_by_one_colleague() {
    let at = day("2026-03-01");
    let of = |touch: Touch, account: &str, mailbox: &str| Touch {
        account_id: Some(account.into()),
        mailbox_id: mailbox.into(),
        ..touch
    };
    let touches = [
        of(meeting(1, at), "a1", "m-tom"),
        of(meeting(1, at), "a1", "m-eve"),
        of(meeting(2, at), "a2", "m-tom"),
        of(received(3, at), "a2", "m-eve"),
        of(received(4, at), "a3", "m-eve"),
    ];
    let relations = collected(&touches, Grouping::Accounts, Shown::All);
    let mut overview = Overview::default();
    overview.add(relations.ranked(at, &Formula::default(), |_| None));
    let single = overview.single();
    let single: Vec<_> = single
        .iter()
        .map(|it| (&it.subject, &*it.colleague))
        .collect();
    assert_eq!(
        single,
        [(&Subject::Account("a2".into()), "tom@contoso.com")]
    );
}

#[test]
fn mailboxes_of_a_colleague_are_never_divided() {
    let mailboxes = [
        mailbox("a", "tom@contoso.com"),
        mailbox("b", "eve@contoso.com"),
        mailbox("c", "tom@contoso.com"),
    ];
    let counts = [("a", 3_u64), ("b", 4), ("c", 5), ("unknown", 1)];
    let rows: BTreeMap<Arc<str>, u64> = counts.map(|(id, count)| (id.into(), count)).into();
    let parts = Colleagues::new(&mailboxes).parts(&rows, 5);
    let ids = |part: &Vec<Arc<str>>| part.iter().map(ToString::to_string).collect::<Vec<_>>();
    let parts: Vec<Vec<String>> = parts.iter().map(ids).collect();
    assert_eq!(parts, [vec!["b"], vec!["a", "c"], vec!["unknown"]]);
}

fn directory() -> Directory {
    let contact = |id: &str, name: &str, email: &str, account: &str| Contact {
        id: id.into(),
        name: name.into(),
        email: Address::parse(email),
        other_emails: Vec::new(),
        account_id: Some(account.into()),
    };
    let account = |id: &str, name: &str, domain: &str| Account {
        id: id.into(),
        name: name.into(),
        domains: vec![domain.to_owned()],
    };
    let contacts = vec![
        contact("C-1", "Zoë Müller", "zoe@fabrikam.com", "A-1"),
        contact("C-2", "Peter Orlov", "peter@fabrikam.com", "A-1"),
        contact("C-3", "Peter Orban", "orban@adatum.com", "A-9"),
    ];
    let accounts = vec![
        account("A-1", "Fabrikam", "fabrikam.com"),
        account("A-2", "Fabrikam Nord", "nord.example"),
    ];
    let mailboxes = vec![mailbox("m-1", "tom.grimm@contoso.com")];
    Directory::new(vec![CrmSnapshot::new(contacts, accounts)], mailboxes)
}

/// The id that a text names, or the ids of an ambiguous one, or `?` and the suggestions.
fn found(text: &str) -> String {
    let directory = directory();
    let entries = directory.entries();
    let ids = |entries: &[&Entry<'_>]| {
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id).collect();
        ids.join(" ")
    };
    match lookup::find(text, &entries, &What::ALL) {
        Found::One(entry) => entry.id.to_owned(),
        Found::Ambiguous { first, total } => {
            assert_eq!(first.len(), total);
            format!("{total}: {}", ids(&first))
        }
        Found::Unknown(near) => format!("? {}", ids(&near)).trim_end().to_owned(),
    }
}

#[test]
fn names_are_found_by_id_address_domain_name_and_part() {
    for (text, expected) in [
        ("c-1", "C-1"),
        ("contact:fabrikam", "2: C-1 C-2"),
        ("Account: nord", "A-2"),
        ("account:peter", "?"),
        ("A-9", "A-9"),
        ("ZOE@Fabrikam.com", "C-1"),
        ("fabrikam.com", "A-1"),
        ("Fabrikam", "A-1"),
        ("fabrikam n", "A-2"),
        ("nord", "A-2"),
        ("zoe muller", "C-1"),
        ("MUELLER", "C-1"),
        ("orlov pe", "C-2"),
        ("rlov", "C-2"),
        ("tom.grimm@contoso.com", "m-1"),
        ("grimm", "m-1"),
        ("peter", "2: C-3 C-2"),
        ("Fabr", "2: A-1 A-2"),
        ("fabricam", "? A-1 A-2"),
        ("petr orlov", "? C-2"),
        ("someone@fabrikam.com", "? A-1"),
        ("completely unknown", "?"),
        ("", "?"),
        (" - ", "?"),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn ids_that_an_account_and_a_contact_share_are_distinguished_by_kind() {
    let entries = [
        Entry::unnamed(What::Account, "001a"),
        Entry::unnamed(What::Contact, "001a"),
        Entry::unnamed(What::Contact, "001A"),
    ];
    let found = |text: &str| match lookup::find(text, &entries, &What::ALL) {
        Found::One(entry) => Some((entry.what, entry.id)),
        _ => None,
    };
    assert_eq!(found("001a"), None);
    assert_eq!(found("001A"), Some((What::Contact, "001A")));
    assert_eq!(found("account:001a"), Some((What::Account, "001a")));
    assert_eq!(found("contact:001a"), Some((What::Contact, "001a")));
}

#[test]
fn only_what_is_wanted_is_found() {
    let directory = directory();
    let entries = directory.entries();
    let contacts = lookup::find("fabrikam", &entries, &[What::Contact]);
    let Found::Ambiguous { total, .. } = contacts else {
        panic!("{contacts:?}");
    };
    assert_eq!(total, 2, "their addresses contain it");
}

prop_compose! {
    fn any_touch()(
        number in 0_u32..12,
        mailbox in 0_usize..3,
        (hour, people) in (0_i64..9_000, 1_u32..14),
        contact in option::of(0_usize..3),
        account in option::of(0_usize..2),
        (user, role) in (option::of(0..Role::ALL.len()), 0..Role::ALL.len()),
        (is_meeting, is_bulk, contact_declined) in any::<(bool, bool, bool)>(),
    ) -> Touch {
        Touch {
            mailbox_id: ["m-tom", "archive:old/tom", "m-eve"][mailbox].into(),
            kind: if is_meeting { Kind::Meeting } else { Kind::Email },
            user_role: user.map(|at| Role::ALL[at]),
            contact_role: Role::ALL[role],
            contact_id: contact.map(|at| ["ann", "ben", "cleo"][at].into()),
            account_id: account.map(|at| ["a1", "a2"][at].into()),
            is_bulk,
            contact_declined,
            people,
            ..touch(number, day("2025-06-01").plus(hour * DAY / 24))
        }
    }
}

proptest! {
    #[test]
    fn any_order_and_any_parts_give_the_same_answer(
        (touches, shuffled) in proptest::collection::vec(any_touch(), 0..60)
            .prop_flat_map(|touches| (Just(touches.clone()), Just(touches).prop_shuffle())),
        size in 1_usize..20,
        last_first: bool,
    ) {
        for grouping in [account(), Grouping::Accounts, Grouping::AccountsAndContacts] {
            let whole = collected(&touches, grouping.clone(), Shown::All);
            let mut parts: Vec<Relations> = shuffled
                .chunks(size)
                .map(|part| collected(part, grouping.clone(), Shown::All))
                .collect();
            if last_first {
                parts.reverse();
            }
            let mut merged = Relations::default();
            for part in parts {
                merged.merge(part);
            }
            prop_assert_eq!(&whole, &merged);
            let rank = |relations: &Relations| {
                relations.ranked(day("2026-03-01"), &Formula::default(), |_| Some(3))
            };
            prop_assert_eq!(rank(&whole), rank(&merged));
        }
    }

    #[test]
    fn scores_stay_within_their_bounds(touches in proptest::collection::vec(any_touch(), 0..60)) {
        for relation in ranked(&touches, "2026-03-01") {
            let score = relation.score;
            prop_assert!(score.total.parts() <= 10_000);
            if score.weak_by.is_some() {
                prop_assert!(score.total.parts() <= 1_000);
            }
            prop_assert!(score.first <= score.last && score.last <= Some(day("2026-03-01")));
            prop_assert!(score.parts.iter().all(|part| part.value.parts() <= 10_000));
        }
    }

    /// The crate that `config` uses for unknown keys counts the same.
    #[test]
    fn distances_are_those_of_an_independent_implementation(a in "[abc]{0,6}", b in "[abc]{0,6}") {
        let distance = strsim::osa_distance(&a, &b);
        let expected = Some(distance).filter(|distance| *distance <= 3);
        prop_assert_eq!(distance::within(&a, &b, 3), expected);
    }

    #[test]
    fn any_text_is_looked_up_without_a_panic(text in "\\PC{0,30}") {
        let _ = found(&text);
    }
}
