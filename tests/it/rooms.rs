//! Checks the imports between rooms, and the crates restricted to one room, against the table in
//! `src/ARCHITECTURE.md`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

struct Room {
    may_import: BTreeSet<String>,
    own_crates: Vec<String>,
}

#[test]
fn every_import_between_rooms_is_in_the_table() {
    let rooms = rooms_of_the_table();
    let folders = folders_of_src();
    assert_eq!(
        rooms.keys().cloned().collect::<BTreeSet<_>>(),
        folders,
        "rooms and folders of src"
    );
    let mut wrong = Vec::new();
    for file in rust_files(&src()) {
        let Some(room) = room_of(&file) else { continue };
        if file.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !is_comment(line))
        {
            for imported in names_after(line, "crate::") {
                let known = rooms.contains_key(&imported);
                if known && imported != room && !rooms[&room].may_import.contains(&imported) {
                    wrong.push(format!(
                        "{}:{}: {room} imports {imported}",
                        file.display(),
                        number + 1
                    ));
                }
            }
            if line.contains("use crate::{") || line.contains("super::super") {
                wrong.push(format!(
                    "{}:{}: hides what it imports",
                    file.display(),
                    number + 1
                ));
            }
            for owner in owners_elsewhere(&rooms, &room, line) {
                wrong.push(format!("{}:{}: {owner}", file.display(), number + 1));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports that the table does not have:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<_> = rust_files(&src())
        .into_iter()
        .filter(|file| {
            let text = fs::read_to_string(file).unwrap();
            !text.starts_with("//!") && !text.starts_with("#![doc")
        })
        .collect();
    assert!(
        silent.is_empty(),
        "files without a `//!` sentence: {silent:?}"
    );
}

#[test]
fn every_source_file_is_one_idea_long() {
    let long: Vec<_> = rust_files(&src())
        .into_iter()
        .filter(|file| fs::read_to_string(file).unwrap().lines().count() > 600)
        .collect();
    assert!(long.is_empty(), "files of more than 600 lines: {long:?}");
}

/// Where a crate that has a room of its own is used in another one.
fn owners_elsewhere(rooms: &BTreeMap<String, Room>, room: &str, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (owner, Room { own_crates, .. }) in rooms {
        for name in own_crates {
            let shared = rooms[room].own_crates.contains(name);
            let path = format!("{name}::");
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            let imports = words.any(|word| word.trim_start_matches("::").starts_with(&path));
            if imports && !shared && owner != room {
                found.push(format!("{name} is restricted to {owner}"));
            }
        }
    }
    found
}

fn rooms_of_the_table() -> BTreeMap<String, Room> {
    let text = fs::read_to_string(src().join("ARCHITECTURE.md")).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| room |"))
        .skip(2);
    let mut rooms = BTreeMap::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let words = |cell: &str| -> Vec<String> {
            cell.split(',')
                .map(|word| word.trim().trim_matches('`').replace('-', "_"))
                .collect()
        };
        let may_import = words(cells[2]).into_iter().collect();
        rooms.insert(
            words(cells[0])[0].clone(),
            Room {
                may_import,
                own_crates: words(cells[3]),
            },
        );
    }
    assert!(rooms.len() > 10, "the table of rooms was not found");
    for room in rooms.values_mut() {
        room.own_crates
            .retain(|name| name != "_" && !name.is_empty());
    }
    let all: BTreeSet<String> = rooms.keys().cloned().collect();
    for room in rooms.values_mut() {
        if room.may_import.contains("all") {
            room.may_import.clone_from(&all);
        }
    }
    rooms
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn folders_of_src() -> BTreeSet<String> {
    let entries = fs::read_dir(src()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    assert!(!files.is_empty());
    files
}

fn room_of(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(src()).unwrap();
    let first = inside
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    (inside.components().count() > 1).then_some(first)
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn names_after(line: &str, prefix: &str) -> Vec<String> {
    line.match_indices(prefix)
        .map(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}
