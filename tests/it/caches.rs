//! State and index are caches: if they are missing, truncated, older, ahead, or of another lake,
//! they are never trusted.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::turn;
use crate::support::with_config;

const STATE: &str = "state";
const INDEX: &str = "index";
const LAKE: &str = "lake";

/// The cases of the short run.
const SHORT: [&str; 2] = [
    "the lake is older than its caches",
    "they are of another lake",
];

/// Copies of some folders as they are now.
fn keep(from: &Path, names: &[&str]) -> TempDir {
    let kept = tempfile::tempdir().unwrap();
    restore(from, kept.path(), names);
    kept
}

/// Replaces the folders by copies.
fn restore(from: &Path, to: &Path, names: &[&str]) {
    for name in names {
        let _ = fs::remove_dir_all(to.join(name));
        expect_code(Command::new("cp").arg("-a").arg(from.join(name)).arg(to), 0);
    }
}

/// Cuts every file of a folder in half.
fn cut_short(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cut_short(&path);
        } else {
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }
    }
}

#[test]
fn caches_that_do_not_match_the_lake_are_rebuilt() {
    let mut tenant =
        Tenant::of_world("seed = 61\nusers = 16\nmails_per_user = 15\nmeetings_per_user = 1\n");
    tenant.night();
    let folder = tenant.folder().to_owned();
    let first = keep(&folder, &[LAKE, STATE, INDEX]);
    let other = tenant.another_folder();
    run_report(&other.path().join("touchpoint.toml"), &[], 1);
    tenant.advance(1);
    tenant.night();

    let damages: [(&str, &dyn Fn()); 5] = [
        ("the lake is older than its caches", &|| {
            restore(first.path(), &folder, &[LAKE]);
        }),
        ("the caches are older than the lake", &|| {
            restore(first.path(), &folder, &[STATE, INDEX]);
        }),
        ("there are none", &|| {
            fs::remove_dir_all(folder.join(STATE)).unwrap();
            fs::remove_dir_all(folder.join(INDEX)).unwrap();
        }),
        ("they are cut short", &|| {
            cut_short(&folder.join(STATE));
            cut_short(&folder.join(INDEX));
        }),
        ("they are of another lake", &|| {
            restore(other.path(), &folder, &[STATE, INDEX]);
        }),
    ];
    let is_long = turn::is_long();
    for (what, damage) in damages {
        if !is_long && SHORT.iter().all(|short| *short != what) {
            continue;
        }
        damage();
        println!("{what}");
        tenant.run();
        tenant.compare_rows_with_truth();
        expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    }
}
