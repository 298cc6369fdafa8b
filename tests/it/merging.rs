//! Many nights with few arrivals each: their small files are merged, and nobody notices.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use touchpoint::runtime::clock::Stopwatch;

use crate::support::expect_code;
use crate::support::python;
use crate::support::tenant::Tenant;
use crate::support::turn;
use crate::support::with_config;

/// Enough for more small files in one month than are left alone. The long turn has a year.
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

/// Seconds that some work takes, of several times the shortest.
fn quickest_of(times: u32, mut work: impl FnMut()) -> f64 {
    let seconds = (0..times).map(|_| {
        let begun = Stopwatch::start();
        work();
        begun.elapsed().as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}

#[test]
fn many_nights_leave_no_month_with_many_small_files_and_change_no_row() {
    let mut tenant = Tenant::of_fixture("quiet.toml");
    let mut merged = 0;
    let mut quiet_runs = Vec::new();
    let nights = turn::asked("TOUCHPOINT_NIGHTS");
    let (is_long, nights) = (nights.is_some(), nights.unwrap_or(NIGHTS));
    for night in 0..nights {
        if night > 0 {
            tenant.advance(1);
            if is_long {
                age_logs(&tenant.folder().join("lake"));
            }
        }
        let report = tenant.night();
        let caught_up = report["caught_up"].as_array().unwrap();
        assert!(caught_up.is_empty(), "night {night}: {caught_up:?}");
        merged += report["merged_months"].as_u64().unwrap();
        if is_long && (night == 7 || night + 1 == nights) {
            quiet_runs.push(quickest_of(5, || drop(tenant.run())));
        }
    }
    if let [after_a_week, at_the_end] = quiet_runs[..] {
        let ratio: f64 = at_the_end / after_a_week;
        println!(
            "a quiet run after {nights} nights: {at_the_end:.3} s, {ratio:.2} times what it took \
             after a week"
        );
        // Wide enough for a machine that has other things to do.
        assert!(ratio < 2.0, "{after_a_week} s, then {at_the_end} s");
    }
    let lake = tenant.folder().join("lake");
    let seen = python::json(python::script("read_lake.py").arg(lake));
    for table in ["interactions", "contact_activity", "mailboxes"] {
        for (month, files) in seen[table]["files"].as_object().unwrap() {
            let files = files.as_u64().unwrap();
            assert!(files <= SMALL_FILES_MAX, "{table} {month}: {files} files");
        }
    }
    assert!(merged >= 3, "one month of each table, not {merged} in all");
    tenant.compare_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}
