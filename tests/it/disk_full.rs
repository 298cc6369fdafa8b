//! A real file system that is full: the run says so, and the next one recovers.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::expect_code;
use crate::support::tenant::Tenant;
use crate::support::touchpoint;
use crate::support::with_config;

/// Whether this user may mount a file system in a name space of its own.
fn may_mount() -> bool {
    let mut probe = Command::new("unshare");
    let output = probe.args(["--mount", "true"]).output();
    let may = output.is_ok_and(|output| output.status.success());
    if !may {
        println!("skipped: a small file system cannot be mounted here");
    }
    may
}

/// Runs twice on a lake on a file system of this many KiB, which is enlarged for the second run;
/// the outputs are left in files, and the lake in its folder.
fn run_on_a_small_disk(folder: &Path, kibibytes: u32) -> [(String, i32); 2] {
    let script = "
        set -u
        cd \"$1\"
        mkdir -p lake kept
        mount -t tmpfs -o size=\"$3\"k none lake
        \"$2\" --config touchpoint.toml run > full.txt 2>&1; echo $? > full.code
        mount -o remount,size=100m lake
        \"$2\" --config touchpoint.toml run > large.txt 2>&1; echo $? > large.code
        cp -a lake/. kept/
        umount lake
        rmdir lake
        mv kept lake";
    let mut shell = Command::new("unshare");
    shell
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(folder);
    shell.arg(touchpoint().get_program());
    expect_code(shell.arg(kibibytes.to_string()), 0);
    ["full", "large"].map(|name| {
        let read = |ending| fs::read_to_string(folder.join(name).with_extension(ending)).unwrap();
        (read("txt"), read("code").trim().parse().unwrap())
    })
}

#[test]
fn a_full_disk_ends_the_run_and_the_next_recovers() {
    if !may_mount() {
        return;
    }
    // From a disk that holds nearly nothing to one that holds nearly all.
    for kibibytes in [60, 400, 1200] {
        let mut tenant =
            Tenant::of_world("seed = 64\nusers = 16\nmails_per_user = 30\nmeetings_per_user = 1\n");
        tenant.configure("\n[run]\npage_size = 10\n");
        tenant.note_run();
        let [full, large] = run_on_a_small_disk(tenant.folder(), kibibytes);
        assert_eq!(full.1, 2, "{kibibytes} KiB: {}", full.0);
        assert!(full.0.contains("No space left on device"), "{}", full.0);
        assert_eq!(large.1, 1, "{kibibytes} KiB: {}", large.0);
        tenant.compare_rows_with_truth();
        expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    }
}
