//! Lakes of an older program, which lack columns, and of a newer one, which have more.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use serde_json::Value;
use tokio::runtime::Handle;

use crate::lake::Lake;
use crate::lake::delta::data_file::properties;
use crate::lake::delta::engine::engine;
use crate::lake::delta::file_reader::FileReader;
use crate::lake::delta::log::decoded;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::format::write_format;
use crate::lake::read::Filter;
use crate::lake::rows::column::Column;
use crate::lake::rows::column::ColumnType;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::lake::rows::schema::columns;
use crate::lake::storage::orphans::files_in;
use crate::lake::storage::step::Step;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::fixture::run;
use crate::lake::tests::simulated_disk::Fault;
use crate::lake::tests::simulated_disk::Watch;

/// A column that only a newer program knows.
const LATER: Column = Column {
    name: "later",
    kind: ColumnType::Text,
    nullable: true,
    has_stats: false,
    doc: "A column of a newer program.",
};

/// The column of a table that the older program of these tests does not know.
fn unknown_to_older(table: TableName) -> &'static str {
    match table {
        TableName::Interactions => "bulk_reason",
        TableName::ContactActivity => "preview",
        TableName::Mailboxes => "reason",
        TableName::Audit => "before",
        TableName::Contacts => "other_emails",
        TableName::Accounts => "domains",
    }
}

fn older_columns(table: TableName) -> Vec<Column> {
    let mut columns = columns(table);
    columns.retain(|column| column.name != unknown_to_older(table));
    columns
}

/// Makes an empty lake as the older program made it.
pub(super) fn make_older_lake(root: &Path, handle: Handle) {
    write_format(root).unwrap();
    let engine = engine(handle);
    for table in TableName::ALL {
        let folder = root.join(table.as_str());
        Table::create_with(table, &older_columns(table), &folder, &engine).unwrap();
        Table::sync_log(&folder).unwrap();
    }
}

/// Takes the unknown columns out of the tables of a lake and their files, as if the older program
/// had written it.
fn make_older(root: &Path) {
    for table in TableName::ALL {
        let folder = root.join(table.as_str());
        for entry in files_in(&folder.join("_delta_log")).unwrap() {
            let text = std::fs::read_to_string(&entry).unwrap();
            let actions = text.lines().map(|line| {
                let mut action: Value = serde_json::from_str(line).unwrap();
                make_action_older(&mut action, table, &folder);
                format!("{action}\n")
            });
            let text: String = actions.collect();
            std::fs::write(entry, text).unwrap();
        }
    }
}

fn make_action_older(action: &mut Value, table: TableName, folder: &Path) {
    if let Some(schema) = action.pointer_mut("/metaData/schemaString") {
        let mut fields: Value = serde_json::from_str(schema.as_str().unwrap()).unwrap();
        let list = fields["fields"].as_array_mut().unwrap();
        list.retain(|field| field["name"] != unknown_to_older(table));
        *schema = fields.to_string().into();
    }
    if let Some(add) = action.get_mut("add") {
        let path = folder.join(decoded(add["path"].as_str().unwrap()));
        add["size"] = make_file_older(&path, table).into();
    }
}

fn make_file_older(path: &Path, table: TableName) -> usize {
    let all = arrow_schema(table);
    let fields = all.fields().iter();
    let fields = fields.filter(|field| field.name() != unknown_to_older(table));
    let schema = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, Arc::clone(&schema), Some(properties())).unwrap();
    for batch in FileReader::open(path, schema).unwrap() {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    std::fs::write(path, &bytes).unwrap();
    bytes.len()
}

/// The metadata in the log of a table, oldest first.
fn metadata(root: &Path, table: TableName) -> Vec<Value> {
    let log = root.join(table.as_str()).join("_delta_log");
    let mut found = Vec::new();
    for entry in files_in(&log).unwrap() {
        for line in std::fs::read_to_string(entry).unwrap().lines() {
            let action: Value = serde_json::from_str(line).unwrap();
            found.extend(action.get("metaData").cloned());
        }
    }
    found
}

fn names(metadata: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    let fields = schema["fields"].as_array().unwrap().iter();
    let name = |field: &Value| field["name"].as_str().unwrap().to_owned();
    fields.map(name).collect()
}

/// Why each row of `interactions` is bulk, sorted.
fn bulk_reasons(lake: &Lake) -> Vec<Option<String>> {
    let rows = lake.interactions(&Filter::default()).unwrap();
    let mut reasons: Vec<_> = rows.map(|row| row.unwrap().bulk_reason).collect();
    reasons.sort();
    reasons
}

fn verify(lake: &Lake) {
    let found = lake.verify(|_, row| Some(match_carla(row))).unwrap();
    assert_eq!(found, []);
}

/// Commits one mail, which has something in the column that the older program does not know.
fn commit_bulk(lake: &Lake, number: u32) {
    let mut batch = batch("ann", number..number + 1);
    batch.rows[0].interaction.bulk_reason = Some("list".to_owned());
    lake.commit(&batch).unwrap();
}

#[test]
fn an_older_lake_gains_missing_columns_in_one_commit_per_table() {
    let test_lake = TestLake::new();
    let root = test_lake.path().join("lake");
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..40)).unwrap();
    lake.write_mailboxes(&lake.unreported_runs("run2").unwrap())
        .unwrap();
    drop(lake);
    make_older(&root);

    let lake = test_lake.read();
    assert_eq!(bulk_reasons(&lake), vec![None; 40]);
    assert_eq!(lake.mailboxes().unwrap().map(Result::unwrap).count(), 1);
    verify(&lake);
    drop(lake);

    for _ in 0..2 {
        drop(test_lake.write());
        for table in TableName::ALL {
            let metadata = metadata(&root, table);
            let [before, after] = metadata.as_slice() else {
                panic!("{metadata:?}");
            };
            let mut wanted = names(before);
            assert!(!wanted.contains(&unknown_to_older(table).to_owned()));
            wanted.push(unknown_to_older(table).to_owned());
            assert_eq!(names(after), wanted);
            for kept in ["id", "partitionColumns", "configuration", "format"] {
                assert_eq!(after[kept], before[kept], "{kept}");
            }
        }
    }

    let lake = test_lake.write();
    commit_bulk(&lake, 40);
    let lake = test_lake.read();
    assert_eq!(bulk_reasons(&lake)[39..], [None, Some("list".to_owned())]);
    verify(&lake);
}

#[test]
fn files_with_and_without_a_column_are_compared_merged_and_matched_again() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    for number in 0..15 {
        lake.commit(&batch("ann", number..number + 1)).unwrap();
    }
    drop(lake);
    make_older(&test_lake.path().join("lake"));
    let lake = test_lake.write();
    for number in 15..25 {
        commit_bulk(&lake, number);
    }
    let same = lake.rematch(&run("run2"), "snapshot", true, match_carla);
    assert_eq!(same.unwrap().activities, 0);
    verify(&lake);

    assert_eq!(lake.merge_small_files("", Duration::MAX).unwrap(), 2);
    assert_eq!(lake.interactions.live_files().unwrap().len(), 1);
    let mut wanted = vec![None; 15];
    wanted.extend(vec![Some("list".to_owned()); 10]);
    assert_eq!(bulk_reasons(&lake), wanted);
    verify(&lake);

    let gone = lake.rematch(&run("run3"), "empty", false, |_| Vec::new());
    assert_eq!(gone.unwrap().activities, 25);
    let is_carla = |person: &crate::model::interaction::Participant| !person.internal;
    let back = lake.rematch_concerned(&run("run4"), "snapshot", is_carla, match_carla);
    assert_eq!(back.unwrap().activities, 25);
    verify(&lake);
}

#[test]
fn a_lake_with_a_column_of_a_newer_program_is_read_and_not_written() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..3)).unwrap();
    let folder = test_lake.path().join("lake/interactions");
    let engine = engine(test_lake.runtime.handle().clone());
    let newer = Table::open(TableName::Interactions, &folder, &engine).unwrap();
    newer.add_columns(&[LATER]).unwrap();

    // It was open when the newer program came.
    let refused = lake.commit(&batch("ann", 3..4)).unwrap_err().to_string();
    assert!(refused.contains("column later"), "{refused}");
    drop(lake);
    let refused = test_lake.try_write(test_lake.settings()).map(drop);
    assert!(matches!(refused, Err(LakeError::UnknownColumn { .. })));
    let lake = test_lake.read();
    assert_eq!(bulk_reasons(&lake), vec![None; 3]);
    let refused = lake.verify(|_, row| Some(match_carla(row)));
    assert!(matches!(refused, Err(LakeError::UnknownColumn { .. })));
}

#[test]
fn columns_are_added_once_whoever_adds_them_and_whatever_is_heard_of_it() {
    let test_lake = TestLake::new();
    drop(test_lake.write());
    let root = test_lake.path().join("lake");
    let engine = engine(test_lake.runtime.handle().clone());
    let name = TableName::Mailboxes;
    let open = || Table::open(name, &root.join(name.as_str()), &engine).unwrap();
    let (first, second) = (open(), open());
    let another = Column {
        name: "another",
        ..LATER
    };
    let watch = Watch::over(test_lake.path());
    watch.inject(Fault::ReplyLost(Step::Link, "mailboxes/_delta_log", 1));
    first.add_columns(&[LATER, another]).unwrap();
    assert_eq!(watch.replies_left(), 0);
    second.add_columns(&[LATER, another]).unwrap();
    let metadata = metadata(&root, name);
    assert_eq!(metadata.len(), 2);
    assert!(names(&metadata[1]).ends_with(&["later".to_owned(), "another".to_owned()]));

    watch.inject(Fault::Fails(
        Step::Link,
        "mailboxes/_delta_log",
        usize::MAX,
        io::ErrorKind::StorageFull,
    ));
    let third = Column {
        name: "third",
        ..LATER
    };
    let error = second.add_columns(&[third]).unwrap_err().to_string();
    assert!(error.contains("add columns to table mailboxes"), "{error}");
}

#[test]
fn a_table_that_lacks_a_column_which_every_table_has_had_is_not_written() {
    let test_lake = TestLake::new();
    let root = test_lake.path().join("lake");
    write_format(&root).unwrap();
    let name = TableName::Interactions;
    let mut some = columns(name);
    some.retain(|column| column.name != "source_id");
    let engine = engine(test_lake.runtime.handle().clone());
    Table::create_with(name, &some, &root.join(name.as_str()), &engine).unwrap();
    let error = test_lake.try_write(test_lake.settings()).map(drop);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("it lacks the column source_id"), "{error}");
}
