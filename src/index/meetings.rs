//! Meetings in the index: found, shown with their state, replaced when they change.

use std::collections::BTreeMap;

use crate::index::query::Query;
use crate::index::search::Searcher;
use crate::index::tests::docs;
use crate::index::tests::index;
use crate::index::tests::mail;
use crate::index::tests::numbers;
use crate::index::tests::open;
use crate::index::tests::search;
use crate::index::tests::words;
use crate::index::writer::Keys;
use crate::model::activity::MatchedInteraction;
use crate::model::id::Id128;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

/// A meeting of an hour that ann organised and José takes part in, at the time of [`mail`].
fn meeting(number: u8, subject: &str, day: i8, state: State, revision: i32) -> MatchedInteraction {
    let mut meeting = mail(number, "ann", subject, "agenda", day);
    let row = &mut meeting.interaction;
    (row.kind, row.state, row.revision) = (Kind::Meeting, state, revision);
    row.ended_at = Some(row.occurred_at.plus(3_600_000_000));
    row.participants.reverse();
    row.participants[0].role = Role::Organizer;
    row.participants[1].role = Role::Required;
    let room = Participant {
        address: "board@rooms.example".into(),
        name: Some("Board Room".into()),
        role: Role::Resource,
        internal: false,
        ..row.participants[0].clone()
    };
    row.participants.push(room);
    meeting
}

#[test]
fn a_hit_shows_what_became_of_a_meeting() {
    let folder = tempfile::tempdir().unwrap();
    let states = [
        (1, State::Active),
        (2, State::Cancelled),
        (3, State::Declined),
        (4, State::Removed),
        (5, State::Withdrawn),
        (6, State::Active),
    ];
    let mut all: Vec<_> = states
        .map(|(number, state)| meeting(number, "Budget", number.cast_signed(), state, 1))
        .into();
    all.push(mail(7, "ann", "Budget", "", 7));
    index(folder.path(), &all);
    let searcher = Searcher::open(folder.path()).unwrap();
    let shown = |now: Timestamp| -> Vec<(u8, String)> {
        let hits = searcher.search_at(&words("budget"), now).unwrap().hits;
        let id = |hit: &str| Id128::parse(hit).unwrap().0[0];
        let mut shown: Vec<_> = hits
            .into_iter()
            .map(|hit| (id(&hit.interaction_id), hit.state))
            .collect();
        shown.sort();
        shown
    };
    let expected = |last: &str| {
        let states = ["held", "cancelled", "declined", "removed", last, "active"];
        let numbers = [1, 2, 3, 4, 6, 7].into_iter();
        let expected = numbers.zip(states.map(str::to_owned));
        expected.collect::<Vec<_>>()
    };
    let begins = all[5].interaction.occurred_at;
    assert_eq!(shown(begins.plus(-1)), expected("planned"));
    assert_eq!(shown(begins), expected("held"));
}

#[test]
fn meetings_are_found_by_subject_text_organizer_guest_and_kind() {
    let folder = tempfile::tempdir().unwrap();
    let both = [
        meeting(1, "Offer", 1, State::Active, 1),
        mail(2, "ann", "Offer", "", 1),
    ];
    index(folder.path(), &both);
    for typed in ["offer agenda", "colleague agenda", "müller agenda"] {
        assert_eq!(numbers(folder.path(), &words(typed)), [1], "{typed}");
    }
    let of_kind = |kind| Query {
        kind: Some(kind),
        ..words("offer")
    };
    assert_eq!(numbers(folder.path(), &of_kind(Kind::Meeting)), [1]);
    assert_eq!(numbers(folder.path(), &of_kind(Kind::Email)), [2]);
    let only_kind = Query {
        kind: Some(Kind::Meeting),
        ..words("")
    };
    let hits = search(folder.path(), &only_kind);
    let json = serde_json::to_value(&hits).unwrap();
    assert_eq!(json["hits"][0]["kind"], "meeting");
    assert_eq!(json["hits"][0]["ended_at"], "2026-11-02T00:59:59.999Z");
    let room = Query {
        contact: vec!["rooms.example".into()],
        ..words("")
    };
    assert_eq!(numbers(folder.path(), &room), [0; 0]);
    assert_eq!(numbers(folder.path(), &words("board")), [1]);
    assert_eq!(numbers(folder.path(), &words("with:board -to:board")), [1]);
    assert_eq!(
        numbers(folder.path(), &words("from:müller is:meeting")),
        [1]
    );
}

#[test]
fn meetings_are_planned_until_they_begin() {
    let folder = tempfile::tempdir().unwrap();
    let both = [
        meeting(1, "Offer", 1, State::Active, 1),
        meeting(2, "Offer", 20, State::Active, 1),
        meeting(3, "Offer", 20, State::Cancelled, 1),
    ];
    index(folder.path(), &both);
    let searcher = Searcher::open(folder.path()).unwrap();
    let now = both[0].interaction.occurred_at;
    let find = |typed: &str| searcher.search_at(&words(typed), now).unwrap().total;
    assert_eq!(
        [find("is:held"), find("is:planned"), find("is:cancelled")],
        [1, 1, 1]
    );
    assert_eq!(find("-is:planned -is:cancelled"), 1);
}

#[test]
fn a_new_revision_replaces_its_document_in_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let (mut indexer, _) = open(folder.path());
    let mut night = |rows: &[MatchedInteraction]| {
        indexer.add(docs(rows), Keys::New).unwrap();
        indexer.commit(&BTreeMap::new()).unwrap();
        let searcher = Searcher::open(folder.path()).unwrap();
        let ids = searcher.ids().map(|id| id.unwrap().revision);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(night(&[meeting(1, "old", 1, State::Active, 1)]), [1]);
    let moved = meeting(1, "new", 30, State::Active, 2);
    let closing = meeting(1, "old", 1, State::Superseded, 2);
    assert_eq!(night(&[moved, closing]), [2]);
    assert_eq!(numbers(folder.path(), &words("old")), [0; 0]);
    assert_eq!(night(&[meeting(1, "new", 30, State::Cancelled, 3)]), [3]);
    assert_eq!(night(&[meeting(1, "", 30, State::Withdrawn, 4)]), [0; 0]);
    assert_eq!(night(&[meeting(1, "back", 30, State::Active, 5)]), [5]);
}
