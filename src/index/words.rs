//! Words of any language, folded so that case and accents do not matter.
//!
//! A word is a run of letters and digits. Accents and other combining marks belong to it but are
//! left out of what is compared, and so are soft hyphens and joiners. Ideographs and kana stand
//! alone, one word each, because nothing separates them: several of them are found as a phrase.

use std::str::Chars;

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::properties::CanonicalDecompositionBorrowed;
use icu_normalizer::properties::Decomposed;
use tantivy::tokenizer::Token;
use tantivy::tokenizer::TokenStream;
use tantivy::tokenizer::Tokenizer;

/// Longer words are left out: they are encoded pictures and tokens of links, and each would stand
/// in the dictionary for ever.
pub const WORD_BYTES_MAX: usize = 64;

static DECOMPOSITION: CanonicalDecompositionBorrowed<'static> =
    CanonicalDecompositionBorrowed::new();
static COMBINING: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();

/// The tokenizer of all text fields and of queries.
#[derive(Clone, Default)]
pub struct Words {
    token: Token,
}

/// The words of one text.
pub struct WordStream<'a> {
    token: &'a mut Token,
    rest: Chars<'a>,
    length: usize,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream {
            token: &mut self.token,
            rest: text.chars(),
            length: text.len(),
        }
    }
}

impl WordStream<'_> {
    /// Byte offset of what comes next.
    fn offset(&self) -> usize {
        self.length - self.rest.as_str().len()
    }

    /// Takes one word into the token; false at the end of the text.
    fn next_word(&mut self) -> bool {
        self.token.text.clear();
        loop {
            self.token.offset_from = self.offset();
            let Some(first) = self.rest.next() else {
                return false;
            };
            if !first.is_alphanumeric() {
                continue;
            }
            fold(first, &mut self.token.text);
            self.take_rest_of_word(stands_alone(first));
            if !self.token.text.is_empty() {
                self.token.offset_to = self.offset();
                return true;
            }
        }
    }

    fn take_rest_of_word(&mut self, alone: bool) {
        loop {
            let mut ahead = self.rest.clone();
            let Some(c) = ahead.next() else { return };
            if c.is_alphanumeric() && !alone && !stands_alone(c) {
                fold(c, &mut self.token.text);
            } else if c.is_ascii() || !is_left_out(c) {
                return;
            }
            self.rest = ahead;
        }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            // Words that are too long keep their place, so that no phrase reaches across them.
            self.token.position = self.token.position.wrapping_add(1);
            if !self.next_word() {
                return false;
            }
            if self.token.text.len() <= WORD_BYTES_MAX {
                return true;
            }
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The folded words of a text and where each stands in it (bytes).
pub fn split(text: &str) -> Vec<Token> {
    let mut words = Words::default();
    let mut stream = words.token_stream(text);
    let mut tokens = Vec::new();
    while stream.advance() {
        tokens.push(stream.token().clone());
    }
    tokens
}

/// Appends the folded form of a character.
fn fold(c: char, folded: &mut String) {
    if c.is_ascii() {
        folded.push(c.to_ascii_lowercase());
        return;
    }
    for lower in c.to_lowercase() {
        decompose(lower, folded);
    }
}

fn decompose(c: char, folded: &mut String) {
    if let Some(plain) = plain_spelling(c) {
        folded.push_str(plain);
        return;
    }
    if let Some(narrow) = narrow_form(c) {
        folded.push(narrow.to_ascii_lowercase());
        return;
    }
    match DECOMPOSITION.decompose(c) {
        Decomposed::Default if is_left_out(c) => {}
        Decomposed::Default => folded.push(c),
        Decomposed::Singleton(single) => decompose(single, folded),
        Decomposed::Expansion(first, second) => {
            decompose(first, folded);
            decompose(second, folded);
        }
    }
}

/// Letters that Unicode does not take apart but people do.
fn plain_spelling(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ς' => "σ",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        _ => return None,
    })
}

/// The ASCII character of a full-width one.
fn narrow_form(c: char) -> Option<char> {
    if !('\u{ff01}'..='\u{ff5e}').contains(&c) {
        return None;
    }
    char::from_u32(u32::from(c) - 0xfee0)
}

/// Accents and other combining marks, soft hyphen, joiners.
fn is_left_out(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}'
    ) || COMBINING.get_u8(c) != 0
}

/// Ideographs and kana, which are written without blanks.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let words: Vec<_> = split(text).into_iter().map(|token| token.text).collect();
        assert_eq!(words, expected, "{text:?}");
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        check("Élan ZÜRICH", &["elan", "zurich"]);
        check("cafe\u{301}s CAFÉS", &["cafes", "cafes"]);
        check(
            "Łódź Straße Øre İstanbul",
            &["lodz", "strasse", "ore", "istanbul"],
        );
        check("Ἀθῆναι ΑΘΗΝΑΣ", &["αθηναι", "αθηνασ"]);
        check("йод Йод", &["иод", "иод"]);
        check("ＡＢＣ１", &["abc1"]);
    }

    #[test]
    fn words_end_at_punctuation_but_not_at_soft_hyphens() {
        check("ann.lee@x.org", &["ann", "lee", "x", "org"]);
        check("Donau\u{ad}dampf O'Brien", &["donaudampf", "o", "brien"]);
        check(" -- & ", &[]);
    }

    #[test]
    fn ideographs_stand_alone() {
        check("東京tower", &["東", "京", "tower"]);
    }

    #[test]
    fn words_that_are_too_long_are_left_out_but_keep_their_place() {
        let text = format!("a {} b", "x".repeat(WORD_BYTES_MAX + 1));
        let positions: Vec<_> = split(&text).iter().map(|token| token.position).collect();
        assert_eq!(positions, [0, 2]);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_and_offsets_lie_in_the_text(text in "\\PC{0,40}") {
            for token in split(&text) {
                prop_assert!(text.get(token.offset_from..token.offset_to).is_some());
                let again = split(&token.text);
                prop_assert_eq!(again.len(), 1, "{:?}", token.text);
                prop_assert_eq!(&again[0].text, &token.text);
            }
        }
    }
}
