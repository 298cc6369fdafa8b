//! The language of queries: words, `"phrases"`, `-exclusions`, `begin*` and `OR`.
//!
//! All words must occur. `OR` joins its two neighbours and binds tighter than the space between
//! words, so `offer turbine OR engine` requires `offer` and one of the two. All characters except
//! letters and digits separate words; several words without spaces (`ann@x.org`) are a phrase. So
//! is a word whose letters are separate tokens in the index (`회의`, `ประชุม`), which finds it inside
//! running text.

use crate::index::expression::Expression;
use crate::index::query_error::QUERY_BYTES_MAX;
use crate::index::query_error::QueryError;
use crate::index::query_error::WORDS_MAX;
use crate::index::words;
use crate::index::words::Word;

/// A valid query. Both lists may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// At least one expression of each group must occur.
    pub groups: Vec<Vec<Expression>>,
    /// None of these may occur.
    pub excluded: Vec<Expression>,
}

/// Parses a typed query.
pub fn parse(typed: &str) -> Result<Words, QueryError> {
    if typed.len() > QUERY_BYTES_MAX || count(&words::split(typed)) > WORDS_MAX {
        return Err(QueryError::TooLong);
    }
    let mut parsed = Words::default();
    let mut or_before = false;
    for piece in pieces(typed)? {
        match piece {
            Piece::Or if or_before || parsed.groups.is_empty() => return Err(QueryError::LonelyOr),
            Piece::Or => or_before = true,
            Piece::Excluded(_) if or_before => return Err(QueryError::LonelyOr),
            Piece::Excluded(expression) => parsed.excluded.push(expression),
            Piece::Wanted(expression) if or_before => {
                if let Some(group) = parsed.groups.last_mut() {
                    group.push(expression);
                }
                or_before = false;
            }
            Piece::Wanted(expression) => parsed.groups.push(vec![expression]),
        }
    }
    if or_before {
        return Err(QueryError::LonelyOr);
    }
    Ok(parsed)
}

/// The number of words between separators.
fn count(words: &[Word]) -> usize {
    let ends = words.iter().skip(1).zip(words);
    let separated = ends.filter(|(word, before)| word.token.offset_from > before.token.offset_to);
    separated.count() + 1
}

enum Piece {
    Or,
    Wanted(Expression),
    Excluded(Expression),
}

fn pieces(typed: &str) -> Result<Vec<Piece>, QueryError> {
    let mut pieces = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let excluded = rest.strip_prefix('-');
        let (expression, after) = match excluded.unwrap_or(rest) {
            quoted if quoted.starts_with(is_quote) => quoted_phrase(quoted)?,
            bare => {
                let (word, after) = bare.split_at(end_of_word(bare));
                if word == "OR" && excluded.is_none() {
                    pieces.push(Piece::Or);
                    rest = after.trim_start();
                    continue;
                }
                (word_of(word)?, after)
            }
        };
        // Separate punctuation (`&`, `-`) is ignored.
        pieces.extend(expression.map(|expression| match excluded {
            Some(_) => Piece::Excluded(expression),
            None => Piece::Wanted(expression),
        }));
        rest = after.trim_start();
    }
    Ok(pieces)
}

/// The straight quotation mark and those by which word processors replace it.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

fn end_of_word(text: &str) -> usize {
    let end = text.find(|c: char| c.is_whitespace() || is_quote(c));
    end.unwrap_or(text.len())
}

/// The phrase at the beginning of a text, and the rest.
fn quoted_phrase(text: &str) -> Result<(Option<Expression>, &str), QueryError> {
    let inside = text.strip_prefix(is_quote).unwrap_or(text);
    let (phrase, after) = inside.split_once(is_quote).ok_or(QueryError::OpenQuote)?;
    if phrase.contains('*') {
        return Err(QueryError::MisplacedStar);
    }
    Ok((expression(phrase, false)?, after))
}

fn word_of(word: &str) -> Result<Option<Expression>, QueryError> {
    let beginning = word.strip_suffix('*');
    let bare = beginning.unwrap_or(word);
    if bare.contains('*') {
        return Err(QueryError::MisplacedStar);
    }
    expression(bare, beginning.is_some())
}

fn expression(text: &str, is_prefix: bool) -> Result<Option<Expression>, QueryError> {
    let found = words::split(text);
    let mut places = found.iter().map(|word| word.token.position).enumerate();
    let is_whole = places.all(|(n, position)| n == position);
    let has_long_word = found.is_empty() && text.chars().any(char::is_alphanumeric);
    if !is_whole || has_long_word {
        return Err(QueryError::LongWord);
    }
    let ends_in_word = found
        .last()
        .is_some_and(|last| last.token.offset_to == text.len());
    if is_prefix && !ends_in_word {
        return Err(QueryError::MisplacedStar);
    }
    let words: Vec<_> = found.iter().map(|word| word.token.text.clone()).collect();
    let spelled_out: Vec<_> = found.iter().map(Word::spelled_out).collect();
    Ok((!words.is_empty()).then(|| Expression {
        spelled_out: (spelled_out != words).then_some(spelled_out),
        words,
        is_prefix,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spellings of the only expression of a query, the folded one last.
    fn spellings(typed: &str) -> Vec<String> {
        let parsed = parse(typed).unwrap();
        let [group] = parsed.groups.as_slice() else {
            panic!("{typed}: {parsed:?}");
        };
        let spellings = group.iter().flat_map(Expression::spellings);
        spellings.map(|words| words.join(" ")).collect()
    }

    #[test]
    fn words_without_blanks_are_phrases_of_their_letters() {
        assert_eq!(spellings("회의"), ["회 의"]);
        assert_eq!(spellings("\"PDF를 회의\""), ["pdf 를 회 의"]);
        assert_eq!(spellings("ประชุม"), ["ป ร ะ ชุ ม"]);
        assert_eq!(spellings("㍿"), ["株 式 会 社"]);
        assert!(parse("회의*").unwrap().groups[0][0].is_prefix);
    }

    #[test]
    fn umlauts_are_asked_for_in_both_spellings() {
        assert_eq!(spellings("Mueller"), ["mueller"]);
        assert_eq!(spellings("Müller"), ["mueller", "muller"]);
        assert_eq!(
            spellings("\"Herr Müller\""),
            ["herr mueller", "herr muller"]
        );
        assert_eq!(spellings("fuß"), ["fuss"]);
    }

    #[test]
    fn single_letter_tokens_form_words_until_separated() {
        assert!(parse(&"ก".repeat(100)).is_ok());
        assert!(parse(&"ก ".repeat(WORDS_MAX)).is_ok());
        assert_eq!(parse(&"ก ".repeat(WORDS_MAX + 1)), Err(QueryError::TooLong));
        assert_eq!(parse(&"ก".repeat(400)), Err(QueryError::TooLong));
    }
}
