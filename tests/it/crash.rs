//! The real program crashes at failpoints and is killed at any time, and the next run recovers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use touchpoint::runtime::clock::Stopwatch;

use crate::support::expect_code;
use crate::support::python;
use crate::support::run_and_kill;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::turn;
use crate::support::with_config;

/// A tenant with a few mails and meetings, read in short pages, so that a run has many commits.
fn tenant(seed: u64) -> Tenant {
    let tenant = Tenant::of_world(&format!(
        "seed = {seed}\nusers = 16\nmails_per_user = 20\nmeetings_per_user = 1\n"
    ));
    tenant.configure("\n[run]\npage_size = 10\n");
    tenant
}

/// A run that crashes at the `times`-th hit of a failpoint; false if it never gets there.
fn crashes_at(config: &Path, step: &str, times: usize) -> bool {
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
fn current(folder: &Path) -> Value {
    python::json(python::script("current_rows.py").arg(folder.join("lake")))
}

fn config_in(folder: &Path) -> std::path::PathBuf {
    folder.join("touchpoint.toml")
}

/// How often each status occurs in the table `mailboxes`.
fn statuses(folder: &Path) -> Value {
    let mut script = python::script("upkeep.py");
    let seen = python::json(script.arg(folder.join("lake")).arg("statuses"));
    seen["mailboxes"].clone()
}

/// All commits refer to existing files, and all views agree.
fn assert_verified(folder: &Path) {
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

/// A build without debug assertions has no failpoints.
fn has_steps() -> bool {
    let has = cfg!(debug_assertions);
    if !has {
        println!("skipped: this build has no debug assertions, and no failpoints");
    }
    has
}

#[test]
fn consecutive_crashes_at_failpoints_are_recovered() {
    if !has_steps() {
        return;
    }
    let mut tenant = tenant(43);
    tenant.note_run();
    for (step, times) in [
        ("CreateFolder logs of interactions", 1),
        ("SyncFolder cursors", 1),
        ("Link log of interactions", 2),
        // The file that this one leaves behind makes the next one hit the failpoint of its removal.
        ("Sync file of interactions", 1),
        ("Remove file of interactions", 1),
        ("SyncFolder logs of interactions", 4),
        ("Sync log of contact_activity", 2),
        ("state written", 1),
        ("index prepared", 1),
        ("Link log of mailboxes", 1),
    ] {
        let crashed = crashes_at(&tenant.config(), step, times);
        assert!(crashed, "nothing reached {step}:{times}");
    }
    run_report(&tenant.config(), &[], 1);
    tenant.compare_rows_with_truth();
    assert_verified(tenant.folder());
    let interrupted = statuses(tenant.folder())["interrupted"].as_u64();
    assert!(
        interrupted.unwrap_or(0) > 0,
        "no run is reported as interrupted"
    );
}

/// How often an undisturbed run passes each step.
fn steps_of(folder: &Path) -> BTreeMap<String, usize> {
    let list = folder.join("steps.txt");
    let mut run = with_config(&config_in(folder), &["run"]);
    expect_code(run.env("TOUCHPOINT_STEPS", &list), 1);
    let mut steps = BTreeMap::new();
    for step in fs::read_to_string(&list).unwrap().lines() {
        *steps.entry(step.to_owned()).or_default() += 1;
    }
    steps
}

/// The first, a middle and the last time that a step is passed.
fn moments(passings: usize) -> impl Iterator<Item = usize> {
    let mut moments = vec![1, passings.div_ceil(2), passings];
    moments.dedup();
    moments.into_iter()
}

#[test]
fn a_crash_at_any_failpoint_is_recovered() {
    if !has_steps() || !turn::is_long() {
        return;
    }
    let tenant = tenant(44);
    let undisturbed = tenant.another_folder();
    let steps = steps_of(undisturbed.path());
    for table in ["interactions", "contact_activity"] {
        for step in ["Sync merged file of", "Rename checkpoint of"] {
            let step = format!("{step} {table}");
            assert!(steps.contains_key(&step), "no {step}: {steps:?}");
        }
    }
    let expected = current(undisturbed.path());
    let moments: Vec<(&String, usize)> = steps
        .iter()
        .flat_map(|(step, passings)| moments(*passings).map(move |times| (step, times)))
        .collect();
    let crashes = AtomicUsize::new(0);
    turn::each(0..moments.len() as u64, |number| {
        let (step, times) = moments[usize::try_from(number).unwrap()];
        let folder = tenant.another_folder();
        let crashed = crashes_at(&config_in(folder.path()), step, times);
        crashes.fetch_add(usize::from(crashed), Ordering::Relaxed);
        run_report(&config_in(folder.path()), &[], 1);
        assert_eq!(current(folder.path()), expected, "{step}:{times}");
        assert_verified(folder.path());
    });
    let crashes = crashes.into_inner();
    println!("{} failpoints, {crashes} crashes", steps.len());
    assert!(crashes > 100);
}

/// The number of lakes per world, and of nights on which each is killed.
const LAKES: u64 = 4;
const NIGHTS: u64 = 4;

/// Kills the runs of a world, each at another moment: the golden section spreads them evenly,
/// however many they are.
fn kill_runs_of_a_world(world: u64) {
    let tenant = tenant(world);
    let undisturbed = tenant.another_folder();
    let lakes: Vec<_> = (0..LAKES).map(|_| tenant.another_folder()).collect();
    for night in 0..NIGHTS {
        if night > 0 {
            tenant.advance(1);
        }
        let watch = Stopwatch::start();
        run_report(&config_in(undisturbed.path()), &[], 1);
        let whole = watch.elapsed();
        let expected = current(undisturbed.path());
        for (lake, number) in lakes.iter().zip(0..) {
            let kill = (world * NIGHTS + night) * LAKES + number;
            let share = kill.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            let after = whole * u32::try_from(share).unwrap() / (1 << 24);
            run_and_kill(&config_in(lake.path()), after);
            run_report(&config_in(lake.path()), &[], 1);
            let place = format!("world {world}, night {night}, killed after {after:?}");
            assert_eq!(current(lake.path()), expected, "{place}");
            assert_verified(lake.path());
        }
    }
}

#[test]
fn runs_killed_at_any_time_are_recovered_every_day() {
    let kills = turn::asked("TOUCHPOINT_KILLS").unwrap_or(LAKES * NIGHTS);
    let worlds = kills.div_ceil(LAKES * NIGHTS);
    turn::each(100..100 + worlds, kill_runs_of_a_world);
    println!("{} kills", worlds * LAKES * NIGHTS);
}

#[test]
fn of_two_concurrent_runs_one_stops_with_a_reason() {
    let mut tenant = tenant(45);
    tenant.note_run();
    let mut first = with_config(&tenant.config(), &["run"]);
    first.stdout(Stdio::null()).stderr(Stdio::null());
    let mut first = first.spawn().unwrap();
    // From its first commit on it is suspended, with files that are written but not committed.
    let cursors = tenant.folder().join("lake/_touchpoint/cursors");
    let has_begun = || fs::read_dir(&cursors).is_ok_and(|mut files| files.next().is_some());
    let (_sender, pause) = std::sync::mpsc::channel::<()>();
    while !has_begun() && first.try_wait().unwrap().is_none() {
        let _ = pause.recv_timeout(Duration::from_millis(1));
    }
    signal("STOP", first.id());
    let second = with_config(&tenant.config(), &["run"]).output().unwrap();
    signal("CONT", first.id());
    let ended = first.wait().unwrap();
    let text = text_of(&second);
    assert_eq!(second.status.code(), Some(2), "{text}");
    assert!(
        text.contains(&format!("held by another run (process {})", first.id())),
        "{text}"
    );
    assert_eq!(ended.code(), Some(1));
    tenant.compare_rows_with_truth();
    assert_verified(tenant.folder());
}

fn signal(name: &str, process: u32) {
    let mut kill = Command::new("kill");
    expect_code(kill.args(["-s", name, &process.to_string()]), 0);
}
