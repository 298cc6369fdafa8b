//! The rows that `contact_activity` should have of an interaction, against those it has.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use arrow_array::RecordBatch;
use hashbrown::HashMap;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::id_at;
use crate::lake::rows::cells::text;
use crate::lake::rows::fingerprint;
use crate::lake::rows::fingerprint::FingerprintColumns;
use crate::lake::rows::keys::MailboxKeys;
use crate::lake::rows::keys::MonthKey;
use crate::lake::view::derive;
use crate::lake::view::derive::RowProvenance;
use crate::model::activity::Activity;
use crate::model::activity::ContactMatch;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;

/// The columns of the view that a comparison reads.
pub(crate) fn columns() -> Vec<&'static str> {
    let names = ["generation", "interaction_id", "mailbox_id"];
    names.into_iter().chain(fingerprint::columns()).collect()
}

/// A row of the view, as far as it is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViewRow {
    pub key: MonthKey,
    pub generation: i64,
    revision: i32,
    /// What it says.
    pub hash: u64,
    /// Whether it says that there is no contact (any more).
    is_closing: bool,
}

/// The rows of some slots in a batch of the view.
pub(crate) fn view_rows(
    batch: &RecordBatch,
    month: i32,
    slots: &[u8],
) -> Result<Vec<ViewRow>, BadCell> {
    let cells = Cells::new(batch);
    let (ids, mailboxes) = (cells.texts("interaction_id")?, cells.texts("mailbox_id")?);
    let (generations, revisions) = (cells.longs("generation")?, cells.ints("revision")?);
    let (states, rules) = (cells.texts("state")?, cells.texts("match_rule")?);
    let fingerprints = FingerprintColumns::new(&cells)?;
    let (mut keys, mut buffer) = (MailboxKeys::default(), Vec::new());
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mailbox = keys.get(mailboxes.value(row));
        if slots.contains(&mailbox.slot) {
            let key = mailbox.interaction(id_at(ids, row, "interaction_id")?);
            rows.push(ViewRow {
                key: key.in_month(month),
                generation: generations.value(row),
                revision: revisions.value(row),
                hash: fingerprints.hash(row, &mut buffer),
                is_closing: text(rules, row).is_none()
                    && text(states, row) == Some(State::Withdrawn.as_str()),
            });
        }
    }
    Ok(rows)
}

/// What the view currently says of an interaction in a mailbox and month: the rows of the highest
/// generation there.
#[derive(Debug)]
pub(crate) struct ViewState {
    /// That generation.
    pub generation: i64,
    revision: i32,
    rows: u64,
    /// Wrapping sum of what the rows say, so that their order does not matter.
    sum: u64,
    is_closed: bool,
    is_matched: AtomicBool,
}

impl ViewState {
    fn new(row: &ViewRow) -> Self {
        Self {
            generation: row.generation,
            revision: row.revision,
            rows: 0,
            sum: 0,
            is_closed: true,
            is_matched: AtomicBool::new(false),
        }
    }
}

/// The state of the view, by interaction, mailbox and month.
#[derive(Debug, Default)]
pub(crate) struct ViewStates(HashMap<MonthKey, ViewState>);

impl ViewStates {
    /// Takes a row in.
    pub(crate) fn add(&mut self, row: &ViewRow) {
        let found = self.0.entry(row.key).or_insert_with(|| ViewState::new(row));
        if row.generation > found.generation {
            *found = ViewState::new(row);
        }
        if row.generation == found.generation {
            found.rows += 1;
            found.sum = found.sum.wrapping_add(row.hash);
            found.is_closed &= row.is_closing;
        }
    }

    /// What it says of an interaction that is there.
    pub(crate) fn of(&self, key: MonthKey) -> Option<&ViewState> {
        let current = self.0.get(&key)?;
        current.is_matched.store(true, Ordering::Relaxed);
        Some(current)
    }

    /// How many interactions it has rows of that were not looked up.
    pub(crate) fn unmatched(&self) -> u64 {
        let unmatched = self.0.values();
        let unmatched = unmatched.filter(|current| !current.is_matched.load(Ordering::Relaxed));
        unmatched.fold(0, |count, _| count + 1)
    }
}

/// How what the view says of an interaction differs from what it should say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Diff {
    /// Not at all.
    None,
    /// It says nothing.
    Missing,
    /// It says everything several times.
    Duplicated,
    /// It says something of an older revision.
    Stale,
    /// It says something else.
    Different,
}

/// Compares the rows that the view should have of an interaction with those it has.
pub(crate) fn diff_of(wanted: &[Activity], current: Option<&ViewState>) -> Diff {
    let (Some(current), Some(first)) = (current, wanted.first()) else {
        return match current {
            Some(current) if !current.is_closed => Diff::Different,
            None if !wanted.is_empty() => Diff::Missing,
            _ => Diff::None,
        };
    };
    let mut buffer = Vec::new();
    let hashes = wanted.iter().map(|row| fingerprint::of(row, &mut buffer));
    let sum = hashes.fold(0, u64::wrapping_add);
    let times = current.rows / wanted.len() as u64;
    if sum.wrapping_mul(times) == current.sum && current.rows == times * wanted.len() as u64 {
        return if times > 1 {
            Diff::Duplicated
        } else {
            Diff::None
        };
    }
    if current.revision < first.revision {
        Diff::Stale
    } else {
        Diff::Different
    }
}

/// The rows to append for an interaction, if the view does not say it yet: all of them again, or a
/// closing row.
pub(crate) fn rows_to_append(
    row: &Interaction,
    contact_matches: &[ContactMatch],
    provenance: &RowProvenance,
    current: Option<&ViewState>,
) -> Vec<Activity> {
    let wanted = derive::derive(row, contact_matches, provenance);
    match diff_of(&wanted, current) {
        Diff::None => Vec::new(),
        _ if wanted.is_empty() => vec![derive::closing(row, provenance)],
        _ => wanted,
    }
}
