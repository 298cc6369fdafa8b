//! What is left when a process dies between two steps of a commit, or two of them race.

use std::sync::Arc;
use std::time::Duration;

use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::contact_match;
use crate::lake::tests::fixture::make_older;
use crate::lake::tests::fixture::run;
use crate::lake::verify::Finding;
use crate::model::activity::ContactMatch;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;

/// The CRM snapshot that knows the sender of all mails.
fn match_all(_: &Interaction) -> Vec<ContactMatch> {
    vec![contact_match()]
}

fn match_none(_: &Interaction) -> Vec<ContactMatch> {
    Vec::new()
}

fn verify(lake: &Lake) -> Vec<Finding> {
    lake.verify(|snapshot, row| {
        Some(if snapshot == "snapshot" {
            match_all(row)
        } else {
            match_none(row)
        })
    })
    .unwrap()
}

/// Does the first `steps` steps of a commit, then nothing more.
fn commit_partly(lake: &Lake, batch: &CommitBatch, steps: usize) {
    let plan = lake.plan(batch).unwrap();
    let files = (steps >= 1).then(|| lake.write_files(&plan, batch).unwrap());
    if steps >= 2 {
        lake.write_cursors(&plan, batch).unwrap();
    }
    if let Some(files) = files {
        if steps >= 3 {
            lake.commit_interactions(&plan, &files).unwrap();
        }
        if steps >= 4 {
            lake.commit_activities(&plan, &files).unwrap();
        }
    }
}

/// As many small files of one month as it takes for them to be merged: one mail in each.
fn commit_small_files(lake: &Lake) {
    for round in 0..22 {
        lake.commit(&batch("ann", round..round + 1)).unwrap();
    }
}

fn counts(lake: &Lake) -> (usize, usize) {
    let rows = lake.interactions(&Filter::default()).unwrap();
    let activities = lake.activities(&Filter::default()).unwrap();
    let rows = rows.map(Result::unwrap).fold(0, |n, _| n + 1);
    (rows, activities.map(Result::unwrap).fold(0, |n, _| n + 1))
}

#[test]
fn a_crash_after_any_step_loses_nothing_and_duplicates_nothing() {
    for steps in 0..=4 {
        let test_lake = TestLake::new();
        let lake = test_lake.write();
        lake.commit(&batch("ann", 0..40)).unwrap();
        let second = batch("ann", 40..50);
        commit_partly(&lake, &second, steps);
        drop(lake);
        let lake = test_lake.write();
        let has_happened = steps >= 3;
        let caught = lake
            .catch_up_activities(&run("run2"), "snapshot", match_all)
            .unwrap();
        assert_eq!(
            caught.activities,
            if steps == 3 { 10 } else { 0 },
            "{steps}"
        );
        if !has_happened {
            lake.commit(&second).unwrap();
        }
        assert_eq!(counts(&lake), (50, 50), "after {steps} steps");
        let mut cursors = lake.cursors(slot("ann")).unwrap();
        assert_eq!(cursors.next().unwrap().unwrap(), second.cursors[0]);
        assert_eq!(verify(&lake), [], "after {steps} steps");
    }
}

#[test]
fn files_of_an_attempt_that_died_are_deleted_at_the_next_start() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    commit_partly(&lake, &batch("ann", 0..40), 2);
    let found = verify(&lake);
    assert_eq!(
        found.len(),
        5,
        "two months in two tables and a cursor file: {found:?}"
    );
    drop(lake);
    assert_eq!(verify(&test_lake.write()), []);
}

#[test]
fn a_commit_that_is_repeated_is_found_done() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let batch = batch("ann", 0..10);
    let plan = lake.plan(&batch).unwrap();
    let files = lake.write_files(&plan, &batch).unwrap();
    lake.write_cursors(&plan, &batch).unwrap();
    for _ in 0..2 {
        lake.commit_interactions(&plan, &files).unwrap();
        lake.commit_activities(&plan, &files).unwrap();
    }
    assert_eq!(counts(&lake), (10, 10));
}

#[test]
fn of_two_processes_on_one_slot_the_second_stops_and_deletes_nothing() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..10)).unwrap();
    let late = batch("ann", 10..20);
    let plan = lake.plan(&late).unwrap();
    let files = lake.write_files(&plan, &late).unwrap();
    lake.write_cursors(&plan, &late).unwrap();
    lake.commit(&batch("ann", 20..30)).unwrap();
    let stopped = lake.commit_interactions(&plan, &files);
    assert!(matches!(stopped, Err(LakeError::SlotTaken { slot: s }) if s == slot("ann")));
    assert_eq!(counts(&lake), (20, 20));
}

#[test]
fn processes_with_slots_of_their_own_commit_side_by_side() {
    let test_lake = Arc::new(TestLake::new());
    drop(test_lake.write());
    let (ann, bob) = (slot("ann"), slot("bob"));
    assert_ne!(ann, bob);
    let worker = |mailbox: &'static str, own: u8| {
        let test_lake = Arc::clone(&test_lake);
        std::thread::spawn(move || {
            let mut settings = test_lake.settings();
            settings.slots = vec![own];
            let lake = test_lake.try_write(settings).unwrap();
            for round in 0..10 {
                lake.commit(&batch(mailbox, round..round + 1)).unwrap();
            }
        })
    };
    let workers = [worker("ann", ann), worker("bob", bob)];
    for worker in workers {
        worker.join().unwrap();
    }
    let lake = test_lake.write();
    assert_eq!(counts(&lake), (20, 20));
    assert_eq!(verify(&lake), []);
}

#[test]
fn a_changed_snapshot_closes_unknown_and_reopens_known_contacts() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..10)).unwrap();
    let closed = lake
        .rematch(&run("run2"), "empty", false, match_none)
        .unwrap();
    assert_eq!(closed.activities, 10);
    assert_eq!(lake.current_snapshots().unwrap()[&slot("ann")], "empty");
    assert_eq!(verify(&lake), []);
    let again = lake
        .rematch(&run("run2"), "empty", true, match_none)
        .unwrap();
    assert_eq!(again.activities, 0);
    let back = lake
        .rematch(&run("run3"), "snapshot", false, match_all)
        .unwrap();
    assert_eq!(back.activities, 10);
    assert_eq!(verify(&lake), []);
    assert_eq!(counts(&lake), (10, 30));
}

#[test]
fn rows_that_another_program_removes_or_changes_are_found() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..10)).unwrap();
    let wrong = lake.verify(|_, row| Some(match_none(row))).unwrap();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    let plan = lake.plan(&batch("ann", 10..11)).unwrap();
    let files = lake.write_files(&plan, &batch("ann", 10..11)).unwrap();
    lake.write_cursors(&plan, &batch("ann", 11..12)).unwrap();
    lake.commit_interactions(&plan, &files).unwrap();
    lake.commit_activities(&plan, &files).unwrap();
    let found = verify(&lake);
    assert!(
        found[0].what.contains("not what was committed"),
        "{found:?}"
    );
}

#[test]
fn small_files_of_a_month_are_merged_and_no_row_changes() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    commit_small_files(&lake);
    assert_eq!(lake.merge_small_files("", Duration::MAX).unwrap(), 2);
    assert_eq!(lake.interactions.live_files().unwrap().len(), 1);
    assert_eq!(counts(&lake), (22, 22));
    assert_eq!(verify(&lake), []);
    lake.commit(&batch("ann", 22..23)).unwrap();
    drop(lake);
    let lake = test_lake.write();
    assert_eq!(counts(&lake), (23, 23));
    assert_eq!(verify(&lake), []);
    assert_eq!(lake.merge_small_files("", Duration::MAX).unwrap(), 0);
}

#[test]
fn a_process_with_some_slots_deletes_abandoned_files_not_merged_ones() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    commit_small_files(&lake);
    commit_partly(&lake, &batch("ann", 22..23), 2);
    let abandoned = lake.orphaned_files().unwrap();
    lake.merge_small_files("", Duration::MAX).unwrap();
    let unnamed = lake.orphaned_files().unwrap();
    let merged: Vec<_> = (unnamed.iter())
        .filter(|file| !abandoned.contains(file))
        .collect();
    assert_eq!(merged.len(), 44);
    drop(lake);

    let mut some = test_lake.settings();
    some.slots = vec![slot("bob")];
    drop(test_lake.try_write(some.clone()).unwrap());
    let all_are_there = || unnamed.iter().all(|file| file.exists());
    assert!(
        all_are_there(),
        "another process may be about to commit them"
    );
    for file in &unnamed {
        make_older(file, Duration::from_hours(25));
    }
    drop(test_lake.try_write(some).unwrap());
    assert!(abandoned.iter().all(|file| !file.exists()));
    assert!(merged.iter().all(|file| file.exists()), "may be read");
    drop(test_lake.write());
    assert!(merged.iter().all(|file| !file.exists()));
}

#[test]
fn a_view_that_is_behind_files_that_were_merged_is_compared_as_a_whole() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    commit_small_files(&lake);
    commit_partly(&lake, &batch("bob", 0..5), 3);
    assert_eq!(
        lake.merge_small_files("", Duration::MAX).unwrap(),
        0,
        "a view is behind"
    );
    Lake::merge_table(&lake.interactions, "", Duration::MAX).unwrap();
    let caught = lake
        .catch_up_activities(&run("run2"), "snapshot", match_all)
        .unwrap();
    assert!(caught.compared_all);
    assert_eq!(caught.activities, 5);
    assert_eq!(counts(&lake), (27, 27));
    let again = lake
        .catch_up_activities(&run("run2"), "snapshot", match_all)
        .unwrap();
    assert!(again.slots.is_empty());
}
