//! What a loss of power leaves of a lake: whatever was promised, and nothing torn.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashSet;
use tempfile::TempDir;

use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::settings::ActivityContent;
use crate::lake::settings::LakeSettings;
use crate::lake::storage::step::Step;
use crate::lake::storage::step::kind;
use crate::lake::tests::added_columns::make_older_lake;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::fixture::run;
use crate::lake::tests::simulated_disk::Event;
use crate::lake::tests::simulated_disk::Fault;
use crate::lake::tests::simulated_disk::Lasts;
use crate::lake::tests::simulated_disk::Watch;
use crate::lake::tests::simulated_disk::after_power_loss;
use crate::model::contact::CrmSnapshot;
use crate::model::mailbox::slot;

/// Commits before the small files of a month are merged.
const COMMITS: u32 = 22;

fn snapshot() -> CrmSnapshot {
    CrmSnapshot::new(Vec::new(), Vec::new())
}

/// The `number`-th batch: one mail.
fn mail_batch(number: u32) -> CommitBatch {
    CommitBatch {
        snapshot_digest: snapshot().digest,
        ..batch("ann", number..number + 1)
    }
}

fn open(test_lake: &TestLake, folder: &Path) -> Result<Lake, LakeError> {
    let settings = LakeSettings::new(folder.join("lake"), ActivityContent::Subject);
    Lake::open_for_write(
        settings,
        Arc::clone(&test_lake.cpu),
        test_lake.runtime.handle().clone(),
    )
}

fn count(lake: &Lake) -> Result<usize, LakeError> {
    let rows = lake.interactions(&Filter::default())?;
    rows.map(|row| row.map(drop))
        .collect::<Result<Vec<()>, _>>()
        .map(|rows| rows.len())
}

/// Does what a run does: brings the view up and commits batches up to `last`.
fn work(lake: &Lake, last: u32, watch: Option<&Watch>) -> Result<(), LakeError> {
    lake.store_own_domains(&HashSet::from(["contoso.com".to_owned()]))?;
    lake.store_snapshot(&snapshot())?;
    lake.catch_up_activities(&run("run1"), &snapshot().digest, match_carla)?;
    let first = count(lake)?;
    if let Some(watch) = watch {
        watch.note(first);
    }
    for number in u32::try_from(first).unwrap()..last {
        lake.commit(&mail_batch(number))?;
        if let Some(watch) = watch {
            watch.note(number as usize + 1);
        }
    }
    Ok(())
}

/// The events of a lake from its beginning, and the folder they happened in.
struct Recorded {
    folder: TempDir,
    events: Vec<Event>,
}

fn record(test_lake: &TestLake, last: u32) -> Recorded {
    record_from(test_lake, last, |_| {})
}

/// The same with a lake that something else has made.
fn record_from(test_lake: &TestLake, last: u32, make: impl Fn(&Path)) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::over(folder.path());
    make(&folder.path().join("lake"));
    let lake = open(test_lake, folder.path()).unwrap();
    work(&lake, last, Some(&watch)).unwrap();
    lake.write_mailboxes(&lake.unreported_runs("run2").unwrap())
        .unwrap();
    lake.merge_small_files("", Duration::MAX).unwrap();
    drop(lake);
    Recorded {
        events: watch.events(),
        folder,
    }
}

/// How many batches are promised when so much has happened.
fn promised(events: &[Event]) -> usize {
    let notes = events.iter().rev();
    let mut notes = notes.filter_map(|event| match event {
        Event::Note(promised) => Some(*promised),
        _ => None,
    });
    notes.next().unwrap_or(0)
}

/// Opens what the loss of power left and continues; says what is wrong with it, if anything is.
fn check(test_lake: &TestLake, events: &[Event], from: &Path, lasts: Lasts) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    after_power_loss(events, lasts, from, folder.path());
    let promised = promised(events);
    let next = u32::try_from(promised).unwrap() + 1;
    let look = || {
        let lake = open(test_lake, folder.path())?;
        let (snapshots, left) = (lake.snapshots()?, count(&lake)?);
        work(&lake, next, None)?;
        let found = lake.verify(|_, row| Some(match_carla(row)))?;
        let cursor = lake.cursors(slot("ann"))?.next().transpose()?;
        let activities = lake.activities(&Filter::default())?.count();
        Ok((snapshots.is_empty(), left, found, cursor, activities))
    };
    let (is_without_snapshot, left, found, cursor, activities) =
        look().map_err(|error: LakeError| error.to_string())?;
    // The batch that was on its way may have arrived.
    if left < promised || left > promised + 1 {
        return Err(format!("{promised} mails were promised, {left} are there"));
    }
    if promised > 0 && is_without_snapshot {
        return Err("the CRM snapshot of these commits is missing".to_owned());
    }
    let wanted = mail_batch(next - 1).cursors[0].clone();
    if found.is_empty() && cursor.as_ref() == Some(&wanted) && activities == next as usize {
        Ok(())
    } else {
        Err(format!("{activities} activities, {cursor:?}, {found:?}"))
    }
}

/// Loses the power at moments of a record, every one of `moments`, in several ways.
fn lose_power(test_lake: &TestLake, recorded: &Recorded, moments: impl Iterator<Item = usize>) {
    for moment in moments {
        let events = &recorded.events[..moment];
        let seed = Lasts::Some(moment as u64);
        for lasts in [Lasts::Nothing, Lasts::Removals, Lasts::Names, seed] {
            if let Err(wrong) = check(test_lake, events, recorded.folder.path(), lasts) {
                panic!(
                    "after {moment} events, {lasts:?} lasting ({:?}): {wrong}",
                    events.last()
                );
            }
        }
    }
}

/// Every moment in the long turn, else a sample of them.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn stride(short: usize) -> usize {
    let is_long = std::env::var("TOUCHPOINT_LONG").is_ok();
    if is_long { 1 } else { short }
}

#[test]
fn power_loss_during_creation_and_first_commit_loses_nothing() {
    let test_lake = TestLake::new();
    let recorded = record(&test_lake, 2);
    let moments = (0..=recorded.events.len()).step_by(stride(37));
    lose_power(&test_lake, &recorded, moments);
}

#[test]
fn power_loss_while_columns_are_added_loses_nothing() {
    let test_lake = TestLake::new();
    let handle = test_lake.runtime.handle();
    let recorded = record_from(&test_lake, 1, |root| make_older_lake(root, handle.clone()));
    let mut logs = recorded.events.iter().enumerate().filter(|(_, event)| {
        matches!(event, Event::Step(Step::Link, _, Some(path), _) if kind(path).starts_with("log of"))
    });
    // The first entry of each table, then the columns of each.
    let (first, _) = logs.nth(3).unwrap();
    let (last, _) = logs.nth(1).unwrap();
    let moments = first - 5..last + 5;
    lose_power(&test_lake, &recorded, moments.step_by(stride(3)));
}

#[test]
fn a_loss_of_power_while_files_are_merged_loses_nothing_that_was_promised() {
    let test_lake = TestLake::new();
    let recorded = record(&test_lake, COMMITS);
    let end = recorded.events.len();
    let merging = recorded.events.iter().position(|event| {
        matches!(event, Event::Step(Step::Create, path, ..) if kind(path).starts_with("merged"))
    });
    lose_power(
        &test_lake,
        &recorded,
        (merging.unwrap()..=end).step_by(stride(19)),
    );
}

#[test]
fn unsynced_files_of_a_dead_process_are_synced_first() {
    let test_lake = TestLake::new();
    let recorded = record_after(&test_lake, None);
    let steps = |event: &&Event| !matches!(event, Event::Note(_));
    let steps = recorded.events.iter().filter(steps).count();
    // One that dies at its last step, where a draft is removed, has done its work.
    for dead_at in (0..steps - 1).step_by(stride(90)) {
        let recorded = record_after(&test_lake, Some(Fault::Dead(dead_at)));
        for lasts in [Lasts::Nothing, Lasts::Removals] {
            let checked = check(&test_lake, &recorded.events, recorded.folder.path(), lasts);
            checked.unwrap_or_else(|wrong| panic!("dead at {dead_at}, {lasts:?}: {wrong}"));
        }
    }
}

/// What may go wrong before a run that goes well, so that each sync is once the only one.
const BEFORE: [Option<Fault>; 6] = [
    None,
    Some(Fault::DeadAfter(Step::CreateFolder, "/lake")),
    Some(Fault::DeadAfter(
        Step::Link,
        "interactions/_delta_log/00000000000000000001",
    )),
    Some(Fault::DeadAfter(Step::Rename, "/crm/")),
    Some(Fault::DeadAfter(Step::CreateFolder, "interactions/month=")),
    Some(Fault::ReplyLost(
        Step::Link,
        "interactions/_delta_log/00000000000000000001",
        1,
    )),
];

/// A run that goes wrong, and one that goes well.
fn record_after(test_lake: &TestLake, fault: Option<Fault>) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::over(folder.path());
    let run =
        |last| open(test_lake, folder.path()).and_then(|lake| work(&lake, last, Some(&watch)));
    if let Some(fault) = fault {
        let is_survived = matches!(fault, Fault::ReplyLost(..));
        watch.inject(fault);
        assert_eq!(run(1).is_ok(), is_survived);
        watch.clear_faults();
    }
    if promised(&watch.events()) == 0 {
        run(1).unwrap();
    }
    Recorded {
        events: watch.events(),
        folder,
    }
}

#[test]
fn no_sync_of_the_program_could_be_left_out() {
    let test_lake = TestLake::new();
    let mut lines: BTreeMap<String, Option<String>> = BTreeMap::new();
    let seeds = (0..12).map(Lasts::Some);
    let ways: Vec<Lasts> = [Lasts::Nothing, Lasts::Names]
        .into_iter()
        .chain(seeds)
        .collect();
    for fault in BEFORE {
        let recorded = record_after(&test_lake, fault);
        let from = recorded.folder.path();
        check(&test_lake, &recorded.events, from, Lasts::Nothing).unwrap();
        let line = |event: &Event| match event {
            Event::Step(Step::Sync | Step::SyncFolder, _, _, line) => Some(line.to_string()),
            _ => None,
        };
        for own in recorded
            .events
            .iter()
            .filter_map(line)
            .collect::<BTreeSet<_>>()
        {
            if lines.get(&own).is_some_and(Option::is_some) {
                continue;
            }
            let rest = recorded
                .events
                .iter()
                .filter(|event| line(event).as_ref() != Some(&own));
            let rest: Vec<Event> = rest.cloned().collect();
            let wrong = ways
                .iter()
                .find_map(|lasts| check(&test_lake, &rest, from, *lasts).err());
            lines.insert(own, wrong);
        }
    }
    for (line, wrong) in &lines {
        println!("{line}: {wrong:?}");
    }
    assert!(lines.values().all(Option::is_some), "{lines:#?}");
}
