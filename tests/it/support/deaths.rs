//! Runs of the real program that die at named steps, and what the next run left.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::expect_code;
use super::python;
use super::text_of;
use super::with_config;

/// A build without debug assertions has no steps to die at.
pub fn has_steps() -> bool {
    let has = cfg!(debug_assertions);
    if !has {
        println!("passed over: this build has no debug assertions, and no steps to die at");
    }
    has
}

/// A run that dies at the `times`-th passing of a step; false where it never comes to that.
pub fn dies_at(config: &Path, step: &str, times: usize) -> bool {
    let mut run = with_config(config, &["run"]);
    run.env("TOUCHPOINT_STOP_AT", format!("{step}:{times}"));
    let output = run.output().unwrap();
    match output.status.code() {
        None => true,
        Some(1) => false,
        Some(_) => panic!("{step}: {}", text_of(&output)),
    }
}

/// Number and digest of the current rows.
pub fn current(folder: &Path) -> Value {
    python::json(python::script("current_rows.py").arg(folder.join("lake")))
}

pub fn config_in(folder: &Path) -> PathBuf {
    folder.join("touchpoint.toml")
}

/// The names of the steps that an undisturbed run passes, in their order.
pub fn steps_of(folder: &Path) -> Vec<String> {
    let list = folder.join("steps.txt");
    let mut run = with_config(&config_in(folder), &["run"]);
    expect_code(run.env("TOUCHPOINT_STEPS", &list), 1);
    let text = fs::read_to_string(&list).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// No commit names anything else than what is there, and all views agree.
pub fn assert_verified(folder: &Path) {
    expect_code(&mut with_config(&config_in(folder), &["verify"]), 0);
    for log in ["interactions", "contact_activity", "mailboxes"] {
        let log = folder.join("lake").join(log).join("_delta_log");
        let names = fs::read_dir(log)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let drafts: Vec<_> = names
            .filter(|name| name.to_string_lossy().contains('#'))
            .collect();
        assert!(drafts.is_empty(), "{drafts:?}");
    }
}
