//! Deleting entries of the logs that are no longer needed, at the end of a run: a log that only grows
//! makes every start slower.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::storage::disk;
use crate::lake::storage::orphans::files_in;
use crate::lake::storage::orphans::is_older_than;

/// How far back other programs may read a table: what Delta promises where a table does not say
/// otherwise (delta.logRetentionDuration).
const RETENTION: Duration = Duration::from_hours(30 * 24);
/// What the names of checkpoints end with, after their number.
const CHECKPOINT: &str = "checkpoint.parquet";
/// What the names of entries end with that a later checkpoint replaces.
const REPLACED: [&str; 3] = ["json", "crc", CHECKPOINT];

impl Lake {
    /// Deletes the entries of all logs that come before a checkpoint which is old itself; gives
    /// their number. No row and no file of a table goes. Blocks on disk.
    pub(crate) fn delete_expired_log_entries(&self) -> Result<usize, LakeError> {
        let _lock = self.lock_commits();
        let mut deleted = 0;
        for table in self.tables() {
            for file in replaced(files_in(&table.folder.join("_delta_log"))?) {
                match disk::remove(&file) {
                    // Another program cleans up, too.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    removed => removed.map_err(LakeError::io("delete", &file))?,
                }
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}

/// The entries before the newest checkpoint that is old.
fn replaced(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let entries = files.into_iter().filter_map(|file| {
        let (version, ending) = entry(&file)?;
        Some((version, ending == CHECKPOINT, file))
    });
    let entries: Vec<_> = entries.collect();
    let old = entries
        .iter()
        .filter(|(_, is_checkpoint, file)| *is_checkpoint && is_older_than(file, RETENTION));
    let Some(checkpoint) = old.map(|(version, ..)| *version).max() else {
        return Vec::new();
    };
    let before = entries
        .into_iter()
        .filter(|(version, ..)| *version < checkpoint);
    before.map(|(.., file)| file).collect()
}

/// The number of an entry and what its name ends with; `None` for other files.
fn entry(file: &Path) -> Option<(u64, &str)> {
    let (number, ending) = file.file_name()?.to_str()?.split_once('.')?;
    let is_entry = number.len() == 20 && REPLACED.contains(&ending);
    let version = number.parse().ok()?;
    is_entry.then_some((version, ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::read::Filter;
    use crate::lake::tests::fixture::TestLake;
    use crate::lake::tests::fixture::batch;
    use crate::lake::tests::fixture::make_older;
    use crate::lake::tests::fixture::match_carla;

    /// As if everything in the log had been written `days` earlier.
    fn age(lake: &Lake, days: u32) {
        for file in files_in(&lake.interactions.folder.join("_delta_log")).unwrap() {
            make_older(&file, Duration::from_hours(24) * days);
        }
    }

    /// A lake with enough commits that a checkpoint has others before it.
    fn with_commits(test_lake: &TestLake) -> Lake {
        let lake = test_lake.write();
        for number in 0..22 {
            lake.commit(&batch("ann", number..number + 1)).unwrap();
        }
        lake
    }

    #[test]
    fn an_entry_that_cannot_be_deleted_does_not_fail_the_run() {
        let test_lake = TestLake::new();
        let lake = with_commits(&test_lake);
        age(&lake, 31);
        let log = lake.interactions.folder.join("_delta_log");
        let first = log.join(format!("{:020}.json", 0));
        std::fs::remove_file(&first).unwrap();
        std::fs::create_dir(&first).unwrap();
        assert!(lake.delete_expired_log_entries().is_err());
        lake.merge_small_files("", Duration::from_hours(1)).unwrap();
    }

    #[test]
    fn entries_before_an_old_checkpoint_go_and_no_row_does() {
        let test_lake = TestLake::new();
        let lake = with_commits(&test_lake);
        assert_eq!(
            lake.delete_expired_log_entries().unwrap(),
            0,
            "everything is new"
        );
        age(&lake, 29);
        assert_eq!(
            lake.delete_expired_log_entries().unwrap(),
            0,
            "another program may still go back"
        );
        age(&lake, 2);
        let entries = |lake: &Lake| {
            let files = files_in(&lake.interactions.folder.join("_delta_log")).unwrap();
            files.iter().filter(|file| entry(file).is_some()).count()
        };
        let before = entries(&lake);
        let deleted = lake.delete_expired_log_entries().unwrap();
        assert!(deleted >= 20, "{deleted} of {before}");
        assert_eq!(entries(&lake), before - deleted);
        lake.commit(&batch("ann", 22..23)).unwrap();
        drop(lake);
        let lake = test_lake.write();
        let rows = lake.interactions(&Filter::default()).unwrap();
        assert_eq!(rows.map(Result::unwrap).count(), 23);
        let found = lake.verify(|_, row| Some(match_carla(row))).unwrap();
        assert_eq!(found, []);
    }
}
