//! The answer to a question about relationships, with the names that it is reported with.

use std::sync::Arc;

use crate::insight::directory::Directory;
use crate::insight::exchange::Shown;
use crate::insight::lookup::Entry;
use crate::insight::lookup::What;
use crate::insight::relations::Relation;
use crate::insight::relations::Subject;
use crate::insight::score::Strength;
use crate::model::formula::Formula;
use crate::model::time::Timestamp;

/// Who or what is named in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is.
    pub what: What,
    /// The CRM's id; of a colleague, the address.
    pub id: Arc<str>,
    /// Its name, or its id where it has none.
    pub name: Arc<str>,
    /// Of a contact, the account's name.
    pub account: Option<Arc<str>>,
}

impl Named {
    /// A contact or an account.
    pub fn subject(subject: &Subject, directory: &Directory) -> Self {
        let (what, id, account) = match subject {
            Subject::Account(id) => (What::Account, id, None),
            Subject::Contact(id) => (What::Contact, id, directory.account_of(id)),
        };
        Self {
            what,
            id: Arc::clone(id),
            name: directory.name(subject),
            account,
        }
    }

    /// A colleague.
    pub fn colleague(address: &Arc<str>) -> Self {
        Self {
            what: What::Colleague,
            id: Arc::clone(address),
            name: Arc::clone(address),
            account: None,
        }
    }

    /// What was found by a text.
    pub fn found(entry: &Entry<'_>, directory: &Directory) -> Self {
        let id: Arc<str> = entry.id.into();
        match entry.what {
            What::Account => Self::subject(&Subject::Account(id), directory),
            What::Contact => Self::subject(&Subject::Contact(id), directory),
            What::Colleague => Self::colleague(&entry.label().into()),
        }
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Which colleagues know this contact or account, or whom this colleague knows.
    About(Named),
    /// Which relationships of this one cool.
    CoolingOf(Named),
    /// Which relationships of all accounts cool.
    Cooling,
    /// Which accounts are known by one colleague only.
    Single,
}

/// A relationship with the names of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The relationship.
    pub relation: Relation,
    /// The contact or account.
    pub subject: Named,
}

/// An answer: all lines, the first one first. What is listed of them is decided by who reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// What is later does not count.
    pub as_of: Timestamp,
    /// Which interactions count.
    pub shown: Shown,
    /// By which weights and limits.
    pub formula: Formula,
    /// The relationships.
    pub lines: Vec<Line>,
    /// How many pairs have nothing in common but bulk mail, and mails and meetings with many others.
    pub not_direct: u64,
    /// Rows that were looked at.
    pub rows: u64,
    /// The newest interaction among them that had taken place.
    pub newest: Option<Timestamp>,
    /// Whether the table that was read lacks what the last runs have committed.
    pub is_behind: bool,
}

impl Answer {
    /// An answer with relations that are in order. Those without a direct exchange are only counted.
    pub fn new(
        question: Question,
        (as_of, shown, formula): (Timestamp, Shown, Formula),
        relations: Vec<Relation>,
        directory: &Directory,
    ) -> Self {
        let all = relations.len();
        let is_known = |relation: &Relation| relation.score.strength() > Strength::None;
        let lines = relations.into_iter().filter(is_known).map(|relation| Line {
            subject: Named::subject(&relation.subject, directory),
            relation,
        });
        let lines: Vec<Line> = lines.collect();
        Self {
            question,
            as_of,
            shown,
            formula,
            not_direct: (all - lines.len()) as u64,
            lines,
            rows: 0,
            newest: None,
            is_behind: false,
        }
    }

    /// How many of the relationships go in both directions.
    pub fn mutual(&self) -> usize {
        let lines = self.lines.iter();
        let mutual = lines.filter(|line| line.relation.score.strength() == Strength::Mutual);
        mutual.count()
    }
}
