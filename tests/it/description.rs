//! What the client sends and what the simulated tenant answers, against Microsoft's own description of
//! Graph (`src/sim/description.json`), read by `tests/py/check_description.py`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::python;
use crate::support::root;
use crate::support::tenant::Tenant;

/// Planted in the calendars of every world with enough meetings: unknown future services (facts
/// 2.3).
const OF_TOMORROW: &str = "event.onlineMeetingProvider: 'unknownFutureValue' is no \
                           microsoft.graph.onlineMeetingProviderType";

/// What the checker found to deviate; it says how often, which is of no concern.
fn deviations(found: &Value) -> BTreeSet<String> {
    let found = found["deviations"].as_object().unwrap();
    let found = found.keys().filter(|what| *what != OF_TOMORROW);
    found.cloned().collect()
}

fn names(planted: &[&str]) -> BTreeSet<String> {
    planted.iter().map(|name| (*name).to_owned()).collect()
}

fn script() -> std::process::Command {
    let mut script = python::script("check_description.py");
    script.arg(root().join("src/sim/description.json"));
    script
}

/// Two runs of a world. The deviations are exactly those that its file plants.
fn two_nights(world: &str, planted: &[&str]) -> Value {
    let mut tenant = Tenant::recorded(world);
    tenant.configure("\n[run]\nretry_seconds = 0.02\n");
    tenant.nights(2, |_, _| ());
    let found = python::json(script().arg("recording").arg(tenant.recording()));
    assert_eq!(deviations(&found), names(planted), "{found:#}");
    found
}

/// The same of a world of `fixtures/worlds`.
fn of_fixture(name: &str, planted: &[&str]) -> Value {
    let text = fs::read_to_string(root().join("fixtures/worlds").join(name)).unwrap();
    // Time that is waited for shows nothing here.
    two_nights(&text.replace("latency_ms = 150", "latency_ms = 5"), planted)
}

#[test]
fn a_generated_world_and_its_client_keep_to_the_description() {
    let found = two_nights("seed = 47\nusers = 16\nmails_per_user = 40\n", &[]);
    // Every request of a run was checked against it.
    for template in [
        "sign-in",
        "batch",
        "/organization",
        "/groups",
        "/groups/{id}/transitivemembers",
        "/users/{id}/mailboxsettings/userpurpose",
        "/users/{id}/mailfolders",
        "/users/{id}/mailfolders/{id}",
        "/users/{id}/mailfolders/{id}/childfolders",
        "/users/{id}/mailfolders/{id}/messages/delta",
        "/users/{id}/messages",
        "/users/{id}/calendarview/delta",
    ] {
        assert!(
            found["requests"][template].as_u64() > Some(0),
            "{template}: {found:#}"
        );
    }
    assert!(found["deviations"][OF_TOMORROW].as_u64() > Some(0));
}

#[test]
fn worlds_of_other_policies_keep_to_the_description() {
    for name in ["small.toml", "quiet.toml", "internal.toml", "skip.toml"] {
        of_fixture(name, &[]);
    }
}

#[test]
fn worlds_with_faults_conform_to_the_description() {
    for name in [
        "slow.toml",
        "faults.toml",
        // Its booleans as text are in `isRead`, which the client never selects.
        "rough.toml",
    ] {
        of_fixture(name, &[]);
    }
}

#[test]
fn a_world_of_odd_calendars_deviates_by_its_capitals_alone() {
    let planted = [
        "dateTimeTimeZone.DateTime: no such property",
        "dateTimeTimeZone.TimeZone: no such property",
    ];
    of_fixture("calendars.toml", &planted);
}

#[test]
fn golden_pages_conform_except_for_what_they_demonstrate() {
    let malformed = [
        "dateTimeTimeZone.DateTime: no such property",
        "dateTimeTimeZone.TimeZone: no such property",
        "event.attendees: null",
        "event.isAllDay: str for Edm.Boolean",
        "event.isCancelled: str for Edm.Boolean",
        "event.isDraft: str for Edm.Boolean",
        "microsoft.graph.attendee: no object",
    ];
    let pages: [(&str, &str, &[&str]); 5] = [
        (
            "delta-",
            "message",
            &["message.isRead: str for Edm.Boolean"],
        ),
        ("events-", "event", &malformed),
        ("users-", "user", &["user.proxyAddresses: null"]),
        ("transitive-", "directoryObject", &[]),
        ("folders-", "mailFolder", &[]),
    ];
    let all: Vec<PathBuf> = fs::read_dir(root().join("fixtures/graph"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let mut seen = 0;
    for (prefix, kind, planted) in pages {
        let is_its = |path: &&PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(prefix)
        };
        let files: Vec<&PathBuf> = all.iter().filter(is_its).collect();
        seen += files.len();
        let found = python::json(script().args(["pages", kind]).args(files));
        assert_eq!(deviations(&found), names(planted), "{prefix}");
    }
    assert_eq!(seen, all.len(), "a page of an unchecked kind");
}
