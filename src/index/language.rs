//! The language of queries: words, `"phrases"`, `field:value`, `-exclusions`, `begin*` and `OR`.
//!
//! All words must occur. `OR` joins its two neighbours and binds tighter than the space between
//! words, so `offer turbine OR engine` requires `offer` and one of the two. All characters except
//! letters and digits separate words; several words without spaces (`ann@x.org`) are a phrase. So
//! is a word whose letters are separate tokens in the index (`회의`, `ประชุม`), which finds it inside
//! running text.

use jiff::civil::Date;

use crate::index::condition::Condition;
use crate::index::condition::Place;
use crate::index::condition::Property;
use crate::index::expression::Expression;
use crate::index::fields;
use crate::index::fields::Field;
use crate::index::fields::Start;
use crate::index::query_error::QUERY_BYTES_MAX;
use crate::index::query_error::QueryError;
use crate::index::query_error::WORDS_MAX;
use crate::index::words;
use crate::index::words::Word;
use crate::model::days::Days;

/// A valid query. Both lists may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// At least one condition of each group must hold.
    pub groups: Vec<Vec<Condition>>,
    /// None of these may hold.
    pub excluded: Vec<Condition>,
}

impl Words {
    /// The wanted expressions that may occur in a part.
    pub fn wanted_in(&self, part: Place) -> Vec<&Expression> {
        let conditions = self.groups.iter().flatten();
        let expressions = conditions.filter_map(|condition| match condition {
            Condition::Words(place, words) => {
                (*place == part || *place == Place::Anywhere).then_some(words)
            }
            Condition::Is(_) | Condition::From(_) | Condition::Before(_) => None,
        });
        expressions.collect()
    }

    /// Looks for words in names and addresses alone.
    ///
    /// # Errors
    /// Words of the subject are wanted or excluded.
    pub fn restrict_to_people(&mut self) -> Result<(), QueryError> {
        for condition in self.groups.iter_mut().flatten().chain(&mut self.excluded) {
            match condition {
                Condition::Words(Place::Subject, _) => return Err(QueryError::HiddenSubjects),
                Condition::Words(place @ Place::Anywhere, _) => *place = Place::People,
                Condition::Words(..)
                | Condition::Is(_)
                | Condition::From(_)
                | Condition::Before(_) => {}
            }
        }
        Ok(())
    }

    /// Whether words of subject or text are wanted, so that some hits match better than others.
    pub fn has_words(&self) -> bool {
        !self.wanted_in(Place::Subject).is_empty()
    }
}

/// Parses a query that was typed on a day.
pub fn parse(typed: &str, today: Date) -> Result<Words, QueryError> {
    if typed.len() > QUERY_BYTES_MAX || count(&words::split(typed)) > WORDS_MAX {
        return Err(QueryError::TooLong);
    }
    let mut parsed = Words::default();
    let mut or_before = false;
    for piece in pieces(typed, today)? {
        match piece {
            Piece::Or if or_before || parsed.groups.is_empty() => return Err(QueryError::LonelyOr),
            Piece::Or => or_before = true,
            Piece::Excluded(_) if or_before => return Err(QueryError::LonelyOr),
            Piece::Excluded(condition) => parsed.excluded.push(condition),
            Piece::Wanted(condition) if or_before => {
                if let Some(group) = parsed.groups.last_mut() {
                    group.push(condition);
                }
                or_before = false;
            }
            Piece::Wanted(condition) => parsed.groups.push(vec![condition]),
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
    Wanted(Condition),
    Excluded(Condition),
}

fn pieces(typed: &str, today: Date) -> Result<Vec<Piece>, QueryError> {
    let mut pieces = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let excluded = rest.strip_prefix('-');
        let piece = excluded.unwrap_or(rest);
        let (condition, after) = match fields::start(piece) {
            Start::Unknown(name) => return Err(QueryError::UnknownField { name: name.into() }),
            Start::Field(name, field, after) => {
                let (condition, after) = field_value(name, field, after, today)?;
                (Some(condition), after)
            }
            Start::Words => {
                let (word, after) = piece.split_at(end_of_word(piece));
                if word == "OR" && excluded.is_none() {
                    pieces.push(Piece::Or);
                    rest = after.trim_start();
                    continue;
                }
                let (expression, after) = value_expression(piece)?;
                let words = |expression| Condition::Words(Place::Anywhere, expression);
                (expression.map(words), after)
            }
        };
        // Separate punctuation (`&`, `-`) is ignored.
        pieces.extend(condition.map(|condition| match excluded {
            Some(_) => Piece::Excluded(condition),
            None => Piece::Wanted(condition),
        }));
        rest = after.trim_start();
    }
    Ok(pieces)
}

/// The condition of a field whose value begins a text, and the rest of the text.
fn field_value<'a>(
    name: &str,
    field: Field,
    text: &'a str,
    today: Date,
) -> Result<(Condition, &'a str), QueryError> {
    let no_value = || QueryError::NoValue { name: name.into() };
    if let Field::Words(place) = field {
        let (expression, after) = value_expression(text)?;
        let expression = expression.ok_or_else(no_value)?;
        return Ok((Condition::Words(place, expression), after));
    }
    let (value, after) = value(text)?;
    if value.trim().is_empty() {
        return Err(no_value());
    }
    if field == Field::Is {
        let unknown = || QueryError::UnknownProperty { word: value.into() };
        let property = Property::parse(value).ok_or_else(unknown)?;
        return Ok((Condition::Is(property), after));
    }
    let days = Days::parse(value, today).map_err(|source| QueryError::NoDate {
        name: name.into(),
        source,
    })?;
    let condition = match field {
        Field::Before => Condition::Before(days.first),
        // The last day of the calendar has no following day.
        Field::After => Condition::From(days.last.tomorrow().unwrap_or(days.last)),
        Field::From | Field::Is | Field::Words(_) => Condition::From(days.first),
    };
    Ok((condition, after))
}

/// The phrase or word at the beginning of a text as words of the index, and the rest.
fn value_expression(text: &str) -> Result<(Option<Expression>, &str), QueryError> {
    if text.starts_with(is_quote) {
        return quoted_phrase(text);
    }
    let (word, after) = text.split_at(end_of_word(text));
    Ok((word_of(word)?, after))
}

/// The phrase or word at the beginning of a text as it is written, and the rest.
fn value(text: &str) -> Result<(&str, &str), QueryError> {
    match text.strip_prefix(is_quote) {
        Some(inside) => inside.split_once(is_quote).ok_or(QueryError::OpenQuote),
        None => Ok(text.split_at(end_of_word(text))),
    }
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

    const TODAY: Date = jiff::civil::date(2026, 3, 4);

    fn parse(typed: &str) -> Result<Words, QueryError> {
        super::parse(typed, TODAY)
    }

    /// The spellings of the only expression of a query, the folded one last.
    fn spellings(typed: &str) -> Vec<String> {
        let parsed = parse(typed).unwrap();
        let [group] = parsed.groups.as_slice() else {
            panic!("{typed}: {parsed:?}");
        };
        assert!(!group.is_empty());
        let expressions = parsed.wanted_in(Place::Anywhere).into_iter();
        let spellings = expressions.flat_map(Expression::spellings);
        spellings.map(|words| words.join(" ")).collect()
    }

    #[test]
    fn words_without_blanks_are_phrases_of_their_letters() {
        assert_eq!(spellings("회의"), ["회 의"]);
        assert_eq!(spellings("\"PDF를 회의\""), ["pdf 를 회 의"]);
        assert_eq!(spellings("ประชุม"), ["ป ร ะ ชุ ม"]);
        assert_eq!(spellings("㍿"), ["株 式 会 社"]);
        let beginning = parse("회의*").unwrap();
        assert!(beginning.wanted_in(Place::Anywhere)[0].is_prefix);
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

    fn only(typed: &str) -> Condition {
        let parsed = parse(typed).unwrap();
        assert_eq!(
            (parsed.groups.len(), parsed.excluded.len()),
            (1, 0),
            "{typed}"
        );
        parsed.groups[0][0].clone()
    }

    #[test]
    fn fields_take_words_phrases_and_beginnings() {
        for (typed, place, words) in [
            ("from:omar", Place::Author, "omar"),
            ("TO:\"Omar Berg\"", Place::Recipients, "omar berg"),
            ("with:ann@x.org", Place::People, "ann x org"),
            ("subject:off*", Place::Subject, "off"),
            ("in:„Sent Items“", Place::Container, "sent items"),
        ] {
            let Condition::Words(found, expression) = only(typed) else {
                panic!("{typed}");
            };
            assert_eq!((found, expression.words.join(" ")), (place, words.into()));
            assert_eq!(expression.is_prefix, typed.ends_with('*'), "{typed}");
        }
        let parsed = parse("-from:omar offer is:meeting OR to:ann").unwrap();
        assert!(matches!(
            parsed.excluded[0],
            Condition::Words(Place::Author, _)
        ));
        assert_eq!(parsed.groups.len(), 2);
        assert_eq!(parsed.groups[1][0], Condition::Is(Property::Meeting));
        assert_eq!(parsed.wanted_in(Place::Subject).len(), 1);
    }

    #[test]
    fn dates_and_properties_are_read_from_fields() {
        let day = jiff::civil::date;
        assert_eq!(only("before:2026-01"), Condition::Before(day(2026, 1, 1)));
        assert_eq!(only("after:2026-01"), Condition::From(day(2026, 2, 1)));
        assert_eq!(only("older_than:7d"), Condition::Before(day(2026, 2, 25)));
        assert_eq!(only("newer_than:1y"), Condition::From(day(2025, 3, 4)));
        let last_week = Condition::From(day(2026, 3, 2));
        assert_eq!(only("after:\"last week\""), last_week);
        assert_eq!(only("after:last-week"), last_week);
        assert_eq!(only("is:Cancelled"), Condition::Is(Property::Cancelled));
        assert_eq!(only("is:all-day"), Condition::Is(Property::AllDay));
    }

    #[test]
    fn unknown_fields_and_values_are_refused_with_what_is_known() {
        let refused = |typed: &str| parse(typed).unwrap_err().to_string();
        let unknown = refused("offer contact:omar");
        assert!(unknown.contains("`contact:`") && unknown.contains("--contact"));
        assert!(unknown.contains("from:, to:, with:"), "{unknown}");
        assert!(refused("-foo:bar").contains("`foo:` is not a field of the query; fields are"));
        assert!(refused("has:attachment").contains("not recorded"));
        assert!(refused("is:urgent").contains("meeting, bulk"));
        assert!(refused("before:soon").contains("2026-01-31"));
        for empty in [
            "from:",
            "from: omar",
            "subject:\"\"",
            "is: meeting",
            "before:",
        ] {
            assert!(refused(empty).contains("needs a value"), "{empty}");
        }
        for words in ["re: offer", "10:30", "https://x.org/a", "\"foo:bar\""] {
            assert!(parse(words).unwrap().has_words(), "{words}");
        }
    }
}
