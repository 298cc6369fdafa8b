//! Code, comments and messages use plain technical English and the field's standard terms.

use std::fs;
use std::path::PathBuf;

use crate::support::ends_in;
use crate::support::files_below;
use crate::support::root;

/// Words and phrases to avoid, each with the words to use instead. Case and punctuation are ignored.
const AVOIDED: &[(&str, &str)] = &[
    ("anew", "again, from scratch"),
    ("asked for", "requested"),
    ("be had", "be available"),
    ("book", "CRM snapshot"),
    ("books", "CRM snapshots"),
    ("contactbook", "CrmSnapshot"),
    ("could have been had", "was available"),
    ("desk", "reconciler"),
    ("doubled", "duplicated"),
    ("for ever", "permanently"),
    ("forever", "permanently"),
    ("goes on", "continues"),
    ("in vain", "failed"),
    ("is through", "is finished"),
    ("judge", "policy, evaluate"),
    ("judged", "evaluated"),
    ("ledgerentry", "FailedItem"),
    ("made good", "recovered"),
    ("makes good", "recovers"),
    ("makes it good", "recovers"),
    ("nobody", "no one, none"),
    ("passed over", "skipped"),
    ("sift", "classify"),
    ("sifted", "classified"),
    ("since ever", "always"),
    ("so many", "at most this many"),
    ("spoil", "make malformed"),
    ("spoilt", "malformed"),
    ("tell of", "report"),
    ("tells of", "reports"),
    ("told", "reported"),
    ("tonight", "this run"),
    ("tonight's", "this run's"),
];

/// Data of tests that contain such words.
const DATA: &[(&str, &str)] = &[
    // Stored names.
    ("src/lake/cursors/record.rs", "book"),
    ("src/decode/event/tests.rs", "desk"),
    // RFC 5322, appendix A.5.
    ("src/decode/mime/recipients/tests.rs", "nobody"),
    ("src/model/address/tests.rs", "nobody"),
    // Texts, addresses and names of tests and of simulated people.
    ("README.md", "asked for"),
    ("src/sim/text.rs", "asked for"),
    ("src/sim/crm/generate.rs", "desk"),
    ("src/sim/tests/refusals.rs", "nobody"),
    ("src/source/archive/tests.rs", "nobody"),
    ("src/state/tests.rs", "nobody"),
    ("src/lake/view/derive.rs", "nobody"),
    ("tests/it/mutated_mail.rs", "desk"),
];

/// Words of a text with their lines, in lower case. Underscores belong to words.
fn words(text: &str) -> Vec<(usize, String)> {
    let is_part = |c: char| c.is_alphanumeric() || "_'".contains(c);
    let of_line = |(number, line): (usize, &str)| -> Vec<(usize, String)> {
        line.split(|c| !is_part(c))
            .map(|word| word.trim_matches('\''))
            .filter(|word| !word.is_empty())
            .map(|word| (number + 1, word.to_lowercase()))
            .collect()
    };
    text.lines().enumerate().flat_map(of_line).collect()
}

/// `line: phrase (use …)` of each avoided phrase, also across lines.
fn avoided(text: &str, is_allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let words = words(text);
    let mut found = Vec::new();
    for (phrase, instead) in AVOIDED {
        if is_allowed(phrase) {
            continue;
        }
        let parts: Vec<&str> = phrase.split(' ').collect();
        let same = |window: &&[(usize, String)]| window.iter().map(|(_, word)| word).eq(&parts);
        let hits = words.windows(parts.len()).filter(same);
        found.extend(hits.map(|hit| format!("{}: {phrase} (use: {instead})", hit[0].0)));
    }
    found
}

#[test]
fn code_and_documents_use_plain_words() {
    let is_markdown = |path: &PathBuf| ends_in(path, &["md"]);
    let top = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = top.filter(is_markdown).collect();
    for folder in ["src", "tests", "benches", "scripts"] {
        let files = files_below(&root().join(folder)).into_iter();
        paths.extend(files.filter(|path| ends_in(path, &["rs", "md", "py", "ps1"])));
    }
    let mut found = Vec::new();
    for path in paths {
        let name = path.strip_prefix(root()).unwrap();
        if name.ends_with("tests/it/words.rs") {
            continue;
        }
        let is_data = |phrase: &str| {
            DATA.iter()
                .any(|(file, data)| name.ends_with(file) && phrase == *data)
        };
        let text = fs::read_to_string(&path).unwrap();
        let here = avoided(&text, is_data).into_iter();
        found.extend(here.map(|hit| format!("{}:{hit}", name.display())));
    }
    assert!(found.is_empty(), "words to avoid:\n{}", found.join("\n"));
}

#[test]
fn phrases_are_found_across_lines_and_comment_marks() {
    let text = "/// It is kept for\n/// ever, unless Nobody's was `told_at`.";
    assert_eq!(
        avoided(text, |_| false),
        ["1: for ever (use: permanently)"],
        "a part of an identifier is no word"
    );
    assert_eq!(avoided(text, |phrase| phrase == "for ever"), [""; 0]);
}
