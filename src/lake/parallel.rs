//! Reading several files at a time on all cores.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelBridge;
use rayon::iter::ParallelIterator;

use crate::lake::Lake;
use crate::lake::delta::file_reader::FileReader;
use crate::lake::delta::file_reader::OnlyRows;
use crate::lake::delta::table::LiveFile;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::id_at;
use crate::lake::rows::keys::MailboxKeys;
use crate::lake::rows::keys::Revisions;
use crate::lake::rows::keys::month_number;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;

impl Lake {
    /// The highest revisions in some files of `interactions`.
    pub(super) fn revisions(&self, files: &[LiveFile]) -> Result<Revisions, LakeError> {
        let columns = ["interaction_id", "mailbox_id", "revision"];
        let wanted = project(TableName::Interactions, &columns);
        let each = |file: &LiveFile, batch: &RecordBatch| {
            let cells = Cells::new(batch);
            let (ids, mailboxes) = (cells.texts("interaction_id")?, cells.texts("mailbox_id")?);
            let revisions = cells.ints("revision")?;
            let (mut keys, month) = (MailboxKeys::default(), month_number(&file.month));
            let mut noted = Vec::with_capacity(batch.num_rows());
            for row in 0..batch.num_rows() {
                let mailbox = keys.get(mailboxes.value(row));
                let key = mailbox.interaction(id_at(ids, row, "interaction_id")?);
                noted.push((key.in_month(month), revisions.value(row)));
            }
            Ok(noted)
        };
        let only = Some(&OnlyRows::Revised);
        let found = self.in_parallel(&self.interactions, files, &wanted, only, each)?;
        let mut revisions = Revisions::default();
        for (key, revision) in found.into_iter().flatten() {
            revisions.note(key, revision);
        }
        Ok(revisions)
    }

    /// Calls `each` for the batches of some files, several at a time; gives the results in the
    /// order of the files and their rows.
    pub(super) fn in_parallel<T: Send>(
        &self,
        table: &Table,
        files: &[LiveFile],
        wanted: &Arc<Schema>,
        only: Option<&OnlyRows>,
        each: impl Fn(&LiveFile, &RecordBatch) -> Result<T, BadCell> + Sync,
    ) -> Result<Vec<T>, LakeError> {
        let read = |file: &LiveFile| {
            let path = table.folder.join(&file.path);
            let reader = FileReader::open_only(&path, Arc::clone(wanted), only)?;
            let results = reader.enumerate().par_bridge().map(|(number, batch)| {
                let result = each(file, &batch?);
                let result = result.map_err(|why| LakeError::bad_file(&path)(&why))?;
                Ok::<_, LakeError>((number, result))
            });
            let mut results = results.collect::<Result<Vec<_>, _>>()?;
            results.sort_unstable_by_key(|(number, _)| *number);
            Ok::<_, LakeError>(results)
        };
        let files = self.cpu.lend(|| {
            let files = files.par_iter().map(read);
            files.collect::<Result<Vec<_>, _>>()
        })?;
        let results = files.into_iter().flatten();
        Ok(results.map(|(_, result)| result).collect())
    }

    /// The files of `interactions`, by month.
    pub(super) fn months(&self) -> Result<BTreeMap<String, Vec<LiveFile>>, LakeError> {
        let mut months: BTreeMap<String, Vec<LiveFile>> = BTreeMap::new();
        for file in self.interactions.live_files()? {
            months.entry(file.month.clone()).or_default().push(file);
        }
        Ok(months)
    }
}
