//! The README and the documents beside it say what is so: commands run, lists are those of the code.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use touchpoint::config::Config;
use touchpoint::decode::bulk;
use touchpoint::lake::rows::schema;
use touchpoint::lake::rows::schema::TableName;
use touchpoint::model::freemail::FREEMAIL;
use touchpoint::model::limits;
use touchpoint::model::limits::Limit;

use crate::support::crm::CrmFile;
use crate::support::ends_in;
use crate::support::expect_code;
use crate::support::files_below;
use crate::support::python;
use crate::support::root;
use crate::support::target;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::touchpoint;

/// What a user reads: the README and what it links beside it.
const DOCUMENTS: [&str; 12] = [
    "README.md",
    "ENTRA-ADMIN.md",
    "TECH-ADMIN.md",
    "OPERATIONS.md",
    "REFERENCE.md",
    "INSIGHT.md",
    "SERVING.md",
    "TABLES.md",
    "ANALYSING.md",
    "RELIABILITY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
];

fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The texts of the blocks of code in a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    text.split(&format!("```{language}\n"))
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// Commands of the shell blocks, one per line.
fn commands() -> Vec<String> {
    let text = document("README.md");
    let blocks = blocks(&text, "sh").into_iter();
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_readme_runs() {
    let folder = tempfile::tempdir().unwrap();
    let commands = commands();
    assert!(commands.len() >= 5, "{commands:?}");
    for line in commands {
        if line == "scripts/test" {
            // It is running this test.
            assert!(root().join(line).is_file());
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
fn every_command_and_option_is_documented() {
    let readme = document("README.md");
    let both = readme.clone() + &document("REFERENCE.md");
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
            readme.contains(&format!("`touchpoint {name}")),
            "{name} is not in the README"
        );
        count += 1;
        let help = expect_code(touchpoint().args([name, "--help"]), 0);
        assert!(help.contains("Usage:"));
        let options = help.lines().map(str::trim_start).filter_map(|line| {
            let at = line.find("--").filter(|_| line.starts_with('-'))?;
            line[at..].split([' ', ',']).next()
        });
        for option in options.filter(|option| *option != "--help") {
            assert!(
                both.contains(&format!("`{option}")) || both.contains(&format!(" {option} ")),
                "{option} of {name} is in neither README.md nor REFERENCE.md"
            );
            count += 1;
        }
    }
    assert!(count >= 30, "{count}: {help}");
}

#[test]
fn every_link_of_the_documents_leads_to_a_file_and_to_a_heading_of_it() {
    let mut count = 0;
    for name in DOCUMENTS {
        let text = document(name);
        for target in text
            .split("](")
            .skip(1)
            .map(|rest| rest.split(')').next().unwrap())
        {
            if target.starts_with("https://") {
                continue;
            }
            count += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { name } else { file };
            assert!(root().join(file).is_file(), "{name} links {target}");
            if !heading.is_empty() {
                let linked = document(file);
                let mut anchors = linked.lines().filter_map(anchor);
                assert!(
                    anchors.any(|known| known == heading),
                    "{name} links {target}"
                );
            }
        }
    }
    assert!(count >= 20, "{count}");
}

#[test]
fn every_path_that_the_documents_name_exists() {
    let mut count = 0;
    for name in DOCUMENTS {
        let text = document(name);
        // Every second part lies between backticks.
        for code in text.split('`').skip(1).step_by(2) {
            let path = code.split_whitespace().next().unwrap_or_default();
            let folder = path.split('/').next().unwrap();
            if !["src", "tests", "fixtures", "scripts"].contains(&folder) {
                continue;
            }
            assert!(root().join(path).exists(), "{name}: there is no {path}");
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
}

/// What links name the heading by that a line is: lower case, hyphens for spaces.
fn anchor(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}

#[test]
fn the_configurations_of_the_documents_are_accepted() {
    let mut count = 0;
    for name in ["README.md", "REFERENCE.md", "TECH-ADMIN.md"] {
        let text = document(name);
        for block in blocks(&text, "toml") {
            // A placeholder is refused; its place takes any word.
            let filled_in = block.replace("[\"…\"]", "[\"own@contoso.com\"]");
            let filled_in = filled_in.replace('…', "own");
            if let Err(error) = Config::parse(&filled_in, Path::new(name)) {
                panic!("{error}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 3);
}

/// What the documents print of the code: columns, rules of bulk mail, freemail domains, limits.
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
fn documented_columns_rules_limits_and_domains_match_the_code() {
    let lists = lists_of_the_code();
    let documents = document("TABLES.md") + &document("REFERENCE.md");
    if !lists
        .split("\n\n")
        .all(|list| documents.contains(list.trim()))
    {
        let wanted = target().join("lists-of-the-code.md");
        fs::write(&wanted, lists).unwrap();
        panic!(
            "TABLES.md and REFERENCE.md do not hold the lists that are now in {}",
            wanted.display()
        );
    }
}

#[test]
fn scripts_are_strict_and_can_be_run() {
    for script in [
        "scripts/test",
        "scripts/soak",
        "scripts/screenshots",
        "scripts/bench",
        "scripts/rustdoc-lints",
        ".ci/run",
    ] {
        let path = root().join(script);
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
fn the_test_script_rejects_unknown_arguments_before_building() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/test");
    let output = Command::new(script).arg("--timing").output().unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("unknown arguments: --timing"), "{text}");
}

#[test]
fn the_bench_script_rejects_unknown_arguments_before_building() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/bench");
    let output = Command::new(script).arg("memries").output().unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("unknown arguments: memries"), "{text}");
}

/// A tenant and an archive that are small enough for every turn.
#[test]
fn the_memory_bench_measures_what_it_generates() {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/memory.py");
    let folder = tempfile::tempdir().unwrap();
    let mut measuring = Command::new("python3");
    measuring.arg(bench).arg(env!("CARGO_BIN_EXE_touchpoint"));
    measuring.arg(folder.path());
    measuring.args(["--mailboxes", "12", "--megabytes", "1"]);
    let output = measuring.output().unwrap();
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for case in ["12 mailboxes: ", "1 MB of archive: "] {
        assert!(text.contains(case), "{text}");
    }
}

/// Test filters of `scripts/soak` and of the nextest configuration: `module::prefix_of_a_name`.
fn filters() -> Vec<String> {
    let [soak, nextest] = ["scripts/soak", ".config/nextest.toml"].map(document);
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
fn tests_named_in_scripts_and_configuration_exist() {
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
fn the_queries_of_the_documents_see_the_same_rows_in_every_engine() {
    let mut tenant = Tenant::generated(66, 12);
    tenant.run();
    CrmFile::halve_contacts(&tenant);
    let mut queries = python::script("readme_queries.py");
    queries.arg(tenant.folder());
    let documents = ["README.md", "TABLES.md"].map(|name| root().join(name));
    let seen = python::json(queries.args(documents));
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
fn every_test_that_the_documents_name_exists() {
    let text = document("RELIABILITY.md");
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
    let folders = ["src", "tests"].map(|folder| files_below(&root().join(folder)));
    let files = folders.into_iter().flatten();
    let code = files.filter(|file| ends_in(file, &["rs"]));
    code.map(|file| fs::read_to_string(file).unwrap()).collect()
}
