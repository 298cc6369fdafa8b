//! The CRM files: contacts and accounts, as they are tonight.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::config::Crm;
use crate::config::csv;
use crate::config::csv::Columns;
use crate::config::csv::Row;
use crate::config::error::ConfigError;
use crate::config::text;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::ContactBook;
use crate::model::freemail::is_freemail;

/// The contact book and what its readers should know.
#[derive(Debug)]
pub struct Book {
    /// The book.
    pub book: ContactBook,
    /// What was passed over, for the report.
    pub notes: Vec<Note>,
}

/// Something in the book that has no effect, or another one than may be expected. CRM ids and
/// domains are named; addresses are not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The account is kept on the contact's rows, without a name.
    #[error("contact {contact}: account {account} is not among the accounts")]
    UnknownAccount {
        /// The contact.
        contact: Arc<str>,
        /// Its account.
        account: Arc<str>,
    },
    /// Anybody may have an address there.
    #[error("account {account}: {domain} is a freemail domain and matches nobody")]
    Freemail {
        /// The account.
        account: Arc<str>,
        /// The domain.
        domain: String,
    },
    /// The company's people are no account.
    #[error("account {account}: {domain} is the company's own domain and matches nobody")]
    OwnDomain {
        /// The account.
        account: Arc<str>,
        /// The domain.
        domain: String,
    },
    /// Another address of the contact is good.
    #[error("contact {contact}: an address in line {line} cannot be read and was passed over")]
    BadAddress {
        /// The contact.
        contact: Arc<str>,
        /// The line of the contacts file.
        line: usize,
    },
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

/// Reads both files.
pub fn load(files: &Crm) -> Result<Book, ConfigError> {
    let mut notes = Vec::new();
    let accounts = match &files.accounts {
        Some(path) => read_accounts(path, &mut notes)?,
        None => Vec::new(),
    };
    let contacts = read_contacts(&files.contacts, &mut notes)?;
    let book = ContactBook::new(contacts, accounts);
    notes.extend(unknown_accounts(&book));
    Ok(Book { book, notes })
}

fn unknown_accounts(book: &ContactBook) -> Vec<Note> {
    let known: HashSet<&str> = book.accounts.iter().map(|account| &*account.id).collect();
    let unknown = book.contacts.iter().filter_map(|contact| {
        let account = contact.account_id.as_ref()?;
        (!known.contains(&**account)).then(|| Note::UnknownAccount {
            contact: contact.id.clone(),
            account: account.clone(),
        })
    });
    unknown.collect()
}

/// Takes the company's own domains out of the accounts, so that the book and its digest say all
/// that matching goes by. `is_own` is asked for each domain.
pub fn without_own_domains(read: Book, is_own: impl Fn(&str) -> bool) -> Book {
    let Book { book, mut notes } = read;
    let mut accounts = book.accounts;
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
    let book = ContactBook::new(book.contacts, accounts);
    Book { book, notes }
}

fn read_contacts(path: &Path, notes: &mut Vec<Note>) -> Result<Vec<Contact>, ConfigError> {
    let mut seen = HashMap::new();
    let mut contacts = Vec::new();
    for row in csv::read(path, &CONTACTS)? {
        let id = new_id(path, &row, &mut seen)?;
        let others: Vec<&str> = parts(row.cell(3)).collect();
        let email = Address::parse(row.cell(2));
        let other_emails: Vec<Address> = others
            .iter()
            .filter_map(|raw| Address::parse(raw))
            .collect();
        let written = usize::from(!row.cell(2).is_empty()) + others.len();
        let good = usize::from(email.is_some()) + other_emails.len();
        if good == 0 {
            let message = if written == 0 {
                "the contact has no address; fill in email or other_emails, or take the row out"
            } else {
                "the contact has no valid address; write it like ann@example.com"
            };
            return Err(wrong(path, &row, message));
        }
        if good < written {
            notes.push(Note::BadAddress {
                contact: id.clone(),
                line: row.line,
            });
        }
        contacts.push(Contact {
            id,
            name: row.cell(1).into(),
            email,
            other_emails,
            account_id: Some(row.cell(4)).filter(|id| !id.is_empty()).map(Arc::from),
        });
    }
    Ok(contacts)
}

fn read_accounts(path: &Path, notes: &mut Vec<Note>) -> Result<Vec<Account>, ConfigError> {
    let mut seen = HashMap::new();
    let mut accounts = Vec::new();
    for row in csv::read(path, &ACCOUNTS)? {
        let id = new_id(path, &row, &mut seen)?;
        let mut domains = Vec::new();
        for raw in parts(row.cell(2)) {
            let Some(domain) = text::domain(raw) else {
                let message = "a value of domains is no domain; write it like example.com, \
                               several with ; between them";
                return Err(wrong(path, &row, message));
            };
            if is_freemail(&domain) {
                notes.push(Note::Freemail {
                    account: id.clone(),
                    domain: domain.clone(),
                });
            }
            domains.push(domain);
        }
        let name = row.cell(1).into();
        accounts.push(Account { id, name, domains });
    }
    Ok(accounts)
}

/// The id of a row: there, and not on an earlier row.
fn new_id(
    path: &Path,
    row: &Row,
    seen: &mut HashMap<Arc<str>, usize>,
) -> Result<Arc<str>, ConfigError> {
    let id: Arc<str> = row.cell(0).into();
    if id.is_empty() {
        return Err(wrong(path, row, "the row has no id; fill it in"));
    }
    match seen.insert(id.clone(), row.line) {
        None => Ok(id),
        Some(line) => {
            let message = format!("id {id} is in line {line} too; keep one of the rows");
            Err(wrong(path, row, &message))
        }
    }
}

/// The values of a cell that holds several.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn wrong(path: &Path, row: &Row, message: &str) -> ConfigError {
    ConfigError::Line {
        path: path.to_owned(),
        line: row.line,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes both files and reads them.
    fn book(contacts: &str, accounts: &str) -> Result<Book, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let files = Crm {
            contacts: folder.path().join("contacts.csv"),
            accounts: Some(folder.path().join("accounts.csv")),
        };
        std::fs::write(&files.contacts, contacts).unwrap();
        std::fs::write(files.accounts.as_ref().unwrap(), accounts).unwrap();
        load(&files)
    }

    const HEAD: &str = "id,name,email,other_emails,account_id\n";

    #[test]
    fn a_mark_crlf_and_headings_in_any_case_are_read() {
        let read = book(
            "\u{feff}ID,Name,Email,Phone,Other_Emails,Account_ID\r\n\
             c1,Ann Lee,Ann@Acme.com,1,ann@old.example; a@x.org ;,a1\r\n",
            "id,name,domains\na1,Acme,Acme.com;@bücher.example\n",
        )
        .unwrap();
        let contact = &read.book.contacts[0];
        assert_eq!(contact.email.as_ref().unwrap().as_str(), "ann@acme.com");
        let others: Vec<&str> = contact.other_emails.iter().map(Address::as_str).collect();
        assert_eq!(others, ["ann@old.example", "a@x.org"]);
        assert_eq!(contact.account_id.as_deref(), Some("a1"));
        assert_eq!(
            read.book.accounts[0].domains,
            ["acme.com", "xn--bcher-kva.example"]
        );
        assert_eq!(read.notes, []);
    }

    #[test]
    fn what_has_no_effect_is_noted() {
        let read = book(
            &format!("{HEAD}c1,Ann,n/a,ann@x.org,gone\n"),
            "id,name,domains\na1,Acme,gmail.com;contoso.com\n",
        );
        let read = without_own_domains(read.unwrap(), |domain| domain == "contoso.com");
        let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
        assert_eq!(
            notes,
            [
                "account a1: gmail.com is a freemail domain and matches nobody",
                "contact c1: an address in line 2 cannot be read and was passed over",
                "contact c1: account gone is not among the accounts",
                "account a1: contoso.com is the company's own domain and matches nobody",
            ]
        );
        assert_eq!(read.book.accounts[0].domains, ["gmail.com"]);
    }

    #[test]
    fn bad_rows_are_named_with_file_line_and_what_to_do() {
        const ACCOUNTS: &str = "id,name,domains\na1,Acme,acme.com\n";
        for (contacts, accounts, file, message) in [
            (
                format!("{HEAD}c1,Ann,,,\n"),
                ACCOUNTS,
                "contacts.csv:2",
                "has no address",
            ),
            (
                format!("{HEAD}c1,Ann,n/a,;x,\n"),
                ACCOUNTS,
                "contacts.csv:2",
                "no valid address",
            ),
            (
                format!("{HEAD}c1,\"Ann,a@x.org,,\n"),
                ACCOUNTS,
                "contacts.csv:2",
                "never closed",
            ),
            (
                format!("{HEAD}c1,A,a@x.org,,\nc1,B,b@x.org,,\n"),
                ACCOUNTS,
                "contacts.csv:3",
                "line 2",
            ),
            (
                format!("{HEAD},Ann,a@x.org,,\n"),
                ACCOUNTS,
                "contacts.csv:2",
                "no id",
            ),
            (
                "id,name\nc1,Ann\n".into(),
                ACCOUNTS,
                "contacts.csv:1",
                "`email` is missing",
            ),
            (
                HEAD.into(),
                "id,name,domains\na1,Acme,https://acme.com\n",
                "accounts.csv:2",
                "no domain",
            ),
        ] {
            let error = book(&contacts, accounts).unwrap_err().to_string();
            assert!(error.contains(file) && error.contains(message), "{error}");
            assert!(!error.contains("a@x.org"), "{error}");
        }
    }

    #[test]
    fn other_encodings_are_refused_with_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contacts.csv");
        std::fs::write(&path, b"id,name,email\nc1,M\xfcller,m@x.org\n").unwrap();
        let files = Crm {
            contacts: path,
            accounts: None,
        };
        let error = load(&files).unwrap_err().to_string();
        assert!(
            error.contains("contacts.csv:2") && error.contains("CSV UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn real_exports_with_other_headings_are_told_which_are_expected() {
        let corpora = std::env::var_os("TOUCHPOINT_CORPORA")
            .map_or_else(|| "../shared/corpora".into(), std::path::PathBuf::from);
        let archive = corpora.join("mail-fixtures.tar.zst");
        let Ok(file) = std::fs::File::open(&archive) else {
            println!("passed over: {} is not there", archive.display());
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let unpacked = zstd::stream::read::Decoder::new(file).unwrap();
        let mut seen = 0;
        for entry in tar::Archive::new(unpacked).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            if !name.contains("crm/") || !name.ends_with("_export_header.csv") {
                continue;
            }
            let contacts = folder.path().join("contacts.csv");
            entry.unpack(&contacts).unwrap();
            let error = load(&Crm {
                contacts,
                accounts: None,
            })
            .unwrap_err()
            .to_string();
            assert!(error.contains("contacts.csv:1"), "{name}: {error}");
            assert!(error.contains("id, name, email"), "{name}: {error}");
            assert!(error.contains("rename the columns"), "{name}: {error}");
            seen += 1;
        }
        assert!(seen > 0, "the corpora have export headings");
    }
}
