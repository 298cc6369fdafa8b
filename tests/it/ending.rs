//! Runs that are asked to stop end within 20 seconds, whatever their threads do.

use std::fs::File;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use touchpoint::model::time::SECOND;
use touchpoint::runtime::clock;
use touchpoint::runtime::clock::Stopwatch;

use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::expect_code;
use crate::support::with_config;

/// The time within which a run must end, with a margin for slow machines.
const LIMIT: Duration = Duration::from_secs(30);

fn archive() -> TempDir {
    archive_of_one_mail(&archive_config("mails", "eml"))
}

#[test]
fn a_link_to_a_fifo_does_not_block_a_run() {
    let folder = archive();
    let path = folder.path();
    let fifo = path.join("fifo");
    expect_code(Command::new("mkfifo").arg(&fifo), 0);
    std::os::unix::fs::symlink(&fifo, path.join("mails/2.eml")).unwrap();
    let config = path.join("touchpoint.toml");
    expect_code(&mut with_config(&config, &["run"]), 0);
}

fn start(folder: &TempDir, arguments: &[&str]) -> Child {
    let config = folder.path().join("touchpoint.toml");
    let mut command = with_config(&config, arguments);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn signal(process: &Child, name: &str) {
    let id = process.id().to_string();
    expect_code(Command::new("kill").args(["-s", name, &id]), 0);
}

/// Waits until a process holds the lake, which it does before it reads.
fn wait_for_lake(folder: &TempDir, process: &mut Child) {
    let lake = folder.path().join("lake/_touchpoint/format.json");
    let (_sender, pause) = std::sync::mpsc::channel::<()>();
    while !lake.exists() {
        assert!(process.try_wait().unwrap().is_none(), "it ended by itself");
        let _ = pause.recv_timeout(Duration::from_millis(5));
    }
}

/// A file of nothing but zeros that takes no room and many minutes to read.
fn add_endless(folder: &TempDir) {
    let file = File::create(folder.path().join("mails/2.eml")).unwrap();
    file.set_len(1 << 40).unwrap();
}

fn check_ends(arguments: &[&str], signals: &[&str], code: i32) {
    let folder = archive();
    add_endless(&folder);
    let mut run = start(&folder, arguments);
    wait_for_lake(&folder, &mut run);
    let watch = Stopwatch::start();
    for name in signals {
        signal(&run, name);
    }
    let ended = run.wait().unwrap();
    let took = watch.elapsed();
    assert_eq!(ended.code(), Some(code), "after {took:?}");
    assert!(took < LIMIT, "{took:?}");
    let config = folder.path().join("touchpoint.toml");
    // All columns, on however many there is room.
    let mut status = with_config(&config, &["status"]);
    let status = expect_code(status.env("COLUMNS", "1000"), 0);
    assert!(
        status.contains("bob@contoso.example") && status.contains("stopped"),
        "{status}"
    );
}

#[test]
fn a_second_signal_ends_a_run_that_reads_without_end() {
    check_ends(&["run"], &["TERM", "TERM"], 130);
}

#[test]
fn a_single_signal_does_so_too() {
    check_ends(&["run"], &["TERM"], 130);
}

#[test]
fn so_does_the_end_of_the_night() {
    let until = clock::now().plus(2 * SECOND).rfc3339();
    check_ends(&["run", "--until", &until], &[], 1);
}
