//! Words of any language, folded so that case, accents and compatibility forms do not matter.
//!
//! A word is a run of letters and digits. Accents and other combining marks belong to it but are
//! ignored in comparisons, and so are soft hyphens and joiners. Letters of scripts that are written
//! without spaces (ideographs, kana, Thai, Lao, Khmer, Burmese) are separate words, each with its
//! vowel signs, and so are the syllables of Hangul: several of them are found as a phrase, wherever
//! a word begins. No dictionary is needed.

use icu_normalizer::properties::CanonicalCompositionBorrowed;
use tantivy::tokenizer::Token;
use tantivy::tokenizer::TokenStream;
use tantivy::tokenizer::Tokenizer;

use crate::index::letters::Letter;
use crate::index::letters::Letters;
use crate::index::letters::Role;
use crate::index::umlauts;

/// Longer words are skipped: they are encoded pictures and tokens in links, and each would stay in
/// the dictionary permanently.
pub const WORD_BYTES_MAX: usize = 64;

const DIAERESIS: char = '\u{308}';

static COMPOSITION: CanonicalCompositionBorrowed<'static> = CanonicalCompositionBorrowed::new();

/// A word and its position.
#[derive(Debug, Clone, Default)]
pub struct Word {
    /// Its text is the folded word.
    pub token: Token,
    /// The positions of folded `ä`, `ö` and `ü` in the folded word (bytes).
    umlauts: Vec<usize>,
}

impl Word {
    /// Whether it equals a spelling, with umlauts written with or without the additional `e`.
    pub fn is(&self, folded: &str) -> bool {
        self.token.text == folded || self.after(folded) == Some("")
    }

    /// Whether it starts with a spelling, with umlauts written with or without the additional `e`.
    pub fn begins_with(&self, folded: &str) -> bool {
        self.token.text.starts_with(folded) || self.after(folded).is_some()
    }

    /// The folded word with `ae`, `oe`, `ue` for its umlauts.
    pub fn spelled_out(&self) -> String {
        let mut spelled_out = self.token.text.clone();
        for vowel in self.umlauts.iter().rev() {
            spelled_out.insert(vowel + 1, 'e');
        }
        spelled_out
    }

    /// The remainder of the folded word after the given prefix.
    fn after(&self, folded: &str) -> Option<&str> {
        let mut asked = folded;
        for (place, c) in self.token.text.char_indices() {
            if asked.is_empty() {
                return self.token.text.get(place..);
            }
            asked = asked.strip_prefix(c)?;
            if self.umlauts.contains(&place) {
                asked = asked.strip_prefix('e').unwrap_or(asked);
            }
        }
        asked.is_empty().then_some("")
    }

    fn begin(&mut self, letter: Letter) {
        self.token.text.clear();
        self.umlauts.clear();
        self.token.offset_from = letter.from;
        self.push(letter);
    }

    fn push(&mut self, letter: Letter) {
        self.token.text.push(letter.folded);
        self.token.offset_to = letter.to;
    }

    fn leave_out(&mut self, letter: Letter) {
        self.token.offset_to = letter.to;
        let text = &self.token.text;
        if letter.folded == DIAERESIS && text.ends_with(['a', 'o', 'u']) {
            let at = text.len() - 1;
            if self.umlauts.last() != Some(&at) && text.len() <= WORD_BYTES_MAX {
                self.umlauts.push(at);
            }
        }
    }

    /// Composes a letter with the last one, if both are parts of a Hangul syllable.
    fn compose(&mut self, letter: Letter) -> bool {
        // The vowels and final consonants of composed syllables.
        if !matches!(letter.folded, '\u{1161}'..='\u{11c2}') {
            return false;
        }
        let last = self.token.text.chars().next_back();
        let syllable = last.and_then(|last| COMPOSITION.compose(last, letter.folded));
        if let Some(syllable) = syllable {
            self.token.text.pop();
            self.token.text.push(syllable);
            self.token.offset_to = letter.to;
        }
        syllable.is_some()
    }
}

/// Reads the words of a text one after the other.
struct Reader<'a> {
    letters: Letters<'a>,
    /// The number of words so far.
    count: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let letters = Letters::new(text);
        Self { letters, count: 0 }
    }

    /// Advances to the next word; false at the end of the text.
    fn next_word(&mut self, word: &mut Word) -> bool {
        while self.take_word(word) {
            // Overlong words keep their position, so that no phrase matches across them.
            word.token.position = self.count;
            self.count += 1;
            if word.token.text.len() <= WORD_BYTES_MAX {
                return true;
            }
        }
        false
    }

    fn take_word(&mut self, word: &mut Word) -> bool {
        if self.letters.take_ascii_word(&mut word.token) {
            word.umlauts.clear();
            return true;
        }
        let is_part = |letter: &Letter| !matches!(letter.role, Role::LeftOut | Role::Separator);
        let Some(first) = self.letters.find(is_part) else {
            return false;
        };
        word.begin(first);
        self.take_rest(word, first.role);
        true
    }

    fn take_rest(&mut self, word: &mut Word, first: Role) {
        loop {
            if first != Role::Alone
                && let Some(end) = self.letters.take_ascii(&mut word.token.text)
            {
                word.token.offset_to = end;
            }
            match self.letters.peek() {
                Some(letter) if is_taken(word, first, letter) => self.letters.next(),
                _ => return,
            };
        }
    }
}

/// Appends a letter to a word, if it belongs to it.
fn is_taken(word: &mut Word, first: Role, letter: Letter) -> bool {
    match letter.role {
        Role::Separator => return false,
        Role::LeftOut => word.leave_out(letter),
        Role::Alone => return first == Role::Alone && word.compose(letter),
        Role::Joined if first == Role::Alone => return false,
        Role::Joined | Role::Vowel => word.push(letter),
    }
    true
}

/// The tokenizer of all text fields.
#[derive(Clone, Default)]
pub struct Words {
    word: Word,
}

/// The words of one text, and the marks of those with umlauts at the positions before them.
pub struct WordStream<'a> {
    word: &'a mut Word,
    reader: Reader<'a>,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.word.umlauts.clear();
        WordStream {
            word: &mut self.word,
            reader: Reader::new(text),
        }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        if let Some(vowel) = self.word.umlauts.pop() {
            // tantivy requires the other terms of a phrase before the prefix.
            self.word.token.position = self.reader.count - 1;
            self.word.token.text = umlauts::mark(vowel);
            return true;
        }
        let is_read = self.reader.next_word(self.word);
        self.word.token.position = self.reader.count;
        is_read
    }

    fn token(&self) -> &Token {
        &self.word.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.word.token
    }
}

/// The words of a text and their byte ranges.
pub fn split(text: &str) -> Vec<Word> {
    let mut word = Word::default();
    let mut reader = Reader::new(text);
    let mut words = Vec::new();
    while reader.next_word(&mut word) {
        words.push(word.clone());
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text)
            .into_iter()
            .map(|word| word.token.text)
            .collect()
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(texts(text), expected, "{text:?}");
    }

    /// The parts of a text from which its words were folded.
    fn check_places(text: &str, expected: &[&str]) {
        let words = split(text);
        let tokens = words.iter().map(|word| &word.token);
        let places = tokens.map(|token| text.get(token.offset_from..token.offset_to).unwrap());
        assert_eq!(places.collect::<Vec<_>>(), expected, "{text:?}");
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        check("Élan ZÜRICH", &["elan", "zurich"]);
        check("cafe\u{301}s CAFÉS", &["cafes", "cafes"]);
        check(
            "Łódź Straße STRAẞE Øre İstanbul",
            &["lodz", "strasse", "strasse", "ore", "istanbul"],
        );
        check("Ἀθῆναι ΑΘΗΝΑΣ", &["αθηναι", "αθηνασ"]);
        check("йод Йод", &["иод", "иод"]);
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
        check("佐々木ﾀﾜｰ", &["佐", "々", "木", "タ", "ワ", "ー"]);
    }

    #[test]
    fn south_east_asian_letters_are_tokens_with_vowel_signs() {
        check("ประชุม", &["ป", "ร", "ะ", "ชุ", "ม"]);
        check("ປະຊຸມ", &["ປ", "ະ", "ຊຸ", "ມ"]);
        check("ប្រជុំ", &["ប", "រ", "ជុំ"]);
        check("အစည်းအဝေး", &["အ", "စ", "ညး", "အ", "ဝေး"]);
        check("PDFครับ2569", &["pdf", "ค", "รั", "บ", "2569"]);
        check("ปี ๒๕๖๙", &["ปี", "๒๕๖๙"]);
        check_places("ประชุมพรุ่งนี้", &["ป", "ร", "ะ", "ชุ", "ม", "พ", "รุ่", "ง", "นี้"]);
    }

    #[test]
    fn vowel_signs_are_compared_and_tone_marks_are_not() {
        check("นี้", &["นี"]);
        assert_ne!(texts("ลุง"), texts("ลง"));
        assert_ne!(texts("ຕຸ"), texts("ຕ"));
        // One vowel of two spellings; the tone mark in either place.
        assert_eq!(texts("น้ำ"), texts("นํ้า"));
        assert_eq!(texts("ນ້ຳ"), texts("ນໍ້າ"));
        assert_eq!(texts("ເໝາະ"), texts("ເຫມາະ"));
        assert_eq!(texts("ប្រជុំ\u{200b}នៅ"), texts("ប្រជុំនៅ"));
        // Signs that make a vowel short or a letter mute.
        check("เป็นศุกร์", &["เ", "ป", "น", "ศุ", "ก", "ร"]);
    }

    #[test]
    fn other_scripts_with_vowel_signs_keep_their_words() {
        check("हिन्दी में", &["हिनदी", "में"]);
        check("שָׁלוֹם مَرْحَبًا", &["שלום", "مرحبا"]);
    }

    #[test]
    fn hangul_syllables_stand_alone_however_they_are_composed() {
        check("회의를 PDF로", &["회", "의", "를", "pdf", "로"]);
        let decomposed = "\u{1112}\u{116c}\u{110b}\u{1174}\u{1105}\u{1173}\u{11af}";
        check(decomposed, &["회", "의", "를"]);
        check_places(
            decomposed,
            &[
                "\u{1112}\u{116c}",
                "\u{110b}\u{1174}",
                "\u{1105}\u{1173}\u{11af}",
            ],
        );
        // A syllable and its last consonant; half-width and compatibility letters.
        check("리\u{11af}", &["릴"]);
        check("ﾡￂ", &["가"]);
        check("ㅎㅚㅋㅋ", &["회", "ᄏ", "ᄏ"]);
        check("\u{3164}", &[]);
    }

    #[test]
    fn compatibility_forms_do_not_matter() {
        check("ＡＢＣ１ ﬁn oﬃce ŉ", &["abc1", "fin", "office", "ʼn"]);
        check("m² Ⅳ H₂O 5㎏ 𝐁old", &["m2", "iv", "h2o", "5kg", "bold"]);
        check("ﻣﺮﺣﺒﺎ", &["مرحبا"]);
        let (half, full) = ("ﾐｰﾃｨﾝｸﾞ ｶﾞ ﾊﾟ", "ミーティング ガ パ");
        assert_eq!(texts(half), texts(full));
        assert_eq!(texts("か\u{3099}く か゛く"), texts("がくがく"));
        check_places("ｸﾞﾗ", &["ｸﾞ", "ﾗ"]);
    }

    #[test]
    fn symbols_are_words_of_their_own() {
        check("Acme™ №5 20℃", &["acme", "tm", "no", "5", "20", "c"]);
        check(
            "①Offer Option② ⑫⑴",
            &["1", "offer", "option", "2", "12", "1"],
        );
        check("1½ ¼l ⅟x", &["1", "1", "2", "1", "4", "l", "1", "x"]);
        check("㈱東 ㍿", &["株", "東", "株", "式", "会", "社"]);
        check_places("㍿½", &["㍿", "㍿", "㍿", "㍿", "½", "½"]);
    }

    #[test]
    fn umlauts_have_a_second_spelling() {
        let spelled_out = |text: &str| -> Vec<String> {
            let words = split(text).into_iter();
            words.map(|word| word.spelled_out()).collect()
        };
        assert_eq!(
            spelled_out("Müller MU\u{308}LLER muller naïve"),
            ["mueller", "mueller", "muller", "naive"]
        );
        assert_eq!(spelled_out("Äußeröl größe"), ["aeusseroel", "groesse"]);
        check("Müller Füße", &["muller", "fusse"]);
        let word = &split("Überführer")[0];
        for same in ["uberfuhrer", "ueberfuehrer", "ueberfuhrer"] {
            assert!(word.is(same), "{same}");
        }
        for (beginning, is_one) in [("ueb", true), ("ub", true), ("ubee", false), ("", true)] {
            assert_eq!(word.begins_with(beginning), is_one, "{beginning}");
            assert!(!word.is(beginning), "{beginning}");
        }
        assert!(split("Wüe")[0].is("wue"));
    }

    #[test]
    fn marks_of_umlauts_stand_before_their_words() {
        let mut words = Words::default();
        let mut stream = words.token_stream("Ann Überöl für");
        let mut tokens = Vec::new();
        while stream.advance() {
            let token = stream.token();
            tokens.push((token.position, token.text.clone()));
        }
        let expected = [
            (1, "ann"),
            (2, "uberol"),
            (1, "\u{308}4"),
            (1, "\u{308}0"),
            (3, "fur"),
            (2, "\u{308}1"),
        ];
        assert_eq!(tokens, expected.map(|(n, text)| (n, text.to_owned())));
    }

    #[test]
    fn overlong_words_are_skipped_but_keep_their_position() {
        let text = format!("a {} b", "x".repeat(WORD_BYTES_MAX + 1));
        let words = split(&text);
        let positions: Vec<_> = words.iter().map(|word| word.token.position).collect();
        assert_eq!(positions, [0, 2]);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_and_offsets_lie_in_the_text(
            text in "(\\PC|[a-zäöü\u{300}-\u{310}\u{e01}-\u{e7f}\u{1100}-\u{11ff}\u{1780}-\u{17df}]){0,40}"
        ) {
            for word in split(&text) {
                let spelled_out = word.spelled_out();
                let token = word.token;
                prop_assert!(text.get(token.offset_from..token.offset_to).is_some());
                for folded in [spelled_out, token.text] {
                    let fits = folded.len() <= WORD_BYTES_MAX;
                    let expected: Vec<_> = fits.then_some(folded.clone()).into_iter().collect();
                    prop_assert_eq!(texts(&folded), expected);
                }
            }
        }

        #[test]
        fn folded_words_hold_letters_and_digits_only(text in "\\PC{0,40}") {
            for word in texts(&text) {
                prop_assert!(word.chars().all(char::is_alphanumeric), "{word:?}");
            }
        }

        #[test]
        fn the_form_of_normalisation_does_not_matter(text in "[\\PC\u{1100}-\u{11ff}가-힣กขุู่้ำ]{0,20}") {
            let nfd = icu_normalizer::DecomposingNormalizer::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(texts(&text), texts(&nfd));
        }
    }
}
