//! Counts what matches by kind, colleague, contact, account, month and year.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::Serialize;
use tantivy::columnar::StrColumn;

use crate::index::collect::Match;
use crate::index::doc;
use crate::index::error::IndexError;
use crate::index::ranking::BitsSet;
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

/// Counts matches; copies of one interaction count once for each value.
pub(super) fn count(searcher: &tantivy::Searcher, matches: &[Match]) -> Result<Facets, IndexError> {
    let [kinds, colleagues, contacts, accounts] = Fields::COUNTED_NAMES;
    let (years, months) = periods(matches);
    Ok(Facets {
        kinds: values(searcher, matches, kinds)?,
        colleagues: values(searcher, matches, colleagues)?,
        contacts: values(searcher, matches, contacts)?,
        accounts: values(searcher, matches, accounts)?,
        years,
        months,
    })
}

/// The values of one column.
fn values(
    searcher: &tantivy::Searcher,
    matches: &[Match],
    name: &str,
) -> Result<Vec<Value>, IndexError> {
    let mut columns: Vec<Option<StrColumn>> = Vec::new();
    for segment in searcher.segment_readers() {
        // A segment in which no document has a value has no column.
        columns.push(segment.fast_fields().str(name)?);
    }
    let mut texts = Texts::default();
    let mut members: Vec<BitsSet> = Vec::new();
    for found in matches {
        let segment = found.address.segment_ord;
        let Some(Some(column)) = columns.get(segment as usize) else {
            continue;
        };
        for ordinal in column.term_ords(found.address.doc_id) {
            let number = texts.number(column, segment, ordinal)?;
            if number == members.len() {
                members.push(BitsSet::default());
            }
            members[number].insert(found.interaction);
        }
    }
    let counted = texts.numbers.iter().map(|(text, number)| {
        let (value, name) = doc::counted_parts(text);
        Value {
            value: value.to_owned(),
            name: name.map(str::to_owned),
            count: members[*number].len(),
        }
    });
    Ok(most_frequent(counted.collect()))
}

/// The values of a column in all segments, numbered.
#[derive(Default)]
struct Texts {
    ordinals: HashMap<(u32, u64), usize>,
    numbers: BTreeMap<String, usize>,
}

impl Texts {
    fn number(
        &mut self,
        column: &StrColumn,
        segment: u32,
        ordinal: u64,
    ) -> Result<usize, IndexError> {
        if let Some(number) = self.ordinals.get(&(segment, ordinal)) {
            return Ok(*number);
        }
        let mut text = String::new();
        let read = column.ord_to_str(ordinal, &mut text);
        read.map_err(tantivy::TantivyError::from)?;
        let next = self.numbers.len();
        let number = *self.numbers.entry(text).or_insert(next);
        self.ordinals.insert((segment, ordinal), number);
        Ok(number)
    }
}

fn most_frequent(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by(|a, b| (b.count, &a.value, &a.name).cmp(&(a.count, &b.value, &b.name)));
    values.truncate(VALUES_MAX);
    values
}

/// Years and months, the newest first.
fn periods(matches: &[Match]) -> (Vec<Value>, Vec<Value>) {
    let mut seen = BitsSet::default();
    let mut days: BTreeMap<i64, usize> = BTreeMap::new();
    for found in matches {
        if seen.insert(found.interaction) {
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
