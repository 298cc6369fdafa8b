//! Notes of the report about the CRM files: what was skipped, and what has an unexpected effect.

use std::sync::Arc;

/// How many notes of one kind are listed; the others are counted.
const LISTED_MAX: usize = 5;

/// An entry that has no effect, or an unexpected one. CRM ids and domains are named; addresses are
/// not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// A file that is not as ours are, and unambiguous.
    #[error("{file}: read {ways}")]
    ReadAs {
        /// The file's name.
        file: String,
        /// Encoding, separator and columns, as far as they differ.
        ways: String,
    },
    /// A column with a heading that resembles one that is not there.
    #[error(
        "{file}: column `{column}` is not read; is it `{meant}`? Rename it, or name it in crm.columns"
    )]
    Unread {
        /// The file's name.
        file: String,
        /// The heading.
        column: String,
        /// What it resembles.
        meant: &'static str,
    },
    /// A row that is not read.
    #[error("{file}:{line}: skipped: {problem}")]
    Skipped {
        /// The file's name.
        file: String,
        /// The line on which the row begins.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Another address of the contact is valid.
    #[error("contact {contact}: an address in line {line} is malformed and was skipped")]
    BadAddress {
        /// The contact.
        contact: Arc<str>,
        /// The line of the contacts file.
        line: usize,
    },
    /// The account is kept without it.
    #[error("account {account}: a domain in line {line} is malformed and was skipped")]
    BadDomain {
        /// The account.
        account: Arc<str>,
        /// The line of the accounts file.
        line: usize,
    },
    /// A web address where a domain is expected.
    #[error("account {account}: the web address in line {line} is read as {domain}")]
    WebAddress {
        /// The account.
        account: Arc<str>,
        /// The line of the accounts file.
        line: usize,
        /// What was read.
        domain: String,
    },
    /// The account is kept on the contact's rows, without a name.
    #[error("contact {contact}: account {account} is not among the accounts")]
    UnknownAccount {
        /// The contact.
        contact: Arc<str>,
        /// Its account.
        account: Arc<str>,
    },
    /// The export names the account, and no account has the name.
    #[error("contact {contact}: no account has the name of its company")]
    UnknownName {
        /// The contact.
        contact: Arc<str>,
    },
    /// The export names the account, and several have the name.
    #[error(
        "contact {contact}: several accounts have the name of its company; it has none of them"
    )]
    SharedName {
        /// The contact.
        contact: Arc<str>,
    },
    /// A contact has one account.
    #[error("contact {contact}: of several companies the first, {account}, is its account")]
    SeveralAccounts {
        /// The contact.
        contact: Arc<str>,
        /// Its account.
        account: Arc<str>,
    },
    /// Only one of them can have it.
    #[error("contacts {first} and {second} have an address in common; it matches {first}")]
    SharedAddress {
        /// Whom it matches.
        first: Arc<str>,
        /// The other one.
        second: Arc<str>,
    },
    /// Only one of them can have it.
    #[error("accounts {first} and {second} both have {domain}; it matches {first}")]
    SharedDomain {
        /// Which it matches.
        first: Arc<str>,
        /// The other one.
        second: Arc<str>,
        /// The domain.
        domain: String,
    },
    /// Anyone can have an address there.
    #[error("account {account}: {domain} is a freemail domain and matches no one")]
    Freemail {
        /// The account.
        account: Arc<str>,
        /// The domain.
        domain: String,
    },
    /// The company's people are no account.
    #[error("account {account}: {domain} is the company's own domain and matches no one")]
    OwnDomain {
        /// The account.
        account: Arc<str>,
        /// The domain.
        domain: String,
    },
}

impl Note {
    /// The subject of notes of this kind.
    fn kind(&self) -> &'static str {
        match self {
            Self::ReadAs { .. } => "files read in another way",
            Self::Unread { .. } => "columns not read",
            Self::Skipped { .. } => "rows skipped",
            Self::BadAddress { .. } => "addresses skipped",
            Self::BadDomain { .. } => "domains skipped",
            Self::WebAddress { .. } => "web addresses read as domains",
            Self::UnknownAccount { .. } => "contacts of unknown accounts",
            Self::UnknownName { .. } => "contacts of companies that are no account",
            Self::SharedName { .. } => "contacts of companies that are several accounts",
            Self::SeveralAccounts { .. } => "contacts of several companies",
            Self::SharedAddress { .. } => "addresses of several contacts",
            Self::SharedDomain { .. } => "domains of several accounts",
            Self::Freemail { .. } => "freemail domains",
            Self::OwnDomain { .. } => "domains of the company",
        }
    }
}

/// The notes as the report prints them: the first of each kind, and the number of the others.
pub fn lines(notes: &[Note]) -> Vec<String> {
    let mut kinds: Vec<&str> = Vec::new();
    let is_row = |note: &&Note| matches!(note, Note::Skipped { .. });
    let rows_first = notes.iter().filter(is_row).chain(notes);
    for note in rows_first {
        if !kinds.contains(&note.kind()) {
            kinds.push(note.kind());
        }
    }
    let mut lines = Vec::new();
    for kind in kinds {
        let of_kind = || notes.iter().filter(|note| note.kind() == kind);
        lines.extend(of_kind().take(LISTED_MAX).map(ToString::to_string));
        let count = of_kind().count();
        if count > LISTED_MAX {
            lines.push(format!("{kind}: {count} in all"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_kind_are_listed_others_counted() {
        let passed_over = |line| Note::Skipped {
            file: "contacts.csv".to_owned(),
            line,
            problem: "it has no id".to_owned(),
        };
        let mut notes: Vec<Note> = (2..9).map(passed_over).collect();
        notes.push(Note::Freemail {
            account: "a1".into(),
            domain: "gmail.com".into(),
        });
        let lines = lines(&notes);
        assert_eq!(lines.len(), LISTED_MAX + 2);
        assert_eq!(lines[0], "contacts.csv:2: skipped: it has no id");
        assert_eq!(lines[LISTED_MAX], "rows skipped: 7 in all");
    }
}
