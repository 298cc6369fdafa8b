//! Texts of others on a terminal: nothing in them acts on it, and no line grows too long.

/// A text sanitised for one line of a terminal: white space of any kind as a space, other control
/// characters as a replacement character, and nothing that changes the text direction or is
/// invisible.
pub fn harmless(text: &str) -> String {
    let seen = text.chars().map(|c| match c {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    });
    seen.filter(|c| !is_invisible(*c)).collect()
}

/// Whether a character changes the text direction, breaks a line or is invisible: a name must not
/// be able to look like another one.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Columns of a terminal that a report needs.
const COLUMNS: usize = 80;

/// Appends words as lines of at most 80 columns; the first line begins with `first`, and the others
/// with as many blanks. A single longer word is kept whole.
pub fn push_wrapped(text: &mut String, first: &str, words: &str) {
    let indent = " ".repeat(first.chars().count());
    let (mut line, mut is_empty) = (first.to_owned(), true);
    for word in words.split_whitespace() {
        let length = line.chars().count() + 1 + word.chars().count();
        if !is_empty && length > COLUMNS {
            text.push_str(line.trim_end());
            text.push('\n');
            line.clone_from(&indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_within_80_columns() {
        let mut text = String::new();
        push_wrapped(&mut text, "   1.0  ", &"twelve chars ".repeat(20));
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("        t") || line.starts_with("        c"))
        );
        assert_eq!(text.split_whitespace().count(), 41);
    }

    #[test]
    fn names_cannot_act_on_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2J\nb\u{202e}c"), "a\u{fffd}[2J bc");
    }
}
