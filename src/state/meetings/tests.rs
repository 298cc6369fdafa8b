//! Meetings in the state: noted, read back, rebuilt from the lake's rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::interaction::Direction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::state::pending::Pending;
use crate::state::records::WaitingSeries;
use crate::state::store::State;
use crate::state::tests::mail;
use crate::state::tests::open;
use crate::state::tests::packed;
use crate::state::uncommitted::Uncommitted;

const HOUR: i64 = DAY / 24;

/// A meeting of `ann` that begins on a day since 1970 and was captured the day before.
fn meeting(number: u8, day: i64) -> Interaction {
    let person = |name: Option<&str>, address: &str, role, internal| Participant {
        address: address.into(),
        is_address: address.contains('@'),
        name: name.map(Into::into),
        role,
        response: (role != Role::Organizer).then(|| "accepted".to_owned()),
        internal,
    };
    Interaction {
        interaction_id: Id128([number; 16]),
        source_id: format!("event-{number}"),
        container: "calendar".into(),
        kind: Kind::Meeting,
        occurred_at: Timestamp(day * DAY),
        ended_at: Some(Timestamp(day * DAY + HOUR)),
        direction: Direction::Outbound,
        subject: Some("Plan \"B\" \\ und \u{1f600}\n".into()),
        preview: Some(String::new()),
        series_id: Some("5".repeat(32)),
        participants: vec![
            person(Some("Ann"), "ann@contoso.com", Role::Organizer, true),
            person(None, "bob@fabrikam.com", Role::Required, false),
            person(Some(""), "room without address", Role::Resource, true),
        ],
        is_online_meeting: Some(true),
        online_provider: Some("teamsForBusiness".into()),
        is_recurring: Some(true),
        is_all_day: Some(false),
        fingerprint: i64::from(number),
        captured_at: Timestamp((day - 1) * DAY),
        user_role: Some(Role::Organizer),
        ..mail()
    }
}

fn noted(rows: &[Interaction]) -> Pending {
    let mut pending = Pending::default();
    for row in rows {
        pending.note_meeting(&row.mailbox.id, row.interaction_id, MeetingRecord::of(row));
    }
    pending
}

fn commit(state: &State, pending: &Pending) {
    let versions = BTreeMap::from([(mailbox::slot("ann"), 1)]);
    state
        .commit(&[packed(pending.clone())], &[], &versions)
        .unwrap();
}

fn rebuilt(state: &State, rows: &[Interaction]) {
    let mut rebuild = state.rebuild(&[mailbox::slot("ann")]).unwrap();
    rebuild.absorb_rows(rows).unwrap();
    let versions = BTreeMap::from([(mailbox::slot("ann"), 2)]);
    rebuild.finish(&versions).unwrap();
}

#[test]
fn rows_are_read_back_with_their_meetings_by_mailbox() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let mut hidden = meeting(3, 100);
    (hidden.subject, hidden.preview) = (None, None);
    (hidden.participants, hidden.user_role) = (Vec::new(), None);
    (hidden.is_all_day, hidden.series_id) = (None, None);
    let rows = [meeting(2, 100), hidden, meeting(1, 100)];
    let mut pending = noted(&rows);
    pending.note_meeting("ann2", Id128([9; 16]), MeetingRecord::of(&rows[0]));
    commit(&state, &pending);

    let found = state.meetings("ann").unwrap();
    let ids: Vec<_> = found.iter().map(|(id, _)| id.0[0]).collect();
    assert_eq!(ids, [1, 2, 3]);
    let row_of = |at: usize| (*found[at].1.row.clone().unwrap()).clone();
    assert_eq!(
        [row_of(1), row_of(2), row_of(0)],
        [rows[0].clone(), rows[1].clone(), rows[2].clone()]
    );
    assert!(Arc::ptr_eq(&row_of(0).mailbox, &row_of(2).mailbox));
    assert_eq!(state.meetings("an").unwrap(), []);
}

#[test]
fn later_notes_replace_earlier_ones_in_batch_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    commit(&state, &noted(&[meeting(1, 100)]));
    let revised = |revision| Interaction {
        revision,
        ..meeting(1, 101)
    };
    let versions = BTreeMap::from([(mailbox::slot("ann"), 1)]);
    let decided = [noted(&[revised(2)]), noted(&[revised(3)])].map(packed);
    state.commit(&decided, &[], &versions).unwrap();
    let found = state.meetings("ann").unwrap();
    assert_eq!(found, [(Id128([1; 16]), MeetingRecord::of(&revised(3)))]);

    let mut without_row = MeetingRecord::of(&revised(4));
    without_row.row = None;
    let mut pending = Pending::default();
    pending.note_meeting("ann", Id128([1; 16]), without_row.clone());
    commit(&state, &pending);
    assert_eq!(state.meetings("ann").unwrap()[0].1, without_row);
}

#[test]
fn the_active_row_of_a_moved_meeting_stays_in_either_order() {
    let moved = Interaction {
        revision: 2,
        ..meeting(1, 150)
    };
    let closing = Interaction {
        revision: 2,
        state: interaction::State::Superseded,
        ..meeting(1, 100)
    };
    let old = meeting(1, 100);
    for rows in [
        [moved.clone(), closing.clone(), old.clone()],
        [closing.clone(), moved.clone(), old.clone()],
        [old, closing, moved.clone()],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let state = open(folder.path()).state;
        rebuilt(&state, &rows);
        let found = state.meetings("ann").unwrap();
        assert_eq!(found, [(Id128([1; 16]), MeetingRecord::of(&moved))]);
    }
}

#[test]
fn a_row_is_removed_while_its_record_stays() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let row = meeting(1, 100);
    commit(&state, &noted(std::slice::from_ref(&row)));
    let found = state.meetings("ann").unwrap().remove(0);
    assert_eq!(found.1.row.as_deref(), Some(&row));
    let record = MeetingRecord {
        row: None,
        ..found.1
    };
    let mut pending = Pending::default();
    pending.note_meeting("ann", found.0, record.clone());
    commit(&state, &pending);
    assert_eq!(state.meetings("ann").unwrap(), [(found.0, record)]);
}

#[test]
fn meetings_are_no_mails_to_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let row = meeting(1, 100);
    rebuilt(&state, std::slice::from_ref(&row));
    let view = state.view(Uncommitted::default()).unwrap();
    let found = view
        .recorded(&Pending::default(), "ann", row.interaction_id)
        .unwrap();
    assert_eq!(found, None);
}

fn event(source_id: &str, event_type: EventType, subject: Option<&str>) -> Event {
    Event {
        source_id: source_id.into(),
        event_type,
        master_id: None,
        ical_uid: None,
        start: None,
        end: None,
        original_start: Some(Timestamp(-1)),
        zone: None,
        recurrence: None,
        series: None,
        original_day: None,
        is_all_day: None,
        subject: subject.map(Into::into),
        preview: None,
        body_text: None,
        organizer: None,
        attendees: Some(Vec::new()),
        is_organizer: Some(false),
        is_cancelled: None,
        is_draft: None,
        is_private: None,
        response: None,
        is_online: None,
        online_provider: None,
        modified: None,
        is_shortened: false,
        fingerprint: 1,
    }
}

#[test]
fn waiting_series_and_the_mark_are_kept_until_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let series = WaitingSeries {
        master: Some(event("m", EventType::Master, Some("Weekly"))),
        instances: vec![
            event("o", EventType::Occurrence, None),
            event("e", EventType::Exception, Some("")),
        ],
    };
    let mut pending = Pending::default();
    pending.note_series("ann", "m", Some(series.clone()));
    pending.note_series("ann", "gone", Some(WaitingSeries::default()));
    pending.note_series("ann2", "m", Some(WaitingSeries::default()));
    pending.note_calendar_mark("ann", "link-1".into());
    commit(&state, &pending);
    let mut pending = Pending::default();
    pending.note_series("ann", "gone", None);
    commit(&state, &pending);
    assert_eq!(state.series("ann").unwrap(), [("m".to_owned(), series)]);
    assert_eq!(
        state.calendar_mark("ann").unwrap().as_deref(),
        Some("link-1")
    );
    assert_eq!(state.calendar_mark("ann2").unwrap(), None);

    rebuilt(&state, &[meeting(1, 100)]);
    assert_eq!(state.series("ann").unwrap(), []);
    assert_eq!(state.calendar_mark("ann").unwrap(), None);
    assert_eq!(state.meetings("ann").unwrap().len(), 1);
    state.reset_slot(mailbox::slot("ann")).unwrap();
    assert_eq!(state.meetings("ann").unwrap(), []);
}

/// What a run does to one of a few meetings: moves it, perhaps to another month.
fn nights() -> impl Strategy<Value = Vec<Vec<(u8, i64)>>> {
    let change = (0_u8..5, 90_i64..160);
    prop::collection::vec(prop::collection::vec(change, 0..4), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_state_rebuilt_from_the_rows_equals_the_one_that_was_kept(
        nights in nights(),
        seed in any::<prop::sample::Index>(),
        behind in any::<prop::sample::Index>(),
    ) {
        let (live, rebuilt_folder, caught_up) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let live = open(live.path()).state;
        let mut all = Vec::new();
        let mut known: BTreeMap<u8, Interaction> = BTreeMap::new();
        let mut nights_rows = Vec::new();
        for (night, changes) in (100..).zip(&nights) {
            let mut rows = Vec::new();
            let changes: BTreeMap<u8, i64> = changes.iter().copied().collect();
            for (number, day) in changes {
                let before = known.get(&number);
                let row = Interaction {
                    revision: before.map_or(1, |before| before.revision + 1),
                    captured_at: Timestamp(night * DAY),
                    ..meeting(number, day)
                };
                let before = before.filter(|before| {
                    before.occurred_at.month() != row.occurred_at.month()
                });
                rows.extend(before.map(|before| Interaction {
                    revision: row.revision,
                    state: interaction::State::Superseded,
                    ..before.clone()
                }));
                known.insert(number, row.clone());
                rows.push(row);
            }
            let stays = |row: &&Interaction| row.state != interaction::State::Superseded;
            let noted = noted(&rows.iter().filter(stays).cloned().collect::<Vec<_>>());
            commit(&live, &noted);
            nights_rows.push(noted);
            all.push(rows);
        }
        let from_lake = open(rebuilt_folder.path()).state;
        let mut shuffled: Vec<_> = all.concat();
        let places = shuffled.len().max(1);
        shuffled.rotate_left(seed.index(places) % places);
        rebuilt(&from_lake, &shuffled);
        prop_assert_eq!(from_lake.meetings("ann").unwrap(), live.meetings("ann").unwrap());

        // A cache that stopped in the middle takes only the rows that came later.
        let caught_up = open(caught_up.path()).state;
        let stop = behind.index(all.len());
        nights_rows.iter().take(stop).for_each(|noted| commit(&caught_up, noted));
        let mut rebuild = caught_up.rebuild(&[]).unwrap();
        for rows in all.iter().skip(stop) {
            rebuild.absorb_rows(rows).unwrap();
        }
        rebuild.finish(&BTreeMap::from([(mailbox::slot("ann"), 2)])).unwrap();
        prop_assert_eq!(caught_up.meetings("ann").unwrap(), live.meetings("ann").unwrap());
    }
}
