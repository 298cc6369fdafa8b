//! The table `audit`: who changed what is read, and when.

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::read::Rows;
use crate::lake::read::paths;
use crate::lake::read::read;
use crate::lake::rows::audit::AUDIT;
use crate::lake::rows::schema::TableName;
use crate::model::audit::AuditEntry;

/// Named in files of rows that no run wrote.
const NO_RUN: &str = "audit";

impl Lake {
    /// Appends rows to `audit`.
    pub fn write_audit(&self, rows: &[AuditEntry]) -> Result<(), LakeError> {
        let (Some(first), Some(table)) = (rows.first(), &self.audit) else {
            return Ok(());
        };
        let run_id = first.run_id.as_deref().unwrap_or(NO_RUN);
        self.append_by_month(table, &AUDIT, rows, run_id, |row| row.at)
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
