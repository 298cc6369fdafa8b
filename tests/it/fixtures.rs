//! Every fixture is listed once, with tests that do use it.

use std::collections::BTreeSet;
use std::fs;

use crate::support::files_below;
use crate::support::root;

/// Tests that read a whole folder of fixtures name the folder instead of the file.
const READERS_OF_FOLDERS: [(&str, &str); 4] = [
    ("tests/it/description.rs", "fixtures/graph"),
    ("tests/it/description.rs", "fixtures/worlds"),
    ("tests/it/mail_fixtures.rs", "fixtures/mail"),
    ("src/sim/tests/expected_mail.rs", "fixtures/worlds"),
];

/// The texts between backticks.
fn quoted(cell: &str) -> Vec<String> {
    let parts = cell.split('`').enumerate();
    parts
        .filter(|(place, _)| place % 2 == 1)
        .map(|(_, part)| part.to_owned())
        .collect()
}

/// Files and users of each row of the list.
fn rows() -> Vec<(Vec<String>, Vec<String>)> {
    let text = fs::read_to_string(root().join("fixtures/README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 3, "file, what it shows, used by: {row}");
        (quoted(cells[0]), quoted(cells[2]))
    })
    .collect()
}

#[test]
fn every_fixture_is_listed_once_and_nothing_else() {
    let mut listed: Vec<String> = rows().into_iter().flat_map(|(files, _)| files).collect();
    listed.sort();
    let folder = root().join("fixtures");
    let mut there: Vec<String> = files_below(&folder)
        .iter()
        .map(|file| file.strip_prefix(&folder).unwrap().display().to_string())
        .filter(|file| file != "README.md")
        .collect();
    there.sort();
    assert_eq!(listed, there);
}

#[test]
fn every_test_in_the_list_uses_its_fixture() {
    for (files, users) in rows() {
        assert!(!users.is_empty(), "nothing uses {files:?}");
        for user in users {
            let text = fs::read_to_string(root().join(&user));
            let text = text.unwrap_or_else(|_| panic!("{files:?}: there is no {user}"));
            let whole_folder = READERS_OF_FOLDERS
                .iter()
                .any(|(reader, folder)| user == *reader && text.contains(folder));
            let names: BTreeSet<&str> = files
                .iter()
                .map(|file| file.rsplit('/').next().unwrap())
                .collect();
            let named = names.iter().all(|name| text.contains(name));
            assert!(whole_folder || named, "{user} does not use {files:?}");
        }
    }
}
