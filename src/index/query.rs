//! Translates a user's query into a query of the index.

use std::ops::Bound;

use jiff::civil::Date;
use tantivy::Term;
use tantivy::query::AllQuery;
use tantivy::query::BooleanQuery;
use tantivy::query::BoostQuery;
use tantivy::query::ConstScoreQuery;
use tantivy::query::DisjunctionMaxQuery;
use tantivy::query::Occur;
use tantivy::query::PhrasePrefixQuery;
use tantivy::query::PhraseQuery;
use tantivy::query::RangeQuery;
use tantivy::query::RegexQuery;
use tantivy::query::TermQuery;
use tantivy::schema::Field;
use tantivy::schema::IndexRecordOption;

use crate::index::condition::Condition;
use crate::index::condition::Place;
use crate::index::condition::Property;
use crate::index::doc;
use crate::index::error::IndexError;
use crate::index::exclusion::Excluded;
use crate::index::expression::Expression;
use crate::index::language;
use crate::index::language::Words;
use crate::index::order::Grouping;
use crate::index::order::Sort;
use crate::index::query_error::HITS_DEEP_MAX;
use crate::index::query_error::QueryError;
use crate::index::schema::Fields;
use crate::index::umlauts;
use crate::index::umlauts::Form;
use crate::model::days::day_of;
use crate::model::days::midnight;
use crate::model::interaction::Kind;
use crate::model::time::Timestamp;

/// How many completions of the last word of `ann@exam*` are tried.
const ENDINGS_MAX: u32 = 10_000;

/// The fields in which a word may occur that is wanted in a part, and the boost of each.
fn fields_of(place: Place) -> &'static [(Field, f32)] {
    match place {
        Place::Anywhere => &[
            (Fields::SUBJECT, 2.0),
            (Fields::PEOPLE, 1.5),
            (Fields::TEXT, 1.0),
        ],
        Place::Subject => &[(Fields::SUBJECT, 2.0)],
        Place::Author => &[(Fields::AUTHOR, 1.5)],
        Place::Recipients => &[(Fields::RECIPIENTS, 1.5)],
        Place::People => &[(Fields::PEOPLE, 1.5)],
        // Of many in one folder none matches better.
        Place::Container => &[(Fields::CONTAINER, 0.0)],
    }
}

/// An exact field: ids, addresses and domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exact {
    /// Contacts, and the addresses and domains of all external participants.
    Contact,
    /// Accounts, and the addresses and domains by which they were found.
    Account,
    /// Mailboxes.
    User,
}

impl Exact {
    pub(crate) fn field(self) -> Field {
        match self {
            Self::Contact => Fields::CONTACT,
            Self::Account => Fields::ACCOUNT,
            Self::User => Fields::USER,
        }
    }
}

/// Whether matches are counted by their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithFacets {
    /// They are not.
    #[default]
    No,
    /// They are.
    Yes,
}

/// Where words may be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordsIn {
    /// In subject, text, names and addresses.
    #[default]
    Everything,
    /// In names and addresses alone: who may not see subjects and texts must not learn by searching
    /// what is in them.
    People,
}

/// Whether words are suggested for those that do not occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suggesting {
    /// Where nothing is found.
    #[default]
    Words,
    /// Never: that a word occurs in what a reader may not see must not show.
    Nothing,
}

/// What to search for. All given conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Words in the language of [`language`].
    pub words: String,
    /// Where the words may be found.
    pub words_in: WordsIn,
    /// Ids, addresses or domains of contacts, or addresses or domains of any external participants, of
    /// which one must occur; none: any.
    pub contact: Vec<String>,
    /// The same of accounts: ids, or addresses or domains by which they were found.
    pub account: Vec<String>,
    /// The same of mailboxes: addresses or ids.
    pub user: Vec<String>,
    /// Mailboxes to which the search is restricted besides, by their ids; none: all.
    pub within: Vec<String>,
    /// Only mails or only meetings.
    pub kind: Option<Kind>,
    /// First UTC day.
    pub from: Option<Date>,
    /// Last UTC day, whole.
    pub to: Option<Date>,
    /// The order; `None`: by relevance where words are searched, else by date.
    pub sort: Option<Sort>,
    /// What is one hit.
    pub grouping: Grouping,
    /// Whether to count what matches by its values.
    pub facets: WithFacets,
    /// Whether words are suggested.
    pub suggesting: Suggesting,
    /// How many hits to list.
    pub limit: usize,
    /// How many hits to skip.
    pub offset: usize,
}

/// A query that can be executed.
pub(crate) struct Asked {
    pub(crate) words: Words,
    pub(crate) query: BooleanQuery,
    /// The order that suits it.
    pub(crate) sort: Sort,
}

impl Query {
    pub(crate) fn ask(&self, now: Timestamp) -> Result<Asked, IndexError> {
        if self.offset.saturating_add(self.limit) > HITS_DEEP_MAX {
            return Err(QueryError::TooDeep.into());
        }
        let mut words = language::parse(&self.words, day_of(now))?;
        if self.words_in == WordsIn::People {
            words.restrict_to_people()?;
        }
        let mut clauses = Vec::new();
        for group in &words.groups {
            let alternatives = group.iter().map(|condition| holds(condition, now));
            let alternatives: Result<Vec<_>, _> = alternatives.collect();
            let any: Box<dyn tantivy::query::Query> = Box::new(BooleanQuery::union(alternatives?));
            clauses.push((Occur::Must, any));
        }
        for filter in self.filters()? {
            // Filters do not contribute to the score.
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(filter, 0.0))));
        }
        if clauses.is_empty() && words.excluded.is_empty() {
            return Err(QueryError::Empty.into());
        }
        if clauses.is_empty() {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        for excluded in &words.excluded {
            let excluded = Excluded(holds(excluded, now)?);
            clauses.push((Occur::MustNot, Box::new(excluded)));
        }
        let query = BooleanQuery::new(clauses);
        let sort = if words.has_words() {
            Sort::Relevance
        } else {
            Sort::Date
        };
        Ok(Asked { words, query, sort })
    }

    fn filters(&self) -> Result<Vec<Box<dyn tantivy::query::Query>>, QueryError> {
        let exact = [
            (Exact::Contact, &self.contact),
            (Exact::Account, &self.account),
            (Exact::User, &self.user),
            (Exact::User, &self.within),
        ];
        let exact = exact.into_iter().filter(|(_, values)| !values.is_empty());
        let exact = exact.map(|(exact, values)| {
            let terms = values.iter().flat_map(|value| doc::exact_terms(value));
            let terms = terms.map(|term| exactly(exact.field(), &term));
            Box::new(BooleanQuery::union(terms.collect())) as Box<dyn tantivy::query::Query>
        });
        let kind = self
            .kind
            .map(|kind| exactly(Fields::PROPERTY, kind.as_str()));
        Ok(exact.chain(kind).chain(self.period()?).collect())
    }

    fn period(&self) -> Result<Option<Box<dyn tantivy::query::Query>>, QueryError> {
        if self.from.is_some() && self.to.is_some() && self.from > self.to {
            return Err(QueryError::EmptyPeriod);
        }
        if self.from.is_none() && self.to.is_none() {
            return Ok(None);
        }
        let first = self.from.map(midnight);
        // The last day of the calendar has no following day, and so no upper bound.
        let after = self.to.and_then(|day| day.tomorrow().ok()).map(midnight);
        Ok((first.is_some() || after.is_some()).then(|| between(first, after)))
    }
}

/// What takes place from one instant on and before another.
fn between(first: Option<Timestamp>, after: Option<Timestamp>) -> Box<dyn tantivy::query::Query> {
    let term = |at: Timestamp| Term::from_field_i64(Fields::OCCURRED_AT, at.0);
    let first = first.map_or(Bound::Unbounded, |at| Bound::Included(term(at)));
    let after = after.map_or(Bound::Unbounded, |at| Bound::Excluded(term(at)));
    Box::new(RangeQuery::new(first, after))
}

/// What fulfils a condition. Only words make one hit better than another.
fn holds(
    condition: &Condition,
    now: Timestamp,
) -> Result<Box<dyn tantivy::query::Query>, IndexError> {
    let query = match condition {
        Condition::Words(place, expression) => return in_any_field(*place, expression),
        Condition::Is(property) => has(*property, now),
        Condition::From(day) => between(Some(midnight(*day)), None),
        Condition::Before(day) => between(None, Some(midnight(*day))),
    };
    Ok(Box::new(ConstScoreQuery::new(query, 0.0)))
}

fn has(property: Property, now: Timestamp) -> Box<dyn tantivy::query::Query> {
    let is = |property: Property| exactly(Fields::PROPERTY, property.as_str());
    let at = Timestamp(now.0.saturating_add(1));
    match property {
        Property::External => Box::new(BooleanQuery::union(vec![
            is(Property::Inbound),
            is(Property::Outbound),
        ])),
        // The index holds `planned` of every meeting that counts: what is over was held.
        Property::Planned => Box::new(BooleanQuery::intersection(vec![
            is(Property::Planned),
            between(Some(at), None),
        ])),
        Property::Held => Box::new(BooleanQuery::intersection(vec![
            is(Property::Planned),
            between(None, Some(at)),
        ])),
        other => is(other),
    }
}

fn exactly(field: Field, text: &str) -> Box<dyn tantivy::query::Query> {
    let term = Term::from_field_text(field, text);
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn in_any_field(
    place: Place,
    expression: &Expression,
) -> Result<Box<dyn tantivy::query::Query>, IndexError> {
    let mut fields = Vec::new();
    for (field, worth) in fields_of(place) {
        let query = in_field(*field, expression)?;
        fields.push(Box::new(BoostQuery::new(query, *worth)) as Box<dyn tantivy::query::Query>);
    }
    Ok(Box::new(BooleanQuery::union(fields)))
}

fn in_field(
    field: Field,
    expression: &Expression,
) -> Result<Box<dyn tantivy::query::Query>, IndexError> {
    let forms = umlauts::forms(expression);
    let queries = forms
        .iter()
        .map(|form| in_form(field, form, expression.is_prefix));
    let mut queries: Vec<_> = queries.collect::<Result<_, _>>()?;
    Ok(match queries.pop() {
        Some(only) if queries.is_empty() => only,
        // A match of several forms at one position does not score higher.
        last => Box::new(DisjunctionMaxQuery::new(
            queries.into_iter().chain(last).collect(),
        )),
    })
}

/// Queries words in one form; the last one may be a prefix.
fn in_form(
    field: Field,
    form: &Form,
    is_prefix: bool,
) -> Result<Box<dyn tantivy::query::Query>, IndexError> {
    let term = |(place, text): &(usize, String)| (*place, Term::from_field_text(field, text));
    let terms: Vec<_> = form.iter().map(term).collect();
    Ok(match (form.as_slice(), is_prefix) {
        // Folded words contain letters and digits only, none of which is special in a pattern.
        ([(_, word)], true) => Box::new(RegexQuery::from_pattern(&format!("{word}.*"), field)?),
        (_, true) => {
            let mut query = PhrasePrefixQuery::new_with_offset(terms);
            query.set_max_expansions(ENDINGS_MAX);
            Box::new(query)
        }
        ([(_, word)], false) => {
            let term = Term::from_field_text(field, word);
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
        }
        (_, false) => Box::new(PhraseQuery::new_with_offset(terms)),
    })
}
