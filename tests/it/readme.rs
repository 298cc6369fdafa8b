//! The README says what is so: its commands run, its tables are those of the code.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use touchpoint::decode::bulk;
use touchpoint::lake::rows::schema;
use touchpoint::lake::rows::schema::TableName;
use touchpoint::model::freemail::FREEMAIL;
use touchpoint::model::limits;
use touchpoint::model::limits::Limit;

use crate::support::crm::CrmFile;
use crate::support::expect_code;
use crate::support::python;
use crate::support::target;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::touchpoint;
use crate::support::with_config;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// Commands of the shell blocks, one in a line.
fn commands() -> Vec<String> {
    let text = readme();
    let blocks = text
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_command_of_the_readme_runs() {
    let folder = tempfile::tempdir().unwrap();
    let commands = commands();
    assert!(commands.len() >= 5, "{commands:?}");
    for line in commands {
        if line == "scripts/test" {
            // It is running this test.
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(line).is_file());
            continue;
        }
        let words = line
            .strip_prefix("cargo run -- ")
            .unwrap_or_else(|| panic!("{line}"));
        let mut command = touchpoint();
        command.args(words.split(' ')).current_dir(folder.path());
        let stdout = expect_code(&mut command, 0);
        assert!(!stdout.trim().is_empty(), "{line} printed nothing");
    }
    assert!(folder.path().join("demo/touchpoint.toml").is_file());
}

#[test]
fn every_command_and_option_of_the_program_is_in_the_readme() {
    let text = readme();
    let help = expect_code(touchpoint().arg("--help"), 0);
    let listed = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    let names = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let mut count = 0;
    for name in names.filter(|name| !name.is_empty() && *name != "help") {
        assert!(
            text.contains(&format!("`touchpoint {name}")),
            "{name} is not in the README"
        );
        count += 1;
        let help = expect_code(touchpoint().args([name, "--help"]), 0);
        assert!(help.contains("Usage:"));
    }
    assert!(count >= 6, "{help}");
}

/// What the README prints of the code: columns, rules of bulk mail, freemail domains.
fn lists_of_the_code() -> String {
    let mut text = String::new();
    for table in TableName::ALL {
        let _ = write!(
            text,
            "`{}`\n\n| column | type | meaning |\n| --- | --- | --- |\n",
            table.as_str()
        );
        for column in schema::columns(table).iter().chain([&schema::MONTH]) {
            let null = if column.nullable { ", nullable" } else { "" };
            let kind = column.kind.as_str();
            let _ = writeln!(text, "| {} | {kind}{null} | {} |", column.name, column.doc);
        }
        text.push('\n');
    }
    text.push_str("| `bulk_reason` | applies where |\n| --- | --- |\n");
    for rule in bulk::RULES {
        let headers = if rule.needs_headers {
            " (needs headers)"
        } else {
            ""
        };
        let _ = writeln!(text, "| `{}` | {}{headers} |", rule.id, rule.sentence);
    }
    let _ = writeln!(text, "\nFreemail domains: {}.", FREEMAIL.join(", "));
    text.push_str("\n| what | at most | beyond that |\n| --- | --- | --- |\n");
    for Limit { what, most, beyond } in limits::TABLE {
        let _ = writeln!(text, "| {what} | {most} | {beyond} |");
    }
    text
}

#[test]
fn columns_rules_and_freemail_domains_of_the_readme_are_those_of_the_code() {
    let lists = lists_of_the_code();
    let readme = readme();
    if !lists.split("\n\n").all(|list| readme.contains(list.trim())) {
        let wanted = target().join("readme-lists.md");
        fs::write(&wanted, lists).unwrap();
        panic!(
            "the README does not hold the lists that are now in {}",
            wanted.display()
        );
    }
}

#[test]
fn scripts_are_strict_and_can_be_run() {
    for script in ["scripts/test", "scripts/soak", ".ci/run"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        assert!(
            fs::read_to_string(&path)
                .unwrap()
                .contains("set -euo pipefail"),
            "{script}"
        );
        let checked = Command::new("bash").arg("-n").arg(&path).status().unwrap();
        assert!(checked.success(), "{script}");
    }
}

#[test]
fn an_argument_that_the_test_script_does_not_know_is_refused_before_anything_is_built() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/test");
    let output = Command::new(script).arg("--timing").output().unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("unknown arguments: --timing"), "{text}");
}

/// Filters of tests in the long turns and in the order of nextest: `module::beginning_of_a_name`.
fn filters() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let [soak, nextest] = ["scripts/soak", ".config/nextest.toml"].map(read);
    let after = |text: &str, mark: &str| -> Vec<String> {
        let found = text.split(mark).skip(1);
        let found = found.map(|rest| rest.split([' ', ')', '\n']).next().unwrap().to_owned());
        found.collect()
    };
    let mut filters = Vec::new();
    for (text, mark) in [
        (&nextest, "test("),
        (&soak, "--test it "),
        (&soak, "--test protocol "),
        (&soak, "--lib "),
    ] {
        let found = after(text, mark);
        assert!(!found.is_empty(), "nothing follows {mark}");
        filters.extend(found);
    }
    filters
}

#[test]
fn every_test_that_a_long_turn_or_the_order_of_tests_names_exists() {
    let sources = sources();
    for filter in filters() {
        let mut parts = filter.rsplit("::");
        let is_there = match (parts.next(), parts.next()) {
            (Some(""), Some(module)) => sources.contains(&format!("mod {module};")),
            (Some(last), _) => ["fn", "mod"]
                .iter()
                .any(|kind| sources.contains(&format!("{kind} {last}"))),
            (None, _) => false,
        };
        assert!(is_there, "no test matches {filter}");
    }
}

#[test]
fn the_queries_of_the_readme_see_the_same_rows_in_every_engine() {
    let mut tenant = Tenant::generated(66, 12);
    tenant.run();
    // Some interactions lose all contacts: their last rows say so, and nothing but so.
    let mut contacts = CrmFile::contacts(tenant.folder());
    let kept = contacts.rows.len() / 2;
    contacts.rows.truncate(kept);
    contacts.save();
    expect_code(&mut with_config(&tenant.config(), &["rematch"]), 0);
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let mut queries = python::script("readme_queries.py");
    let seen = python::json(queries.arg(readme).arg(tenant.folder()));
    let engines = seen.as_object().unwrap();
    assert_eq!(engines.len(), 4, "{seen}");
    for (engine, rows) in engines {
        assert_eq!(*rows, seen["DuckDB"], "{engine}");
    }
    let mut script = python::script("current_rows.py");
    let current = python::json(script.arg(tenant.folder().join("lake")));
    let rows = |name: &str| seen["DuckDB"][name]["rows"].as_u64().unwrap();
    assert_eq!(current["interactions"], rows("interactions"));
    assert_eq!(current["contact_activity"], rows("activity"));
    assert!(rows("taken_place") > 0 && rows("interactions") > 0);
}

#[test]
fn every_test_that_the_readme_names_exists() {
    let text = readme();
    let section = text.split("## What it survives").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let names: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .map(|line| line.split('`').nth(1).unwrap())
        .collect();
    assert!(names.len() >= 20, "{names:?}");
    let sources = sources();
    for name in names {
        assert!(sources.contains(&format!("fn {name}()")), "no test {name}");
    }
}

/// All Rust code of the project.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["src", "tests"] {
        read_sources(&root.join(folder), &mut sources);
    }
    sources
}

fn read_sources(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|end| end == "rs") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
