//! What a lake promises, tried on a real folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::read::Since;
use crate::lake::read::paths;
use crate::lake::storage::orphans::files_in;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch;
use crate::lake::tests::fixture::cursor;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::fixture::run;
use crate::lake::tests::fixture::sorted;
use crate::model::address::Address;
use crate::model::audit::AuditAction;
use crate::model::audit::AuditEntry;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::CrmSnapshot;
use crate::model::cursor::CursorRecord;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;
use crate::model::run::RunStamp;
use crate::model::time::DAY;
use crate::model::time::Timestamp;

fn rows(lake: &Lake) -> Vec<Interaction> {
    let rows = lake.interactions(&Filter::default()).unwrap();
    sorted(rows.map(|row| row.unwrap()))
}

fn cursors(lake: &Lake, mailbox_id: &str) -> Vec<CursorRecord> {
    let cursors = lake.cursors(slot(mailbox_id)).unwrap();
    cursors.map(|cursor| cursor.unwrap()).collect()
}

fn interactions(batch: &CommitBatch) -> Vec<Interaction> {
    sorted(
        batch
            .rows
            .iter()
            .map(|row| row.interaction.clone())
            .map(|mut row| {
                row.mailbox = crate::lake::tests::fixture::mailbox(&row.mailbox.id);
                row
            }),
    )
}

#[test]
fn what_was_committed_is_read_back_by_another_process() {
    let test_lake = TestLake::new();
    let first = batch("ann", 0..70);
    let committed = test_lake.write().commit(&first).unwrap();
    assert_eq!((committed.interactions, committed.activities), (70, 70));
    let lake = test_lake.read();
    assert_eq!(rows(&lake), interactions(&first));
    assert_eq!(cursors(&lake, "ann"), first.cursors);
    for recorded in lake.recorded(&Filter::default()).unwrap() {
        let recorded = recorded.unwrap();
        let number = u32::try_from(recorded.fingerprint + 3).unwrap();
        assert_eq!(
            recorded.source_id,
            crate::lake::tests::fixture::mail("ann", number).source_id
        );
    }
    let activities = lake.activities(&Filter::default()).unwrap();
    for activity in activities {
        let activity = activity.unwrap();
        assert_eq!(activity.generation, committed.version);
        assert_eq!((activity.internal_count, activity.external_count), (1, 1));
        assert!(activity.subject.is_some() && activity.preview.is_none());
        assert_eq!(
            activity.contact_match.unwrap(),
            crate::lake::tests::fixture::contact_match()
        );
    }
}

#[test]
fn a_batch_without_rows_moves_its_cursors_and_writes_no_table_file() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..1)).unwrap();
    let mut quiet = batch("ann", 1..1);
    quiet.cursors = vec![cursor("ann", "mail/inbox", "\"later\"")];
    let before = lake.interactions.live_files().unwrap();
    let committed = lake.commit(&quiet).unwrap();
    assert_eq!(lake.interactions.live_files().unwrap(), before);
    let read = test_lake.read();
    assert_eq!(cursors(&read, "ann"), quiet.cursors);
    let versions = BTreeMap::from([(slot("ann"), committed.version)]);
    assert_eq!(read.interaction_versions().unwrap(), versions);
    assert_eq!(read.activity_versions().unwrap(), versions);
}

#[test]
fn a_batch_whose_counts_do_not_add_up_is_refused_as_a_whole() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let mut wrong = batch("ann", 0..3);
    wrong.tallies[0].tally.received += 1;
    let refused = lake.commit(&wrong);
    assert!(matches!(
        refused,
        Err(LakeError::Unbalanced { mailboxes: 1 })
    ));
    assert_eq!(rows(&lake), []);
}

#[test]
fn a_second_process_on_the_same_slots_is_refused() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let second = test_lake.try_write(test_lake.settings());
    assert!(matches!(second, Err(LakeError::Locked { .. })));
    drop(lake);
    test_lake.write();
}

#[test]
fn a_clock_that_was_set_back_between_two_runs_changes_no_order() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let first = lake.commit(&batch("ann", 0..5)).unwrap();
    let mut second = batch("ann", 5..8);
    second.run = RunStamp {
        run_id: "19700101T000000Z-00000000".into(),
        started_at: Timestamp(0),
    };
    let second = lake.commit(&second).unwrap();
    assert!(second.version > first.version);
    let reached = BTreeMap::from([(slot("ann"), Some(first.version))]);
    let Since::Rows(new) = lake.interactions_since(&reached).unwrap() else {
        panic!("no program merged anything");
    };
    assert_eq!(new.map(Result::unwrap).count(), 3);
    drop(lake);
    let lake = test_lake.write();
    let died = lake.unreported_runs("run9").unwrap();
    lake.write_mailboxes(&died).unwrap();
    assert_eq!(
        (died.len(), lake.unreported_runs("run9").unwrap().len()),
        (2, 0)
    );
    let found = lake.verify(|_, row| Some(match_carla(row))).unwrap();
    assert_eq!(found, []);
}

#[test]
fn only_rows_after_the_version_of_their_slot_are_new() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let first = lake.commit(&batch("ann", 0..5)).unwrap();
    lake.commit(&batch("ann", 5..8)).unwrap();
    lake.commit(&batch("bob", 0..4)).unwrap();
    let reached = BTreeMap::from([(slot("ann"), Some(first.version)), (slot("bob"), None)]);
    let Since::Rows(new) = lake.interactions_since(&reached).unwrap() else {
        panic!("no program merged anything");
    };
    let new = sorted(new.map(|row| row.unwrap()));
    assert_eq!(
        new.iter().filter(|row| &*row.mailbox.id == "ann").count(),
        3
    );
    assert_eq!(new.len(), 7);
    let activities = lake.activities_since(&reached).unwrap();
    assert_eq!(activities.map(Result::unwrap).fold(0, |n, _| n + 1), 7);
}

#[test]
fn a_long_chain_of_cursor_files_is_merged_and_loses_nothing() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let mut expected = BTreeMap::new();
    for round in 0..45 {
        let mut batch = batch("ann", round..round + 1);
        let key = format!("mail/{:02}", round % 7);
        expected.insert(key.clone(), format!("\"{round}\""));
        batch.cursors = vec![cursor("ann", &key, &format!("\"{round}\""))];
        lake.commit(&batch).unwrap();
    }
    let version = lake.interaction_versions().unwrap()[&slot("ann")];
    assert!(lake.cursors.chain(version, slot("ann")).unwrap().len() <= 18);
    let lake = test_lake.read();
    let found = cursors(&lake, "ann").into_iter();
    let found: BTreeMap<_, _> = found.map(|c| (c.key, c.value.unwrap())).collect();
    assert_eq!(found, expected);
    let died = lake.unreported_runs("run9").unwrap();
    assert_eq!(died.len(), 1);
    assert_eq!(died[0].tally.received, 45);
    assert_eq!(died[0].recorded_total, 45);
    assert_eq!(lake.interactions.live_files().unwrap().len(), 45);
}

#[test]
fn a_slot_knows_the_versions_it_had_and_no_others_even_after_a_merge() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let ann = slot("ann");
    assert!(!lake.has_passed(ann, 1).unwrap());
    let mut versions = Vec::new();
    for round in 0..40 {
        versions.push(
            lake.commit(&batch("ann", round..round + 1))
                .unwrap()
                .version,
        );
        for before in versions.iter().rev().take(2) {
            assert!(lake.has_passed(ann, *before).unwrap(), "round {round}");
            assert!(!lake.has_passed(ann, before + 1).unwrap(), "round {round}");
        }
    }
}

#[test]
fn a_run_on_slots_of_another_process_is_not_reported_as_dead() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..5)).unwrap();
    lake.commit(&batch("bob", 0..5)).unwrap();
    drop(lake);
    for (mailbox, other) in [("ann", "bob"), ("bob", "ann")] {
        let mut settings = test_lake.settings();
        settings.slots = vec![slot(mailbox)];
        let lake = test_lake.try_write(settings).unwrap();
        let died = lake.unreported_runs("run2").unwrap();
        assert_eq!(died.len(), 1, "not of {other}");
        assert_eq!(&*died[0].mailbox.id, mailbox);
        lake.write_mailboxes(&died).unwrap();
        assert_eq!(lake.unreported_runs("run2").unwrap(), []);
    }
}

#[test]
fn a_run_that_died_is_reported_once() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..5)).unwrap();
    assert_eq!(lake.unreported_runs("run1").unwrap(), []);
    let died = lake.unreported_runs("run2").unwrap();
    assert_eq!(died.len(), 1);
    lake.write_mailboxes(&died).unwrap();
    assert_eq!(lake.unreported_runs("run2").unwrap(), []);
    let reported: Vec<_> = test_lake
        .read()
        .mailboxes()
        .unwrap()
        .map(|row| row.unwrap())
        .collect();
    assert_eq!(reported, died);
}

/// Writes a cursor file as an older program did, which did not list the runs that it counts.
fn without_counted_runs(file: &Path) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let rows: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let schema = rows[0].schema();
    let mut writer = ArrowWriter::try_new(File::create(file).unwrap(), schema, None).unwrap();
    for rows in &rows {
        writer.write(rows).unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn a_run_that_died_is_found_in_cursor_files_of_an_older_program() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let committed = lake.commit(&batch("ann", 0..5)).unwrap();
    let listed = lake.unreported_runs("run2").unwrap();
    assert_eq!(listed.len(), 1);
    let file = lake.cursors.file(committed.version);
    // It keeps the footers that it has read.
    drop(lake);
    without_counted_runs(&file);
    let lake = test_lake.write();
    assert_eq!(lake.unreported_runs("run2").unwrap(), listed);
    lake.write_mailboxes(&listed).unwrap();
    assert_eq!(lake.unreported_runs("run2").unwrap(), []);
}

/// Overwrites files with something unreadable.
fn corrupt(files: &[PathBuf]) {
    assert!(!files.is_empty());
    for file in files {
        std::fs::write(file, "malformed").unwrap();
    }
}

#[test]
fn a_start_after_complete_runs_reads_neither_rows_nor_old_reports() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..5)).unwrap();
    let died = lake.unreported_runs("run2").unwrap();
    lake.write_mailboxes(&died).unwrap();
    let mut old = died.clone();
    old[0].started_at = died[0].started_at.plus(-100 * DAY);
    let before = paths(&lake.mailboxes, &Filter::default()).unwrap();
    lake.write_mailboxes(&old).unwrap();
    let mut old_files = paths(&lake.mailboxes, &Filter::default()).unwrap();
    old_files.retain(|file| !before.contains(file));
    corrupt(&old_files);
    corrupt(&paths(&lake.interactions, &Filter::default()).unwrap());
    assert!(lake.recorded_totals().is_err());
    assert_eq!(lake.unreported_runs("run2").unwrap(), []);
}

#[test]
fn merging_drops_counts_of_reported_runs_without_reading_mailboxes() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..5)).unwrap();
    let died = lake.unreported_runs("run2").unwrap();
    lake.write_mailboxes(&died).unwrap();
    corrupt(&paths(&lake.mailboxes, &Filter::default()).unwrap());
    for round in 5..40 {
        let mut batch = batch("ann", round..round + 1);
        batch.run = run("run2");
        lake.commit(&batch).unwrap();
    }
    let counted: Vec<_> = lake
        .counts(&lake.interaction_versions().unwrap())
        .unwrap()
        .into_keys()
        .collect();
    assert_eq!(counted, [("run2".to_owned(), "ann".to_owned())]);
}

#[test]
fn the_log_of_a_table_is_replayed_once_for_all_slots() {
    let test_lake = TestLake::new();
    let committed = test_lake.write().commit(&batch("ann", 0..5)).unwrap();
    let lake = test_lake.read();
    assert_eq!(lake.interactions.slot_version(63).unwrap(), None);
    let log = lake.interactions.folder.join("_delta_log");
    corrupt(&files_in(&log).unwrap());
    let version = lake.interactions.slot_version(slot("ann")).unwrap();
    assert_eq!(version, Some(committed.version));
}

#[test]
fn a_missing_cursor_file_is_named_and_never_means_to_start_again() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let committed = lake.commit(&batch("ann", 0..5)).unwrap();
    drop(lake);
    let file = test_lake.read().cursors.file(committed.version);
    std::fs::remove_file(&file).unwrap();
    let error = test_lake
        .read()
        .cursors(slot("ann"))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains(&committed.version.to_string()), "{error}");
    assert!(test_lake.try_write(test_lake.settings()).is_err());
}

#[test]
fn a_deleted_cursor_is_gone() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..5)).unwrap();
    let mut gone = batch("ann", 5..5);
    gone.run = run("run2");
    gone.cursors[0].value = None;
    lake.commit(&gone).unwrap();
    assert_eq!(cursors(&test_lake.read(), "ann"), []);
}

#[test]
fn a_newer_format_is_refused() {
    let test_lake = TestLake::new();
    drop(test_lake.write());
    let format = test_lake.path().join("lake/_touchpoint/format.json");
    std::fs::write(format, "{\"format\":2}").unwrap();
    let refused = test_lake.try_write(test_lake.settings());
    assert!(matches!(refused, Err(LakeError::NoLake { .. })));
}

#[test]
fn a_commit_may_be_called_from_a_blocking_task_while_another_task_reads() {
    let test_lake = TestLake::new();
    let lake = std::sync::Arc::new(test_lake.write());
    test_lake.runtime.block_on(async {
        let writer = std::sync::Arc::clone(&lake);
        let reader = std::sync::Arc::clone(&lake);
        let write = tokio::task::spawn_blocking(move || writer.commit(&batch("ann", 0..9)));
        let read = tokio::task::spawn_blocking(move || rows(&reader).len());
        assert_eq!(write.await.unwrap().unwrap().interactions, 9);
        assert!([0, 9].contains(&read.await.unwrap()));
    });
    assert_eq!(rows(&lake).len(), 9);
}

#[test]
fn a_snapshot_comes_back_by_its_digest_and_a_damaged_one_is_refused() {
    let contact = Contact {
        id: "C1".into(),
        name: "Carla".into(),
        email: Address::parse("carla@fabrikam.com"),
        other_emails: vec![Address::parse("c@fabrikam.example").unwrap()],
        account_id: Some("A9".into()),
    };
    let bare = Contact {
        id: "C2".into(),
        email: None,
        other_emails: Vec::new(),
        account_id: None,
        ..contact.clone()
    };
    let account = Account {
        id: "A1".into(),
        name: "Fabrikam".into(),
        domains: vec!["fabrikam.com".to_owned(), "fabrikam.example".to_owned()],
    };
    let snapshot = CrmSnapshot::new(vec![contact, bare], vec![account]);
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.store_snapshot(&snapshot).unwrap();
    lake.store_snapshot(&snapshot).unwrap();
    assert_eq!(lake.load_snapshot(&snapshot.digest).unwrap(), snapshot);
    let folder = test_lake.path().join("lake/_touchpoint/crm");
    let empty = CrmSnapshot::new(Vec::new(), Vec::new());
    lake.store_snapshot(&empty).unwrap();
    let file = |digest: &str| folder.join(format!("{digest}.parquet"));
    std::fs::copy(file(&empty.digest), file(&snapshot.digest)).unwrap();
    assert!(lake.load_snapshot(&snapshot.digest).is_err());
    assert!(lake.snapshots().unwrap().contains(&*snapshot.digest));
}

#[test]
fn no_address_name_or_content_lies_open_in_the_logs() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    lake.commit(&batch("ann", 0..70)).unwrap();
    lake.write_mailboxes(&lake.unreported_runs("run2").unwrap())
        .unwrap();
    lake.write_audit(&[AuditEntry {
        at: Timestamp(0),
        actor: "Carla@host".into(),
        action: AuditAction::Unlink,
        subject: "carla@contoso.com".to_owned(),
        before: None,
        after: None,
        run_id: None,
    }])
    .unwrap();
    let contact = Contact {
        id: "C1".into(),
        name: "Carla".into(),
        email: Address::parse("carla@fabrikam.com"),
        other_emails: Vec::new(),
        account_id: None,
    };
    let account = Account {
        id: "A1".into(),
        name: "Fabrikam".into(),
        domains: vec!["fabrikam.com".to_owned()],
    };
    let crm = CrmSnapshot::new(vec![contact], vec![account]);
    lake.publish_crm(&crm, &run("run2")).unwrap();
    for table in crate::lake::rows::schema::TableName::ALL {
        let log = test_lake
            .path()
            .join("lake")
            .join(table.as_str())
            .join("_delta_log");
        let mut text = String::new();
        for entry in std::fs::read_dir(log).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "json") {
                text += &std::fs::read_to_string(path).unwrap();
            }
        }
        assert!(text.contains("delta.dataSkippingStatsColumns"));
        assert!(text.contains("minValues"), "{text}");
        for secret in [
            "fabrikam",
            "Carla",
            "contoso.com",
            "Subject 1",
            "Hello",
            "AAMk",
        ] {
            assert!(
                !text.contains(secret),
                "{secret} in the log of {}",
                table.as_str()
            );
        }
    }
}

#[test]
fn a_batch_that_names_a_snapshot_which_is_not_stored_is_refused() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let mut unknown = batch("ann", 0..3);
    unknown.snapshot_digest = "run9".into();
    assert!(lake.commit(&unknown).is_err());
    assert_eq!(rows(&lake), []);
}
