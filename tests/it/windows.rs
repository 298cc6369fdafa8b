//! Windows of mail and meetings that become wider, and shorter, after the first run.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::python;
use crate::support::run_and_kill;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

const NARROW: &str = "{ mail = \"5 months\", meetings = \"60 days\" }";
const WIDE: &str = "{ mail = \"24 months\", meetings = \"9 months\" }";
const SHORTER: &str = "\"1 month\"";

fn set_window(folder: &Path, window: &str) {
    let path = folder.join("touchpoint.toml");
    let config = fs::read_to_string(&path).unwrap();
    let is_other = |line: &&str| !line.starts_with("window = ");
    let rest: Vec<&str> = config.lines().filter(is_other).collect();
    let config = rest
        .join("\n")
        .replace("[capture]", &format!("[capture]\nwindow = {window}"));
    fs::write(path, config + "\n").unwrap();
}

/// Rows and digest of the current rows of a lake, in the columns in which two results are equal.
fn current(folder: &Path) -> Value {
    python::json(python::script("current_rows.py").arg(folder.join("lake")))
}

/// The current meetings and mails of a lake.
fn counts(rows: &Value) -> u64 {
    rows["interactions"].as_u64().unwrap()
}

fn world(more: &str) -> Tenant {
    Tenant::of_world(&format!(
        "seed = 73\nusers = 16\nmails_per_user = 60\nmeetings_per_user = 6\nmonths = 30\n\
         crm_changes.each = 0\n{more}"
    ))
}

/// What happens between the narrow window and the lake that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    /// The run that widens it is killed again and again.
    Kills,
    /// The state cache is lost.
    CacheIsLost,
}

#[test]
fn a_wider_window_leaves_what_it_would_have_left_from_the_start() {
    for (between, switches) in [
        (Between::Nothing, ""),
        (Between::Kills, ""),
        (
            Between::CacheIsLost,
            "[switches]\ncustom_zones = true\nmissing_masters = \"found\"\n",
        ),
    ] {
        let tenant = world(switches);
        let from_the_start = tenant.another_folder();
        set_window(from_the_start.path(), WIDE);
        run_report(&from_the_start.path().join("touchpoint.toml"), &[], 1);

        set_window(tenant.folder(), NARROW);
        run_report(&tenant.config(), &[], 1);
        let narrow = current(tenant.folder());
        set_window(tenant.folder(), WIDE);
        match between {
            Between::Nothing => {}
            Between::Kills => {
                // Short pages, so that there are many commits between which it is killed.
                tenant.configure("\n[run]\npage_size = 20\n");
                for kill in 1..16_u64 {
                    run_and_kill(&tenant.config(), Duration::from_millis(10 * kill * kill));
                }
            }
            Between::CacheIsLost => fs::remove_dir_all(tenant.folder().join("state")).unwrap(),
        }
        run_report(&tenant.config(), &[], 1);
        let (wide, expected) = (current(tenant.folder()), current(from_the_start.path()));
        assert_eq!(wide, expected, "{between:?}");
        assert!(counts(&wide) > counts(&narrow) + 100, "{narrow} {wide}");
        expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);

        // Nothing is dropped by a shorter window, and nothing is read twice.
        set_window(tenant.folder(), SHORTER);
        let before = tenant.served_requests();
        let report = run_report(&tenant.config(), &[], 1);
        assert_eq!(report["totals"]["outcomes"]["recorded"], 0, "{between:?}");
        assert_eq!(current(tenant.folder()), expected, "{between:?}");
        let chains = tenant.log(before).into_iter();
        let first_pages = chains.filter(|request| {
            let query = request["query"].as_str().unwrap();
            query.contains("select") && request["path"].as_str().unwrap().contains("/delta")
        });
        assert_eq!(first_pages.count(), 0, "{between:?}");
    }
}

/// The next days of a lake whose window became wider are those of one that had it from the start.
#[test]
fn days_after_a_wider_window_are_as_planted() {
    let mut tenant = Tenant::of_world(
        "seed = 74\nusers = 16\nmails_per_user = 40\nmeetings_per_user = 3\ncrm_changes.each = 0\n",
    );
    set_window(
        tenant.folder(),
        "{ mail = \"2 months\", meetings = \"1 month\" }",
    );
    tenant.run();
    assert!(
        !tenant
            .differences_from_truth()
            .as_object()
            .unwrap()
            .is_empty()
    );
    set_window(tenant.folder(), "\"12 months\"");
    for _ in 0..3 {
        tenant.run();
        tenant.compare_rows_with_truth();
        tenant.advance(1);
    }
    tenant.run();
    tenant.compare_rows_with_truth();
}
