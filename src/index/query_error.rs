//! Why a query cannot be asked, and the limits of one.

use crate::index::fields::Known;
use crate::index::fields::KnownProperties;
use crate::index::fields::instead_of;
use crate::model::days::NoDays;

/// More than anyone types; a longer query would only cost time.
pub const QUERY_BYTES_MAX: usize = 1_000;
/// Each word is looked up in several fields. Adjacent single-letter tokens count as one word.
pub const WORDS_MAX: usize = 64;
/// The maximum rank of a listed hit: all hits above it are held in memory.
pub const HITS_DEEP_MAX: usize = 10_000;

/// Why a query is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Neither words nor filters.
    #[error(
        "nothing to look for: give a word, a field (from:omar), --contact, --account, --user, \
         --kind, --from or --to"
    )]
    Empty,
    /// A phrase without end.
    #[error("a quotation mark is not closed: write \"like this\"")]
    OpenQuote,
    /// `OR` at an end, twice in a row, or beside an exclusion.
    #[error("`OR` needs a word or phrase on both sides, none of them excluded with `-`")]
    LonelyOr,
    /// An asterisk in the middle, at the start, or in a phrase.
    #[error("`*` is only allowed at the end of a word, as in `turb*`")]
    MisplacedStar,
    /// A word that is not in the index because it is too long.
    #[error("a word is too long to be found; its beginning with `*` may help")]
    LongWord,
    /// Too many words or characters.
    #[error("the query is too long: at most {WORDS_MAX} words and {QUERY_BYTES_MAX} bytes")]
    TooLong,
    /// A page too far down.
    #[error("hits can only be listed down to number {HITS_DEEP_MAX}; narrow the query")]
    TooDeep,
    /// The first day is after the last.
    #[error("--from is after --to")]
    EmptyPeriod,
    /// A word before a colon that is no field.
    #[error(
        "`{name}:` is not a field of the query{}; fields are {Known}; to search for the words, put \
         them in quotation marks",
        instead_of(name).map(|instead| format!(" ({instead})")).unwrap_or_default()
    )]
    UnknownField {
        /// The word.
        name: String,
    },
    /// A reader who does not see subjects looks for words in them.
    #[error("subjects are not shown here, so `subject:` cannot be used")]
    HiddenSubjects,
    /// A field without value.
    #[error(
        "`{name}:` needs a value right after the colon, like `from:omar` or `from:\"omar berg\"`"
    )]
    NoValue {
        /// The name of the field.
        name: String,
    },
    /// A word after `is:` that is no property.
    #[error("`is:{word}` is unknown; after is: there may be {KnownProperties}")]
    UnknownProperty {
        /// The word.
        word: String,
    },
    /// A value that is no date.
    #[error("`{name}:` needs a date: {source}")]
    NoDate {
        /// The name of the field.
        name: String,
        /// Why.
        source: NoDays,
    },
}
