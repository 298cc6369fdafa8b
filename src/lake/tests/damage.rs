//! A damaged lake: what `verify` says, and that comparing everything repairs the view.

use std::collections::BTreeMap;
use std::collections::HashSet;

use crate::lake::Lake;
use crate::lake::delta::data_file;
use crate::lake::delta::table::LiveFile;
use crate::lake::delta::table::Table;
use crate::lake::read::Filter;
use crate::lake::read::batches;
use crate::lake::rows::schema::arrow_schema;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::batch_of;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::fixture::meeting;
use crate::lake::tests::fixture::revised;
use crate::lake::tests::fixture::run;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;

fn verify(lake: &Lake) -> Vec<String> {
    let snapshot = |snapshot: &str, row: &Interaction| match snapshot {
        "snapshot" => Some(match_carla(row)),
        _ => Some(Vec::new()),
    };
    let findings = lake.verify(snapshot).unwrap();
    // What is taken out lies about until the next start.
    let findings = findings.into_iter().map(|finding| finding.what);
    findings
        .filter(|what| !what.starts_with("no commit names"))
        .collect()
}

/// Compares everything, after which nothing more must be found.
fn mend(lake: &Lake) {
    let done = lake
        .rematch(&run("run2"), "snapshot", true, match_carla)
        .unwrap();
    assert!(done.activities > 0);
    assert_eq!(verify(lake), Vec::<String>::new());
}

/// The file of a table with the highest version in its name.
fn newest(table: &Table) -> LiveFile {
    let files = table.live_files().unwrap().into_iter();
    files
        .max_by_key(|file| data_file::version_in(&file.path))
        .unwrap()
}

fn take_out(table: &Table, file: &LiveFile) {
    let olds = HashSet::from([file.path.clone()]);
    assert!(table.replace(&olds, &[]).unwrap());
}

/// Adds the rows of a file once more.
fn double(table: &Table, file: &LiveFile) {
    let context = table.write_context(&file.month).unwrap();
    let paths = table.paths(std::slice::from_ref(file));
    let rows = batches(paths, arrow_schema(table.name)).map(|batch| batch.map(|(_, rows)| rows));
    let name = data_file::merged_name();
    let add = data_file::write(table.name, &context, rows, &name).unwrap();
    table.append(&[add], &[]).unwrap();
}

/// A lake with some mails, and a meeting that was moved to another month.
fn lake_of(test_lake: &TestLake) -> Lake {
    let lake = test_lake.write();
    lake.commit(&batch("bob", 0..3)).unwrap();
    let old = meeting("ann", 1, 9);
    lake.commit(&batch_of(vec![old.clone()])).unwrap();
    lake.commit(&batch_of(revised(&old, meeting("ann", 1, 40))))
        .unwrap();
    assert_eq!(verify(&lake), Vec::<String>::new());
    lake
}

#[test]
fn a_missing_generation_is_found_whatever_the_snapshot() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    let version = lake.activity_versions().unwrap()[&slot("bob")];
    let mut files = lake.activities.live_files().unwrap().into_iter();
    let first = files.find(|file| data_file::version_in(&file.path) == Some(version));
    take_out(&lake.activities, &first.unwrap());
    assert_eq!(verify(&lake), ["contact_activity lacks 3 interactions"]);
    mend(&lake);
}

#[test]
fn a_duplicated_generation_is_found() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    double(&lake.activities, &newest(&lake.activities));
    let finding = "contact_activity has everything of 1 interactions several times";
    assert_eq!(verify(&lake), [finding]);
    mend(&lake);
}

#[test]
fn an_older_revision_that_counts_again_is_found() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    let old = meeting("ann", 1, 40);
    let old = Interaction { revision: 2, ..old };
    let again = Interaction {
        subject: Some("Another title".to_owned()),
        ..old.clone()
    };
    lake.commit(&batch_of(revised(&old, again))).unwrap();
    take_out(&lake.activities, &newest(&lake.activities));
    let finding = "contact_activity is stale: of 1 interactions an older revision counts";
    assert_eq!(verify(&lake), [finding]);
    mend(&lake);
}

#[test]
fn a_closing_row_that_counts_more_than_the_meeting_is_found() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    let closing = lake
        .activities(&Filter::default())
        .unwrap()
        .map(|row| row.unwrap());
    let mut closing = closing
        .filter(|row| row.contact_match.is_none())
        .last()
        .unwrap();
    closing.generation += 1;
    let slots = lake.interaction_versions().unwrap().into_keys().collect();
    let plan = lake
        .plan_slots(&slots, run("run1"), "snapshot".into())
        .unwrap();
    let months = BTreeMap::from([(closing.occurred_at.month(), vec![closing])]);
    let (adds, _) = lake.write_activities(&plan, &months, 0).unwrap();
    lake.activities.append(&adds, &[]).unwrap();
    let finding = "contact_activity is stale: of 1 interactions an older revision counts";
    assert_eq!(verify(&lake), [finding]);
    mend(&lake);
}

#[test]
fn what_another_snapshot_said_is_found_where_its_successor_is_missing() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    lake.rematch(&run("run2"), "empty", false, |_| Vec::new())
        .unwrap();
    lake.rematch(&run("run3"), "snapshot", false, match_carla)
        .unwrap();
    let files = lake.activities.live_files().unwrap();
    let version = files
        .iter()
        .filter_map(|file| data_file::version_in(&file.path))
        .max();
    for file in files {
        if data_file::version_in(&file.path) == version {
            take_out(&lake.activities, &file);
        }
    }
    let finding = "contact_activity says something else of 4 interactions";
    assert_eq!(verify(&lake), [finding]);
    mend(&lake);
}

#[test]
fn a_revision_that_is_there_twice_or_counts_in_two_months_is_found() {
    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    let mut active = lake.interactions.live_files().unwrap().into_iter();
    let active = active.find(|file| file.month == "2026-02").unwrap();
    double(&lake.interactions, &active);
    let found = verify(&lake);
    assert_eq!(
        found[0],
        "1 rows of interactions repeat a revision of their month"
    );

    let test_lake = TestLake::new();
    let lake = lake_of(&test_lake);
    let superseded = lake.interactions.live_files().unwrap().into_iter();
    let superseded = superseded.filter(|file| file.month == "2026-01");
    let superseded = superseded
        .max_by_key(|file| data_file::version_in(&file.path))
        .unwrap();
    take_out(&lake.interactions, &superseded);
    let found = verify(&lake);
    let finding = "1 interactions count in two months".to_owned();
    assert!(found.contains(&finding), "{found:?}");
}

#[test]
fn a_commit_of_the_log_that_is_empty_or_broken_is_named() {
    for (text, why) in [("", "it is empty"), ("{\"add", "")] {
        let test_lake = TestLake::new();
        drop(lake_of(&test_lake));
        let log = test_lake.path().join("lake/interactions/_delta_log");
        let newest = std::fs::read_dir(&log)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let newest = newest.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let newest = newest.max().unwrap();
        std::fs::write(&newest, text).unwrap();
        let refused = test_lake
            .try_write(test_lake.settings())
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains(why) && refused.contains("interactions"),
            "{refused}"
        );
    }
}
