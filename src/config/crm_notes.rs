//! What the report says of the CRM files: what was passed over, and what has another effect than
//! may be expected.

use std::sync::Arc;

/// Notes of one kind that are told; the others are counted.
const TOLD: usize = 5;

/// Something in the book that has no effect, or another one than may be expected. CRM ids and
/// domains are named; addresses are not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// A row that is not read.
    #[error("{file}:{line}: passed over: {problem}")]
    PassedOver {
        /// The file's name.
        file: String,
        /// The line on which the row begins.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Another address of the contact is good.
    #[error("contact {contact}: an address in line {line} cannot be read and was passed over")]
    BadAddress {
        /// The contact.
        contact: Arc<str>,
        /// The line of the contacts file.
        line: usize,
    },
    /// The account is kept without it.
    #[error("account {account}: a domain in line {line} cannot be read and was passed over")]
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
}

impl Note {
    /// What notes of its kind are about.
    fn kind(&self) -> &'static str {
        match self {
            Self::PassedOver { .. } => "rows passed over",
            Self::BadAddress { .. } => "addresses passed over",
            Self::BadDomain { .. } => "domains passed over",
            Self::WebAddress { .. } => "web addresses read as domains",
            Self::UnknownAccount { .. } => "contacts of unknown accounts",
            Self::SharedAddress { .. } => "addresses of several contacts",
            Self::SharedDomain { .. } => "domains of several accounts",
            Self::Freemail { .. } => "freemail domains",
            Self::OwnDomain { .. } => "domains of the company",
        }
    }
}

/// The notes as the report prints them: of each kind the first, and how many more there are.
pub fn told(notes: &[Note]) -> Vec<String> {
    let mut kinds: Vec<&str> = Vec::new();
    let is_row = |note: &&Note| matches!(note, Note::PassedOver { .. });
    let rows_first = notes.iter().filter(is_row).chain(notes);
    for note in rows_first {
        if !kinds.contains(&note.kind()) {
            kinds.push(note.kind());
        }
    }
    let mut told = Vec::new();
    for kind in kinds {
        let of_kind = || notes.iter().filter(|note| note.kind() == kind);
        told.extend(of_kind().take(TOLD).map(ToString::to_string));
        let count = of_kind().count();
        if count > TOLD {
            told.push(format!("{kind}: {count} in all"));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_kind_the_first_are_told_and_the_others_counted() {
        let passed_over = |line| Note::PassedOver {
            file: "contacts.csv".to_owned(),
            line,
            problem: "it has no id".to_owned(),
        };
        let mut notes: Vec<Note> = (2..9).map(passed_over).collect();
        notes.push(Note::Freemail {
            account: "a1".into(),
            domain: "gmail.com".into(),
        });
        let told = told(&notes);
        assert_eq!(told.len(), TOLD + 2);
        assert_eq!(told[0], "contacts.csv:2: passed over: it has no id");
        assert_eq!(told[TOLD], "rows passed over: 7 in all");
    }
}
