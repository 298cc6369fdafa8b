//! Disks that fail: full, read-only, without a working sync, with replies that get lost, or slow to
//! show what was made. A commit happens as a whole or not at all, and the error says so.

use std::io;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::storage::step::Step;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::simulated_disk::Fault;
use crate::lake::tests::simulated_disk::Watch;

fn count(lake: &Lake) -> usize {
    let rows = lake.interactions(&Filter::default()).unwrap();
    rows.map(Result::unwrap).count()
}

fn assert_verified(lake: &Lake) {
    let found = lake.verify(|_, row| Some(match_carla(row))).unwrap();
    assert_eq!(found, []);
}

/// Commits ten mails, then ten more while `fault` is there; gives what came of it, and the rows
/// that the next start finds.
fn commit_with(fault: Fault) -> (Result<(), LakeError>, usize) {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..10)).unwrap();
    let watch = Watch::over(test_lake.path());
    watch.inject(fault);
    let done = lake.commit(&batch("ann", 10..20)).map(drop);
    watch.clear_faults();
    drop(lake);
    let lake = test_lake.write();
    let rows = count(&lake);
    if rows == 10 {
        lake.commit(&batch("ann", 10..20)).unwrap();
        assert_eq!(count(&lake), 20);
    }
    let caught = lake.catch_up_activities(
        &crate::lake::tests::fixture::run("run2"),
        "snapshot",
        match_carla,
    );
    caught.unwrap();
    assert_verified(&lake);
    (done, rows)
}

#[test]
fn a_commit_refused_by_the_disk_has_not_happened_and_names_the_file() {
    let full = io::ErrorKind::StorageFull;
    let read_only = io::ErrorKind::ReadOnlyFilesystem;
    let faults = [
        (Step::Write, "interactions/month=", full),
        (Step::Write, "contact_activity/month=", full),
        (Step::Write, "cursors/", full),
        (Step::Create, "interactions/month=", read_only),
        (Step::Sync, "interactions/month=", io::ErrorKind::Other),
        (
            Step::SyncFolder,
            "interactions/month=",
            io::ErrorKind::Other,
        ),
        (Step::Sync, "cursors/", io::ErrorKind::Other),
        (Step::SyncFolder, "cursors", io::ErrorKind::Other),
    ];
    for (step, part, kind) in faults {
        let (done, rows) = commit_with(Fault::Fails(step, part, usize::MAX, kind));
        let error = done.unwrap_err();
        assert_eq!(rows, 10, "{step:?} {part}");
        let part = part.split('/').next().unwrap();
        assert!(
            matches!(error, LakeError::Io { .. }),
            "{step:?} {part}: {error:?}"
        );
        assert!(error.to_string().contains(part), "{step:?} {part}: {error}");
    }
}

#[test]
fn a_commit_whose_log_entry_fails_is_settled_at_the_next_start() {
    let log = "interactions/_delta_log";
    let full = io::ErrorKind::StorageFull;
    for (step, part) in [(Step::Write, log), (Step::Sync, log), (Step::Link, log)] {
        let (done, rows) = commit_with(Fault::Fails(step, part, usize::MAX, full));
        assert!(
            matches!(done, Err(LakeError::Delta { .. })),
            "{step:?}: {done:?}"
        );
        assert_eq!(rows, 10, "{step:?}");
    }
    // The entry has its name, but it is not known whether it would last: no promise is given.
    let fault = Fault::Fails(Step::SyncFolder, log, usize::MAX, io::ErrorKind::Other);
    let (done, rows) = commit_with(fault);
    assert!(done.is_err());
    assert_eq!(rows, 20);
}

#[test]
fn a_disk_that_fails_once_or_whose_reply_is_lost_holds_no_commit_up() {
    for table in ["interactions/_delta_log", "contact_activity/_delta_log"] {
        let faults = [
            Fault::Fails(Step::Write, table, 1, io::ErrorKind::Interrupted),
            Fault::Fails(Step::Link, table, 2, io::ErrorKind::TimedOut),
            Fault::Fails(Step::SyncFolder, table, 1, io::ErrorKind::TimedOut),
            Fault::ReplyLost(Step::Link, table, 1),
            Fault::ReplyLost(Step::SyncFolder, table, 1),
        ];
        for fault in faults {
            let (done, rows) = commit_with(fault.clone());
            done.unwrap_or_else(|error| panic!("{table}, {fault:?}: {error}"));
            assert_eq!(rows, 20, "{table}, {fault:?}");
        }
    }
}

#[test]
fn a_disk_that_takes_a_few_bytes_at_a_time_gets_all_of_them() {
    let (done, rows) = commit_with(Fault::Short);
    done.unwrap();
    assert_eq!(rows, 20);
}

#[test]
fn a_commit_that_appears_late_in_listings_is_neither_lost_nor_repeated() {
    let (rows, view) = ("interactions/_delta_log", "contact_activity/_delta_log");
    for (table, late) in [(rows, 1), (rows, 2), (view, 1), (view, 2)] {
        let test_lake = TestLake::new();
        let watch = Watch::over(test_lake.path());
        let (one, other) = (test_lake.write(), test_lake.read());
        one.commit(&batch("ann", 0..10)).unwrap();
        watch.inject(Fault::Late(table, late));
        // Another reader does not see it yet, then it does; the writer continues meanwhile.
        other.refresh().unwrap();
        let seen = if table == rows { 0 } else { 10 };
        assert_eq!(count(&other), seen, "{table}, late {late} times");
        one.commit(&batch("ann", 10..20)).unwrap();
        one.refresh().unwrap();
        one.commit(&batch("ann", 20..30)).unwrap();
        assert_eq!(watch.listings_left(), 0, "{table}, late {late} times");
        watch.clear_faults();
        other.refresh().unwrap();
        let counts = (count(&one), count(&other));
        assert_eq!(counts, (30, 30), "{table}, late {late} times");
        assert_verified(&one);
    }
}

#[test]
fn a_folder_that_may_only_be_read_is_named_and_can_still_be_read() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..10)).unwrap();
    drop(lake);
    let watch = Watch::over(test_lake.path());
    for step in [
        Step::Create,
        Step::CreateFolder,
        Step::Write,
        Step::Link,
        Step::Rename,
    ] {
        watch.inject(Fault::Fails(
            step,
            "",
            usize::MAX,
            io::ErrorKind::PermissionDenied,
        ));
    }
    assert_eq!(count(&test_lake.read()), 10);
    let lake = test_lake.write();
    let error = lake.commit(&batch("ann", 10..20)).unwrap_err().to_string();
    assert!(
        error.contains("permission denied") && error.contains("interactions"),
        "{error}"
    );
}
