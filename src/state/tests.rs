//! The state as its users see it: validated, rebuilt, looked up and committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use crate::model::cursor::CursorRecord;
use crate::model::id::Id128;
use crate::model::interaction;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Source;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::mailbox::slot;
use crate::model::outcome::Outcome;
use crate::model::time::Timestamp;
use crate::state::error::StateError;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::packed::PackedDecisions;
use crate::state::pending::Pending;
use crate::state::store::CacheStatus;
use crate::state::store::Opened;
use crate::state::store::Settings;
use crate::state::store::State;
use crate::state::uncommitted::Uncommitted;
use crate::state::view::View;

const LAKE: &str = "lake-1";

pub(crate) fn open(folder: &Path) -> Opened {
    open_for(folder, LAKE).unwrap()
}

fn open_for(folder: &Path, lake_id: &str) -> Result<Opened, StateError> {
    let settings = Settings {
        folder: folder.join("state"),
        memory_bytes: 1 << 20,
    };
    State::open(settings, lake_id)
}

fn seen(outcome: Outcome, fingerprint: i64) -> Seen {
    Seen {
        outcome,
        fingerprint,
    }
}

fn cursor(mailbox_id: &str, key: &str, value: Option<&str>) -> CursorRecord {
    CursorRecord {
        mailbox_id: mailbox_id.into(),
        key: key.into(),
        value: value.map(Into::into),
    }
}

/// A mail without subject that was recorded for `ann` under the provider's id 1.
pub(crate) fn mail() -> Interaction {
    let mailbox = Mailbox {
        id: "ann".into(),
        address: "ann@contoso.com".into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: Vec::new(),
    };
    Interaction {
        interaction_id: Id128([1; 16]),
        mailbox: mailbox.into(),
        source: Source::Graph,
        source_id: "1".into(),
        container: "inbox".into(),
        kind: Kind::Email,
        revision: 1,
        state: interaction::State::Active,
        occurred_at: Timestamp(0),
        ended_at: None,
        direction: Direction::Inbound,
        subject: None,
        preview: None,
        body_text: None,
        sensitivity_known: true,
        thread_id: None,
        series_id: None,
        participants: Vec::new(),
        is_bulk: false,
        bulk_reason: None,
        is_online_meeting: None,
        online_provider: None,
        is_recurring: None,
        is_all_day: None,
        fingerprint: -5,
        captured_at: Timestamp(0),
        run_id: "run".into(),
        user_role: None,
    }
}

fn one_item(fingerprint: i64) -> Pending {
    let mut pending = Pending::default();
    pending.note_item("ann", "1", seen(Outcome::Recorded, fingerprint));
    pending
}

fn versions(version: i64) -> BTreeMap<u8, i64> {
    BTreeMap::from([(slot("ann"), version)])
}

fn view(state: &State) -> View {
    state.view(Uncommitted::default()).unwrap()
}

pub(crate) fn packed(pending: Pending) -> Arc<PackedDecisions> {
    Arc::new(PackedDecisions::of(pending).unwrap())
}

fn commit(state: &State, pending: &Pending, versions: &BTreeMap<u8, i64>) {
    let decided = [packed(pending.clone())];
    state.commit(&decided, &[], versions).unwrap();
}

fn item(state: &State, oldest_first: &[&Pending]) -> Option<Seen> {
    let decided = oldest_first.iter().map(|one| packed((*one).clone()));
    let view = state.view(Uncommitted::new(decided)).unwrap();
    view.item("ann", "1").unwrap()
}

#[test]
fn a_committed_batch_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { state, status } = open(folder.path());
    assert_eq!(status, CacheStatus::Fresh);
    assert_eq!(state.version(slot("ann")).unwrap(), None);
    let mut pending = one_item(7);
    let mail = RecordedMail::of(Some("hello"), Timestamp(5));
    pending.note_recorded("ann", Id128([1; 16]), mail);
    commit(&state, &pending, &versions(3));
    drop(state);

    let Opened { state, status } = open(folder.path());
    assert_eq!(status, CacheStatus::Known);
    assert_eq!(state.version(slot("ann")).unwrap(), Some(3));
    assert_eq!(item(&state, &[]), Some(seen(Outcome::Recorded, 7)));
    let view = view(&state);
    let found = view
        .recorded(&Pending::default(), "ann", Id128([1; 16]))
        .unwrap();
    assert_eq!(found, Some(mail));
    assert_eq!(
        view.recorded(&Pending::default(), "bob", Id128([1; 16]))
            .unwrap(),
        None
    );
    assert_eq!(view.item("bob", "1").unwrap(), None);
}

#[test]
fn pending_decisions_take_precedence_until_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    commit(&state, &one_item(1), &versions(1));
    let (newer, older) = (one_item(3), one_item(2));
    assert_eq!(item(&state, &[&older, &newer]).unwrap().fingerprint, 3);
    assert_eq!(item(&state, &[&older]).unwrap().fingerprint, 2);
    drop((newer, older));
    assert_eq!(item(&state, &[]).unwrap().fingerprint, 1);
}

#[test]
fn packed_decisions_are_found_by_key_and_written_as_decided() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let (mut first, mut second) = (Pending::default(), Pending::default());
    for number in 0..100_u8 {
        first.note_item("ann", &number.to_string(), seen(Outcome::Draft, -1));
        let id = Id128([number; 16]);
        first.note_recorded("ann", id, RecordedMail(number.into()));
        second.note_recorded("ann", id, RecordedMail(u64::MAX));
    }
    second.note_item("ann", "7", seen(Outcome::Removed, i64::MIN));
    let decided = [packed(first), packed(second)];
    let check = |view: &View| {
        let item = |id: &str| view.item("ann", id).unwrap();
        assert_eq!(item("7"), Some(seen(Outcome::Removed, i64::MIN)));
        assert_eq!(item("99"), Some(seen(Outcome::Draft, -1)));
        assert_eq!(item("100"), None);
        let mail = view.recorded(&Pending::default(), "ann", Id128([7; 16]));
        assert_eq!(mail.unwrap(), Some(RecordedMail(7)));
    };
    let uncommitted = Uncommitted::new(decided.iter().cloned());
    check(&state.view(uncommitted).unwrap());
    state.commit(&decided, &[], &versions(1)).unwrap();
    check(&view(&state));
}

#[test]
fn a_view_does_not_see_a_later_commit() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let view = view(&state);
    commit(&state, &one_item(1), &versions(1));
    assert_eq!(view.item("ann", "1").unwrap(), None);
    assert!(item(&state, &[]).is_some());
}

#[test]
fn threads_can_share_a_view() {
    fn shared<T: Send + Sync>() {}
    shared::<crate::state::view::View>();
    shared::<State>();
}

#[test]
fn the_first_mail_of_an_id_stays_within_a_batch() {
    let mut pending = Pending::default();
    let first = RecordedMail::of(Some("a"), Timestamp(0));
    pending.note_recorded("ann", Id128([1; 16]), first);
    pending.note_recorded("ann", Id128([1; 16]), RecordedMail(9));
    let folder = tempfile::tempdir().unwrap();
    let view = view(&open(folder.path()).state);
    let found = view.recorded(&pending, "ann", Id128([1; 16])).unwrap();
    assert_eq!(found, Some(first));
}

#[test]
fn cursors_stream_in_key_order_and_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let mut cursors = Vec::new();
    for mailbox in ["zoe", "ann", "bob", "an"] {
        for key in ["mailbox", "mail/b", "mail/a"] {
            cursors.push(cursor(mailbox, key, Some("{}")));
        }
    }
    // Of two links of a chain the later one counts.
    cursors.insert(0, cursor("zoe", "mailbox", None));
    state.commit(&[], &cursors, &BTreeMap::new()).unwrap();
    let deleted = [cursor("ann", "mail/a", None)];
    state.commit(&[], &deleted, &BTreeMap::new()).unwrap();

    let all: Vec<_> = state.all_cursors().unwrap().map(Result::unwrap).collect();
    let order = |c: &CursorRecord| (slot(&c.mailbox_id), c.mailbox_id.clone(), c.key.clone());
    assert_eq!(all.len(), 11);
    assert!(all.is_sorted_by_key(order));
    let keys = |cursors: Vec<CursorRecord>| cursors.into_iter().map(|c| c.key).collect::<Vec<_>>();
    assert_eq!(keys(state.cursors("ann").unwrap()), ["mail/b", "mailbox"]);
    assert_eq!(state.cursors("nobody").unwrap(), []);
    let by_slot = state.slot_cursors(slot("bob")).unwrap().map(Result::unwrap);
    let expected = all.iter().filter(|c| slot(&c.mailbox_id) == slot("bob"));
    assert!(by_slot.collect::<Vec<_>>().iter().eq(expected));
}

#[test]
fn resetting_a_slot_keeps_the_others() {
    assert_ne!(slot("ann"), slot("zoe"));
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let mut pending = one_item(1);
    pending.note_item("zoe", "1", seen(Outcome::Draft, 2));
    let cursors = ["ann", "zoe"].map(|mailbox| cursor(mailbox, "mailbox", Some("{}")));
    let both = BTreeMap::from([(slot("ann"), 1), (slot("zoe"), 2)]);
    state.commit(&[packed(pending)], &cursors, &both).unwrap();
    state.reset_slot(slot("ann")).unwrap();

    assert_eq!(item(&state, &[]), None);
    assert_eq!(state.version(slot("ann")).unwrap(), None);
    assert_eq!(state.cursors("ann").unwrap(), []);
    let view = view(&state);
    assert!(view.item("zoe", "1").unwrap().is_some());
    assert_eq!(state.version(slot("zoe")).unwrap(), Some(2));
    assert_eq!(state.cursors("zoe").unwrap().len(), 1);
}

#[test]
fn the_state_of_another_lake_is_never_believed() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    commit(&state, &one_item(1), &versions(1));
    drop(state);
    let Opened { state, status } = open_for(folder.path(), "lake-2").unwrap();
    assert_eq!(status, CacheStatus::Fresh);
    assert_eq!(item(&state, &[]), None);
}

#[test]
fn a_second_run_fails_because_the_folder_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let second = open_for(folder.path(), LAKE);
    assert!(matches!(second, Err(StateError::InUse)));
    drop(first);
    assert_eq!(open(folder.path()).status, CacheStatus::Known);
}

#[cfg(unix)]
#[test]
fn nobody_but_the_owner_may_read_the_state() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    assert_eq!(mode(&folder.path().join("state/state.redb")), 0o600);
}

#[test]
fn a_rebuild_leaves_what_the_lake_holds_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    let mut pending = one_item(1);
    pending.note_item("ann", "gone", seen(Outcome::Draft, 1));
    commit(&state, &pending, &versions(1));

    let row = mail();
    let mut dropped = state.rebuild(&[slot("ann")]).unwrap();
    dropped.absorb_rows(std::slice::from_ref(&row)).unwrap();
    drop(dropped);
    assert_eq!(item(&state, &[]).unwrap().fingerprint, 1);

    let mut rebuild = state.rebuild(&[slot("ann")]).unwrap();
    rebuild.absorb_rows(&[row.clone(), row]).unwrap();
    let cursors = [
        cursor("ann", "mailbox", Some("old")),
        cursor("ann", "mailbox", Some("new")),
    ];
    rebuild.absorb_cursors(cursors).unwrap();
    rebuild.finish(&versions(9)).unwrap();
    let view = view(&state);
    assert_eq!(item(&state, &[]), Some(seen(Outcome::Recorded, -5)));
    assert_eq!(view.item("ann", "gone").unwrap(), None);
    let recorded = view
        .recorded(&Pending::default(), "ann", Id128([1; 16]))
        .unwrap();
    assert_eq!(recorded, Some(RecordedMail::of(None, Timestamp(0))));
    assert_eq!(
        state.cursors("ann").unwrap()[0].value.as_deref(),
        Some("new")
    );
    assert_eq!(state.version(slot("ann")).unwrap(), Some(9));
}

/// The disk now has what a killed process leaves.
fn killed_copy(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("state")).unwrap();
    let file = "state/state.redb";
    fs::copy(folder.join(file), copy.path().join(file)).unwrap();
    copy
}

#[test]
fn a_killed_run_leaves_its_last_commit() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).state;
    commit(&state, &one_item(1), &versions(1));
    let mut rebuild = state.rebuild(&[slot("ann")]).unwrap();
    // More than the page cache holds, so that some of it is written before the commit.
    let value = "x".repeat(1_000);
    let cursors = (0..5_000).map(|n| cursor("ann", &format!("mail/{n}"), Some(&value)));
    rebuild.absorb_cursors(cursors).unwrap();

    let half = killed_copy(folder.path());
    let Opened {
        state: killed,
        status,
    } = open(half.path());
    assert_eq!(status, CacheStatus::Known);
    assert_eq!(item(&killed, &[]).unwrap().fingerprint, 1);
    assert_eq!(killed.cursors("ann").unwrap(), []);

    rebuild.finish(&versions(2)).unwrap();
    let whole = killed_copy(folder.path());
    let killed = open(whole.path()).state;
    assert_eq!(killed.version(slot("ann")).unwrap(), Some(2));
    assert_eq!(killed.cursors("ann").unwrap().len(), 5_000);
    assert_eq!(item(&killed, &[]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_damaged_file_is_rebuilt_or_used_without_failure(
        keep in 0_usize..1_000,
        garbage in prop::option::of((0_usize..10, prop::collection::vec(any::<u8>(), 1..64))),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let state = open(folder.path()).state;
        commit(&state, &one_item(1), &versions(1));
        drop(state);
        let path = folder.path().join("state/state.redb");
        let mut bytes = fs::read(&path).unwrap();
        let place = |permille: usize| bytes.len() * permille / 1_000;
        match garbage {
            Some((start, garbage)) => {
                let start = place(start);
                bytes[start..start + garbage.len()].copy_from_slice(&garbage);
            }
            None => bytes.truncate(place(keep)),
        }
        fs::write(&path, &bytes).unwrap();
        let Opened { state, .. } = open(folder.path());
        commit(&state, &one_item(2), &versions(2));
        prop_assert_eq!(item(&state, &[]).unwrap().fingerprint, 2);
    }
}
