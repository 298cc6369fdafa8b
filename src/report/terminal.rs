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

/// Columns of a terminal of which the width is unknown.
pub const COLUMNS: usize = 80;

/// Breaks the lines that are longer than `width` at blanks; they continue a little further to the
/// right. A single longer word is kept whole.
pub fn fold(text: &str, width: usize) -> String {
    let mut folded = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        fold_line(&mut folded, line, width);
        folded.push_str(end);
    }
    folded
}

fn fold_line(folded: &mut String, line: &str, width: usize) {
    if columns(line) <= width {
        folded.push_str(line);
        return;
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let continued = " ".repeat((indent + 4).min(width / 2));
    let mut current = String::new();
    let (mut is_broken, mut has_word, mut begins) = (false, false, true);
    for word in line.trim_end().split(' ') {
        if has_word && columns(&current) + 1 + columns(word) > width {
            folded.push_str(current.trim_end());
            folded.push('\n');
            current.clone_from(&continued);
            (is_broken, has_word) = (true, false);
        } else if !begins {
            current.push(' ');
        }
        current.push_str(word);
        has_word |= !word.is_empty();
        // Blanks at the break are gone.
        begins = is_broken && !has_word;
    }
    folded.push_str(current.trim_end());
}

/// The characters of a text, without the sequences that colour it.
fn columns(text: &str) -> usize {
    let mut count = 0;
    let mut is_sequence = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => is_sequence = true,
            'm' if is_sequence => is_sequence = false,
            _ if is_sequence => {}
            _ => count += 1,
        }
    }
    count
}

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
    fn long_lines_are_folded_at_blanks() {
        let check = |text: &str, expected: &str| assert_eq!(fold(text, 16), expected);
        check("a line that fits\n\nx", "a line that fits\n\nx");
        check("one two three four\n", "one two three\n    four\n");
        check(
            "  one  two  three  four",
            "  one  two\n      three\n      four",
        );
        check(
            "a-word-that-is-too-long x\n",
            "a-word-that-is-too-long\n    x\n",
        );
        check(
            "\u{1b}[2mone two three\u{1b}[0m",
            "\u{1b}[2mone two three\u{1b}[0m",
        );
    }

    #[test]
    fn names_cannot_act_on_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2J\nb\u{202e}c"), "a\u{fffd}[2J bc");
    }
}
