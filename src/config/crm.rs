//! The CRM files: contacts and accounts at the time of the run.
//!
//! A malformed row is skipped and reported; a file that looks like a failed export is not used
//! until it is confirmed.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::config::Crm;
use crate::config::crm_columns::ACCOUNTS;
use crate::config::crm_columns::CONTACTS;
use crate::config::crm_notes::Note;
use crate::config::crm_table::CrmTable;
use crate::config::crm_values;
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
        Some(path) => read_accounts(path, files, &mut notes)?,
        None => Vec::new(),
    };
    let columns = files.columns.contacts.stated();
    let table = CrmTable::open(&files.contacts, CONTACTS, &columns)?;
    notes.extend(table.notes());
    let names = files.accounts.is_some().then(|| account_names(&accounts));
    let contacts = table.entries(files, &mut notes, |row, id, notes| {
        contact(row, id, names.as_ref(), notes)
    })?;
    let snapshot = CrmSnapshot::new(contacts, accounts);
    notes.extend(unknown_accounts(&snapshot));
    notes.extend(shared_addresses(&snapshot));
    notes.extend(shared_domains(&snapshot));
    Ok(LoadedCrm { snapshot, notes })
}

fn read_accounts(
    path: &Path,
    files: &Crm,
    notes: &mut Vec<Note>,
) -> Result<Vec<Account>, ConfigError> {
    let table = CrmTable::open(path, ACCOUNTS, &files.columns.accounts.stated())?;
    notes.extend(table.notes());
    let mut found = Vec::new();
    let has_own_domains = table.has_own_domains();
    let accounts = table.entries(files, &mut found, |row, id, notes| {
        Ok(account(row, id, notes))
    })?;
    // In a column of web addresses each is one.
    found.retain(|note| has_own_domains || !matches!(note, Note::WebAddress { .. }));
    notes.append(&mut found);
    Ok(accounts)
}

/// The id of each account by its name, in lower case; none where several have the name.
type AccountNames = HashMap<String, Option<Arc<str>>>;

fn account_names(accounts: &[Account]) -> AccountNames {
    let mut names = AccountNames::new();
    for account in accounts {
        let entry = names.entry(account.name.trim().to_lowercase());
        entry
            .and_modify(|id| *id = None)
            .or_insert_with(|| Some(account.id.clone()));
    }
    names
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

fn contact(
    row: &Row,
    id: &Arc<str>,
    names: Option<&AccountNames>,
    notes: &mut Vec<Note>,
) -> Result<Contact, String> {
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
        account_id: account_of(row, id, names, notes),
    })
}

/// The account of a contact: by its id, as the first of several, or by its name.
fn account_of(
    row: &Row,
    contact: &Arc<str>,
    names: Option<&AccountNames>,
    notes: &mut Vec<Note>,
) -> Option<Arc<str>> {
    let mut listed = parts(row.cell(5));
    let first = Some(row.cell(4)).filter(|id| !id.is_empty());
    if let Some(account) = first.or_else(|| listed.next()) {
        if listed.next().is_some() {
            notes.push(Note::SeveralAccounts {
                contact: contact.clone(),
                account: account.into(),
            });
        }
        return Some(account.into());
    }
    let name = row.cell(6).to_lowercase();
    let names = names.filter(|_| !name.is_empty())?;
    let account = names.get(&name);
    if let Some(Some(account)) = account {
        return Some(account.clone());
    }
    let contact = contact.clone();
    notes.push(match account {
        Some(_) => Note::SharedName { contact },
        None => Note::UnknownName { contact },
    });
    None
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
        } else if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

/// The values of a multi-valued cell.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;
