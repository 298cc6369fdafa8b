//! Words of the index that are spelled nearly like a word that does not occur.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;
use tantivy::schema::Field;

use crate::index::condition::Place;
use crate::index::error::IndexError;
use crate::index::expression::Expression;
use crate::index::language::Words;
use crate::index::schema::Fields;
use crate::index::umlauts;
use crate::model::distance;

/// The fields in which words occur anywhere.
const FIELDS: [Field; 3] = [Fields::SUBJECT, Fields::PEOPLE, Fields::TEXT];
/// Letters up to which a word may differ in one letter only.
const SHORT: usize = 4;
/// Words of at most this many letters are like too many others.
const TOO_SHORT: usize = 2;

/// A word of the index near another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Near {
    /// In how many letters they differ.
    pub(super) distance: usize,
    /// Minus the number of documents, so that frequent ones come first.
    rarity: i64,
    /// The word.
    pub(super) word: String,
}

/// The single words of a query that do not occur in the index.
pub(super) fn unknown(
    searcher: &tantivy::Searcher,
    words: &Words,
) -> Result<BTreeSet<String>, IndexError> {
    let mut unknown = BTreeSet::new();
    for expression in words.wanted_in(Place::Anywhere) {
        if let [word] = expression.words.as_slice()
            && word.chars().count() > TOO_SHORT
            && !expression.is_prefix
            && !occurs(searcher, expression)?
        {
            unknown.insert(word.clone());
        }
    }
    Ok(unknown)
}

fn occurs(searcher: &tantivy::Searcher, expression: &Expression) -> Result<bool, IndexError> {
    for form in umlauts::forms(expression) {
        for field in FIELDS {
            let last = form.last().map_or("", |(_, word)| word);
            if searcher.doc_freq(&Term::from_field_text(field, last))? > 0 {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The words that differ in few letters, the nearest first. One that differs in its first letter is
/// found only where that was swapped with the second one.
pub(super) fn near(searcher: &tantivy::Searcher, word: &str) -> Result<Vec<Near>, IndexError> {
    let most = if word.chars().count() <= SHORT { 1 } else { 2 };
    let beginnings: BTreeSet<char> = word.chars().take(2).collect();
    let mut frequencies: BTreeMap<String, (usize, i64)> = BTreeMap::new();
    for reader in searcher.segment_readers() {
        for field in FIELDS {
            let index = reader.inverted_index(field)?;
            let term = Term::from_field_text(field, word);
            // Only the branches of the dictionary that can lead to such words are gone through.
            let near = FuzzyTermQuery::new(term, most, true).automaton()?;
            let found = index.terms().search(near).into_stream();
            let mut found = found.map_err(tantivy::TantivyError::from)?;
            while found.advance() {
                let term = std::str::from_utf8(found.key()).unwrap_or_default();
                if !term.starts_with(|first| beginnings.contains(&first)) {
                    continue;
                }
                if let Some(distance) = distance::within(word, term, usize::from(most)) {
                    let entry = frequencies.entry(term.to_owned());
                    entry.or_insert((distance, 0)).1 -= i64::from(found.value().doc_freq);
                }
            }
        }
    }
    let near = frequencies.into_iter();
    let mut near: Vec<Near> = near
        .map(|(word, (distance, rarity))| Near {
            distance,
            rarity,
            word,
        })
        .collect();
    near.sort();
    Ok(near)
}
