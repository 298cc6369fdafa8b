//! CRM snapshots, stored by digest: a catch-up matches with the CRM snapshot of the commit, not of
//! this run.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;

use crate::lake::Lake;
use crate::lake::delta::data_file::properties;
use crate::lake::delta::file_reader::FileReader;
use crate::lake::error::LakeError;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::text;
use crate::lake::storage::disk::Place;
use crate::lake::storage::disk::publish_file;
use crate::lake::storage::disk::sync_folder;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::CrmSnapshot;

/// One line of a stored CRM snapshot: a contact or account, one of its addresses or domains, in
/// order.
struct Line<'a> {
    /// `contact`, `email` (primary), `other`, `account`, `domain`.
    what: &'static str,
    id: &'a str,
    /// Name of the contact or account, address or domain.
    value: &'a str,
    account_id: Option<&'a str>,
}

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        Field::new("what", DataType::Utf8, false),
        Field::new("id", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, false),
        Field::new("account_id", DataType::Utf8, true),
    ]))
}

impl Lake {
    /// Stores a CRM snapshot under its digest; where it is stored already, nothing happens.
    pub fn store_snapshot(&self, snapshot: &CrmSnapshot) -> Result<(), LakeError> {
        let path = self.snapshot_file(&snapshot.digest);
        if path.exists() {
            // The process that put it there may have died before its name was synced.
            return sync_folder(path.parent().unwrap_or(&path));
        }
        let lines = lines(snapshot);
        let accounts = lines.iter().map(|line| line.account_id);
        let columns: Vec<ArrayRef> = vec![
            texts(&lines, |line| line.what),
            texts(&lines, |line| line.id),
            texts(&lines, |line| line.value),
            Arc::new(accounts.collect::<StringArray>()),
        ];
        let fail = LakeError::bad_file(&path);
        let batch = RecordBatch::try_new(schema(), columns).map_err(|e| fail(&e))?;
        let mut bytes = Vec::new();
        ArrowWriter::try_new(&mut bytes, schema(), Some(properties()))
            .and_then(|mut writer| writer.write(&batch).and_then(|()| writer.close()))
            .map_err(|e| fail(&e))?;
        publish_file(&path, &bytes, Place::Any)
    }

    /// The CRM snapshots with other digests that are current in some slot; `None`: its files are gone.
    pub fn other_snapshots(&self, digest: &str) -> Result<Vec<Option<CrmSnapshot>>, LakeError> {
        let current: BTreeSet<String> = self.current_snapshots()?.into_values().collect();
        let others = current.iter().filter(|other| *other != digest);
        Ok(others.map(|other| self.load_snapshot(other).ok()).collect())
    }

    /// Reads the CRM snapshot with a digest.
    pub fn load_snapshot(&self, digest: &str) -> Result<CrmSnapshot, LakeError> {
        let path = self.snapshot_file(digest);
        let mut building = Building::default();
        for batch in FileReader::open(&path, schema())? {
            let added = building.add(&batch?);
            added.map_err(|why| LakeError::bad_file(&path)(&why))?;
        }
        let snapshot = CrmSnapshot::new(building.contacts, building.accounts);
        if *snapshot.digest != *digest {
            return Err(LakeError::bad_file(&path)(
                &"its content does not match the digest in its name",
            ));
        }
        Ok(snapshot)
    }

    /// The digests of all stored CRM snapshots.
    pub fn snapshots(&self) -> Result<BTreeSet<String>, LakeError> {
        let folder = self.root.join("_touchpoint/crm");
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BTreeSet::new());
            }
            entries => entries.map_err(LakeError::io("list", &folder))?,
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let digests = names.filter_map(|name| {
            let digest = name.to_str()?.strip_suffix(".parquet")?;
            Some(digest.to_owned())
        });
        Ok(digests.collect())
    }

    /// An error where a CRM snapshot is not stored: after a crash it could not be matched with
    /// again.
    pub(super) fn check_snapshot(&self, digest: &str) -> Result<(), LakeError> {
        let path = self.snapshot_file(digest);
        std::fs::metadata(&path)
            .map(drop)
            .map_err(LakeError::io("find the CRM snapshot", &path))
    }

    fn snapshot_file(&self, digest: &str) -> std::path::PathBuf {
        let file = format!("{digest}.parquet");
        self.root.join("_touchpoint/crm").join(Path::new(&file))
    }
}

fn texts<'a>(lines: &[Line<'a>], text: impl Fn(&Line<'a>) -> &'a str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(lines.iter().map(text)))
}

fn lines(snapshot: &CrmSnapshot) -> Vec<Line<'_>> {
    let line = |what, id, value| Line {
        what,
        id,
        value,
        account_id: None,
    };
    let mut lines = Vec::new();
    for contact in &snapshot.contacts {
        lines.push(Line {
            account_id: contact.account_id.as_deref(),
            ..line("contact", &*contact.id, &*contact.name)
        });
        let email = contact.email.iter();
        lines.extend(email.map(|email| line("email", &*contact.id, email.as_str())));
        let others = contact.other_emails.iter();
        lines.extend(others.map(|email| line("other", &*contact.id, email.as_str())));
    }
    for account in &snapshot.accounts {
        lines.push(line("account", &*account.id, &*account.name));
        let domains = account.domains.iter();
        lines.extend(domains.map(|domain| line("domain", &*account.id, domain.as_str())));
    }
    lines
}

#[derive(Default)]
struct Building {
    contacts: Vec<Contact>,
    accounts: Vec<Account>,
}

impl Building {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let cells = Cells::new(batch);
        let (whats, ids) = (cells.texts("what")?, cells.texts("id")?);
        let (values, accounts) = (cells.texts("value")?, cells.texts("account_id")?);
        for row in 0..batch.num_rows() {
            let value = values.value(row);
            let orphan = || format!("line {row} belongs to no contact");
            match whats.value(row) {
                "contact" => self.contacts.push(Contact {
                    id: ids.value(row).into(),
                    name: value.into(),
                    email: None,
                    other_emails: Vec::new(),
                    account_id: text(accounts, row).map(Arc::from),
                }),
                "account" => self.accounts.push(Account {
                    id: ids.value(row).into(),
                    name: value.into(),
                    domains: Vec::new(),
                }),
                "domain" => {
                    let account = self.accounts.last_mut().ok_or_else(orphan)?;
                    account.domains.push(value.to_owned());
                }
                what => {
                    let address = Address::stored(value).ok_or("an address is none")?;
                    let contact = self.contacts.last_mut().ok_or_else(orphan)?;
                    match what {
                        "email" => contact.email = Some(address),
                        "other" => contact.other_emails.push(address),
                        _ => return Err("a line of a kind that is not known".to_owned()),
                    }
                }
            }
        }
        Ok(())
    }
}
