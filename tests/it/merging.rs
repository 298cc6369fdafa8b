//! Many nights with few arrivals each: their small files are merged, and nobody notices.

use crate::support::expect_code;
use crate::support::python;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// Enough for more small files in one month than are left alone.
const NIGHTS: u32 = 28;
/// Small files that a month may have.
const SMALL_FILES_MAX: u64 = 20;

#[test]
fn many_nights_leave_no_month_with_many_small_files_and_change_no_row() {
    let mut tenant = Tenant::of_fixture("quiet.toml");
    let mut merged = 0;
    for night in 0..NIGHTS {
        if night > 0 {
            tenant.advance(1);
        }
        let report = tenant.night();
        let caught_up = report["caught_up"].as_array().unwrap();
        assert!(caught_up.is_empty(), "night {night}: {caught_up:?}");
        merged += report["merged_months"].as_u64().unwrap();
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
