//! Changed CRM snapshots: which interactions are written again, which are left alone, and what a
//! plan says.

use std::collections::BTreeMap;

use crate::lake::Lake;
use crate::lake::read::Filter;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::batch_of;
use crate::lake::tests::fixture::contact_match;
use crate::lake::tests::fixture::mail;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::fixture::meeting;
use crate::lake::tests::fixture::participant;
use crate::lake::tests::fixture::revised;
use crate::lake::tests::fixture::run;
use crate::lake::verify::Finding;
use crate::lake::view::rematch::Changes;
use crate::model::activity::ContactMatch;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::mailbox::slot;
use crate::model::rematch::Whose;

const DORA: &str = "dora@tailspin.example";

/// The other CRM snapshot (stored as `empty`): it knows Carla by another name, and Dora.
fn match_both(row: &Interaction) -> Vec<ContactMatch> {
    let mut contact_matches = match_carla(row);
    let dora = row
        .participants
        .iter()
        .find(|person| person.address == DORA);
    contact_matches.extend(dora.map(|dora| ContactMatch {
        contact: Some(("C2".into(), "Dora".into())),
        account: None,
        address: DORA.to_owned(),
        role: dora.role,
        ..contact_match()
    }));
    contact_matches
}

fn renamed(row: &Interaction) -> Vec<ContactMatch> {
    let mut contact_matches = match_carla(row);
    for contact_match in &mut contact_matches {
        contact_match.contact = Some(("C1".into(), "Carla Married".into()));
    }
    contact_matches
}

fn is_dora(person: &Participant) -> bool {
    person.address == DORA
}

fn is_carla(person: &Participant) -> bool {
    person.address == "carla@fabrikam.com"
}

fn verify(lake: &Lake, other: fn(&Interaction) -> Vec<ContactMatch>) -> Vec<Finding> {
    let snapshot = |snapshot: &str, row: &Interaction| match snapshot {
        "snapshot" => Some(match_carla(row)),
        _ => Some(other(row)),
    };
    lake.verify(snapshot).unwrap()
}

fn with_dora(row: Interaction) -> Interaction {
    let mut row = row;
    row.participants.push(participant(DORA, Role::Cc, false));
    row
}

/// Generations by interaction, of the rows that count.
fn generations(lake: &Lake) -> BTreeMap<Id128, i64> {
    let mut generations = BTreeMap::new();
    for row in lake.activities(&Filter::default()).unwrap() {
        let row = row.unwrap();
        let known = generations
            .entry(row.interaction_id)
            .or_insert(row.generation);
        *known = row.generation.max(*known);
    }
    generations
}

/// Two mails with Carla alone, two with Dora in copy, one with neither; a meeting that Dora has
/// left, and one that she has joined.
fn lake_of(test_lake: &TestLake) -> Lake {
    let lake = test_lake.write();
    let strangers = Interaction {
        participants: vec![participant("eve@nowhere.example", Role::From, false)],
        ..mail("ann", 70)
    };
    let (left, joined) = (with_dora(meeting("ann", 1, 5)), meeting("ann", 2, 6));
    lake.commit(&batch_of(vec![
        mail("ann", 0),
        mail("ann", 31),
        with_dora(mail("ann", 1)),
        with_dora(mail("ann", 32)),
        strangers,
        left.clone(),
        joined.clone(),
    ]))
    .unwrap();
    let mut rows = revised(&left, meeting("ann", 1, 5));
    rows.extend(revised(&joined, with_dora(meeting("ann", 2, 40))));
    lake.commit(&batch_of(rows)).unwrap();
    lake
}

#[test]
fn only_interactions_with_somebody_who_is_concerned_get_a_new_generation() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    let before = generations(&lake);
    let done = lake
        .rematch_concerned(&run("run2"), "empty", is_dora, match_both)
        .unwrap();
    // Two mails and the meeting that she has joined, each complete: with its row of Carla.
    assert_eq!((done.activities, done.compared_all), (6, false));
    let after = generations(&lake);
    let changed = after
        .iter()
        .filter(|(id, generation)| before[*id] != **generation);
    let changed: Vec<Id128> = changed.map(|(id, _)| *id).collect();
    let mut wanted =
        [mail("ann", 1), mail("ann", 32), meeting("ann", 2, 6)].map(|row| row.interaction_id);
    wanted.sort_unstable();
    assert_eq!(changed, wanted);
    assert_eq!(verify(&lake, match_both), []);
    let none = lake
        .rematch_concerned(&run("run3"), "empty", |_| true, match_both)
        .unwrap();
    assert!(none.slots.is_empty(), "the CRM snapshot is current already");
    let all = lake
        .rematch(&run("run3"), "empty", true, match_both)
        .unwrap();
    assert_eq!((all.activities, all.compared_all), (0, true));
}

#[test]
fn a_plan_says_what_would_come_and_go_and_appends_nothing() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    let contact = |id: &str| Whose::Contact(id.into());
    let changes = |come, go| Changes { come, go };
    let before = lake.activities.live_files().unwrap();
    let read = test_lake.read();
    let plan = read
        .plan_rematch("empty", Some(&is_dora), match_both)
        .unwrap();
    assert_eq!(plan, BTreeMap::from([(contact("C2"), changes(3, 0))]));
    let plan = read
        .plan_rematch("empty", Some(&is_carla), renamed)
        .unwrap();
    assert_eq!(plan, BTreeMap::from([(contact("C1"), changes(6, 6))]));
    let plan = read.plan_rematch("empty", None, |_| Vec::new()).unwrap();
    assert_eq!(plan, BTreeMap::from([(contact("C1"), changes(0, 6))]));
    let account = |row: &Interaction| {
        let contact_matches = match_carla(row).into_iter();
        contact_matches
            .map(|contact_match| ContactMatch {
                contact: None,
                ..contact_match
            })
            .collect()
    };
    let plan = read
        .plan_rematch("empty", Some(&is_carla), account)
        .unwrap();
    let wanted = [
        (contact("C1"), changes(0, 6)),
        (Whose::Account("A1".into()), changes(6, 0)),
    ];
    assert_eq!(plan, BTreeMap::from(wanted));
    assert_eq!(lake.activities.live_files().unwrap(), before);
    assert_eq!(
        read.plan_rematch("snapshot", Some(&is_carla), renamed)
            .unwrap(),
        BTreeMap::new()
    );
    lake.rematch(&run("run2"), "empty", false, match_both)
        .unwrap();
    lake.refresh().unwrap();
    assert_eq!(
        lake.plan_rematch("empty", None, match_both).unwrap(),
        BTreeMap::new()
    );
}

#[test]
fn two_shards_with_different_snapshots_do_not_disturb_each_other() {
    let test_lake = TestLake::new();
    drop(test_lake.write());
    let shard = |mailbox: &str| {
        let mut settings = test_lake.settings();
        settings.slots = vec![slot(mailbox)];
        test_lake.try_write(settings).unwrap()
    };
    let (ann, bob) = (shard("ann"), shard("bob"));
    ann.commit(&batch("ann", 0..3)).unwrap();
    bob.refresh().unwrap();
    bob.commit(&batch("bob", 0..3)).unwrap();
    ann.refresh().unwrap();
    let versions = ann.activity_versions().unwrap();
    let done = ann
        .rematch(&run("run2"), "empty", false, |_| Vec::new())
        .unwrap();
    assert_eq!((done.activities, &done.slots), (3, &vec![slot("ann")]));
    // The other shard continues with the CRM snapshot that it has.
    bob.refresh().unwrap();
    let next = bob.commit(&batch("bob", 3..5)).unwrap();
    assert_eq!(next.activities, 2);
    ann.refresh().unwrap();
    let snapshots = ann.current_snapshots().unwrap();
    let snapshots = [&snapshots[&slot("ann")], &snapshots[&slot("bob")]];
    assert_eq!(snapshots, ["empty", "snapshot"]);
    assert_ne!(
        ann.activity_versions().unwrap()[&slot("ann")],
        versions[&slot("ann")]
    );
    assert_eq!(verify(&ann, |_| Vec::new()), []);
}

#[test]
fn a_shard_that_is_behind_is_left_to_its_own_process() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..3)).unwrap();
    let late = batch("bob", 0..3);
    let plan = lake.plan(&late).unwrap();
    let files = lake.write_files(&plan, &late).unwrap();
    lake.write_cursors(&plan, &late).unwrap();
    lake.commit_interactions(&plan, &files).unwrap();
    drop(lake);
    let mut settings = test_lake.settings();
    settings.slots = vec![slot("ann")];
    let ann = test_lake.try_write(settings).unwrap();
    let caught = ann
        .catch_up_activities(&run("run2"), "snapshot", match_carla)
        .unwrap();
    assert!(caught.slots.is_empty());
    let done = ann
        .rematch(&run("run2"), "empty", false, |_| Vec::new())
        .unwrap();
    assert_eq!(done.slots, [slot("ann")]);
    drop(ann);
    let caught = test_lake
        .write()
        .catch_up_activities(&run("run3"), "snapshot", match_carla)
        .unwrap();
    assert_eq!((caught.activities, caught.slots), (3, vec![slot("bob")]));
}
