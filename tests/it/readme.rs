//! The README says what is so: its commands run, its tables are those of the code.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::expect_code;
use crate::support::touchpoint;

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

#[test]
fn every_column_rule_and_freemail_domain_of_the_code_is_in_the_readme() {
    let text = readme();
    for (table, columns) in touchpoint::lake::schema::tables() {
        for column in columns {
            let row = format!(
                "| {} | {} | {} |",
                column.name,
                column.type_name(),
                column.doc
            );
            assert!(
                text.contains(&row),
                "{table}: no line `{row}` in the README"
            );
        }
    }
    for rule in touchpoint::decode::bulk::RULES {
        assert!(
            text.contains(&format!("| {} |", rule.id)),
            "no rule {} in the README",
            rule.id
        );
    }
    for domain in touchpoint::model::freemail::FREEMAIL {
        assert!(text.contains(domain), "{domain} is not in the README");
    }
}

/// The version of the interpreter and such are not ours to hold; the scripts are.
#[test]
fn scripts_are_strict_and_can_be_run() {
    for script in ["scripts/test", ".ci/run"] {
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
