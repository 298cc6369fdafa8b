//! Checks the imports between rooms, and the crates restricted to one room, against the table in
//! `src/ARCHITECTURE.md`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

use crate::support::sources::source_files;
use crate::support::sources::src;

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
    let files = source_files();
    for file in files.iter().filter(|file| !file.path.ends_with("tests.rs")) {
        let Some(room) = file.room() else { continue };
        for (number, line) in file.code() {
            let mut report = |what: &str| {
                wrong.push(format!("{}:{number}: {what}", file.path.display()));
            };
            for imported in names_after(line, "crate::") {
                let known = rooms.contains_key(&imported);
                if known && imported != room && !rooms[room].may_import.contains(&imported) {
                    report(&format!("{room} imports {imported}"));
                }
            }
            if line.contains("use crate::{") || line.contains("super::super") {
                report("hides what it imports");
            }
            for owner in owners_elsewhere(&rooms, room, line) {
                report(&owner);
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
fn only_source_imports_what_is_of_graph() {
    let files = source_files();
    let mut wrong = Vec::new();
    let others = files.iter().filter(|file| file.room() != Some("source"));
    for file in others.filter(|file| !file.is_test) {
        for (number, line) in file.code() {
            if line.contains("source::graph") {
                wrong.push(format!("{}:{number}", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports of Graph:\n{}", wrong.join("\n"));
}

#[test]
fn every_permission_in_the_table_is_used() {
    let files = source_files();
    let used: BTreeSet<(&str, String)> = files
        .iter()
        .filter_map(|file| Some((file.room()?, file)))
        .flat_map(|(room, file)| {
            let lines = file.code().map(|(_, line)| line);
            let imported = lines.flat_map(|line| names_after(line, "crate::"));
            imported.map(move |imported| (room, imported))
        })
        .collect();
    let mut unused = Vec::new();
    for (room, Room { may_import, .. }) in &rooms_of_the_table() {
        for imported in may_import.iter().filter(|name| *name != "_") {
            if !used.contains(&(room, imported.clone())) {
                unused.push(format!("{room} does not import {imported}"));
            }
        }
    }
    assert!(
        unused.is_empty(),
        "permissions that nothing uses:\n{}",
        unused.join("\n")
    );
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
    rooms
}

fn folders_of_src() -> BTreeSet<String> {
    let entries = fs::read_dir(src()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
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
