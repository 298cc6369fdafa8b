//! Columns that a table lacks because an older program made it, and columns that only a newer
//! program knows.

use delta_kernel::KernelError;
use delta_kernel::committer::FileSystemCommitter;
use delta_kernel::transaction::CommitResult;
use delta_kernel::transaction::RetryableTransaction;
use delta_kernel::transaction::UpdateTableOperation;

use crate::lake::delta::table::COMMIT_ATTEMPTS;
use crate::lake::delta::table::ENGINE_INFO;
use crate::lake::delta::table::FAILURES_MAX;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::rows::column::Column;
use crate::lake::rows::schema::delta_field;

impl Table {
    /// Adds the columns that the table lacks to the end of its schema, all in one commit. Rows that
    /// were written before are null in them.
    ///
    /// It is one entry of the log, put in its place as those of other commits are, and nothing else
    /// on the disk changes: after a crash the table has all of the columns, or none, and then the
    /// next start adds them. Where another process adds them at the same time, one of the two finds
    /// it done.
    pub(crate) fn add_columns(&self, columns: &[Column]) -> Result<(), LakeError> {
        let mut failures = 0;
        for attempt in 0..COMMIT_ATTEMPTS {
            let lacking = self.lacking(columns)?;
            if lacking.is_empty() {
                // The process that added them may have died before that entry was synced.
                return match attempt {
                    0 => Ok(()),
                    _ => Self::sync_log(&self.folder),
                };
            }
            match self.try_add(&lacking) {
                Ok(CommitResult::Committed(done)) => {
                    let names: Vec<&str> = lacking.iter().map(|column| column.name).collect();
                    tracing::info!(table = self.name.as_str(), ?names, "added columns");
                    return self.note_commit(done.post_commit_snapshot(), &[]);
                }
                Ok(CommitResult::Conflicted(_)) => {}
                Ok(CommitResult::Retryable(RetryableTransaction { error, .. })) | Err(error) => {
                    failures += 1;
                    if failures >= FAILURES_MAX {
                        return Err(LakeError::delta("add columns to", self.name.as_str())(
                            error,
                        ));
                    }
                }
            }
            self.refresh()?;
        }
        Err(LakeError::Contended {
            table: self.name.as_str(),
            attempts: COMMIT_ATTEMPTS,
        })
    }

    fn try_add(&self, columns: &[&Column]) -> Result<CommitResult, KernelError> {
        let snapshot = self.snapshot();
        let mut builder =
            snapshot.update_table(UpdateTableOperation::AlterTable, ENGINE_INFO, false);
        for column in columns {
            builder = builder.add_column(delta_field(column));
        }
        let committer = Box::new(FileSystemCommitter::new());
        let transaction = builder.build(self.engine().as_ref(), committer)?;
        transaction.commit(self.engine().as_ref())
    }

    /// The columns that the table lacks; an error where it lacks one that every table has had.
    fn lacking<'a>(&self, columns: &'a [Column]) -> Result<Vec<&'a Column>, LakeError> {
        let schema = self.snapshot().schema();
        let lacking = columns.iter();
        let lacking: Vec<_> = lacking
            .filter(|column| schema.field(column.name).is_none())
            .collect();
        match lacking.iter().find(|column| !column.nullable) {
            Some(column) => {
                let why = format!("it lacks the column {}", column.name);
                Err(LakeError::bad_file(&self.folder)(&why))
            }
            None => Ok(lacking),
        }
    }

    /// An error where the table has a column that is not among those known: what this program would
    /// write or merge would lose its values.
    pub(crate) fn check_known(&self) -> Result<(), LakeError> {
        let schema = self.snapshot().schema();
        let unknown = schema
            .fields()
            .find(|field| !self.known.contains(field.name().as_str()));
        match unknown {
            Some(field) => Err(LakeError::UnknownColumn {
                table: self.name.as_str(),
                column: field.name().clone(),
            }),
            None => Ok(()),
        }
    }
}
