//! The CRM files of a folder, as rows that a test changes.

use std::path::Path;
use std::path::PathBuf;

use crate::support::expect_code;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// The rows of a CRM file below its heading; they are written back with [`CrmFile::save`].
pub(crate) struct CrmFile {
    path: PathBuf,
    head: Vec<String>,
    /// Cells of each row, in the order of the heading.
    pub rows: Vec<Vec<String>>,
}

impl CrmFile {
    /// `contacts.csv`: id, name, email, `other_emails`, `account_id`.
    pub(crate) fn contacts(folder: &Path) -> Self {
        Self::read(folder.join("contacts.csv"))
    }

    /// `accounts.csv`: id, name, domains.
    pub(crate) fn accounts(folder: &Path) -> Self {
        Self::read(folder.join("accounts.csv"))
    }

    /// Takes the second half of a tenant's contacts out of the CRM, and matches everything again: some
    /// interactions lose all contacts, which only their last rows record. Gives the contacts that are left.
    pub(crate) fn halve_contacts(tenant: &Tenant) -> Self {
        let mut contacts = Self::contacts(tenant.folder());
        contacts.rows.truncate(contacts.rows.len() / 2);
        contacts.save();
        expect_code(&mut with_config(&tenant.config(), &["rematch"]), 0);
        contacts
    }

    fn read(path: PathBuf) -> Self {
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let head = reader.headers().unwrap().iter().map(str::to_owned);
        let head = head.collect();
        let rows = reader.records().map(|row| {
            let row = row.unwrap();
            row.iter().map(str::to_owned).collect()
        });
        let rows = rows.collect();
        Self { path, head, rows }
    }

    /// Rewrites the file.
    pub(crate) fn save(&self) {
        let mut writer = csv::Writer::from_path(&self.path).unwrap();
        writer.write_record(&self.head).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
    }

    /// The row with an id.
    pub(crate) fn row(&mut self, id: &str) -> &mut Vec<String> {
        self.rows.iter_mut().find(|row| row[0] == id).unwrap()
    }

    /// Takes the row with an id out.
    pub(crate) fn take(&mut self, id: &str) -> Vec<String> {
        let at = self.rows.iter().position(|row| row[0] == id).unwrap();
        self.rows.remove(at)
    }
}
