//! Commits that put files in the place of others: with the same rows, or with other ones.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::RecordBatch;
use delta_kernel::FilteredEngineData;
use delta_kernel::KernelError;
use delta_kernel::committer::FileSystemCommitter;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::transaction::CommitResult;
use delta_kernel::transaction::Transaction;
use delta_kernel::transaction::UpdateTableOperation;

use crate::lake::delta::log::decoded;
use crate::lake::delta::table::COMMIT_ATTEMPTS;
use crate::lake::delta::table::ENGINE_INFO;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::rows::cells::Cells;

/// What takes the place of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replacement {
    /// Other files with the same rows.
    OfFiles,
    /// Other rows.
    OfRows,
}

impl Replacement {
    fn operation(self) -> UpdateTableOperation {
        match self {
            Self::OfFiles => UpdateTableOperation::Optimize,
            Self::OfRows => UpdateTableOperation::Write,
        }
    }
}

impl Table {
    /// Puts merged files in the place of others without changing a row. False where another program
    /// replaced one of them in the meantime; then nothing is done.
    pub(crate) fn replace(
        &self,
        olds: &HashSet<String>,
        adds: &[RecordBatch],
    ) -> Result<bool, LakeError> {
        let fail = LakeError::delta("merge files of", self.name.as_str());
        for _ in 0..COMMIT_ATTEMPTS {
            self.check_known()?;
            let removal = self.removal_of(olds, Replacement::OfFiles);
            let Some(removal) = removal.map_err(&fail)? else {
                return Ok(false);
            };
            if self.commit_replacement(removal, adds, &fail)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts files in the place of everything that the table holds. Where another process does the same,
    /// one of them comes last.
    pub(crate) fn overwrite(&self, adds: &[RecordBatch]) -> Result<(), LakeError> {
        let fail = LakeError::delta("replace the rows of", self.name.as_str());
        for _ in 0..COMMIT_ATTEMPTS {
            self.check_known()?;
            let files = self.live_files()?.into_iter();
            let olds: HashSet<String> = files.map(|file| file.path).collect();
            let removal = self.removal_of(&olds, Replacement::OfRows);
            let Some(removal) = removal.map_err(&fail)? else {
                self.refresh()?;
                continue;
            };
            if self.commit_replacement(removal, adds, &fail)? {
                return Ok(());
            }
        }
        Err(LakeError::Contended {
            table: self.name.as_str(),
            attempts: COMMIT_ATTEMPTS,
        })
    }

    /// Commits a removal with what takes the place of the files. False where another process came
    /// first: the table is looked at again.
    fn commit_replacement(
        &self,
        mut removal: Transaction,
        adds: &[RecordBatch],
        fail: impl Fn(KernelError) -> LakeError,
    ) -> Result<bool, LakeError> {
        for add in adds {
            removal.add_files(Box::new(ArrowEngineData::new(add.clone())));
        }
        match removal.commit(self.engine().as_ref()).map_err(&fail)? {
            CommitResult::Committed(done) => {
                self.note_commit(done.post_commit_snapshot(), &[])?;
                self.checkpoint_when_due(done.post_commit_stats().commits_since_checkpoint);
                Ok(true)
            }
            CommitResult::Conflicted(_) => self.refresh().map(|()| false),
            CommitResult::Retryable(failed) => Err(fail(failed.error)),
        }
    }

    /// A transaction that takes files out of the table; `None` where one of them is not in it.
    fn removal_of(
        &self,
        olds: &HashSet<String>,
        replacement: Replacement,
    ) -> Result<Option<Transaction>, KernelError> {
        let snapshot = self.snapshot();
        let scan = Arc::clone(&snapshot).scan_builder().build()?;
        let mut transaction = snapshot
            .update_table(
                replacement.operation(),
                ENGINE_INFO,
                replacement == Replacement::OfRows,
            )
            .build(self.engine().as_ref(), Box::new(FileSystemCommitter::new()))?;
        let mut found = 0;
        for part in scan.scan_metadata(self.engine().as_ref())? {
            let (data, mut chosen) = part?.scan_files.into_parts();
            let data = ArrowEngineData::try_from_engine_data(data)?;
            let batch = data.record_batch().clone();
            let paths = Cells::new(&batch)
                .texts("path")
                .map_err(KernelError::generic)?;
            chosen.resize(batch.num_rows(), true);
            for (row, chosen) in chosen.iter_mut().enumerate() {
                *chosen = *chosen && olds.contains(&decoded(paths.value(row)));
                found += usize::from(*chosen);
            }
            if chosen.contains(&true) {
                transaction.remove_files(FilteredEngineData::try_new(data, chosen)?);
            }
        }
        Ok((found == olds.len()).then_some(transaction))
    }
}
