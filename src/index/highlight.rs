//! Highlights the matches of a query in a text.

use std::ops::Range;

use serde::Serialize;

use crate::index::expression::Expression;
use crate::index::words;
use crate::index::words::Word;

/// A text and its matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Marked {
    /// The text.
    pub text: String,
    /// Byte ranges `[start, end)` in order, without overlaps.
    pub marks: Vec<(usize, usize)>,
}

impl Marked {
    /// Highlights every match of some expressions.
    pub fn new(text: String, wanted: &[&Expression]) -> Self {
        let words = words::split(&text);
        let expressions = wanted.iter();
        let mut found: Vec<_> = expressions.flat_map(|e| places(&words, e)).collect();
        found.sort_by_key(|range| (range.start, range.end));
        let marks = united(&found);
        Self { text, marks }
    }

    /// The text in pieces, each with whether it is highlighted.
    pub fn pieces(&self) -> Vec<(&str, bool)> {
        let mut pieces = Vec::new();
        let mut at = 0;
        for (start, end) in &self.marks {
            pieces.push((self.text.get(at..*start).unwrap_or_default(), false));
            pieces.push((self.text.get(*start..*end).unwrap_or_default(), true));
            at = *end;
        }
        pieces.push((self.text.get(at..).unwrap_or_default(), false));
        pieces.retain(|(piece, _)| !piece.is_empty());
        pieces
    }
}

fn places(words: &[Word], expression: &Expression) -> Vec<Range<usize>> {
    let windows = words.windows(expression.words.len().max(1));
    let matching = windows.filter(|window| is_match(window, expression));
    matching
        .filter_map(|window| {
            Some(window.first()?.token.offset_from..window.last()?.token.offset_to)
        })
        .collect()
}

fn is_match(window: &[Word], expression: &Expression) -> bool {
    let first_position = window.first().map_or(0, |word| word.token.position);
    let mut places = window.iter().enumerate();
    let is_adjacent = places.all(|(n, word)| word.token.position == first_position + n);
    let mut spellings = expression.spellings();
    is_adjacent && spellings.any(|wanted| is_written(window, wanted, expression.is_prefix))
}

/// Whether words match an expression, the last one by prefix.
fn is_written(window: &[Word], wanted: &[String], is_prefix: bool) -> bool {
    let last = wanted.len().saturating_sub(1);
    let mut pairs = window.iter().zip(wanted).enumerate();
    pairs.all(|(n, (word, wanted))| {
        word.is(wanted) || (is_prefix && n == last && word.begins_with(wanted))
    })
}

fn united(sorted: &[Range<usize>]) -> Vec<(usize, usize)> {
    let mut marks: Vec<(usize, usize)> = Vec::new();
    for range in sorted {
        match marks.last_mut() {
            Some((_, end)) if range.start < *end => *end = range.end.max(*end),
            _ => marks.push((range.start, range.end)),
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;
    use crate::index::condition::Place;
    use crate::index::language;

    fn marked(text: &str, query: &str) -> String {
        let wanted = language::parse(query, Date::default()).unwrap();
        let marked = Marked::new(text.into(), &wanted.wanted_in(Place::Anywhere));
        let pieces = marked.pieces();
        let show = |(piece, hit): (&str, bool)| {
            if hit {
                format!("[{piece}]")
            } else {
                piece.into()
            }
        };
        pieces.into_iter().map(show).collect()
    }

    #[test]
    fn words_phrases_and_beginnings_are_marked() {
        assert_eq!(marked("Café, the cafes", "cafe*"), "[Café], the [cafes]");
        assert_eq!(marked("a b a c", "\"a c\""), "a b [a c]");
        assert_eq!(marked("new offer", "offer -new"), "new [offer]");
        assert_eq!(marked("a b c", "\"a b\" OR \"b c\""), "[a b c]");
        assert_eq!(marked("nothing", "offer"), "nothing");
    }

    #[test]
    fn words_in_running_text_are_highlighted_with_signs() {
        let thai = "สวัสดีครับ ประชุมพรุ่งนี้เวลาสิบโมง";
        assert_eq!(marked(thai, "พรุ่งนี้"), "สวัสดีครับ ประชุม[พรุ่งนี้]เวลาสิบโมง");
        assert_eq!(
            marked(thai, "ประชุม OR เวลา*"),
            "สวัสดีครับ [ประชุม]พรุ่งนี้[เวลา]สิบโมง"
        );
        assert_eq!(marked("ប្រជុំនៅថ្ងៃស្អែក", "ថ្ងៃ"), "ប្រជុំនៅ[ថ្ងៃ]ស្អែក");
        assert_eq!(
            marked("정기회의를 회의록은", "회의"),
            "정기[회의]를 [회의]록은"
        );
        let decomposed = "\u{1112}\u{116c}\u{110b}\u{1174}";
        assert_eq!(
            marked(&format!("{decomposed}를"), "회의"),
            format!("[{decomposed}]를")
        );
    }

    #[test]
    fn other_forms_and_spellings_of_a_word_are_marked() {
        assert_eq!(marked("次のﾐｰﾃｨﾝｸﾞは", "ミーティング"), "次の[ﾐｰﾃｨﾝｸﾞ]は");
        assert_eq!(marked("ＡＣＭＥ™ ㍿", "acme 会社"), "[ＡＣＭＥ]™ [㍿]");
        assert_eq!(marked("1½ h", "½"), "1[½] h");
        assert_eq!(
            marked("Müller, Mueller, Muller", "mueller"),
            "[Müller], [Mueller], Muller"
        );
        assert_eq!(
            marked("Müller, Mueller, Muller", "müller"),
            "[Müller], [Mueller], [Muller]"
        );
        assert_eq!(
            marked("Frau Müllers Büro", "\"frau mueller\" buer*"),
            "Frau Müllers [Büro]"
        );
        assert_eq!(marked("Frau Müller", "\"frau mueller\""), "[Frau Müller]");
        assert_eq!(marked("Füße", "fuss*"), "[Füße]");
    }

    proptest! {
        #[test]
        fn highlighted_pieces_always_concatenate_to_the_text(text in "\\PC{0,30}", word in "[a-z\u{e0}-\u{f6}]{1,3}\\*?") {
            let wanted = language::parse(&word, Date::default()).unwrap();
            let marked = Marked::new(text.clone(), &wanted.wanted_in(Place::Anywhere));
            let joined: String = marked.pieces().into_iter().map(|(piece, _)| piece).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
