//! The same lake through other people's readers and under other people's maintenance.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::lake::read::Filter;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::columns;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::contact_match;
use crate::lake::tests::fixture::run;
use crate::model::interaction::Participant;

/// The Python of `target/venv`, with deltalake, duckdb and polars; `None` where there is none.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    python.exists().then_some(python)
}

fn read_lake(python: &Path, test_lake: &TestLake, arguments: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/py/read_lake.py");
    let output = Command::new(python)
        .arg(script)
        .arg(test_lake.path().join("lake"))
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn other_readers_see_the_same_rows_columns_and_versions() {
    let Some(python) = python() else { return };
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let committed = lake.commit(&batch("ann", 0..70)).unwrap();
    lake.write_mailboxes(&lake.unreported_runs("run2").unwrap())
        .unwrap();
    let seen = read_lake(&python, &test_lake, &[]);
    for table in [TableName::Interactions, TableName::ContactActivity] {
        let seen = &seen[table.as_str()];
        for rows in ["rows", "polars_rows", "duckdb_rows"] {
            assert_eq!(seen[rows], 70, "{rows} of {}", table.as_str());
        }
        assert_eq!(
            seen["duckdb_months"],
            serde_json::json!(["2026-01", "2026-02", "2026-03"])
        );
        let slot = committed.slots[0].to_string();
        assert_eq!(seen["versions"][slot], committed.version);
    }
    assert_eq!(seen["mailboxes"]["rows"], 1);
    for table in TableName::ALL {
        let seen = &seen[table.as_str()];
        let mut names: Vec<_> = columns(table).iter().map(|column| column.name).collect();
        names.push("month");
        assert_eq!(seen["columns"], serde_json::json!(names));
        assert_eq!(seen["comments"], names.len());
        assert_eq!(seen["writer_features"], serde_json::json!([]));
        assert_eq!(seen["reader_features"], serde_json::json!([]));
    }
}

#[test]
fn other_peoples_merging_and_vacuum_between_two_commits_loses_nothing() {
    let Some(python) = python() else { return };
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..40)).unwrap();
    lake.commit(&batch("bob", 0..40)).unwrap();
    let seen = read_lake(&python, &test_lake, &["compact"]);
    assert_eq!(seen["interactions"]["rows"], 80);
    let committed = lake.commit(&batch("ann", 40..50)).unwrap();
    let seen = read_lake(&python, &test_lake, &[]);
    assert_eq!(seen["contact_activity"]["rows"], 90);
    drop(lake);
    let lake = test_lake.write();
    let rows = lake.interactions(&Filter::default()).unwrap();
    assert_eq!(rows.map(Result::unwrap).fold(0, |n, _| n + 1), 90);
    let mut activities = lake.activities(&Filter::default()).unwrap();
    assert!(activities.all(|row| row.unwrap().contact_match == Some(contact_match())));
    assert_eq!(
        lake.interaction_versions().unwrap(),
        lake.activity_versions().unwrap()
    );
    assert_eq!(
        lake.activity_versions().unwrap()[&committed.slots[0]],
        committed.version
    );
    let is_carla = |person: &Participant| person.address == "carla@fabrikam.com";
    let gone = lake.rematch_concerned(&run("run2"), "empty", is_carla, |_| Vec::new());
    assert_eq!(gone.unwrap().activities, 90);
    let back = lake.rematch(&run("run3"), "snapshot", false, |_| vec![contact_match()]);
    assert_eq!(back.unwrap().activities, 90);
}

#[test]
fn other_readers_read_our_checkpoints_and_the_versions_in_them() {
    let Some(python) = python() else { return };
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("bob", 0..1)).unwrap();
    for round in 0..22 {
        lake.commit(&batch("ann", round..round + 1)).unwrap();
    }
    let log = test_lake
        .path()
        .join("lake/interactions/_delta_log/_last_checkpoint");
    assert!(log.exists());
    let seen = read_lake(&python, &test_lake, &[]);
    assert_eq!(seen["interactions"]["rows"], 23);
    assert_eq!(
        seen["interactions"]["versions"].as_object().unwrap().len(),
        2
    );
}
