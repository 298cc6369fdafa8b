//! Which interaction contains it? A tantivy index over the newest rows, which can always be
//! rebuilt.
//!
//! One document for each interaction of a mailbox that was not withdrawn, whatever its state. The
//! writer replaces by key and records with every commit which lake it follows and up to which
//! version; the searcher reads the committed state.

mod collect;
pub mod condition;
pub mod doc;
pub mod error;
pub mod exclusion;
pub mod expression;
pub mod facets;
mod fields;
mod group;
pub mod highlight;
pub mod hit;
pub mod index_state;
pub mod language;
pub mod letters;
mod loading;
mod numbers;
pub mod order;
pub mod query;
pub mod query_error;
mod ranking;
mod read_by_parts;
mod read_only;
pub mod schema;
pub mod search;
mod spelling;
pub mod umlauts;
pub mod words;
pub mod writer;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod meetings;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod tests;
