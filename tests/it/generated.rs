//! What is made from the definitions of the commands and by the build: completions, manual pages, the
//! version.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::support::expect_code;
use crate::support::root;
use crate::support::touchpoint;

/// What bash would complete `words` to, the last of which is begun.
fn completed(script: &Path, words: &[&str]) -> Vec<String> {
    let last = words.len() - 1;
    let before = if last > 0 { words[last - 1] } else { "" };
    let line = format!(
        "source '{}'; COMP_WORDS=({}); COMP_CWORD={last}; _touchpoint touchpoint '{}' '{before}'; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.join(" "),
        words[last],
    );
    let output = expect_code(Command::new("bash").args(["--norc", "-c", &line]), 0);
    output.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_options() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("touchpoint.bash");
    fs::write(
        &script,
        expect_code(touchpoint().args(["completions", "bash"]), 0),
    )
    .unwrap();
    assert_eq!(completed(&script, &["touchpoint", "stat"]), ["status"]);
    assert_eq!(
        completed(&script, &["touchpoint", "search", "--acc"]),
        ["--account"]
    );
    assert_eq!(
        completed(&script, &["touchpoint", "--color", "al"]),
        ["always"]
    );
    for shell in ["zsh", "fish", "powershell"] {
        let script = expect_code(touchpoint().args(["completions", shell]), 0);
        assert!(
            script.contains("unlink") && script.contains("not-connected"),
            "{shell}"
        );
    }
}

#[test]
fn manual_pages_name_every_option() {
    let page = expect_code(touchpoint().arg("man"), 0);
    assert!(
        page.contains(".TH touchpoint 1") && page.contains("touchpoint\\-search"),
        "{page}"
    );
    let page = expect_code(touchpoint().args(["man", "search"]), 0);
    assert!(
        page.contains(".TH touchpoint-search 1") || page.contains(".TH touchpoint\\-search 1"),
        "{page}"
    );
    let output = touchpoint().args(["man", "serch"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let mut groff = Command::new("groff");
    groff
        .args(["-man", "-Tascii", "-P-cbou", "-ww"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let Ok(mut groff) = groff.spawn() else {
        println!("skipped: groff is not installed");
        return;
    };
    std::io::Write::write_all(&mut groff.stdin.take().unwrap(), page.as_bytes()).unwrap();
    let output = groff.wait_with_output().unwrap();
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && warnings.is_empty(), "{warnings}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("ungrouped") && text.contains("facets"),
        "{text}"
    );
}

/// The version that the build states in a folder, for users or not.
fn stated(build: &Path, folder: &Path, profile: &str, path: Option<&str>) -> String {
    let mut command = Command::new(build);
    command
        .current_dir(folder)
        .env("CARGO_PKG_VERSION", "9.8.7")
        .env("PROFILE", profile);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let output = expect_code(&mut command, 0);
    let mut lines = output.lines();
    let version = lines.find_map(|line| line.strip_prefix("cargo::rustc-env=TOUCHPOINT_VERSION="));
    version.unwrap().to_owned()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(["-c", "user.name=a", "-c", "user.email=a@x.example"]);
    expect_code(command.args(arguments), 0).trim().to_owned()
}

#[test]
fn the_version_of_a_release_names_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let build = folder.join("build");
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition", "2024", "-o"])
        .arg(&build)
        .arg(root().join("build.rs"));
    expect_code(&mut rustc, 0);
    let own = folder.join("own");
    fs::create_dir_all(own.join("within")).unwrap();
    assert_eq!(stated(&build, &own, "release", None), "9.8.7");
    git(&own, &["init", "-q"]);
    fs::write(own.join("file"), "1").unwrap();
    git(&own, &["add", "file"]);
    git(&own, &["commit", "-qm", "first"]);
    let commit = git(&own, &["rev-parse", "--short=10", "HEAD"]);
    assert_eq!(
        stated(&build, &own, "release", None),
        format!("9.8.7 ({commit})")
    );
    assert_eq!(stated(&build, &own, "debug", None), "9.8.7");
    assert_eq!(
        stated(&build, &own.join("within"), "release", None),
        "9.8.7"
    );
    assert_eq!(stated(&build, &own, "release", Some("")), "9.8.7");
    fs::write(own.join("file"), "2").unwrap();
    assert_eq!(
        stated(&build, &own, "release", None),
        format!("9.8.7 ({commit}-dirty)")
    );
    let version = expect_code(touchpoint().arg("--version"), 0);
    assert_eq!(
        version,
        format!("touchpoint {}\n", env!("CARGO_PKG_VERSION"))
    );
}
