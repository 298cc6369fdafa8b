//! States the version that `--version` prints. A program for users (release, dist) names the commit it
//! was built from, with `-dirty` where files were changed. Other builds do not: each commit would
//! compile the library and all tests again.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo says through the environment what is built"
)]

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let is_for_users = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = if is_for_users { commit() } else { None };
    let version = match commit {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    println!("cargo::rustc-env=TOUCHPOINT_VERSION={version}");
}

/// The commit of the folder; nothing outside a repository of its own, or without git.
fn commit() -> Option<String> {
    // An unpacked archive may lie within the repository of something else.
    let is_own = git(&["rev-parse", "--show-prefix"])?.is_empty();
    if !is_own {
        return None;
    }
    watch();
    let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let mark = if changes.is_empty() { "" } else { "-dirty" };
    Some(format!("{commit}{mark}"))
}

/// Runs this again where another commit is checked out, and where a file was changed.
fn watch() {
    for name in ["HEAD", "packed-refs"] {
        watch_file(name);
    }
    if let Some(branch) = git(&["symbolic-ref", "-q", "HEAD"]) {
        watch_file(&branch);
    }
    for path in ["src", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
}

fn watch_file(name: &str) {
    // What is not there would count as changed each time.
    if let Some(path) = git(&["rev-parse", "--git-path", name])
        && Path::new(&path).exists()
    {
        println!("cargo::rerun-if-changed={path}");
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}
