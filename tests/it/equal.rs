//! The result does not depend on the threads, the page size and the time at which a run is killed.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::python;
use crate::support::run_and_kill;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// Rows and digest of the current rows of a lake, in the columns in which two results are equal.
fn current(lake: &Path) -> Value {
    python::json(python::script("current_rows.py").arg(lake))
}

#[test]
fn threads_and_page_size_do_not_change_the_rows() {
    let tenant =
        Tenant::of_world("seed = 41\nusers = 16\nmails_per_user = 60\nmeetings_per_user = 1\n");
    let mut results = Vec::new();
    for (threads, page_size) in [(1, 500), (2, 500), (8, 500), (2, 1), (2, 10)] {
        let folder = tenant.another_folder();
        let config = folder.path().join("touchpoint.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let run = format!("[run]\nthreads = {threads}\npage_size = {page_size}\n");
        std::fs::write(&config, set_run(&text, &run)).unwrap();
        run_report(&config, &[], 1);
        results.push((threads, page_size, current(&folder.path().join("lake"))));
    }
    for (threads, page_size, rows) in &results[1..] {
        assert_eq!(
            rows, &results[0].2,
            "{threads} threads, pages of {page_size}"
        );
    }
    assert!(results[0].2["interactions"].as_u64().unwrap() > 100);
}

/// The configuration with another `[run]` section.
fn set_run(text: &str, run: &str) -> String {
    let kept: Vec<&str> = text
        .split("\n[")
        .enumerate()
        .filter(|(_, section)| !section.starts_with("run]"))
        .map(|(_, section)| section)
        .collect();
    format!("{}\n\n{run}", kept.join("\n["))
}

#[test]
fn a_run_killed_at_any_time_is_recovered() {
    let mut tenant = Tenant::of_mail(42);
    // Short pages, so that a run has many commits between which it can be killed.
    let text = std::fs::read_to_string(tenant.config()).unwrap();
    std::fs::write(tenant.config(), set_run(&text, "[run]\npage_size = 20\n")).unwrap();
    tenant.note_run();
    for kill in 0..20_u64 {
        // From before the lake is made to after the first commits: 20 ms to 2 s, unevenly.
        let moment = Duration::from_millis(20 + kill * kill * 5);
        run_and_kill(&tenant.config(), moment);
    }
    run_report(&tenant.config(), &[], 1);
    tenant.compare_rows_with_truth();
    let verify = with_config(&tenant.config(), &["verify"]).output().unwrap();
    assert!(
        verify.status.success(),
        "{}",
        crate::support::text_of(&verify)
    );
}
