//! The table `audit`: who changed what is read, and when.

use std::collections::BTreeMap;

use crate::lake::Lake;
use crate::lake::delta::data_file;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::read::Rows;
use crate::lake::read::paths;
use crate::lake::read::read;
use crate::lake::rows::audit::AUDIT;
use crate::lake::rows::schema::TableName;
use crate::lake::version::next_version;
use crate::model::audit::AuditEntry;

/// Named in files of rows that no run wrote.
const NO_RUN: &str = "audit";

impl Lake {
    /// Appends rows to `audit`.
    pub fn write_audit(&self, rows: &[AuditEntry]) -> Result<(), LakeError> {
        let (Some(first), Some(table)) = (rows.first(), &self.audit) else {
            return Ok(());
        };
        let _lock = self.lock_commits();
        table.refresh()?;
        let mut months: BTreeMap<String, Vec<&AuditEntry>> = BTreeMap::new();
        for row in rows {
            months.entry(row.at.month()).or_default().push(row);
        }
        let version = next_version(None);
        let mut adds = Vec::new();
        for (number, (month, rows)) in months.iter().enumerate() {
            let batch = AUDIT
                .to_batch(rows)
                .map_err(|e| LakeError::encode(table.name.as_str(), &e))?;
            let context = table.write_context(month)?;
            let run_id = first.run_id.as_deref().unwrap_or(NO_RUN);
            let name = data_file::name(version, run_id, number);
            let batch = std::iter::once(Ok(batch));
            adds.push(data_file::write(TableName::Audit, &context, batch, &name)?);
        }
        table.append(&adds, &[])
    }

    /// The rows of `audit`, in no particular order; none in a lake that has no such table yet.
    pub fn audit(&self) -> Result<Rows<AuditEntry>, LakeError> {
        let Some(table) = &self.audit else {
            return Ok(Box::new(std::iter::empty()));
        };
        let rows = read(
            paths(table, &Filter::default())?,
            TableName::Audit,
            |batch| AUDIT.read_all(batch),
        );
        Ok(Box::new(rows))
    }
}
