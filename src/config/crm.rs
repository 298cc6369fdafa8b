//! The CRM files: contacts and accounts at the time of the run.
//!
//! A malformed row is skipped and reported; a file that looks like a failed export is not used
//! until it is confirmed.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::config::Crm;
use crate::config::crm_notes::Note;
use crate::config::crm_values;
use crate::config::csv;
use crate::config::csv::Broken;
use crate::config::csv::Columns;
use crate::config::csv::Row;
use crate::config::error::ConfigError;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::CrmSnapshot;
use crate::model::freemail::is_freemail;

/// The CRM snapshot, with notes for the user.
#[derive(Debug)]
pub struct LoadedCrm {
    /// The snapshot.
    pub snapshot: CrmSnapshot,
    /// What was skipped, for the report.
    pub notes: Vec<Note>,
}

/// Whether files that have far fewer entries than before are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Trust {
    /// Only after confirmation.
    #[default]
    Checked,
    /// Confirmed (`--accept-crm`).
    Accepted,
}

/// The number of contacts and accounts in a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Contacts.
    pub contacts: usize,
    /// Accounts.
    pub accounts: usize,
}

const CONTACTS: Columns = Columns {
    required: &["id", "name", "email"],
    optional: &["other_emails", "account_id"],
    passes_over_others: true,
};
const ACCOUNTS: Columns = Columns {
    required: &["id", "name", "domains"],
    optional: &[],
    passes_over_others: true,
};

impl Size {
    /// The maximum of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            contacts: self.contacts.max(other.contacts),
            accounts: self.accounts.max(other.accounts),
        }
    }

    /// The size of a snapshot.
    pub fn of(snapshot: &CrmSnapshot) -> Self {
        Self {
            contacts: snapshot.contacts.len(),
            accounts: snapshot.accounts.len(),
        }
    }
}

impl LoadedCrm {
    /// The number of skipped rows.
    pub fn passed_over(&self) -> usize {
        let is_row = |note: &&Note| matches!(note, Note::Skipped { .. });
        self.notes.iter().filter(is_row).count()
    }
}

/// Reads both files.
///
/// # Errors
///
/// A file cannot be read, has other columns, or has more malformed rows than
/// `max_passed_over_percent` allows.
pub fn load(files: &Crm) -> Result<LoadedCrm, ConfigError> {
    let mut notes = Vec::new();
    let accounts = match &files.accounts {
        Some(path) => read_table((path, &ACCOUNTS), files, &mut notes, |row, id, notes| {
            Ok(account(row, id, notes))
        })?,
        None => Vec::new(),
    };
    let contacts = read_table((&files.contacts, &CONTACTS), files, &mut notes, contact)?;
    let snapshot = CrmSnapshot::new(contacts, accounts);
    notes.extend(unknown_accounts(&snapshot));
    notes.extend(shared_addresses(&snapshot));
    notes.extend(shared_domains(&snapshot));
    Ok(LoadedCrm { snapshot, notes })
}

/// Rejects files without entries, and those that have far fewer than the previous snapshot: rows of
/// the missing entries would be withdrawn from the lake.
///
/// # Errors
///
/// Names the file and how to confirm it.
pub fn check(files: &Crm, now: Size, before: Size) -> Result<(), ConfigError> {
    let contacts = (now.contacts, before.contacts);
    check_file(files, &files.contacts, "contacts", contacts)?;
    let accounts = (now.accounts, before.accounts);
    match &files.accounts {
        Some(path) => check_file(files, path, "accounts", accounts),
        None => Ok(()),
    }
}

fn check_file(
    files: &Crm,
    path: &Path,
    what: &str,
    (now, before): (usize, usize),
) -> Result<(), ConfigError> {
    let kept_least = 100_usize.saturating_sub(usize::from(files.max_shrink_percent));
    let has_shrunk = now.saturating_mul(100) < before.saturating_mul(kept_least);
    let problem = if now == 0 {
        format!("there are no {what} in it")
    } else if has_shrunk {
        format!("it has {now} {what}, where the run before had {before}")
    } else {
        return Ok(());
    };
    Err(ConfigError::File {
        path: path.to_owned(),
        message: format!(
            "{problem}; nothing was read or changed. If the export failed, repeat it; if the file is \
             right, confirm it once with --accept-crm"
        ),
    })
}

fn unknown_accounts(snapshot: &CrmSnapshot) -> Vec<Note> {
    let known: HashSet<&str> = snapshot
        .accounts
        .iter()
        .map(|account| &*account.id)
        .collect();
    let unknown = snapshot.contacts.iter().filter_map(|contact| {
        let account = contact.account_id.as_ref()?;
        (!known.contains(&**account)).then(|| Note::UnknownAccount {
            contact: contact.id.clone(),
            account: account.clone(),
        })
    });
    unknown.collect()
}

/// Addresses shared by several contacts. They match by the rule of `matching`: a primary address
/// precedes a further one, then the smallest id.
fn shared_addresses(snapshot: &CrmSnapshot) -> Vec<Note> {
    let mut owners: HashMap<&Address, &Arc<str>> = HashMap::new();
    let mut notes = Vec::new();
    let primary = snapshot.contacts.iter();
    let primary = primary.filter_map(|one| Some((one.email.as_ref()?, &one.id)));
    let further = snapshot.contacts.iter();
    let further = further.flat_map(|one| one.other_emails.iter().map(move |it| (it, &one.id)));
    for (address, id) in primary.chain(further) {
        let first = *owners.entry(address).or_insert(id);
        if first != id {
            notes.push(Note::SharedAddress {
                first: first.clone(),
                second: id.clone(),
            });
        }
    }
    notes
}

fn shared_domains(snapshot: &CrmSnapshot) -> Vec<Note> {
    let mut owners: HashMap<&str, &Arc<str>> = HashMap::new();
    let mut notes = Vec::new();
    for account in &snapshot.accounts {
        for domain in &account.domains {
            let first = *owners.entry(domain).or_insert(&account.id);
            if *first != account.id {
                notes.push(Note::SharedDomain {
                    first: first.clone(),
                    second: account.id.clone(),
                    domain: domain.clone(),
                });
            }
        }
    }
    notes
}

/// Removes the company's own domains from the accounts, so that the snapshot and its digest contain
/// everything that matching depends on. `is_own` is called for each domain.
pub fn without_own_domains(read: LoadedCrm, is_own: impl Fn(&str) -> bool) -> LoadedCrm {
    let LoadedCrm {
        snapshot,
        mut notes,
    } = read;
    let mut accounts = snapshot.accounts;
    for account in &mut accounts {
        let id = account.id.clone();
        account.domains.retain(|domain| {
            let own = is_own(domain);
            if own {
                notes.push(Note::OwnDomain {
                    account: id.clone(),
                    domain: domain.clone(),
                });
            }
            !own
        });
    }
    let snapshot = CrmSnapshot::new(snapshot.contacts, accounts);
    LoadedCrm { snapshot, notes }
}

fn contact(row: &Row, id: &Arc<str>, notes: &mut Vec<Note>) -> Result<Contact, String> {
    let others: Vec<&str> = parts(row.cell(3)).collect();
    let email = crm_values::address(row.cell(2));
    let read: Vec<_> = others
        .iter()
        .filter_map(|raw| crm_values::addresses(raw))
        .collect();
    let written = usize::from(!row.cell(2).is_empty()) + others.len();
    let good = usize::from(email.is_some()) + read.len();
    let other_emails: Vec<Address> = read.into_iter().flatten().collect();
    if written == 0 {
        return Err("the contact has no address; fill in email or other_emails".to_owned());
    }
    if good == 0 {
        return Err("the contact has no valid address; write it like ann@example.com".to_owned());
    }
    if good < written {
        notes.push(Note::BadAddress {
            contact: id.clone(),
            line: row.line,
        });
    }
    Ok(Contact {
        id: id.clone(),
        name: row.cell(1).into(),
        email,
        other_emails,
        account_id: Some(row.cell(4)).filter(|id| !id.is_empty()).map(Arc::from),
    })
}

fn account(row: &Row, id: &Arc<str>, notes: &mut Vec<Note>) -> Account {
    Account {
        id: id.clone(),
        name: row.cell(1).into(),
        domains: domains(row, id, notes),
    }
}

fn domains(row: &Row, id: &Arc<str>, notes: &mut Vec<Note>) -> Vec<String> {
    let mut domains = Vec::new();
    for raw in parts(row.cell(2)) {
        let (account, line) = (id.clone(), row.line);
        let Some(read) = crm_values::domain(raw) else {
            notes.push(Note::BadDomain { account, line });
            continue;
        };
        let domain = read.domain;
        if read.was_web_address {
            notes.push(Note::WebAddress {
                account: account.clone(),
                line,
                domain: domain.clone(),
            });
        }
        // Removed, so that the digest of the snapshot covers only what is matched.
        if is_freemail(&domain) {
            notes.push(Note::Freemail { account, domain });
        } else {
            domains.push(domain);
        }
    }
    domains
}

/// Parses each row of a file; malformed rows are skipped.
fn read_table<T>(
    (path, columns): (&Path, &Columns),
    files: &Crm,
    notes: &mut Vec<Note>,
    read: impl Fn(&Row, &Arc<str>, &mut Vec<Note>) -> Result<T, String>,
) -> Result<Vec<T>, ConfigError> {
    let rows = csv::read_rows(path, columns)?;
    let count = rows.len();
    let mut ids = HashMap::new();
    let mut entry = |row: Row| {
        let id = new_id(&row, &ids).map_err(|why| (row.line, why))?;
        let entry = read(&row, &id, notes).map_err(|why| (row.line, why))?;
        ids.insert(id, row.line);
        Ok(entry)
    };
    let (mut entries, mut broken) = (Vec::with_capacity(count), Vec::new());
    for row in rows {
        match row.and_then(&mut entry) {
            Ok(entry) => entries.push(entry),
            Err(row) => broken.push(row),
        }
    }
    check_broken(path, &broken, count, files)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    notes.extend(broken.into_iter().map(|(line, problem)| Note::Skipped {
        file: file.clone().into_owned(),
        line,
        problem,
    }));
    Ok(entries)
}

/// One malformed row never stops a run; too many mean that it is the wrong file.
fn check_broken(
    path: &Path,
    broken: &[Broken],
    rows: usize,
    files: &Crm,
) -> Result<(), ConfigError> {
    let percent = usize::from(files.max_passed_over_percent);
    let is_too_much = broken.len() * 100 > rows * percent;
    let [(line, problem), _, ..] = broken else {
        return Ok(());
    };
    if !is_too_much {
        return Ok(());
    }
    Err(ConfigError::Line {
        path: path.to_owned(),
        line: *line,
        message: format!(
            "{problem} ({} of {rows} rows cannot be read, more than the {percent} % that \
             crm.max_passed_over_percent allows; this is the first)",
            broken.len()
        ),
    })
}

/// The id of a row: present and unique.
fn new_id(row: &Row, seen: &HashMap<Arc<str>, usize>) -> Result<Arc<str>, String> {
    let id: Arc<str> = row.cell(0).into();
    if id.is_empty() {
        return Err("the row has no id; fill it in".to_owned());
    }
    match seen.get(&id) {
        None => Ok(id),
        Some(line) => Err(format!(
            "id {id} is in line {line} too; keep one of the rows"
        )),
    }
}

/// The values of a multi-valued cell.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;
