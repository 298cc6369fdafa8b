//! Why a query cannot be asked, and the limits of one.

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
    #[error("nothing to look for: give a word, --contact, --account, --user, --from or --to")]
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
}
