//! Merging small files at the end of a run, which changes no row.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::time::Duration;

use crate::lake::Lake;
use crate::lake::delta::data_file;
use crate::lake::delta::table::LiveFile;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::read::batches;
use crate::lake::rows::schema::arrow_schema;
use crate::runtime::clock::Stopwatch;

/// A file under this size is a small one: readers lose more time opening it than reading it.
const SMALL_BYTES: u64 = 32 * 1_024 * 1_024;
/// A month may have this many small files: merging sooner would write the same rows again and again.
const SMALL_FILES_MAX: usize = 20;
/// A month may get this many small files from one run: a first run writes every month in each of its
/// commits.
const SMALL_FILES_OF_RUN_MAX: usize = 2;

impl Lake {
    /// Merges the small files of months that have many, or got several from the run that ends, until
    /// `limit` has passed; gives the number of months merged, over all tables. A month that was begun is finished. Then it deletes
    /// expired entries of the logs; where that fails it logs a warning, and the next run continues.
    ///
    /// Call it when every view has caught up: afterwards rows cannot be attributed to commits, and
    /// a view that is behind must compare everything. It does nothing while the view of contacts
    /// is behind. Blocks on disk and CPU.
    pub fn merge_small_files(&self, run_id: &str, limit: Duration) -> Result<usize, LakeError> {
        let lock = self.lock_commits();
        if !self.slots_behind()?.is_empty() {
            return Ok(0);
        }
        let watch = Stopwatch::start();
        let mut merged = 0;
        for table in self.tables() {
            let left = limit.saturating_sub(watch.elapsed());
            merged += Self::merge_table(table, run_id, left)?;
        }
        drop(lock);
        if let Err(error) = self.delete_expired_log_entries() {
            tracing::warn!(%error, "old entries of a log stay until the next run");
        }
        Ok(merged)
    }

    pub(super) fn merge_table(
        table: &Table,
        run_id: &str,
        limit: Duration,
    ) -> Result<usize, LakeError> {
        let watch = Stopwatch::start();
        let mut months: BTreeMap<String, Vec<LiveFile>> = BTreeMap::new();
        for file in table.live_files()? {
            if file.size < SMALL_BYTES {
                months.entry(file.month.clone()).or_default().push(file);
            }
        }
        months.retain(|_, files| {
            let of_run = files.iter();
            let of_run = of_run.filter(|file| data_file::is_of_run(&file.path, run_id));
            of_run.count() > SMALL_FILES_OF_RUN_MAX || files.len() > SMALL_FILES_MAX
        });
        let mut merged = 0;
        for (month, files) in months {
            if watch.elapsed() >= limit {
                break;
            }
            let context = table.write_context(&month)?;
            let rows = batches(table.paths(&files), arrow_schema(table.name));
            let rows = rows.map(|batch| batch.map(|(_, batch)| batch));
            let name = data_file::merged_name();
            let add = data_file::write(table.name, &context, rows, &name)?;
            let olds: HashSet<String> = files.into_iter().map(|file| file.path).collect();
            let is_merged = table.replace(&olds, &[add])?;
            let (table, files) = (table.name.as_str(), olds.len());
            tracing::info!(table, month, files, is_merged, "small files of a month");
            merged += usize::from(is_merged);
        }
        Ok(merged)
    }
}
