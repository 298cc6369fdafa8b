//! Evidence of many pairs of a colleague and a contact or an account, and their order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::insight::colleagues::Colleagues;
use crate::insight::cooling;
use crate::insight::cooling::Cooling;
use crate::insight::evidence::Evidence;
use crate::insight::exchange;
use crate::insight::exchange::Shown;
use crate::insight::score;
use crate::insight::score::Score;
use crate::model::formula::Formula;
use crate::model::time::Timestamp;
use crate::model::touch::Touch;

/// Who or what is known: a contact or an account, by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An account, with all of its people.
    Account(Arc<str>),
    /// A contact.
    Contact(Arc<str>),
}

/// What rows are collected by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// Those of one subject.
    One(Subject),
    /// Each account, and each contact without one.
    AccountsAndContacts,
    /// Each account.
    Accounts,
    /// Each contact.
    Contacts,
}

impl Grouping {
    /// What a row is evidence for.
    fn subject_of(&self, touch: &Touch) -> Option<Subject> {
        let account = touch.account_id.clone().map(Subject::Account);
        match self {
            Self::One(Subject::Account(_)) => account.filter(|found| self.is(found)),
            Self::One(Subject::Contact(_)) => {
                let contact = touch.contact_id.clone().map(Subject::Contact);
                contact.filter(|found| self.is(found))
            }
            Self::AccountsAndContacts => {
                account.or_else(|| touch.contact_id.clone().map(Subject::Contact))
            }
            Self::Accounts => account,
            Self::Contacts => touch.contact_id.clone().map(Subject::Contact),
        }
    }

    fn is(&self, found: &Subject) -> bool {
        matches!(self, Self::One(wanted) if wanted == found)
    }
}

/// How rows are collected.
#[derive(Debug, Clone)]
pub struct Collecting<'a> {
    /// By what.
    pub grouping: Grouping,
    /// Which rows count.
    pub shown: Shown,
    /// Weights and limits.
    pub formula: &'a Formula,
    /// Whose the mailboxes are.
    pub colleagues: &'a Colleagues,
}

/// A relationship of a colleague with a contact or an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// With whom.
    pub subject: Subject,
    /// The colleague's address.
    pub colleague: Arc<str>,
    /// How well they know each other.
    pub score: Score,
    /// Whether it cools, and how.
    pub cooling: Option<Cooling>,
}

impl Relation {
    /// The order in which relations are listed: the score, the number of exchanges in the window,
    /// the last one, then the names.
    fn rank(&self) -> impl Ord + use<> {
        let Score {
            total,
            counts,
            last,
            ..
        } = &self.score;
        (
            Reverse((self.score.strength(), *total, counts.direct(), *last)),
            self.colleague.clone(),
            self.subject.clone(),
        )
    }
}

/// Sorts relations, the best first.
pub fn sort(relations: &mut [Relation]) {
    relations.sort_by_cached_key(Relation::rank);
}

/// The evidence of all pairs. Rows may come in any order, and parts may be merged in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relations(BTreeMap<(Subject, Arc<str>), Evidence>);

impl Relations {
    /// Takes a row in.
    pub fn add(&mut self, touch: &Touch, collecting: &Collecting<'_>) {
        if !collecting.shown.has(touch) {
            return;
        }
        let exchange = exchange::of(touch, collecting.formula);
        let subject = collecting.grouping.subject_of(touch);
        if let (Some(exchange), Some(subject)) = (exchange, subject) {
            let pair = (subject, collecting.colleagues.of(&touch.mailbox_id));
            self.0.entry(pair).or_default().add(touch, exchange);
        }
    }

    /// Takes another part in.
    pub fn merge(&mut self, other: Self) {
        for (pair, evidence) in other.0 {
            self.0.entry(pair).or_default().merge(evidence);
        }
    }

    /// All relations as of an instant, the best first; those without any direct exchange are among
    /// them, at the end. `people_known`: the contacts of an account.
    pub fn ranked(
        &self,
        as_of: Timestamp,
        formula: &Formula,
        people_known: impl Fn(&Subject) -> Option<u64>,
    ) -> Vec<Relation> {
        let each = |((subject, colleague), evidence): (&(Subject, Arc<str>), &Evidence)| {
            let score = score::of(evidence, as_of, people_known(subject), formula);
            Relation {
                subject: subject.clone(),
                colleague: colleague.clone(),
                cooling: cooling::of(evidence, &score, as_of, formula),
                score,
            }
        };
        let mut relations: Vec<Relation> = self.0.iter().map(each).collect();
        sort(&mut relations);
        relations
    }
}
