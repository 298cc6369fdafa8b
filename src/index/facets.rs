//! Counts what matches by kind, colleague, contact, account, month and year.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::Serialize;

use crate::index::collect::Match;
use crate::index::doc;
use crate::index::error::IndexError;
use crate::index::numbers::Numbers;
use crate::index::numbers::Sizes;
use crate::index::numbers::ValueColumn;
use crate::index::numbers::Values;
use crate::index::schema::Fields;
use crate::model::time::DAY;
use crate::model::time::Timestamp;

/// Values of each facet; the most frequent ones are given.
const VALUES_MAX: usize = 20;
/// The newest months are given: ten years.
const MONTHS_MAX: usize = 120;

/// How many interactions match for each value. A value that is not listed has no more than the last
/// one listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facets {
    /// `email`, `meeting`.
    pub kinds: Vec<Value>,
    /// Addresses of mailboxes.
    pub colleagues: Vec<Value>,
    /// Contacts.
    pub contacts: Vec<Value>,
    /// Accounts.
    pub accounts: Vec<Value>,
    /// Years in UTC, the newest first.
    pub years: Vec<Value>,
    /// Months in UTC, `YYYY-MM`, the newest first.
    pub months: Vec<Value>,
}

/// A value and how many interactions have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    /// The value: a word, an address, an id, a month.
    pub value: String,
    /// The name of a contact or account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many interactions.
    pub count: usize,
}

/// Counts numbered matches; copies of one interaction count once for each value.
pub(super) fn count(
    searcher: &tantivy::Searcher,
    numbers: &Numbers,
    (matches, sizes): (&[Match], Sizes),
) -> Result<Facets, IndexError> {
    let matches = by_interaction(matches, sizes);
    let mut counted = Vec::new();
    for field in 0..Fields::COUNTED_NAMES.len() {
        counted.push(values(&*numbers.values(searcher, field)?, &matches)?);
    }
    let mut counted = counted.into_iter();
    let mut next = || counted.next().unwrap_or_default();
    let (kinds, colleagues, contacts, accounts) = (next(), next(), next(), next());
    let (years, months) = periods(&matches);
    Ok(Facets {
        kinds,
        colleagues,
        contacts,
        accounts,
        years,
        months,
    })
}

/// Matches in the order of their interactions, so that copies are side by side.
fn by_interaction(matches: &[Match], sizes: Sizes) -> Vec<&Match> {
    let mut places = vec![0_u32; sizes.interactions + 1];
    for found in matches {
        if let Some(place) = places.get_mut(found.interaction_number as usize + 1) {
            *place += 1;
        }
    }
    let mut sum = 0;
    for place in &mut places {
        sum += *place;
        *place = sum;
    }
    let Some(first) = matches.first() else {
        return Vec::new();
    };
    let mut ordered = vec![first; matches.len()];
    for found in matches {
        let Some(place) = places.get_mut(found.interaction_number as usize) else {
            continue;
        };
        if let Some(slot) = ordered.get_mut(*place as usize) {
            *slot = found;
        }
        *place += 1;
    }
    ordered
}

/// The values of one field, the most frequent first.
fn values(values: &Values, matches: &[&Match]) -> Result<Vec<Value>, IndexError> {
    let mut counts = vec![0_usize; values.count()];
    // The interaction, plus 1, for which a value was last counted.
    let mut last = vec![0_u32; values.count()];
    for found in matches {
        let column = values.columns.get(found.address.segment_ord as usize);
        let Some(Some(ValueColumn { column, numbers })) = column else {
            continue;
        };
        let interaction = found.interaction_number + 1;
        for ordinal in column.term_ords(found.address.doc_id) {
            let number = usize::try_from(ordinal).ok().and_then(|it| numbers.get(it));
            let number = number.map_or(usize::MAX, |number| *number as usize);
            if let (Some(count), Some(last)) = (counts.get_mut(number), last.get_mut(number))
                && *last != interaction
            {
                *last = interaction;
                *count += 1;
            }
        }
    }
    let counted = counts.into_iter().enumerate();
    let mut counted: Vec<(usize, usize)> = counted.filter(|(_, count)| *count > 0).collect();
    // Numbers are in the order of the texts.
    counted.sort_unstable_by_key(|(number, count)| (Reverse(*count), *number));
    counted.truncate(VALUES_MAX);
    let texts = counted.into_iter().map(|(number, count)| {
        let text = values.text(number)?;
        let (value, name) = doc::counted_parts(&text);
        Ok(Value {
            value: value.to_owned(),
            name: name.map(str::to_owned),
            count,
        })
    });
    texts.collect()
}

/// Years and months, the newest first.
fn periods(matches: &[&Match]) -> (Vec<Value>, Vec<Value>) {
    let mut last = None;
    let mut days: HashMap<i64, usize> = HashMap::new();
    for found in matches {
        if last != Some(found.interaction_number) {
            last = Some(found.interaction_number);
            *days.entry(Timestamp(found.occurred_at).day()).or_default() += 1;
        }
    }
    let mut years: BTreeMap<String, usize> = BTreeMap::new();
    let mut months: BTreeMap<String, usize> = BTreeMap::new();
    for (day, count) in days {
        let month = Timestamp(day.saturating_mul(DAY)).month();
        let year = month.rsplit_once('-').map_or("", |(year, _)| year);
        *years.entry(year.to_owned()).or_default() += count;
        *months.entry(month).or_default() += count;
    }
    let newest = |periods: BTreeMap<String, usize>| {
        let newest = periods.into_iter().rev().take(MONTHS_MAX);
        let values = newest.map(|(value, count)| Value {
            value,
            name: None,
            count,
        });
        values.collect()
    };
    (newest(years), newest(months))
}
