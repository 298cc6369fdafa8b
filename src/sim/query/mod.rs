//! Query options as the service reads them: names against its description, filters by their
//! grammar, and what the directory answers only as an advanced query.

pub mod advanced;
pub mod filter;
pub mod options;
pub mod parse;
