//! Rows that are appended by themselves: no commit of `interactions` belongs to them.

use std::collections::BTreeMap;

use crate::lake::Lake;
use crate::lake::delta::data_file;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::rows::columns::TableColumns;
use crate::lake::version::next_version;
use crate::model::time::Timestamp;

impl Lake {
    /// Appends rows to a table, a file for each month; the files are named after `run_id`.
    pub(super) fn append_by_month<R: Clone + 'static>(
        &self,
        table: &Table,
        columns: &TableColumns<R>,
        rows: &[R],
        run_id: &str,
        at: impl Fn(&R) -> Timestamp,
    ) -> Result<(), LakeError> {
        let _lock = self.lock_commits();
        table.refresh()?;
        let mut months: BTreeMap<String, Vec<&R>> = BTreeMap::new();
        for row in rows {
            months.entry(at(row).month()).or_default().push(row);
        }
        let version = next_version(None);
        let mut adds = Vec::new();
        for (number, (month, rows)) in months.iter().enumerate() {
            let batch = columns
                .to_batch(rows)
                .map_err(|e| LakeError::encode(table.name.as_str(), &e))?;
            let context = table.write_context(month)?;
            let name = data_file::name(version, run_id, number);
            let batch = std::iter::once(Ok(batch));
            adds.push(data_file::write(table.name, &context, batch, &name)?);
        }
        table.append(&adds, &[])
    }
}
