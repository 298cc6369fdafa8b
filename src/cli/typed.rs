//! The command line before it is read: words of a search that begin with a hyphen are no options.

use std::ffi::OsString;

use clap::CommandFactory as _;

use crate::cli::args::Args;

/// The command whose words may begin with a hyphen.
const SEARCH: &str = "search";
/// Options of one letter that `search` has.
const LETTERS: [char; 2] = ['h', 'v'];

/// Puts the exclusions of `search offer -draft` behind `--`, where they are read as words. Their order
/// does not matter; an unknown option with two hyphens is still an error.
pub fn typed(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    let Some(begin) = search_begins(&words) else {
        return words;
    };
    let end = words.iter().skip(begin).position(|word| word == "--");
    let end = end.map_or(words.len(), |at| begin + at);
    let behind = words.split_off(end);
    let (excluded, mut typed): (Vec<OsString>, Vec<OsString>) =
        words.drain(begin..).partition(is_exclusion);
    words.append(&mut typed);
    if behind.is_empty() && !excluded.is_empty() {
        words.push("--".into());
    }
    words.extend(behind);
    words.extend(excluded);
    words
}

fn is_exclusion(word: &OsString) -> bool {
    let letters = word.to_str().and_then(|word| word.strip_prefix('-'));
    letters.is_some_and(|letters| {
        !letters.starts_with('-') && letters.chars().any(|c| !LETTERS.contains(&c))
    })
}

/// The position behind the name of the command, if it is `search`.
fn search_begins(words: &[OsString]) -> Option<usize> {
    if !words.iter().any(|word| word == SEARCH) {
        return None;
    }
    let command = Args::command();
    let takes_value = |word: &str| {
        let mut known = command.get_arguments();
        let known = known.find(|known| known.get_long() == word.strip_prefix("--"));
        known.is_some_and(|known| known.get_action().takes_values())
    };
    let mut words = words.iter().enumerate().skip(1);
    while let Some((at, word)) = words.next() {
        let word = word.to_str().unwrap_or_default();
        if word == SEARCH {
            return Some(at + 1);
        }
        if !word.starts_with('-') {
            return None;
        }
        if takes_value(word) {
            words.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusions_are_read_as_words() {
        let check = |line: &str, expected: &str| {
            let words = line.split(' ').map(OsString::from);
            let typed = typed(words);
            let typed: Vec<&str> = typed.iter().map(|word| word.to_str().unwrap()).collect();
            assert_eq!(typed.join(" "), expected);
        };
        check(
            "t search offer -draft --limit 3",
            "t search offer --limit 3 -- -draft",
        );
        check(
            "t --config c -v search -a b -v",
            "t --config c -v search b -v -- -a",
        );
        check("t search a -b -- c -d", "t search a -- c -d -b");
        check("t search a --acount x", "t search a --acount x");
        check("t --config search run -x", "t --config search run -x");
        check("t who search -x", "t who search -x");
    }
}
