//! Whatever cites a fact about Graph or a section of the design by its number: the number exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::support::ends_in;
use crate::support::files_below;
use crate::support::root;

const FACTS: &str = "src/source/graph/FACTS.md";
const DESIGN: &str = "src/DESIGN.md";
/// Where citations are, besides the files of the top folder.
const FOLDERS: [&str; 5] = ["src", "tests", "benches", "scripts", "fixtures"];
const ENDINGS: [&str; 4] = ["rs", "md", "py", "toml"];

/// The document that a number belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Document {
    Facts,
    Design,
}

/// A number that some text cites.
#[derive(Debug, PartialEq, Eq)]
struct Citation {
    document: Document,
    number: String,
    line: usize,
}

#[test]
fn every_cited_fact_and_design_section_exists() {
    let facts = numbers(&read(&root().join(FACTS)));
    let design = numbers(&read(&root().join(DESIGN)));
    let mut wrong = Vec::new();
    let mut counts = (0, 0);
    for file in files() {
        let name = file.strip_prefix(root()).unwrap().to_string_lossy();
        for Citation {
            document,
            number,
            line,
        } in citations(&read(&file), own_document(&name))
        {
            let (known, count, at) = match document {
                Document::Facts => (&facts, &mut counts.0, FACTS),
                Document::Design => (&design, &mut counts.1, DESIGN),
            };
            *count += 1;
            if !known.contains(&number) {
                wrong.push(format!("{name}:{line}: {at} has no {number}"));
            }
        }
    }
    assert!(wrong.is_empty(), "wrong citations:\n{}", wrong.join("\n"));
    assert!(
        counts.0 > 300 && counts.1 > 20,
        "citations were not found: {counts:?}"
    );
}

#[test]
fn numbers_are_those_of_headings_and_of_numbered_entries() {
    let text = "# Title\n\n## 1. Mail\n\n### 1.1 Shape\n\n- text\n\n## 11. Open\n\n1. one\n2. two\n   1.5 more\n";
    let found = numbers(text);
    let expected = ["1", "1.1", "11", "11.1", "11.2"];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn citations_are_found_in_comments_in_names_and_across_lines() {
    let facts = |number: &str, line| Citation {
        document: Document::Facts,
        number: number.to_owned(),
        line,
    };
    let design = |number: &str, line| Citation {
        document: Document::Design,
        ..facts(number, line)
    };
    // Put together here, so that the scan of this file does not find them.
    let fact = "fact";
    let text = format!("/// It is so ({fact}s 1.6, 2.2 and 13). As in {fact} 7.1: yes, 12 times");
    let expected = [("1.6", 1), ("2.2", 1), ("13", 1), ("7.1", 1)];
    assert_eq!(
        citations(&text, None),
        expected.map(|(number, line)| facts(number, line))
    );
    let text = format!("// see ({fact}s\n    // 1.99, and nothing else) or two {fact}s");
    assert_eq!(citations(&text, None), [facts("1.99", 2)]);
    let text = format!("fn {fact}s_1_7_to_1_10_and_6_2_what() {{}}\nfn {fact}_13_a_day() {{}}");
    let expected = [("1.7", 1), ("1.10", 1), ("6.2", 1), ("13", 2)];
    assert_eq!(
        citations(&text, None),
        expected.map(|(number, line)| facts(number, line))
    );
    let word = "design";
    let text = format!("({word} section 4.1). The {word}, sections 3 and 99.");
    let expected = ["4.1", "3", "99"];
    assert_eq!(
        citations(&text, None),
        expected.map(|number| design(number, 1))
    );
    let text = format!("(section 7) and section 12 of the {fact}s; section 7 of the {word}");
    assert_eq!(citations(&text, None), [facts("12", 1), design("7", 1)]);
    assert_eq!(
        citations(&text, Some(Document::Design)),
        [design("7", 1), facts("12", 1), design("7", 1)]
    );
}

/// What `section 7` alone means in a file.
fn own_document(name: &str) -> Option<Document> {
    match name {
        FACTS => Some(Document::Facts),
        DESIGN => Some(Document::Design),
        _ => None,
    }
}

/// Numbers of headings (`## 1. Mail`, `### 1.6 Tokens`) and of entries (`2. …` below `## 11. …`).
fn numbers(text: &str) -> BTreeSet<String> {
    let mut numbers = BTreeSet::new();
    let mut section = String::new();
    for line in text.lines() {
        let first = line.trim_start_matches('#').split_whitespace().next();
        let Some(number) = first.and_then(number) else {
            continue;
        };
        if line.starts_with('#') {
            section.clone_from(&number);
            numbers.insert(number);
        } else if line.starts_with(&format!("{number}. ")) && !section.contains('.') {
            numbers.insert(format!("{section}.{number}"));
        }
    }
    assert!(numbers.len() > 4, "no numbered headings");
    numbers
}

/// `1.6` of `1.6`, `(1.6,` or `1.`.
fn number(word: &str) -> Option<String> {
    let number = word.trim_matches(|c: char| !c.is_ascii_digit());
    let mut parts = number.split('.');
    let are_digits = parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    are_digits.then(|| number.to_owned())
}

fn citations(text: &str, own: Option<Document>) -> Vec<Citation> {
    let words: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .flat_map(|(index, line)| line.split_whitespace().map(move |word| (index + 1, word)))
        .filter(|(_, word)| !["//", "///", "//!", "#", ">", "|"].contains(word))
        .collect();
    let mut found = Vec::new();
    for (index, (line, word)) in words.iter().enumerate() {
        found.extend(in_names(word, *line));
        let (list, end) = number_list(&words, index + 1);
        let document = match bare(word).as_str() {
            "fact" | "facts" => Some(Document::Facts),
            "section" | "sections" => {
                let after = |at: usize| words.get(end + at).map(|(_, word)| bare(word));
                let of = (after(0), after(1), after(2));
                let before = index.checked_sub(1).map(|at| bare(words[at].1));
                match (of.0.as_deref(), of.1.as_deref(), of.2.as_deref()) {
                    (Some("of"), Some("the"), Some("facts")) => Some(Document::Facts),
                    (Some("of"), Some("the"), Some("design")) => Some(Document::Design),
                    _ if before.as_deref() == Some("design") => Some(Document::Design),
                    _ => own,
                }
            }
            _ => None,
        };
        let Some(document) = document else { continue };
        found.extend(list.into_iter().map(|(line, number)| Citation {
            document,
            number,
            line,
        }));
    }
    found
}

/// A word in lower case without the punctuation around it.
fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase()
}

/// The numbers from a word on (`1.6, 2.2 and 13)`), with their lines, and the word behind them.
fn number_list(words: &[(usize, &str)], start: usize) -> (Vec<(usize, String)>, usize) {
    let mut list = Vec::new();
    let mut at = start;
    while let Some((line, word)) = words.get(at) {
        let begins = word.starts_with(|c: char| c.is_ascii_digit());
        let Some(number) = number(word).filter(|_| begins) else {
            break;
        };
        list.push((*line, number.clone()));
        at += 1;
        let joined = words
            .get(at)
            .is_some_and(|(_, word)| ["and", "to"].contains(word));
        match word.strip_prefix(&number) {
            Some(",") => {}
            Some("") if joined => at += 1,
            _ => break,
        }
    }
    (list, at)
}

/// Citations in names of tests: `fact_1_6_…`, `facts_1_7_to_1_10_and_6_2_…`.
fn in_names(word: &str, line: usize) -> Vec<Citation> {
    let mut found = Vec::new();
    for name in word.split(|c: char| !c.is_alphanumeric() && c != '_') {
        let rest = name.strip_prefix("facts_").or(name.strip_prefix("fact_"));
        let mut parts = rest.unwrap_or_default().split('_').peekable();
        loop {
            let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let Some(section) = parts.next_if(digits) else {
                break;
            };
            let number = match parts.next_if(digits) {
                Some(entry) => format!("{section}.{entry}"),
                None => section.to_owned(),
            };
            found.push(Citation {
                document: Document::Facts,
                number,
                line,
            });
            if parts.next_if(|part| ["to", "and"].contains(part)).is_none() {
                break;
            }
        }
    }
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

fn files() -> Vec<PathBuf> {
    let top = fs::read_dir(root()).unwrap();
    let top = top.map(|entry| entry.unwrap().path());
    let below = FOLDERS.map(|folder| files_below(&root().join(folder)));
    let all = top.chain(below.into_iter().flatten());
    all.filter(|path| path.is_file() && ends_in(path, &ENDINGS))
        .collect()
}
