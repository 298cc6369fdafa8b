//! Many nights with few arrivals each: their small files are merged, and nobody notices.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use touchpoint::runtime::clock::Stopwatch;

use crate::support::deaths::assert_verified;
use crate::support::deaths::config_in;
use crate::support::deaths::current;
use crate::support::deaths::dies_at;
use crate::support::deaths::has_steps;
use crate::support::deaths::steps_of;
use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::turn;
use crate::support::with_config;

/// Enough for more small files in one month than are left alone. The long turn has a year.
const NIGHTS: u32 = 28;
/// Small files that a month may have.
const SMALL_FILES_MAX: u64 = 20;

/// As if all logs had been written a day earlier.
fn age_logs(lake: &Path) {
    for table in ["interactions", "contact_activity", "mailboxes"] {
        for entry in std::fs::read_dir(lake.join(table).join("_delta_log")).unwrap() {
            let file = File::options()
                .append(true)
                .open(entry.unwrap().path())
                .unwrap();
            let at = file.metadata().unwrap().modified().unwrap();
            file.set_modified(at - Duration::from_hours(24)).unwrap();
        }
    }
}

/// A copy of a tenant's folder as it is, with the lake in it and the caches.
fn copy(tenant: &Tenant) -> TempDir {
    let copy = tenant.another_folder();
    copy_lake(tenant.folder(), copy.path());
    copy
}

fn copy_lake(from: &Path, to: &Path) {
    let mut cp = Command::new("cp");
    let parts = ["lake", "state", "index"].map(|part| from.join(part));
    expect_code(cp.arg("-a").args(parts).arg(to), 0);
}

/// A run over a copy that dies at its `number`-th step is made good by the next, which merges what
/// was left. False where it had fewer steps: how many there are goes by how requests fall together.
fn dies_and_goes_on(before: &Path, tenant: &Tenant, number: usize, expected: &Value) -> bool {
    let folder = tenant.another_folder();
    copy_lake(before, folder.path());
    let died = dies_at(&config_in(folder.path()), "any", number);
    run_report(&config_in(folder.path()), &[], 1);
    assert_eq!(&current(folder.path()), expected, "any:{number}");
    assert_verified(folder.path());
    assert_few_small_files(folder.path());
    died
}

/// Dies at steps of the run that merged: at every fifth in the long turn, else at some of the last
/// ones, where months are merged.
fn die_while_merging(before: &Path, tenant: &Tenant, is_long: bool) {
    let undisturbed = tenant.another_folder();
    copy_lake(before, undisturbed.path());
    let steps = steps_of(undisturbed.path()).len();
    let expected = current(undisturbed.path());
    let (apart, tries) = if is_long { (5, steps / 5) } else { (20, 4) };
    let deaths = AtomicUsize::new(0);
    turn::each(1..1 + tries as u64, |number| {
        let back = usize::try_from(number).unwrap() * apart;
        let died = dies_and_goes_on(before, tenant, steps + 1 - back, &expected);
        deaths.fetch_add(usize::from(died), Ordering::Relaxed);
    });
    let deaths = deaths.into_inner();
    println!("{steps} steps of a run that merges, {deaths} deaths");
    assert!(deaths > tries / 2);
}

fn assert_few_small_files(folder: &Path) {
    let seen = python::json(python::script("read_lake.py").arg(folder.join("lake")));
    for table in ["interactions", "contact_activity", "mailboxes"] {
        for (month, files) in seen[table]["files"].as_object().unwrap() {
            let files = files.as_u64().unwrap();
            assert!(files <= SMALL_FILES_MAX, "{table} {month}: {files} files");
        }
    }
}

#[test]
fn many_nights_leave_no_month_with_many_small_files_and_change_no_row() {
    let mut tenant = Tenant::of_fixture("quiet.toml");
    let mut merged = 0;
    let mut quiet_runs = Vec::new();
    let nights = turn::asked("TOUCHPOINT_NIGHTS");
    let (is_long, nights) = (nights.is_some(), nights.unwrap_or(NIGHTS));
    for night in 0..nights {
        let before = (night > 0).then(|| {
            tenant.advance(1);
            if is_long {
                age_logs(&tenant.folder().join("lake"));
            }
            copy(&tenant)
        });
        let report = tenant.night();
        let caught_up = report["caught_up"].as_array().unwrap();
        assert!(caught_up.is_empty(), "night {night}: {caught_up:?}");
        let now_merged = report["merged_months"].as_u64().unwrap();
        if now_merged > 0 && merged == 0 && has_steps() {
            die_while_merging(before.unwrap().path(), &tenant, is_long);
        }
        merged += now_merged;
        if is_long && (night == 7 || night + 1 == nights) {
            let quiet = Stopwatch::start();
            tenant.run();
            quiet_runs.push(quiet.elapsed().as_secs_f64());
        }
    }
    if let [after_a_week, at_the_end] = quiet_runs[..] {
        let ratio: f64 = at_the_end / after_a_week;
        println!("a quiet run after {nights} nights: {ratio:.2} times what it took after a week");
        // Wide enough for a machine that has other things to do.
        assert!(ratio < 2.0, "{after_a_week} s, then {at_the_end} s");
    }
    assert_few_small_files(tenant.folder());
    assert!(merged >= 3, "one month of each table, not {merged} in all");
    tenant.compare_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}
