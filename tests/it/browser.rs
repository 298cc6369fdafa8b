//! The pages of `touchpoint serve` in Chromium, where the machine has it: `scripts/test` installs it,
//! with the packages that drive it.

use std::path::Path;
use std::process::Command;

use crate::support::expect_code;
use crate::support::root;
use crate::support::served::Served;
use crate::support::target;
use crate::support::tenant::Tenant;
use crate::support::turn;

const CHROMIUM: &str = "/usr/bin/chromium";

#[test]
fn readers_find_their_way_in_a_browser() {
    let modules = target().join("browser");
    for needed in [Path::new(CHROMIUM), &modules.join("node_modules")] {
        if !needed.exists() {
            println!("skipped: there is no {}", needed.display());
            return;
        }
    }
    let mut tenant = Tenant::generated(91, 25);
    tenant.run();
    let served = Served::start(&tenant.config());
    let mut browser = Command::new("node");
    browser.arg(root().join("tests/browser/pages.mjs"));
    browser.arg(&served.address).arg(&modules);
    if turn::is_long() {
        browser.arg("--all");
    }
    let seen = expect_code(browser.env("CHROMIUM", CHROMIUM), 0);
    let count = seen.lines().filter(|line| line.starts_with("ok: ")).count();
    assert!(count >= 16, "{seen}");
    println!("{seen}");
}
