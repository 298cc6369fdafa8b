//! The examples of `scripts/schedule` are accepted by what reads them, and their command lines run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use clap::Parser;
use tempfile::TempDir;
use touchpoint::cli::args::Args;

use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::python;
use crate::support::root;
use crate::support::text_of;
use crate::support::with_folders;

const PROGRAM: &str = env!("CARGO_BIN_EXE_touchpoint");

/// The shell lines of the examples, with their files.
fn lines() -> Vec<(String, String)> {
    let mut script = python::script("check_schedule.py");
    let files = python::json(script.arg(root()));
    let mut lines = Vec::new();
    for (file, of_file) in files.as_object().unwrap() {
        let of_file = of_file.as_array().unwrap().iter();
        lines.extend(of_file.map(|line| (file.clone(), line.as_str().unwrap().to_owned())));
    }
    lines
}

/// Folders of a machine in one: of the configuration, of the data, of logs and of metrics.
fn machine() -> TempDir {
    let folder = archive_of_one_mail(&archive_config("mails", "eml"));
    for name in ["data", "logs", "metrics"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    folder
}

/// Runs a line with the folders of such a machine in the place of those that it names.
fn run(machine: &Path, line: &str) -> Output {
    let folders = [
        ("/etc/touchpoint", machine.to_owned()),
        ("/var/lib/touchpoint", machine.join("data")),
        ("/var/log/touchpoint", machine.join("logs")),
        ("/var/lib/prometheus/node-exporter", machine.join("metrics")),
    ];
    with_folders(line, &folders).output().unwrap()
}

#[test]
fn command_lines_of_the_examples_are_parsed_and_run() {
    let lines = lines();
    assert_eq!(lines.len(), 6, "{lines:?}");
    let machine = machine();
    for (file, line) in lines {
        let from = line.find("touchpoint --config").unwrap();
        let words = line[from..].split(['|', '>']).next().unwrap();
        if let Err(error) = Args::try_parse_from(words.split_whitespace()) {
            panic!("{file}: {line}: {error}");
        }
        assert!(words.contains(" --until 05:30") || words.contains(" status "));
        let output = run(machine.path(), &line);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{file}: {}",
            text_of(&output)
        );
    }
    for written in ["logs/reports.jsonl", "metrics/touchpoint.prom", "lake"] {
        assert!(machine.path().join(written).exists(), "{written}");
    }
}

#[test]
fn cron_mails_a_run_that_failed_and_no_other() {
    let lines = lines();
    let (_, line) = lines
        .iter()
        .find(|(file, _)| file == "touchpoint.cron")
        .unwrap();
    let machine = machine();
    let quiet = run(machine.path(), line);
    assert_eq!(text_of(&quiet), "stdout: \nstderr: ");
    // An unread file is a gap: exit code 1.
    let unreadable = machine.path().join("mails/2.eml");
    std::os::unix::fs::symlink("nowhere.eml", unreadable).unwrap();
    assert_eq!(text_of(&run(machine.path(), line)), "stdout: \nstderr: ");
    fs::remove_file(machine.path().join("contacts.csv")).unwrap();
    let mailed = text_of(&run(machine.path(), line));
    assert!(
        mailed.contains("touchpoint ended with exit code 2"),
        "{mailed}"
    );
    assert!(mailed.contains("contacts.csv"), "{mailed}");
}

/// A machine without systemd has nothing to ask.
#[test]
fn systemd_accepts_its_units_and_finds_them_confined() {
    let analyze = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(arguments).current_dir(folder).output()
    };
    let folder = tempfile::tempdir().unwrap();
    if analyze(folder.path(), &["--version"]).is_err() {
        return;
    }
    for name in ["touchpoint.service", "touchpoint.timer"] {
        let text = fs::read_to_string(root().join("scripts/schedule").join(name)).unwrap();
        let text = text.replace("/usr/local/bin/touchpoint", PROGRAM);
        fs::write(folder.path().join(name), text).unwrap();
    }
    let units = ["verify", "./touchpoint.service", "./touchpoint.timer"];
    let output = analyze(folder.path(), &units).unwrap();
    assert!(output.status.success(), "{}", text_of(&output));
    assert_eq!(text_of(&output), "stdout: \nstderr: ");
    // 0 is the best of 100.
    let security = ["security", "--offline=true", "--threshold=20"];
    let output = analyze(
        folder.path(),
        &[&security[..], &["./touchpoint.service"]].concat(),
    )
    .unwrap();
    assert!(output.status.success(), "{}", text_of(&output));
}
