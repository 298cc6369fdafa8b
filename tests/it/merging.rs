//! Many runs with few arrivals each: their small files are merged transparently.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use touchpoint::runtime::clock::Stopwatch;

use crate::support::expect_code;
use crate::support::python;
use crate::support::tenant::Tenant;
use crate::support::turn;
use crate::support::with_config;

/// Enough for more small files in one month than are tolerated. The long run covers a year.
const NIGHTS: u32 = 24;
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

/// Hides a file of the month of `interactions` that has most; gives where it was and where it is.
fn hide_one(lake: &Path) -> (PathBuf, PathBuf) {
    let files_of = |folder: PathBuf| {
        let files = std::fs::read_dir(folder).unwrap();
        let files = files.map(|file| file.unwrap().path());
        files.filter(|file| file.is_file()).collect::<Vec<_>>()
    };
    let months = std::fs::read_dir(lake.join("interactions")).unwrap();
    let months = months.map(|month| month.unwrap().path());
    let months = months.filter(|month| !month.ends_with("_delta_log"));
    let fullest = months.map(files_of).max_by_key(Vec::len).unwrap();
    let file = fullest.first().unwrap().clone();
    let elsewhere = lake.with_file_name("hidden.parquet");
    std::fs::rename(&file, &elsewhere).unwrap();
    (file, elsewhere)
}

/// Seconds that an idle run takes to open lake, state and index, and in total; the minimum of five
/// runs.
fn quickest_run(tenant: &mut Tenant) -> [f64; 2] {
    let seconds = (0..5).map(|_| {
        let begun = Stopwatch::start();
        let report = tenant.run();
        let in_all = begun.elapsed().as_secs_f64();
        [report["opening_seconds"].as_f64().unwrap(), in_all]
    });
    let least = |a: [f64; 2], b: [f64; 2]| [a[0].min(b[0]), a[1].min(b[1])];
    seconds.fold([f64::INFINITY; 2], least)
}

#[test]
fn merging_bounds_the_number_of_small_files() {
    let mut tenant = Tenant::of_fixture("quiet.toml");
    let mut merged = 0;
    let mut is_put_off = false;
    let mut quiet_runs = Vec::new();
    let nights = turn::asked("TOUCHPOINT_NIGHTS");
    let (is_long, nights) = (nights.is_some(), nights.unwrap_or(NIGHTS));
    for night in 0..nights {
        if night > 0 {
            tenant.advance(1);
            if is_long {
                let lake = tenant.folder().join("lake");
                age_logs(&lake);
                if night == 1 {
                    // In a year that is simulated within minutes they would all still be referenced
                    // at its end.
                    python::json(python::script("upkeep.py").arg(&lake).arg("forget"));
                }
            }
        }
        let hidden = (night > 0 && !is_put_off).then(|| hide_one(&tenant.folder().join("lake")));
        let report = tenant.night();
        if let Some((file, elsewhere)) = hidden {
            std::fs::rename(elsewhere, file).unwrap();
            is_put_off = report["notes"].to_string().contains("on another night");
        }
        let caught_up = report["caught_up"].as_array().unwrap();
        assert!(caught_up.is_empty(), "night {night}: {caught_up:?}");
        merged += report["merged_months"].as_u64().unwrap();
        if is_long && (night == 7 || night + 1 == nights) {
            quiet_runs.push(quickest_run(&mut tenant));
        }
    }
    if let [after_a_week, at_the_end] = quiet_runs[..] {
        for (what, which) in [("opens everything", 0), ("ends", 1)] {
            let (then, now) = (after_a_week[which], at_the_end[which]);
            let ratio = now / then;
            println!(
                "a quiet run after {nights} nights {what} after {now:.3} s, {ratio:.2} times \
                what it took after a week ({then:.3} s)"
            );
        }
    }
    let lake = tenant.folder().join("lake");
    let seen = python::json(python::script("read_lake.py").arg(lake));
    for table in ["interactions", "contact_activity", "mailboxes"] {
        for (month, files) in seen[table]["files"].as_object().unwrap() {
            let files = files.as_u64().unwrap();
            assert!(files <= SMALL_FILES_MAX, "{table} {month}: {files} files");
        }
    }
    assert!(
        is_put_off,
        "a month could not be merged, and the run was none the worse"
    );
    assert!(merged >= 3, "one month of each table, not {merged} in all");
    tenant.compare_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}
