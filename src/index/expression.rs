//! A word or phrase of a query, in the forms in which it may be written.

/// A word, or several that must follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// Folded words; at least one.
    pub words: Vec<String>,
    /// The same words with `ae`, `oe`, `ue` for each `ä`, `ö`, `ü`, if one was typed.
    pub spelled_out: Option<Vec<String>>,
    /// Whether the last word is a prefix.
    pub is_prefix: bool,
}

impl Expression {
    /// The spellings that match.
    pub fn spellings(&self) -> impl Iterator<Item = &[String]> {
        let spelled_out = self.spelled_out.iter();
        spelled_out.chain([&self.words]).map(Vec::as_slice)
    }
}
