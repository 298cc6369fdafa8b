//! Names in the form in which they are compared: without case, accents and compatibility forms.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use crate::model::unicode::is_invisible;

/// NFKD (UAX #15).
static DECOMPOSITION: DecomposingNormalizerBorrowed<'static> =
    DecomposingNormalizerBorrowed::new_nfkd();
static COMBINING: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();

/// A text without case and accents, white space as single blanks.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in DECOMPOSITION.normalize(text).chars() {
        if c.is_whitespace() {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else if COMBINING.get_u8(c) == 0 && !is_invisible(c) && !c.is_control() {
            push_lower(&mut folded, c);
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// The same with umlauts as two letters, as many people type them; `None` where that is no other
/// text.
pub fn spelled_out(text: &str) -> Option<String> {
    let text = crate::model::unicode::composed(text);
    if text.is_ascii() {
        return None;
    }
    let mut spelled = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ä' | 'Ä' => spelled.push_str("ae"),
            'ö' | 'Ö' => spelled.push_str("oe"),
            'ü' | 'Ü' => spelled.push_str("ue"),
            'å' | 'Å' => spelled.push_str("aa"),
            other => spelled.push(other),
        }
    }
    (spelled != text).then(|| fold(&spelled))
}

/// The words of a folded text.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    let words = folded.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty())
}

/// Letters that NFKD leaves whole, and all others in lower case.
fn push_lower(folded: &mut String, c: char) {
    match c {
        'ß' | 'ẞ' => folded.push_str("ss"),
        'æ' | 'Æ' => folded.push_str("ae"),
        'œ' | 'Œ' => folded.push_str("oe"),
        'ø' | 'Ø' => folded.push('o'),
        'ł' | 'Ł' => folded.push('l'),
        'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
        'þ' | 'Þ' => folded.push_str("th"),
        'ı' => folded.push('i'),
        'ς' => folded.push('σ'),
        c => folded.extend(c.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_compatibility_forms_do_not_matter() {
        assert_eq!(fold("  Łukasz\u{a0} MÜLLER "), "lukasz muller");
        assert_eq!(fold("Straße"), "strasse");
        assert_eq!(fold("Ｆｕｌｌ"), "full");
        assert_eq!(fold("Zoe\u{308}"), fold("Zoë"));
        assert_eq!(spelled_out("Müller").as_deref(), Some("mueller"));
        assert_eq!(spelled_out("Zoë"), None);
        let folded = fold("O'Neil, Ann-Marie");
        assert_eq!(
            words(&folded).collect::<Vec<_>>(),
            ["o", "neil", "ann", "marie"]
        );
    }
}
