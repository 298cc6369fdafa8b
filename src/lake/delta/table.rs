//! One Delta table: its log, its live files and its commits. Nothing else touches `delta_kernel`.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use arrow_array::RecordBatch;
use delta_kernel::KernelError;
use delta_kernel::committer::FileSystemCommitter;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::expressions::Scalar;
use delta_kernel::scan::state::ScanFile;
use delta_kernel::snapshot::Snapshot;
use delta_kernel::snapshot::SnapshotRef;
use delta_kernel::transaction::BoundWriteContext;
use delta_kernel::transaction::CommitResult;
use delta_kernel::transaction::RetryableTransaction;
use delta_kernel::transaction::UpdateTableOperation;
use delta_kernel::transaction::create_table::create_table;
use delta_kernel::transaction::data_layout::DataLayout;

use crate::lake::delta::engine::DeltaEngine;
use crate::lake::delta::engine::folder_url;
use crate::lake::delta::log::check_log;
use crate::lake::delta::log::decoded;
use crate::lake::delta::log::has_log;
use crate::lake::delta::slot_versions;
use crate::lake::delta::slot_versions::app_id;
use crate::lake::error::LakeError;
use crate::lake::rows::column::Column;
use crate::lake::rows::schema::MONTH;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::columns;
use crate::lake::rows::schema::delta_schema;
use crate::lake::rows::schema::stats_columns;
use crate::lake::storage::disk::create_folder;
use crate::lake::storage::disk::sync_folder;
use crate::model::mailbox::SLOTS;

/// How often a commit is put at the next log position before it is given up: enough for some
/// dozens of workers that commit at once, few enough to end within seconds.
pub(super) const COMMIT_ATTEMPTS: u32 = 64;
/// How often a commit may end in an error of the disk before it is given up: a passing fault is
/// over by then, a full disk is not.
pub(super) const FAILURES_MAX: u32 = 3;
/// How often a log is listed until the listing shows what was seen before: a commit may appear late
/// in it.
const LOOKS_MAX: u32 = 3;
/// A checkpoint is written when the log has grown by this many commits since the last one.
const COMMITS_PER_CHECKPOINT: u64 = 20;
/// How the commits of this program name it.
pub(super) const ENGINE_INFO: &str = concat!("touchpoint/", env!("CARGO_PKG_VERSION"));

/// A file that the newest snapshot of a table names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveFile {
    /// Path below the table's folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The month of its rows.
    pub month: String,
    /// How many rows; 0 where the log does not say.
    pub rows: u64,
}

/// What a commit says of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotStep {
    /// The slot.
    pub slot: u8,
    /// The version it has had so far.
    pub previous: Option<i64>,
    /// The version it gets.
    pub version: i64,
}

/// The newest snapshot that was seen, and the slot versions in it once they were looked up.
struct Seen {
    snapshot: SnapshotRef,
    slots: Option<BTreeMap<u8, i64>>,
}

/// A Delta table.
pub(crate) struct Table {
    /// Which one.
    pub name: TableName,
    /// Its folder.
    pub folder: PathBuf,
    /// The columns that this program knows.
    pub known: HashSet<&'static str>,
    engine: DeltaEngine,
    seen: Mutex<Seen>,
}

impl Table {
    /// Creates the table where there is none yet.
    pub(crate) fn create(
        name: TableName,
        folder: &Path,
        engine: &DeltaEngine,
    ) -> Result<(), LakeError> {
        Self::create_with(name, &columns(name), folder, engine)
    }

    /// The same with other columns.
    pub(crate) fn create_with(
        name: TableName,
        columns: &[Column],
        folder: &Path,
        engine: &DeltaEngine,
    ) -> Result<(), LakeError> {
        if has_log(folder) {
            return Ok(());
        }
        create_folder(folder)?;
        match Self::put_first_entry(name, columns, folder, engine) {
            // Another process has just created it.
            Err(_) if has_log(folder) => Ok(()),
            made => made,
        }
    }

    fn put_first_entry(
        name: TableName,
        columns: &[Column],
        folder: &Path,
        engine: &DeltaEngine,
    ) -> Result<(), LakeError> {
        let fail = LakeError::delta("create", name.as_str());
        let schema = delta_schema(columns).map_err(&fail)?;
        let url = folder_url(folder)?;
        let made = create_table(url.as_str(), Arc::new(schema), ENGINE_INFO, true)
            .with_data_layout(DataLayout::partitioned([MONTH.name]))
            .with_table_properties([("delta.dataSkippingStatsColumns", stats_columns(columns))])
            .build(engine.as_ref(), Box::new(FileSystemCommitter::new()))
            .map_err(&fail)?
            .commit(engine.as_ref())
            .map_err(&fail)?;
        match made {
            CommitResult::Retryable(failed) => Err(fail(failed.error)),
            CommitResult::Committed(_) | CommitResult::Conflicted(_) => Ok(()),
        }
    }

    /// Makes what others have committed survive a loss of power, before anything follows from it:
    /// they may have died between putting it in its place and that.
    #[track_caller]
    pub(crate) fn sync_log(folder: &Path) -> Result<(), LakeError> {
        sync_folder(&folder.join("_delta_log"))
    }

    /// Opens a table that exists.
    pub(crate) fn open(
        name: TableName,
        folder: &Path,
        engine: &DeltaEngine,
    ) -> Result<Self, LakeError> {
        let url = folder_url(folder)?;
        check_log(folder)?;
        let snapshot = Snapshot::builder_for(url.as_str())
            .build(engine.as_ref())
            .map_err(LakeError::delta("open", name.as_str()))?;
        if let Some(lacks) = columns_of_ours(name)
            .iter()
            .find(|c| snapshot.schema().field(c).is_none())
        {
            let why = format!("it is a table of another program, without a column {lacks}");
            return Err(LakeError::bad_file(folder)(&why));
        }
        let known = columns(name).into_iter().chain([MONTH]);
        Ok(Self {
            name,
            folder: folder.to_owned(),
            known: known.map(|column| column.name).collect(),
            engine: Arc::clone(engine),
            seen: Mutex::new(Seen {
                snapshot,
                slots: None,
            }),
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // What a panicking thread left is a snapshot that was true once: never half of one.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest snapshot that was read.
    pub(crate) fn snapshot(&self) -> SnapshotRef {
        Arc::clone(&self.seen().snapshot)
    }

    pub(super) fn engine(&self) -> &DeltaEngine {
        &self.engine
    }

    /// Reads what was added to the log since the last look.
    pub(crate) fn refresh(&self) -> Result<(), LakeError> {
        let mut seen = self.seen();
        let look =
            || Snapshot::builder_from(Arc::clone(&seen.snapshot)).build(self.engine.as_ref());
        let mut newest = look();
        for _ in 1..LOOKS_MAX {
            // A listing without what was seen before is an error of the Delta library.
            if newest.is_err() {
                newest = look();
            }
        }
        let newest = newest.map_err(LakeError::delta("read the log of", self.name.as_str()))?;
        if newest.version() != seen.snapshot.version() {
            seen.slots = None;
        }
        seen.snapshot = newest;
        Ok(())
    }

    /// The version of a slot in the newest snapshot that was read.
    pub(crate) fn slot_version(&self, slot: u8) -> Result<Option<i64>, LakeError> {
        let mut seen = self.seen();
        let versions = match seen.slots.take() {
            Some(versions) => versions,
            None => slot_versions::of(&seen.snapshot, self.engine.as_ref())
                .map_err(LakeError::delta("read the log of", self.name.as_str()))?,
        };
        Ok(seen.slots.insert(versions).get(&slot).copied())
    }

    /// The versions of all slots in it.
    pub(crate) fn slot_versions(&self) -> Result<BTreeMap<u8, i64>, LakeError> {
        let mut versions = BTreeMap::new();
        for slot in 0..SLOTS {
            if let Some(version) = self.slot_version(slot)? {
                versions.insert(slot, version);
            }
        }
        Ok(versions)
    }

    /// The files of the newest snapshot that was read.
    pub(crate) fn live_files(&self) -> Result<Vec<LiveFile>, LakeError> {
        let fail = LakeError::delta("list the files of", self.name.as_str());
        let snapshot = Arc::clone(&self.seen().snapshot);
        let scan = snapshot.scan_builder().build().map_err(&fail)?;
        let mut files = Vec::new();
        for part in scan.scan_metadata(self.engine.as_ref()).map_err(&fail)? {
            let part = part.map_err(&fail)?;
            files = part.visit_scan_files(files, push_live).map_err(&fail)?;
        }
        files.sort_by(|a: &LiveFile, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Where some files lie.
    pub(crate) fn paths(&self, files: &[LiveFile]) -> Vec<PathBuf> {
        let paths = files.iter().map(|file| self.folder.join(&file.path));
        paths.collect()
    }

    /// Where files of a month go, and which columns have statistics.
    pub(crate) fn write_context(&self, month: &str) -> Result<BoundWriteContext, LakeError> {
        let fail = LakeError::delta("prepare files of", self.name.as_str());
        let snapshot = Arc::clone(&self.seen().snapshot);
        let partition = HashMap::from([(MONTH.name.to_owned(), Scalar::String(month.into()))]);
        snapshot
            .update_table(UpdateTableOperation::Write, ENGINE_INFO, true)
            .build(self.engine.as_ref(), Box::new(FileSystemCommitter::new()))
            .and_then(|transaction| transaction.write_state())
            .and_then(|state| {
                let builder = state.write_context_builder();
                builder.with_partition_values(partition).build()
            })
            .map_err(&fail)
    }

    /// Commits files and slot versions in one: either all of it or nothing.
    ///
    /// A commit that ends in an error or a conflict is unknown until the log has been read: our
    /// own versions there mean that it has happened; a foreign one on a slot of ours, that another
    /// process has it; otherwise the same content goes to the next position.
    pub(crate) fn append(&self, adds: &[RecordBatch], steps: &[SlotStep]) -> Result<(), LakeError> {
        let mut failures = 0;
        for _ in 0..COMMIT_ATTEMPTS {
            if self.has_happened(steps)? {
                return Self::sync_log(&self.folder);
            }
            self.check_known()?;
            match self.try_append(adds, steps) {
                Ok(CommitResult::Committed(done)) => {
                    self.note_commit(done.post_commit_snapshot(), steps)?;
                    self.checkpoint_when_due(done.post_commit_stats().commits_since_checkpoint);
                    return Ok(());
                }
                Ok(CommitResult::Conflicted(_)) => {}
                Ok(CommitResult::Retryable(RetryableTransaction { error, .. })) | Err(error) => {
                    tracing::warn!(table = self.name.as_str(), %error, "it is unknown whether a commit has happened");
                    failures += 1;
                    self.refresh()?;
                    if failures >= FAILURES_MAX && !self.has_happened(steps)? {
                        return Err(LakeError::delta("commit to", self.name.as_str())(error));
                    }
                    continue;
                }
            }
            self.refresh()?;
        }
        Err(LakeError::Contended {
            table: self.name.as_str(),
            attempts: COMMIT_ATTEMPTS,
        })
    }

    /// Whether the log holds the steps already; an error where another process committed something else.
    fn has_happened(&self, steps: &[SlotStep]) -> Result<bool, LakeError> {
        let mut done = 0;
        for step in steps {
            let current = self.slot_version(step.slot)?;
            if current == Some(step.version) {
                done += 1;
            } else if current != step.previous {
                return Err(LakeError::SlotTaken { slot: step.slot });
            }
        }
        match steps.first() {
            Some(first) if done > 0 && done < steps.len() => {
                Err(LakeError::SlotTaken { slot: first.slot })
            }
            Some(_) => Ok(done == steps.len()),
            None => Ok(false),
        }
    }

    fn try_append(
        &self,
        adds: &[RecordBatch],
        steps: &[SlotStep],
    ) -> Result<CommitResult, KernelError> {
        let snapshot = Arc::clone(&self.seen().snapshot);
        let has_files = !adds.is_empty();
        let mut builder =
            snapshot.update_table(UpdateTableOperation::Write, ENGINE_INFO, has_files);
        if has_files {
            builder = builder.with_blind_append();
        }
        for step in steps {
            builder = builder.with_transaction_id(app_id(step.slot), step.version);
        }
        let mut transaction =
            builder.build(self.engine.as_ref(), Box::new(FileSystemCommitter::new()))?;
        for add in adds {
            transaction.add_files(Box::new(ArrowEngineData::new(add.clone())));
        }
        transaction.commit(self.engine.as_ref())
    }

    pub(super) fn note_commit(
        &self,
        snapshot: Option<&SnapshotRef>,
        steps: &[SlotStep],
    ) -> Result<(), LakeError> {
        let Some(snapshot) = snapshot else {
            return self.refresh();
        };
        let mut seen = self.seen();
        seen.snapshot = Arc::clone(snapshot);
        if let Some(versions) = &mut seen.slots {
            versions.extend(steps.iter().map(|step| (step.slot, step.version)));
        }
        Ok(())
    }

    /// A checkpoint only makes the next look faster: where it fails, the commit still stands.
    pub(super) fn checkpoint_when_due(&self, commits: u64) {
        if commits < COMMITS_PER_CHECKPOINT {
            return;
        }
        let snapshot = Arc::clone(&self.seen().snapshot);
        match snapshot.checkpoint(self.engine.as_ref(), None) {
            Ok((_, snapshot)) => self.seen().snapshot = snapshot,
            Err(error) => {
                tracing::warn!(table = self.name.as_str(), %error, "no checkpoint");
            }
        }
    }
}

fn push_live(files: &mut Vec<LiveFile>, file: ScanFile) {
    files.push(LiveFile {
        path: decoded(&file.path),
        size: file.size.try_into().unwrap_or_default(),
        rows: file.stats.map_or(0, |stats| stats.num_records),
        month: file
            .partition_values
            .get(MONTH.name)
            .cloned()
            .unwrap_or_default(),
    });
}
/// Columns that every table of every release has: where one is missing, the table is not ours.
fn columns_of_ours(table: TableName) -> &'static [&'static str] {
    match table {
        TableName::Audit => &["action", "run_id", MONTH.name],
        TableName::Contacts | TableName::Accounts => &["crm_snapshot", "run_id", MONTH.name],
        _ => &["mailbox_id", "run_id", MONTH.name],
    }
}
