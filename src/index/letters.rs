//! The letters of a text, folded for comparison: without case, accents and compatibility forms.

use std::collections::VecDeque;
use std::iter;
use std::str::Chars;

use icu_normalizer::DecomposingNormalizer;
use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::CodePointMapDataBorrowed;
use icu_properties::props::GeneralCategory;
use icu_properties::props::GeneralCategoryGroup;
use icu_properties::props::LineBreak;
use tantivy::tokenizer::Token;

/// NFKD (UAX #15): a half-width kana becomes a kana, `㈱` becomes `(株)`.
static DECOMPOSITION: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfkd();
static COMBINING: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();
static CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> =
    CodePointMapData::<GeneralCategory>::new();
static LINE_BREAKS: CodePointMapDataBorrowed<'static, LineBreak> =
    CodePointMapData::<LineBreak>::new();

/// The role of a letter within its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A letter or digit that forms a word with its neighbours.
    Joined,
    /// A letter of a script in which nothing separates words, or of Hangul.
    Alone,
    /// A vowel sign, which belongs to the letter before it.
    Vowel,
    /// An accent or another mark that is ignored.
    LeftOut,
    /// A separator between words.
    Separator,
}

/// A folded letter and the bytes of the text from which it was folded.
#[derive(Debug, Clone, Copy)]
pub struct Letter {
    /// The folded character.
    pub folded: char,
    /// Its role within the word.
    pub role: Role,
    /// Where the character from which it was folded begins.
    pub from: usize,
    /// Where that character ends.
    pub to: usize,
}

/// The letters of a text. One character may be folded to several, which share its range.
#[derive(Debug)]
pub struct Letters<'a> {
    rest: Chars<'a>,
    length: usize,
    /// Folded from the last character read, and not yet returned.
    folded: VecDeque<char>,
    /// Peeked, and not yet returned.
    ahead: Option<Letter>,
    from: usize,
    to: usize,
}

impl<'a> Letters<'a> {
    /// The letters of a text, from its beginning.
    pub fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars(),
            length: text.len(),
            folded: VecDeque::new(),
            ahead: None,
            from: 0,
            to: 0,
        }
    }

    /// The next letter, without consuming it.
    pub fn peek(&mut self) -> Option<Letter> {
        self.ahead = self.ahead.take().or_else(|| self.read());
        self.ahead
    }

    /// Appends the ASCII letters and digits that follow to a folded word, and returns where they
    /// end. This is the fast path for nearly all letters.
    pub fn take_ascii(&mut self, word: &mut String) -> Option<usize> {
        if self.ahead.is_some() || !self.folded.is_empty() {
            return None;
        }
        let rest = self.rest.as_str();
        let end = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric());
        let (run, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        let start = word.len();
        word.push_str(run);
        word.get_mut(start..)?.make_ascii_lowercase();
        self.rest = rest.chars();
        self.to += run.len();
        Some(self.to)
    }

    /// Puts the next word into a token if it and the next character are ASCII; otherwise only
    /// separators are consumed. This is the fast path for nearly all words.
    pub fn take_ascii_word(&mut self, token: &mut Token) -> bool {
        if self.ahead.is_some() || !self.folded.is_empty() {
            return false;
        }
        let text = self.rest.as_str();
        let is_separator = |byte: u8| byte.is_ascii() && !byte.is_ascii_alphanumeric();
        let begin = text.bytes().position(|byte| !is_separator(byte));
        let (skipped, text) = text
            .split_at_checked(begin.unwrap_or(text.len()))
            .unwrap_or_default();
        let end = text.bytes().position(|byte| !byte.is_ascii_alphanumeric());
        let end = end.unwrap_or(text.len());
        let is_whole = end > 0 && text.as_bytes().get(end).is_none_or(u8::is_ascii);
        let (word, rest) = text
            .split_at_checked(if is_whole { end } else { 0 })
            .unwrap_or_default();
        self.to += skipped.len();
        self.rest = rest.chars();
        if is_whole {
            token.text.clear();
            token.text.push_str(word);
            token.text.make_ascii_lowercase();
            token.offset_from = self.to;
            self.to += word.len();
            token.offset_to = self.to;
        }
        is_whole
    }

    fn letter(&self, folded: char, role: Role) -> Letter {
        Letter {
            folded,
            role,
            from: self.from,
            to: self.to,
        }
    }

    fn fold(&mut self, c: char) {
        let is_spelled_apart = is_spelled_apart(c);
        let border = is_spelled_apart.then_some(' ');
        self.folded.extend(border);
        for part in DECOMPOSITION.normalize_iter(iter::once(c)) {
            for lower in part.to_lowercase() {
                match plain_spelling(lower) {
                    Some(plain) => self.folded.extend(plain.chars()),
                    None => self.folded.push_back(lower),
                }
            }
        }
        self.folded.extend(border);
    }

    fn read(&mut self) -> Option<Letter> {
        loop {
            if let Some(folded) = self.folded.pop_front() {
                return Some(self.letter(folded, role(folded)));
            }
            let c = self.rest.next()?;
            self.from = self.to;
            self.to = self.length - self.rest.as_str().len();
            match c {
                'a'..='z' | '0'..='9' => return Some(self.letter(c, Role::Joined)),
                'A'..='Z' => return Some(self.letter(c.to_ascii_lowercase(), Role::Joined)),
                '\0'..='\x7f' => return Some(self.letter(c, Role::Separator)),
                // Ideographs and Hangul syllables are not folded, and are too many for a table.
                '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => {
                    return Some(self.letter(c, Role::Alone));
                }
                _ => self.fold(c),
            }
        }
    }
}

impl Iterator for Letters<'_> {
    type Item = Letter;

    fn next(&mut self) -> Option<Letter> {
        self.ahead.take().or_else(|| self.read())
    }
}

fn role(c: char) -> Role {
    if is_joiner_or_filler(c) {
        return Role::LeftOut;
    }
    let is_letter = c.is_alphanumeric();
    // Combining marks and scripts without spaces have higher code points.
    if c < '\u{300}' {
        return if is_letter {
            Role::Joined
        } else {
            Role::Separator
        };
    }
    if GeneralCategoryGroup::Mark.contains(CATEGORIES.get(c)) {
        return if is_letter && is_vowel_sign(c) {
            Role::Vowel
        } else {
            Role::LeftOut
        };
    }
    match is_letter {
        true if stands_alone(c) => Role::Alone,
        true => Role::Joined,
        false => Role::Separator,
    }
}

/// Soft hyphen, joiners, and the fillers for a missing part of a Hangul syllable.
fn is_joiner_or_filler(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{200c}' | '\u{200d}' | '\u{2060}'
    )
}

/// Marks that count as letters: those of combining class 0 (spacing vowel signs), and of the
/// classes 84 to 132, which belong to Telugu, Thai, Lao and Tibetan (UAX #44, table 15). Points of
/// Hebrew and Arabic are ignored like accents, and so are viramas.
fn is_vowel_sign(mark: char) -> bool {
    matches!(COMBINING.get_u8(mark), 0 | 84..=132)
}

/// Ideographs, kana and the scripts of South East Asia, which are written without spaces, by the
/// classes of UAX #14; and Hangul, where particles follow a noun without a space.
fn stands_alone(letter: char) -> bool {
    matches!(
        LINE_BREAKS.get(letter),
        // Ideographs; kana; iteration marks such as 々.
        LineBreak::ID | LineBreak::CJ | LineBreak::NS
            // Thai, Lao, Khmer, Burmese and their neighbours.
            | LineBreak::SA
            // Javanese, Balinese and their neighbours.
            | LineBreak::AK | LineBreak::AP | LineBreak::AS
            // Hangul: syllables and their parts.
            | LineBreak::H2 | LineBreak::H3
            | LineBreak::JL | LineBreak::JV | LineBreak::JT
    )
}

/// Characters whose decomposition is always a separate word: `Acme™` is not `acmetm`, `①offer` is
/// not `1offer`, and `1½` is not `11`.
fn is_spelled_apart(c: char) -> bool {
    match c {
        // Vulgar fractions; circled and squared letters and numbers.
        '\u{bc}'..='\u{be}'
        | '\u{2150}'..='\u{215f}'
        | '\u{2189}'
        | '\u{2460}'..='\u{24ff}'
        | '\u{1f100}'..='\u{1f1ff}' => true,
        // ™, ℡, №. Of the same block, ℝ and Å are letters.
        '\u{2100}'..='\u{214f}' => !c.is_alphanumeric(),
        _ => false,
    }
}

/// Letters that Unicode does not decompose but people do.
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
        _ => return None,
    })
}
