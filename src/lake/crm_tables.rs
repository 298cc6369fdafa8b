//! The tables `contacts` and `accounts`: the CRM as the last run used it, for those who query the lake.

use crate::lake::Lake;
use crate::lake::delta::data_file;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::read::batches;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::text;
use crate::lake::rows::columns::TableColumns;
use crate::lake::rows::crm::ACCOUNTS;
use crate::lake::rows::crm::CONTACTS;
use crate::lake::rows::crm::CrmRow;
use crate::lake::rows::schema::project;
use crate::lake::version::next_version;
use crate::model::contact::CrmSnapshot;
use crate::model::run::RunStamp;

impl Lake {
    /// Puts a CRM snapshot in the place of what the tables `contacts` and `accounts` hold, where that
    /// is another one. Each table is replaced in one commit.
    pub fn publish_crm(&self, snapshot: &CrmSnapshot, run: &RunStamp) -> Result<(), LakeError> {
        let (Some(contact_table), Some(account_table)) = (&self.contacts, &self.accounts) else {
            return Ok(());
        };
        let contacts = snapshot.contacts.iter().map(Into::into);
        self.replace_rows(contact_table, &CONTACTS, contacts, (snapshot, run))?;
        let accounts = snapshot.accounts.iter().map(Into::into);
        self.replace_rows(account_table, &ACCOUNTS, accounts, (snapshot, run))
    }

    fn replace_rows<T: Clone + 'static>(
        &self,
        table: &Table,
        columns: &TableColumns<CrmRow<T>>,
        rows: impl Iterator<Item = T>,
        (snapshot, run): (&CrmSnapshot, &RunStamp),
    ) -> Result<(), LakeError> {
        let _lock = self.lock_commits();
        table.refresh()?;
        let rows: Vec<CrmRow<T>> = rows
            .map(|of| CrmRow {
                of,
                snapshot: snapshot.digest.clone(),
                run_id: run.run_id.clone(),
            })
            .collect();
        let held = held_snapshot(table)?;
        if held.as_deref() == (!rows.is_empty()).then_some(&*snapshot.digest) {
            return Ok(());
        }
        let mut adds = Vec::new();
        if !rows.is_empty() {
            let batch = columns
                .to_batch(&rows.iter().collect::<Vec<_>>())
                .map_err(|error| LakeError::encode(table.name.as_str(), &error))?;
            let context = table.write_context(&run.started_at.month())?;
            let name = data_file::name(next_version(None), &run.run_id, 0);
            let batch = std::iter::once(Ok(batch));
            adds.push(data_file::write(table.name, &context, batch, &name)?);
        }
        table.overwrite(&adds)
    }
}

/// The digest of the snapshot that a table holds; `None`: it has no row.
fn held_snapshot(table: &Table) -> Result<Option<String>, LakeError> {
    let files = table.live_files()?;
    let wanted = project(table.name, &["crm_snapshot"]);
    for batch in batches(table.paths(&files), wanted) {
        let (path, batch) = batch?;
        let fail = LakeError::bad_file(&path);
        let digests = Cells::new(&batch)
            .texts("crm_snapshot")
            .map_err(|why| fail(&why))?;
        if batch.num_rows() > 0 {
            return Ok(text(digests, 0).map(str::to_owned));
        }
    }
    Ok(None)
}
