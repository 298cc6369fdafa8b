//! Commands as they are typed into a shell.

use std::env;
use std::path::Path;

use crate::cli::terminal;

/// A command of touchpoint that works in the current folder, as it was itself begun there; a long one
/// continues on further lines.
pub(super) fn command(config: &Path, words: &[&str]) -> String {
    let program = env::args().next();
    let program = program.unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned());
    let config = config.display().to_string();
    let begin = [program.as_str(), "--config", &config];
    let words = begin.iter().chain(words).map(|word| quoted(word));
    joined(&words.collect::<Vec<_>>(), terminal::width())
}

fn joined(words: &[String], width: usize) -> String {
    let mut text = String::from("$");
    let mut length = 1;
    for word in words {
        let more = 1 + word.chars().count();
        // Room for the mark that the line continues.
        if length + more + 2 > width && length > 4 {
            text.push_str(" \\\n   ");
            length = 3;
        }
        text.push(' ');
        text.push_str(word);
        length += more;
    }
    text
}

/// A word that a shell takes as it is.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_program_as_they_are() {
        assert_eq!(quoted("C-334"), "C-334");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        let words = ["one", "two", "three"].map(str::to_owned);
        assert_eq!(joined(&words, 40), "$ one two three");
        assert_eq!(joined(&words, 12), "$ one two \\\n    three");
    }
}
