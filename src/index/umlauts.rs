//! Umlauts as written without umlaut keys: `mueller` for `Müller`.
//!
//! The index stores `Müller` as `muller`, and at the position before it a mark for the letter with
//! two dots. A query for `mueller` also matches `muller` after that mark, so that words without
//! umlaut (`manul` for `manuel`) are not found. There are few distinct marks: they make an index of
//! German manual pages 2.2 % larger; indexing both spellings of each word, 4.3 %.

use crate::index::expression::Expression;

/// If there are more letter pairs, either all or none are treated as umlauts: there would be too
/// many combinations.
const CHOSEN_MAX: usize = 4;

/// Words and marks, each with its position in a phrase, the last word at the end.
pub type Form = Vec<(usize, String)>;

/// The pair `ae`, `oe` or `ue` in a word of a phrase.
#[derive(Debug, Clone, Copy)]
struct Pair {
    word: usize,
    vowel: usize,
}

/// The mark of a folded word in which the letter at this byte has two dots. It is not a word.
pub fn mark(vowel: usize) -> String {
    format!("\u{308}{vowel}")
}

/// The forms in which the index may contain an expression.
pub fn forms(expression: &Expression) -> Vec<Form> {
    let mut forms: Vec<_> = expression
        .spellings()
        .map(|words| form(words, &[]))
        .collect();
    let spelled_out = expression.spelled_out.as_ref();
    let words = spelled_out.unwrap_or(&expression.words);
    forms.extend(
        choices(&pairs(words))
            .iter()
            .map(|pairs| form(words, pairs)),
    );
    forms
}

fn pairs(words: &[String]) -> Vec<Pair> {
    let in_word = |(word, text): (usize, &String)| {
        let places = text.as_bytes().windows(2).enumerate();
        let pairs = places.filter(|(_, pair)| matches!(pair, [b'a' | b'o' | b'u', b'e']));
        let pairs = pairs.map(move |(vowel, _)| Pair { word, vowel });
        pairs.collect::<Vec<_>>()
    };
    words.iter().enumerate().flat_map(in_word).collect()
}

/// All combinations of treating some of the pairs as umlauts.
fn choices(pairs: &[Pair]) -> Vec<Vec<Pair>> {
    if pairs.len() > CHOSEN_MAX {
        return vec![pairs.to_vec()];
    }
    let masks = 1..1_usize << pairs.len();
    let chosen = |mask: usize| {
        let numbered = pairs.iter().enumerate();
        let chosen = numbered.filter(|(n, _)| (mask >> n) & 1 == 1);
        chosen.map(|(_, pair)| *pair).collect()
    };
    masks.map(chosen).collect()
}

/// The words as indexed if these pairs are umlauts.
fn form(words: &[String], umlauts: &[Pair]) -> Form {
    let mut form = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let mut folded = String::new();
        let mut taken = 0;
        for Pair { vowel, .. } in umlauts.iter().filter(|pair| pair.word == n) {
            folded.push_str(word.get(taken..=*vowel).unwrap_or_default());
            taken = vowel + 2;
            form.push((n, mark(folded.len().saturating_sub(1))));
        }
        folded.push_str(word.get(taken..).unwrap_or_default());
        form.push((n + 1, folded));
    }
    form
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::index::condition::Place;
    use crate::index::language;

    /// The forms of the only expression of a query, marks with `:` for the dots.
    fn shown(typed: &str) -> Vec<String> {
        let parsed = language::parse(typed, Date::default()).unwrap();
        let show = |form: Form| {
            let parts = form
                .into_iter()
                .map(|(place, text)| format!("{place}{text}"));
            parts.collect::<Vec<_>>().join(" ").replace('\u{308}', ":")
        };
        let expressions = parsed.wanted_in(Place::Anywhere);
        forms(expressions[0]).into_iter().map(show).collect()
    }

    #[test]
    fn letter_pairs_are_expanded_to_umlauts_in_all_ways() {
        assert_eq!(shown("offer"), ["1offer"]);
        assert_eq!(shown("mueller"), ["1mueller", "0:1 1muller"]);
        assert_eq!(
            shown("\"aerger uebel\""),
            [
                "1aerger 2uebel",
                "0:0 1arger 2uebel",
                "1aerger 1:0 2ubel",
                "0:0 1arger 1:0 2ubel"
            ]
        );
        assert_eq!(shown("ueaue")[3], "0:0 0:2 1uau");
    }

    #[test]
    fn umlauts_are_searched_in_either_spelling() {
        assert_eq!(shown("Müller"), ["1mueller", "1muller", "0:1 1muller"]);
    }

    #[test]
    fn many_pairs_are_taken_together() {
        let typed = "ae".repeat(CHOSEN_MAX + 1);
        assert_eq!(
            shown(&typed),
            [format!("1{typed}"), "0:0 0:1 0:2 0:3 0:4 1aaaaa".to_owned(),]
        );
    }
}
