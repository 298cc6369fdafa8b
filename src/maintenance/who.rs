//! Who knows whom, asked of a lake: names are looked up in the CRM snapshot in force, and the rows
//! that concern them are read.

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::Config;
use crate::insight::answer::Answer;
use crate::insight::answer::Named;
use crate::insight::answer::Question;
use crate::insight::directory::Directory;
use crate::insight::exchange::Shown;
use crate::insight::lookup::What;
use crate::insight::overview::Overview;
use crate::insight::relations::Collecting;
use crate::insight::relations::Grouping;
use crate::insight::relations::Relation;
use crate::insight::relations::Relations;
use crate::insight::relations::Subject;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::touches::TouchesOf;
use crate::maintenance::names;
use crate::maintenance::names::NameError;
use crate::model::formula::Formula;
use crate::model::time::Timestamp;
use crate::model::touch::Touch;

/// Rows that are read at a time where all mailboxes are: a row takes some 100 bytes.
const ROWS_PER_PART: u64 = 500_000;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Who knows this contact or account, or whom this colleague knows.
    About(String),
    /// Which of these relationships cool.
    CoolingOf(String),
    /// Which relationships of all accounts cool.
    Cooling,
    /// Which accounts one colleague alone knows.
    Single,
}

/// By what it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// What is later does not count.
    pub as_of: Timestamp,
    /// Which interactions count.
    pub shown: Shown,
    /// Weights and limits.
    pub formula: Formula,
}

impl Terms {
    /// Those of a configuration, as of an instant.
    pub(crate) fn of(config: &Config, as_of: Timestamp) -> Self {
        Self {
            as_of,
            shown: if config.view.mail_activity {
                Shown::All
            } else {
                Shown::Meetings
            },
            formula: config.insight,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhoError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// No run has stored a CRM snapshot.
    #[error("the lake holds no contacts and accounts yet; `touchpoint run` reads them")]
    NoCrm,
    /// The text names none, or several.
    #[error("a name is unknown or ambiguous")]
    Name(NameError),
}

/// Answers a question. Call it from a blocking thread.
///
/// # Errors
/// The lake cannot be read, or a text names none or several.
pub(crate) fn ask(lake: &Lake, asked: &Asked, terms: Terms) -> Result<Answer, WhoError> {
    let directory = directory(lake)?;
    let (seen, relations, question) = match asked {
        Asked::About(text) => {
            let named = name(text, &directory)?;
            let touches = lake.touches(&touches_of(&directory, &named))?;
            return Ok(about(lake, &directory, (named, &touches), terms)?);
        }
        Asked::CoolingOf(text) => {
            let named = name(text, &directory)?;
            let touches = lake.touches(&touches_of(&directory, &named))?;
            let mut seen = Seen::default();
            let mut relations = seen.relations(&touches, grouping_of(&named), &directory, terms);
            relations.retain(|relation| relation.cooling.is_some());
            (seen, relations, Question::CoolingOf(named))
        }
        Asked::Cooling => {
            let (seen, overview) = of_all(lake, &directory, terms)?;
            (seen, overview.cooling(), Question::Cooling)
        }
        Asked::Single => {
            let (seen, overview) = of_all(lake, &directory, terms)?;
            (seen, overview.single(), Question::Single)
        }
    };
    Ok(answer(
        lake,
        (question, seen, relations),
        &directory,
        terms,
    )?)
}

fn answer(
    lake: &Lake,
    (question, seen, relations): (Question, Seen, Vec<Relation>),
    directory: &Directory,
    terms: Terms,
) -> Result<Answer, LakeError> {
    let terms = (terms.as_of, terms.shown, terms.formula);
    Ok(Answer {
        rows: seen.rows,
        newest: seen.newest,
        is_behind: lake.activity_versions()? != lake.interaction_versions()?,
        ..Answer::new(question, terms, relations, directory)
    })
}

/// Weighs the rows of a contact, an account or a colleague: those that [`touches_of`] names. Call it
/// from a blocking thread.
///
/// # Errors
/// The lake cannot be read.
pub(crate) fn about(
    lake: &Lake,
    directory: &Directory,
    (named, touches): (Named, &[Touch]),
    terms: Terms,
) -> Result<Answer, LakeError> {
    let mut seen = Seen::default();
    let relations = seen.relations(touches, grouping_of(&named), directory, terms);
    let found = (Question::About(named), seen, relations);
    answer(lake, found, directory, terms)
}

/// Contacts, accounts and colleagues of a lake.
///
/// # Errors
/// The lake cannot be read, or holds no CRM snapshot yet.
pub(crate) fn directory(lake: &Lake) -> Result<Directory, WhoError> {
    names::directory(lake)?.ok_or(WhoError::NoCrm)
}

fn name(text: &str, directory: &Directory) -> Result<Named, WhoError> {
    let entries = directory.entries();
    let found = names::find(text, &entries, &What::ALL);
    let entry = found.map_err(WhoError::Name)?;
    Ok(Named::found(entry, directory))
}

/// Which colleagues know which contacts, the best first, from the rows that concern somebody.
pub(crate) fn people(touches: &[Touch], directory: &Directory, terms: Terms) -> Vec<Relation> {
    Seen::default().relations(touches, Grouping::Contacts, directory, terms)
}

/// Which rows concern a contact, an account or a colleague.
pub(crate) fn touches_of(directory: &Directory, named: &Named) -> TouchesOf {
    match named.what {
        What::Account => TouchesOf::Account(named.id.to_string()),
        What::Contact => TouchesOf::Contact(named.id.to_string()),
        What::Colleague => TouchesOf::Mailboxes(directory.mailboxes_of(&named.id)),
    }
}

fn grouping_of(named: &Named) -> Grouping {
    let id = Arc::clone(&named.id);
    match named.what {
        What::Account => Grouping::One(Subject::Account(id)),
        What::Contact => Grouping::One(Subject::Contact(id)),
        What::Colleague => Grouping::AccountsAndContacts,
    }
}

/// The relationships of all accounts, the mailboxes of some colleagues at a time.
fn of_all(lake: &Lake, directory: &Directory, terms: Terms) -> Result<(Seen, Overview), LakeError> {
    let (mut seen, mut overview) = (Seen::default(), Overview::default());
    for part in parts(lake, directory, Grouping::Accounts, terms)? {
        let (of_part, relations) = part?;
        seen.add(of_part);
        overview.add(relations);
    }
    Ok((seen, overview))
}

/// All relationships, those of some colleagues at a time.
///
/// # Errors
/// The lake cannot be read.
pub(crate) fn parts<'a>(
    lake: &'a Lake,
    directory: &'a Directory,
    grouping: Grouping,
    terms: Terms,
) -> Result<impl Iterator<Item = Result<(Seen, Vec<Relation>), LakeError>> + 'a, LakeError> {
    let parts = directory
        .colleagues()
        .parts(&lake.activity_rows()?, ROWS_PER_PART);
    Ok(parts.into_iter().map(move |part| {
        let ids: HashSet<String> = part.iter().map(ToString::to_string).collect();
        let touches = lake.touches(&TouchesOf::Mailboxes(ids))?;
        let mut seen = Seen::default();
        let relations = seen.relations(&touches, grouping.clone(), directory, terms);
        Ok((seen, relations))
    }))
}

/// What was read.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    rows: u64,
    newest: Option<Timestamp>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.newest = self.newest.max(other.newest);
    }

    fn relations(
        &mut self,
        touches: &[Touch],
        grouping: Grouping,
        directory: &Directory,
        terms: Terms,
    ) -> Vec<Relation> {
        let colleagues = directory.colleagues();
        let collecting = Collecting {
            grouping,
            shown: terms.shown,
            formula: &terms.formula,
            colleagues: &colleagues,
        };
        let mut relations = Relations::default();
        for touch in touches {
            relations.add(touch, &collecting);
        }
        let shown = touches.iter().filter(|touch| terms.shown.has(touch));
        let past = shown.filter(|touch| touch.occurred_at <= terms.as_of);
        for touch in past {
            self.rows += 1;
            self.newest = self.newest.max(Some(touch.occurred_at));
        }
        let people_known = |subject: &Subject| directory.people_known(subject);
        relations.ranked(terms.as_of, &terms.formula, people_known)
    }
}
