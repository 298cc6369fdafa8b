//! Texts that name a contact, an account or a colleague, looked up in the CRM snapshot in force.

use crate::index::query::Exact;
use crate::index::search::Searcher;
use crate::insight::directory::Directory;
use crate::insight::lookup;
use crate::insight::lookup::Entry;
use crate::insight::lookup::Found;
use crate::insight::lookup::What;
use crate::lake::Lake;
use crate::lake::error::LakeError;

/// A text that does not name one contact, account or colleague.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameError {
    /// The text.
    pub text: String,
    /// What it was to name.
    pub wanted: Vec<What>,
    /// The entries that it names, or those that may have been meant, the nearest first.
    pub suggestions: Vec<Suggestion>,
    /// How many it names; 0: none.
    pub total: usize,
}

/// An entry that may have been meant. Its texts are those of the CRM and not safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// What it is.
    pub what: What,
    /// By what it is named unambiguously: its id, or the address of a colleague.
    pub id: String,
    /// Its name.
    pub label: String,
    /// An address or a domain of it.
    pub detail: Option<String>,
}

impl NameError {
    fn new(text: &str, wanted: &[What], entries: &[&Entry<'_>], total: usize) -> Self {
        Self {
            text: text.to_owned(),
            wanted: wanted.to_vec(),
            suggestions: entries.iter().map(|entry| Suggestion::of(entry)).collect(),
            total,
        }
    }
}

impl Suggestion {
    fn of(entry: &Entry<'_>) -> Self {
        Self {
            what: entry.what,
            id: identifying(entry).to_owned(),
            label: entry.label().to_owned(),
            detail: entry.detail().map(str::to_owned),
        }
    }
}

/// What a text stands for in the index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    /// Values of the field.
    pub values: Vec<String>,
    /// The entry that the text names, if it names it otherwise than by its id or its whole name.
    pub meant: Option<Suggestion>,
}

impl Values {
    fn of(values: Vec<String>) -> Self {
        Self {
            values,
            meant: None,
        }
    }
}

/// By what an entry is named unambiguously.
fn identifying<'a>(entry: &Entry<'a>) -> &'a str {
    match entry.what {
        // Several mailboxes may have one address.
        What::Colleague => entry.label(),
        What::Account | What::Contact => entry.id,
    }
}

/// The people and companies that texts may name; `None`: no run has stored a CRM snapshot.
///
/// # Errors
/// The lake cannot be read.
pub(crate) fn directory(lake: &Lake) -> Result<Option<Directory>, LakeError> {
    let mailboxes = lake.last_connections()?.into_values();
    let mailboxes = mailboxes.map(|known| known.mailbox).collect();
    let snapshots = lake.snapshots_in_force()?;
    Ok((!snapshots.is_empty()).then(|| Directory::new(snapshots, mailboxes)))
}

/// The entry that a text names.
///
/// # Errors
/// It names none, or several.
pub(crate) fn find<'e, 'a>(
    text: &str,
    entries: &'e [Entry<'a>],
    wanted: &[What],
) -> Result<&'e Entry<'a>, NameError> {
    match lookup::find(text, entries, wanted) {
        Found::One(entry) => Ok(entry),
        Found::Ambiguous { first, total } => Err(NameError::new(text, wanted, &first, total)),
        Found::Unknown(near) => Err(NameError::new(text, wanted, &near, 0)),
    }
}

/// The values of an exact field of the index that a text stands for.
///
/// An id, address or domain that occurs in the index stands for itself, also where the CRM does not
/// have it; where it names an entry, for that entry as well. Anything else must name one entry. Without
/// a searcher nothing shows of what occurs: each text that names no entry stands for itself.
///
/// # Errors
/// It does not occur, and names none or several.
pub(crate) fn values(
    text: &str,
    field: Exact,
    searcher: Option<&Searcher>,
    directory: Option<&Directory>,
) -> Result<Values, NameError> {
    let typed = text.to_owned();
    // Without a CRM snapshot there is nothing to compare with.
    let Some(directory) = directory else {
        return Ok(Values::of(vec![typed]));
    };
    let wanted = match field {
        Exact::Contact => What::Contact,
        Exact::Account => What::Account,
        Exact::User => What::Colleague,
    };
    let entries = directory.entries();
    let occurs = || searcher.is_none_or(|searcher| searcher.occurs(field, text));
    match find(text, &entries, &[wanted]) {
        Ok(entry) => {
            let mut values = vec![identifying(entry).to_owned()];
            if occurs() {
                values.insert(0, typed);
            }
            let is_said = [entry.id, entry.label()].contains(&text.trim());
            let meant = (!is_said).then(|| Suggestion::of(entry));
            Ok(Values { values, meant })
        }
        // Several entries are ambiguous for whoever may not learn what occurs.
        Err(error) if searcher.is_none() && error.total > 0 => Err(error),
        Err(_) if occurs() => Ok(Values::of(vec![typed])),
        Err(error) => Err(error),
    }
}
