//! What OPERATIONS.md says to do is done here, and what it says of files is compared with a run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Parser;
use serde_json::Value;
use touchpoint::cli::args::Args;

use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::expect_code;
use crate::support::python;
use crate::support::root;
use crate::support::run_report;
use crate::support::served::Served;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;
use crate::support::with_folders;

fn document() -> String {
    fs::read_to_string(root().join("OPERATIONS.md")).unwrap()
}

/// The text below a heading.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let from = document.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    from.split("\n## ").next().unwrap()
}

/// Runs the commands of a section on the folder of a tenant.
fn follow(tenant: &Tenant, heading: &str) {
    let document = document();
    let block = section(&document, heading).split("```sh\n").nth(1).unwrap();
    for line in block.split("```").next().unwrap().lines() {
        let folders = [
            ("/etc/touchpoint", tenant.folder()),
            ("/var/lib/touchpoint", tenant.folder()),
            ("/var/backups/touchpoint", tenant.folder()),
        ];
        let output = with_folders(line, &folders).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{line}: {}",
            text_of(&output)
        );
    }
}

/// How many rows are current, and a digest of them.
fn current(tenant: &Tenant) -> Value {
    python::json(python::script("current_rows.py").arg(tenant.folder().join("lake")))
}

#[test]
fn a_backup_is_restored_and_the_next_run_reads_what_came_since_once() {
    let mut tenant = Tenant::generated(73, 12);
    tenant.night();
    follow(&tenant, "Backup");
    let backed_up = current(&tenant);
    tenant.advance(1);
    tenant.night();
    let after = current(&tenant);
    assert_ne!(after, backed_up);
    follow(&tenant, "Restore");
    assert_eq!(current(&tenant), backed_up);
    for cache in ["state", "index"] {
        assert!(!tenant.folder().join(cache).exists());
    }
    tenant.run();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    assert_eq!(current(&tenant)["interactions"], after["interactions"]);
    // The rows, one by one; nothing is there twice.
    tenant.compare_rows_with_truth();
}

/// Rows of the table of files: path, and the modes of folders and files without and with a group.
fn stated_modes() -> Vec<(String, [[u32; 2]; 2])> {
    let document = document();
    let table = section(&document, "What is stored where").lines();
    let rows = table.filter(|line| line.starts_with("| `"));
    let modes = |cell: &str| -> [u32; 2] {
        let mut modes = cell
            .trim()
            .split(", ")
            .map(|mode| u32::from_str_radix(mode, 8).unwrap());
        let first = modes.next().unwrap();
        [first, modes.next().unwrap_or(first)]
    };
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let paths = cells[1].split('`').skip(1).step_by(2);
        let modes = [modes(cells[3]), modes(cells[4])];
        paths
            .map(move |path| (path.to_owned(), modes))
            .collect::<Vec<_>>()
    })
    .collect()
}

/// Compares each file and folder below a path with the row of the longest path that it is below.
fn compare_modes(folder: &Path, path: &Path, column: usize, seen: &mut Vec<String>) {
    let name = path.strip_prefix(folder).unwrap();
    let metadata = fs::metadata(path).unwrap();
    let stated = stated_modes();
    let rows = stated.iter().filter(|(row, _)| name.starts_with(row));
    // What holds all tables has no row of its own.
    if let Some((row, modes)) = rows.max_by_key(|(row, _)| row.len()) {
        let expected = modes[column][usize::from(metadata.is_file())];
        let found = metadata.permissions().mode() & 0o777;
        assert_eq!(found, expected, "{found:o} {}", name.display());
        seen.push(row.clone());
    } else {
        assert_eq!(name, Path::new("lake"));
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            compare_modes(folder, &entry.unwrap().path(), column, seen);
        }
    }
}

#[test]
fn files_of_a_run_have_the_modes_that_are_stated() {
    let config = archive_config("mails", "eml");
    let with_group = config.replace("[lake]\n", "[lake]\ngroup_readable = true\n");
    for (column, config) in [config, with_group].into_iter().enumerate() {
        let folder = archive_of_one_mail(&config);
        let metrics = folder.path().join("touchpoint.prom");
        let arguments = ["--metrics", metrics.to_str().unwrap()];
        let config = folder.path().join("touchpoint.toml");
        run_report(&config, &arguments, 0);
        drop(Served::start(&config));
        let mut seen = Vec::new();
        for name in ["lake", "index", "state", "access.log", "touchpoint.prom"] {
            compare_modes(folder.path(), &folder.path().join(name), column, &mut seen);
        }
        for (path, _) in stated_modes() {
            assert!(seen.contains(&path), "no run leaves {path}");
        }
    }
}

#[test]
fn commands_and_exit_codes_that_are_named_exist() {
    let document = document();
    let named = document.split('`').skip(1).step_by(2);
    let commands = named.filter(|code| code.starts_with("touchpoint "));
    let mut count = 0;
    for command in commands {
        if let Err(error) = Args::try_parse_from(command.split_whitespace()) {
            panic!("{command}: {error}");
        }
        count += 1;
    }
    assert!(count >= 8, "{count}");
    let rows = section(&document, "Exit codes").lines();
    let codes: Vec<&str> = rows
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(|code| code.parse::<u8>().is_ok())
        .collect();
    assert_eq!(codes, ["0", "1", "2", "130"]);
}
