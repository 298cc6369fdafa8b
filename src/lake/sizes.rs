//! How large the tables are, as their logs say: no file of rows is read.

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::model::table_size::TableSize;

impl Lake {
    /// The tables that grow with the mailboxes.
    pub fn sizes(&self) -> Result<Vec<TableSize>, LakeError> {
        let tables = [&self.interactions, &self.activities, &self.mailboxes];
        let sizes = tables.into_iter().map(|table| {
            let files = table.live_files()?;
            Ok(TableSize {
                table: table.name.as_str(),
                version: table.snapshot().version(),
                rows: files.iter().map(|file| file.rows).sum(),
                files: files.len() as u64,
                bytes: files.iter().map(|file| file.size).sum(),
            })
        });
        sizes.collect()
    }
}
