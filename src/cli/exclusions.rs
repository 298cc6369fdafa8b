//! `-word` on the command line of `search`: it excludes a word, and is no option.

use std::ffi::OsString;

use clap::Arg;
use clap::Command;
use clap::CommandFactory as _;

use crate::cli::args::Args;

/// The command that takes such words.
const SEARCH: &str = "search";

/// The words of a command line, those of a search that begin with one hyphen behind `--`: a parser of
/// command lines takes them for options otherwise.
pub fn last(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let program = Args::command();
    let Some(search) = program.find_subcommand(SEARCH) else {
        return words;
    };
    let Some(at) = command_at(&words, &program).filter(|at| words[*at] == SEARCH) else {
        return words;
    };
    let options: Vec<&Arg> = program
        .get_arguments()
        .chain(search.get_arguments())
        .collect();
    let (mut kept, mut excluded, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_value = false;
    let mut typed = words.split_off(at + 1).into_iter();
    for word in typed.by_ref() {
        let text = word.to_string_lossy().into_owned();
        if !is_value && text == "--" {
            break;
        }
        if !is_value && is_exclusion(&text, &options) {
            excluded.push(word);
        } else {
            is_value = !is_value && takes_value(&text, &options);
            kept.push(word);
        }
    }
    rest.extend(typed);
    words.extend(kept);
    if !excluded.is_empty() || !rest.is_empty() {
        words.push("--".into());
    }
    words.into_iter().chain(excluded).chain(rest).collect()
}

/// Where the command stands: the first word that is neither an option nor the value of one.
fn command_at(words: &[OsString], program: &Command) -> Option<usize> {
    let options: Vec<&Arg> = program.get_arguments().collect();
    let mut is_value = false;
    let mut words = words.iter().enumerate().skip(1);
    let found = words.find(|(_, word)| {
        let text = word.to_string_lossy();
        let is_option = is_value || text.starts_with('-');
        is_value = !is_value && takes_value(&text, &options);
        !is_option
    });
    found.map(|(at, _)| at)
}

fn takes_value(word: &str, options: &[&Arg]) -> bool {
    let Some(name) = word.strip_prefix("--") else {
        return false;
    };
    let mut options = options.iter();
    let option = options.find(|option| option.get_long() == Some(name));
    option.is_some_and(|option| option.get_action().takes_values())
}

/// One hyphen and a word that is no group of short options.
fn is_exclusion(word: &str, options: &[&Arg]) -> bool {
    let is_short = |c: char| c == 'h' || options.iter().any(|option| option.get_short() == Some(c));
    match word.strip_prefix('-') {
        None | Some("") => false,
        Some(rest) => !rest.starts_with('-') && !rest.chars().all(is_short),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_a_hyphen_come_last_and_options_stay() {
        for (typed, expected) in [
            (
                "tp search offer -draft --limit 3",
                "tp search offer --limit 3 -- -draft",
            ),
            ("tp search -a b -- -c d", "tp search b -- -a -c d"),
            (
                "tp -v --config search search -x",
                "tp -v --config search search -- -x",
            ),
            (
                "tp search a -v -h --from -1d",
                "tp search a -v -h --from -1d",
            ),
            (
                "tp search -is:bulk --account x",
                "tp search --account x -- -is:bulk",
            ),
            ("tp search a - b", "tp search a - b"),
            (
                "tp --config=x search a --limit=3 -b",
                "tp --config=x search a --limit=3 -- -b",
            ),
            ("tp who -x", "tp who -x"),
            ("tp --config", "tp --config"),
        ] {
            let words = last(typed.split(' ').map(OsString::from));
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            assert_eq!(words.join(" "), expected);
        }
    }
}
