//! Meetings that change: what readers count, after commits, catch-ups, other CRM snapshots and
//! merging.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::lake::Lake;
use crate::lake::read::Filter;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch_of;
use crate::lake::tests::fixture::mail;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::fixture::meeting;
use crate::lake::tests::fixture::participant;
use crate::lake::tests::fixture::revised;
use crate::lake::tests::fixture::run;
use crate::lake::verify::Finding;
use crate::model::activity::Activity;
use crate::model::activity::ContactMatch;
use crate::model::interaction::Interaction;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

/// What a reader counts: interaction, mailbox, day and revision of the active rows.
type Counted = BTreeSet<(String, String, i64, i32)>;

fn verify(lake: &Lake) -> Vec<Finding> {
    let snapshot = |snapshot: &str, row: &Interaction| match snapshot {
        "snapshot" => Some(match_carla(row)),
        _ => Some(Vec::new()),
    };
    lake.verify(snapshot).unwrap()
}

fn match_no_one(_: &Interaction) -> Vec<ContactMatch> {
    Vec::new()
}

/// The readers' rule over some rows: of each interaction and mailbox the highest generation, of
/// these the active ones.
fn count(rows: &[Activity]) -> Counted {
    let mut highest = BTreeMap::new();
    let key = |row: &Activity| (row.interaction_id, row.mailbox.id.to_string());
    for row in rows {
        let generation = highest.entry(key(row)).or_insert(row.generation);
        *generation = row.generation.max(*generation);
    }
    let is_counted =
        |row: &&Activity| row.generation == highest[&key(row)] && row.state == State::Active;
    let rows: Vec<_> = rows.iter().filter(is_counted).collect();
    let counted: Counted = rows
        .iter()
        .map(|row| {
            let (id, mailbox) = key(row);
            (id.to_string(), mailbox, row.occurred_at.day(), row.revision)
        })
        .collect();
    assert_eq!(counted.len(), rows.len(), "each has one contact");
    counted
}

/// What readers count over all months; it must be the same month by month.
fn counted(lake: &Lake) -> Counted {
    let rows = lake.activities(&Filter::default()).unwrap();
    let rows: Vec<Activity> = rows.map(|row| row.unwrap()).collect();
    let all = count(&rows);
    let mut months: BTreeMap<String, Vec<Activity>> = BTreeMap::new();
    for row in rows {
        months.entry(row.occurred_at.month()).or_default().push(row);
    }
    let by_month: Counted = months.values().flat_map(|rows| count(rows)).collect();
    assert_eq!(by_month, all);
    all
}

/// What readers should count: of the highest revision of each interaction the active ones with
/// Carla.
fn expected(lake: &Lake) -> Counted {
    let rows = lake.interactions(&Filter::default()).unwrap();
    let mut current: BTreeMap<_, Interaction> = BTreeMap::new();
    for row in rows.map(|row| row.unwrap()) {
        let key = (row.interaction_id, row.mailbox.id.to_string());
        let known = current.get(&key);
        let is_newer = known.is_none_or(|known| row.revision > known.revision)
            || (row.state != State::Superseded
                && known.is_some_and(|k| k.revision == row.revision));
        if is_newer {
            current.insert(key, row);
        }
    }
    let rows = current.into_values();
    let rows = rows.filter(|row| row.state == State::Active && !match_carla(row).is_empty());
    rows.map(|row| {
        let id = row.interaction_id.to_string();
        (
            id,
            row.mailbox.id.to_string(),
            row.occurred_at.day(),
            row.revision,
        )
    })
    .collect()
}

/// A meeting's life, night by night: it moves to another month and back, is renamed, loses and
/// regains its contact, is cancelled, comes back in a third month, and is withdrawn.
fn life() -> Vec<Vec<Interaction>> {
    let on = |day| meeting("ann", 1, day);
    let without_carla = |day| Interaction {
        participants: vec![participant("ann@contoso.com", Role::Organizer, true)],
        ..on(day)
    };
    let in_state = |state, day| Interaction { state, ..on(day) };
    let steps = [
        on(40),
        on(10),
        Interaction {
            subject: Some("Another title".to_owned()),
            ..on(10)
        },
        without_carla(10),
        without_carla(40),
        on(41),
        in_state(State::Cancelled, 11),
        on(70),
        Interaction {
            participants: Vec::new(),
            ..in_state(State::Withdrawn, 12)
        },
    ];
    let mut nights = vec![vec![on(9)]];
    let mut old = on(9);
    for new in steps {
        let rows = revised(&old, new);
        old = rows[0].clone();
        nights.push(rows);
    }
    nights
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_changed_meeting_counts_once_in_all_and_in_each_month() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch_of(vec![meeting("bob", 1, 9), mail("bob", 9)]))
        .unwrap();
    for (night, rows) in life().into_iter().enumerate() {
        let is_counted = rows[0].state == State::Active && !match_carla(&rows[0]).is_empty();
        lake.commit(&batch_of(rows)).unwrap();
        let found = counted(&lake);
        assert_eq!(found, expected(&lake), "night {night}");
        assert_eq!(found.len(), 2 + usize::from(is_counted), "night {night}");
        assert_eq!(verify(&lake), [], "night {night}");
    }
    assert_eq!(lake.recorded_totals().unwrap()["ann"], 1);
}

#[test]
fn several_revisions_in_one_batch_count_as_the_last_of_them() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let rows = life().into_iter().take(6).flatten().collect::<Vec<_>>();
    lake.commit(&batch_of(rows)).unwrap();
    assert_eq!(counted(&lake), expected(&lake));
    assert_eq!(verify(&lake), []);
}

/// What both tables hold, without what differs from commit to commit.
fn contents(lake: &Lake) -> (Vec<String>, Vec<String>) {
    let rows = lake.interactions(&Filter::default()).unwrap();
    let activities = lake.activities(&Filter::default()).unwrap();
    let activities = activities.map(|row| Activity {
        generation: 0,
        matched_at: Timestamp(0),
        ..row.unwrap()
    });
    let mut rows: Vec<_> = rows.map(|row| format!("{:?}", row.unwrap())).collect();
    let mut activities: Vec<_> = activities.map(|row| format!("{row:?}")).collect();
    rows.sort();
    activities.sort();
    (rows, activities)
}

#[test]
fn rows_that_were_encoded_in_several_steps_are_committed_as_if_they_came_at_once() {
    let (at_once, stepwise) = (TestLake::new(), TestLake::new());
    let nights = || life().into_iter().take(6);
    let first = at_once.write();
    let all: Vec<Interaction> = nights().flatten().collect();
    let committed = first.commit(&batch_of(all.clone())).unwrap();
    let second = stepwise.write();
    let mut batch = batch_of(all);
    batch.rows.clear();
    for rows in nights() {
        batch.rows.extend(batch_of(rows).rows);
        second.spill(&mut batch).unwrap();
    }
    let again = second.commit(&batch).unwrap();
    assert_eq!(
        (again.interactions, again.activities),
        (committed.interactions, committed.activities)
    );
    assert_eq!(contents(&second), contents(&first));
    assert_eq!(counted(&second), expected(&second));
    assert_eq!(verify(&second), []);
    for row in second.activities(&Filter::default()).unwrap() {
        let row = row.unwrap();
        assert_eq!(row.generation, again.version);
        assert_eq!((&*row.crm_snapshot, &*row.run_id), ("snapshot", "run1"));
        assert!(row.matched_at > Timestamp(0));
    }
}

/// A lake whose view is that of before a night, and what it counted at its end. `more` commits further
/// rows after each night.
fn with_view_of_night(restored: usize, more: impl Fn(&Lake, usize)) -> (TestLake, Counted) {
    let test_lake = TestLake::new();
    let (view, copy) = (
        test_lake.path().join("lake/contact_activity"),
        test_lake.path().join("copy"),
    );
    let lake = test_lake.write();
    for (night, rows) in life().into_iter().enumerate() {
        if night == restored {
            copy_folder(&view, &copy);
        }
        lake.commit(&batch_of(rows)).unwrap();
        more(&lake, night);
    }
    let before = counted(&lake);
    drop(lake);
    std::fs::remove_dir_all(&view).unwrap();
    copy_folder(&copy, &view);
    (test_lake, before)
}

#[test]
fn a_view_several_revisions_behind_catches_up_completely() {
    for restored in [0, 1, 4, 7] {
        let (test_lake, before) = with_view_of_night(restored, |_, _| {});
        let lake = test_lake.write();
        let caught = lake
            .catch_up_activities(&run("run2"), "snapshot", match_carla)
            .unwrap();
        assert!(!caught.compared_all);
        assert_eq!(counted(&lake), before, "restored from night {restored}");
        assert_eq!(verify(&lake), [], "restored from night {restored}");
    }
}

#[test]
fn a_view_that_is_behind_merged_revisions_is_compared_as_a_whole() {
    for restored in [0, 8] {
        let (test_lake, before) = with_view_of_night(restored, |lake, night| {
            for number in 0..2 {
                let number = 2 * u32::try_from(night).unwrap() + number;
                lake.commit(&batch_of(vec![mail("ann", number)])).unwrap();
            }
        });
        let lake = test_lake.write();
        assert!(Lake::merge_table(&lake.interactions, "", Duration::MAX).unwrap() > 0);
        let caught = lake
            .catch_up_activities(&run("run2"), "snapshot", match_carla)
            .unwrap();
        assert!(caught.compared_all);
        assert_eq!(counted(&lake), before, "restored from night {restored}");
        let again = lake
            .rematch(&run("run3"), "snapshot", true, match_carla)
            .unwrap();
        assert_eq!(again.activities, 0, "restored from night {restored}");
    }
}

#[test]
fn another_snapshot_concerns_the_last_revision_only() {
    for nights in [2, 4, 7, 9] {
        let test_lake = TestLake::new();
        let lake = test_lake.write();
        for rows in life().into_iter().take(nights) {
            lake.commit(&batch_of(rows)).unwrap();
        }
        let before = counted(&lake);
        let gone = lake
            .rematch(&run("run2"), "empty", false, match_no_one)
            .unwrap();
        let has_contact = !match_carla(&life()[nights - 1][0]).is_empty();
        assert_eq!(
            gone.activities,
            usize::from(has_contact),
            "after {nights} nights"
        );
        assert_eq!(counted(&lake), Counted::new(), "after {nights} nights");
        assert_eq!(verify(&lake), [], "after {nights} nights");
        let back = lake
            .rematch(&run("run3"), "snapshot", false, match_carla)
            .unwrap();
        assert_eq!(back.activities, gone.activities, "after {nights} nights");
        assert_eq!(counted(&lake), before, "after {nights} nights");
        assert_eq!(verify(&lake), [], "after {nights} nights");
    }
}
