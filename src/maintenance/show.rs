//! One interaction of a lake by its id, with everything that is held of it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::sync::Arc;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::recorded::Recorded;
use crate::lake::single::Common;
use crate::maintenance::newest::newest;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::opened::Opened;
use crate::model::opened::Related;

/// Fewer digits would begin many ids.
const DIGITS_MIN: usize = 6;
/// The digits of an id.
const DIGITS: usize = 32;
/// How many ids are listed where several begin alike.
const LISTED_MAX: usize = 10;

/// Why an interaction cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The text is no id.
    #[error("an id has {DIGITS} hex digits, of which the first {DIGITS_MIN} or more may be given")]
    NoId,
    /// There is none.
    #[error(
        "the lake holds no interaction whose id begins with {0}; `touchpoint search` shows ids"
    )]
    Unknown(String),
    /// There are several.
    #[error("{} interactions begin with these digits, give more of them: {}", .0.len(), listed(.0))]
    Several(BTreeSet<Id128>),
}

fn listed(ids: &BTreeSet<Id128>) -> String {
    let ids = ids.iter().take(LISTED_MAX).map(ToString::to_string);
    ids.collect::<Vec<_>>().join(", ")
}

/// The id that a text is, or the beginning of it, in lower case; `None`: it is none.
pub(crate) fn digits(text: &str) -> Option<String> {
    let digits = text.trim().to_lowercase();
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hex && (DIGITS_MIN..=DIGITS).contains(&digits.len())).then_some(digits)
}

/// Reads an interaction by its id or the beginning of it, in some mailboxes (`None`: in all). Call it
/// from a blocking thread.
///
/// # Errors
/// The lake cannot be read, or the text names no interaction, or several.
pub(crate) fn open(
    lake: &Lake,
    text: &str,
    mailboxes: Option<&HashSet<String>>,
) -> Result<Opened, ShowError> {
    let is_wanted = |id: &str| mailboxes.is_none_or(|ids| ids.contains(id));
    let digits = digits(text).ok_or(ShowError::NoId)?;
    let mut rows = lake.interactions_beginning(&digits)?;
    rows.retain(|row| is_wanted(&row.mailbox.id));
    let ids: BTreeSet<Id128> = rows.iter().map(|row| row.interaction_id).collect();
    let Some(id) = ids.first().copied() else {
        return Err(ShowError::Unknown(digits));
    };
    if ids.len() > 1 {
        return Err(ShowError::Several(ids));
    }
    let common = rows.iter().find_map(common);
    let related = match common {
        Some(common) => {
            let mut rows = lake.recorded_of(&common)?;
            rows.retain(|row| is_wanted(&row.mailbox_id));
            related(id, rows)
        }
        None => Vec::new(),
    };
    let mut activities = lake.activities_of(id)?;
    activities.retain(|row| row.contact_match.is_some() && is_wanted(&row.mailbox.id));
    Ok(Opened::new(rows, activities, related))
}

fn common(row: &Interaction) -> Option<Common> {
    let thread = row.thread_id.clone().map(Common::Thread);
    thread.or_else(|| row.series_id.clone().map(Common::Series))
}

/// The other interactions, each as its highest revision in the first mailbox has it.
fn related(id: Id128, rows: Vec<Recorded>) -> Vec<Related> {
    let others = rows.into_iter().filter(|row| row.interaction_id != id);
    let keyed = others.map(|row| {
        let copy = (Arc::clone(&row.mailbox_id), row.interaction_id);
        (copy, (row.revision, row.state), row)
    });
    let mut interactions: BTreeMap<Id128, Related> = BTreeMap::new();
    let gone = [State::Superseded, State::Withdrawn];
    for row in newest(keyed)
        .into_values()
        .filter(|row| !gone.contains(&row.state))
    {
        let first = interactions.entry(row.interaction_id).or_insert(Related {
            id: row.interaction_id,
            occurred_at: row.occurred_at,
            kind: row.kind,
            state: row.state,
            subject: None,
        });
        first.subject = first.subject.take().or(row.subject);
    }
    let mut related: Vec<Related> = interactions.into_values().collect();
    related.sort_by_key(|one| (one.occurred_at, one.id));
    related
}
