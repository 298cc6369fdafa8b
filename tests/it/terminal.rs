//! What people see: reports that fit the terminal, colours, progress, commands that can be copied.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::expect_code;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// A folder with the program in it, and what the demo prints there.
fn demo() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    symlink(
        env!("CARGO_BIN_EXE_touchpoint"),
        folder.path().join("touchpoint"),
    )
    .unwrap();
    let mut command = Command::new("./touchpoint");
    let printed = expect_code(command.current_dir(folder.path()).arg("demo"), 0);
    (folder, printed)
}

fn check_width(text: &str, width: usize) {
    let long: Vec<&str> = text
        .lines()
        .filter(|line| line.chars().count() > width)
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    assert!(text.lines().count() > 3, "{text}");
}

/// The commands that a text names, with what follows each.
fn commands(text: &str) -> Vec<(String, &str)> {
    let parts = text.split("\n$ ").skip(1);
    parts
        .map(|part| {
            let text = part.replace(" \\\n", " ");
            let command = text.lines().next().unwrap().to_owned();
            (command, part)
        })
        .collect()
}

#[test]
fn what_the_demo_prints_fits_80_columns_and_its_commands_work_when_copied() {
    let (folder, printed) = demo();
    check_width(&printed, 80);
    let commands = commands(&printed);
    assert!(commands.len() >= 8, "{printed}");
    for (command, part) in commands {
        let mut shell = Command::new("sh");
        let output = expect_code(shell.current_dir(folder.path()).args(["-c", &command]), 0);
        let hit = output.lines().find(|line| line.starts_with("20"));
        if command.contains("--limit 3") && command.contains(" search ") {
            assert!(part.contains(hit.unwrap()), "{command}: {output}\n{part}");
        }
        if command.ends_with("status") {
            check_width(&output, 80);
            assert!(output.contains("not on 80 columns: "), "{output}");
        }
    }
}

#[test]
fn reports_are_as_wide_as_there_is_room() {
    let mut tenant = Tenant::of_mail(5);
    tenant.note_run();
    let run = |columns: &str, command: &str, code: i32| {
        let mut command = with_config(&tenant.config(), &[command]);
        expect_code(command.env("COLUMNS", columns), code)
    };
    check_width(&run("80", "run", 1), 80);
    let narrow = run("60", "status", 0);
    check_width(&narrow, 60);
    let wide = run("300", "status", 0);
    assert!(wide.contains("  in folders  unreadable  code"), "{wide}");
    assert!(!wide.contains("not on"), "{wide}");
    assert!(wide.lines().count() < narrow.lines().count());
    let report = run("200", "run", 1);
    assert!(report.contains("requests"), "{report}");
}

fn one_mail() -> TempDir {
    archive_of_one_mail(&archive_config("mails", "eml"))
}

fn coloured(config: &Path, options: &[&str], environment: (&str, &str)) -> bool {
    let mut command = with_config(config, &["search", "ann"]);
    command.args(options).env(environment.0, environment.1);
    let output = expect_code(&mut command, 0);
    assert!(output.contains("bob@contoso.example"), "{output}");
    output.contains('\u{1b}')
}

#[test]
fn colours_follow_option_environment_and_terminal() {
    let folder = one_mail();
    let config = folder.path().join("touchpoint.toml");
    expect_code(&mut with_config(&config, &["run"]), 0);
    let none = ("LANG", "C");
    assert!(coloured(&config, &["--color", "always"], none));
    assert!(coloured(&config, &["--color", "always"], ("NO_COLOR", "1")));
    assert!(!coloured(&config, &["--color", "never"], none));
    assert!(!coloured(&config, &[], none));
    for (environment, expected) in [("", true), ("NO_COLOR=1 ", false), ("TERM=dumb ", false)] {
        // util-linux's script gives a command a terminal.
        let line = format!(
            "{environment}{} --config {} search ann",
            env!("CARGO_BIN_EXE_touchpoint"),
            config.display()
        );
        let output = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .output();
        let Ok(output) = output else {
            println!("skipped: script is not installed");
            return;
        };
        let text = text_of(&output);
        assert!(text.contains("bob@contoso.example"), "{text}");
        assert_eq!(
            text.contains("\u{1b}[2m"),
            expected,
            "{environment}: {text}"
        );
    }
}

#[test]
fn each_step_of_a_run_is_logged_with_its_figures() {
    let folder = one_mail();
    let config = folder.path().join("touchpoint.toml");
    let output = with_config(&config, &["run", "-v", "--progress", "none"])
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    for step in [
        "the mailboxes in scope are known mailboxes=1 listed=1 contacts=1 accounts=1",
        "lake, state and index are open; reading begins mailboxes=1 waiting=0",
        "everything that was read is committed",
        "small files are merged months=",
    ] {
        assert!(log.contains(step), "{step} in {log}");
    }
    assert!(!log.contains('\u{1b}') && !log.contains('@'), "{log}");
    fs::remove_dir_all(folder.path().join("lake")).unwrap();
}
