//! Nothing is lost silently: truncated rounds, full mailboxes, malformed pages, unavailable items,
//! lost chains.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::commands::json;
use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// The second simulated night.
const SECOND: &str = "2026-03-03T02:00:00Z";

/// A small tenant with mail only and a faulty service; retries come quickly.
fn tenant(seed: u64, faults: &str) -> Tenant {
    let tenant = Tenant::of_world(&format!(
        "seed = {seed}\nusers = 16\nmails_per_user = 15\nmeetings_per_user = 0\n{faults}\n\
         [crm_changes]\neach = 0\n"
    ));
    tenant.configure("\n[run]\nretry_seconds = 0.01\n");
    tenant
}

fn with_status<'a>(report: &'a Value, status: &str) -> Vec<&'a Value> {
    let mailboxes = report["mailboxes"].as_array().unwrap().iter();
    mailboxes.filter(|m| m["status"] == status).collect()
}

/// Requests since the `since`-th whose path has this suffix.
fn asked(tenant: &Tenant, since: u64, ending: &str) -> Vec<Value> {
    let log = tenant.log(since).into_iter();
    log.filter(|request| {
        let path = request["path"].as_str().unwrap().to_lowercase();
        path.contains("/mailfolders") && path.ends_with(ending)
    })
    .collect()
}

/// A truncated round, a full mailbox, malformed pages, items of other kinds: the affected
/// mailboxes. (The numbers are those of people of this world whose mailboxes are read.)
const TROUBLE: &str = r#"
[[faults]]
kind = "cut_round"
mailbox = 0
at = 5

[[faults]]
kind = "quota_full"
mailbox = 1
until = "2026-03-03T02:00:00Z"

[[faults]]
kind = "poisoned_item"
mailbox = 2
until = "2026-03-03T02:00:00Z"

[[faults]]
kind = "private_poison"
mailbox = 3
folder = "any"
until = "2026-03-03T02:00:00Z"

[[faults]]
kind = "surplus"
mailbox = 5
items = 3
"#;

/// Facts 1.7 to 1.10 and 6.2.
#[test]
fn items_missing_from_chains_are_read_in_other_ways() {
    let mut tenant = tenant(29, TROUBLE);
    let report = tenant.night();
    for status in ["incomplete", "failed"] {
        assert!(with_status(&report, status).is_empty(), "{report}");
    }
    let complete = with_status(&report, "complete").into_iter();
    let listed = complete.filter(|mailbox| {
        let reason = mailbox["reason"].as_str().unwrap_or_default();
        reason.contains("plain lists")
    });
    assert!(listed.count() >= 2, "{report}");
    assert!(asked(&tenant, 0, "/messages").len() > 5);
    // A malformed page costs only its malformed item.
    let reasons = &report["totals"]["reasons"]["unreadable"];
    let unread = reasons["not_served"].as_u64().unwrap();
    let kept = unreadable(&tenant);
    assert!(unread > 0 && kept >= unread, "{kept} of {unread}");

    // Items seen before are not reported by the chain, known items of other kinds cause no alarm,
    // and items refused earlier are available by now.
    tenant.advance(1);
    let report = tenant.night();
    assert!(
        with_status(&report, "complete")
            .iter()
            .all(|m| m["reason"].is_null())
    );
    assert_eq!(unreadable(&tenant), kept - unread);
    tenant.compare_rows_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

#[test]
fn an_unlistable_truncated_folder_is_incomplete_until_listed() {
    let mut tenant = tenant(
        72,
        &format!(
            "[[faults]]\nkind = \"cut_round\"\nat = 5\nuntil = \"{SECOND}\"\n\
             [[faults]]\nkind = \"status\"\nrequest = \"list\"\nstatus = 500\n\
             code = \"ErrorInternalServerError\"\nuntil = \"{SECOND}\"\n"
        ),
    );
    // Exit code 1, as every run of a test expects; but here for this reason, too.
    let report = tenant.night();
    let incomplete = with_status(&report, "incomplete");
    assert!(incomplete.len() > 5, "{report}");
    for mailbox in &incomplete {
        let reason = mailbox["reason"].as_str().unwrap();
        assert!(
            reason.contains("items, ") && reason.contains("are unavailable"),
            "{reason}"
        );
    }
    assert!(
        report["exit_reason"]
            .as_str()
            .unwrap()
            .contains("incomplete")
    );
    // Truncated chains continue, and lists return the missing items as soon as they are available.
    let since = tenant.served_requests();
    tenant.advance(1);
    let report = tenant.night();
    assert!(with_status(&report, "incomplete").is_empty());
    let first_pages = asked(&tenant, since, "/messages/delta").into_iter();
    let first_pages =
        first_pages.filter(|r| r["query"].as_str().unwrap_or_default().contains("select"));
    assert_eq!(first_pages.count(), 0);
    assert!(!asked(&tenant, since, "/messages").is_empty());
    // Copies elsewhere have waited for those in Sent Items that were missing.
    tenant.compare_rows_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// A field of each mailbox in `status`.
fn status(tenant: &Tenant) -> Vec<Value> {
    let status = json(tenant, &["status"], 0);
    status["mailboxes"].as_array().unwrap().clone()
}

/// One of its cells.
fn status_field(tenant: &Tenant, name: &str) -> Vec<Value> {
    let mailboxes = status(tenant).into_iter();
    mailboxes.map(|mailbox| mailbox[name].clone()).collect()
}

/// Items in the ledger.
fn unreadable(tenant: &Tenant) -> u64 {
    status(tenant)
        .iter()
        .map(|mailbox| {
            let count = mailbox["unreadable"].as_u64().unwrap();
            assert_eq!(count > 0, mailbox["unreadable_since"].is_string());
            count
        })
        .sum()
}

/// Facts 1.6.
#[test]
fn lost_chains_restart_without_duplicates() {
    let mut tenant = tenant(
        76,
        &format!(
            "[[faults]]\nkind = \"forgotten\"\nfrom = \"{SECOND}\"\ntimes = 40\n\
             [switches]\nshort_pages = false\n"
        ),
    );
    tenant.night();
    tenant.advance(1);
    let report = tenant.night();
    assert!(with_status(&report, "failed").is_empty(), "{report}");
    assert!(report["totals"]["outcomes"]["unchanged"].as_u64().unwrap() > 50);
    tenant.compare_rows_with_truth();
    // A day later a user without a mailbox is requested again.
    let absent = with_status(&report, "no_mailbox")[0];
    assert!(absent["requests"].as_u64().unwrap() > 0);
}

/// Facts 1.6.
#[test]
fn after_total_chain_loss_few_mailboxes_resync_at_a_time() {
    let forgotten = |mailbox| {
        format!(
            "[[faults]]\nkind = \"forgotten\"\nmailbox = {mailbox}\nfrom = \"{SECOND}\"\ntimes = 1\n"
        )
    };
    let rows: String = (0..16).map(forgotten).collect();
    let mut tenant = tenant(79, &format!("{rows}[switches]\nlatency_ms = 20\n"));
    tenant.configure("page_size = 5\nmailboxes_at_once = 16\n");
    tenant.night();
    tenant.advance(1);
    let since = tenant.served_requests();
    tenant.night();
    // Only the first request of a chain says what it selects. The others come of links.
    let mut read_again: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (number, request) in asked(&tenant, since, "/messages/delta").iter().enumerate() {
        let mailbox = request["mailbox"].as_str().unwrap().to_owned();
        let is_first = request["query"].as_str().unwrap().contains("select");
        if is_first || read_again.contains_key(&mailbox) {
            read_again.entry(mailbox).or_insert((number, number)).1 = number;
        }
    }
    let at_once = |start: usize| {
        let spans = read_again.values();
        spans
            .filter(|span| span.0 <= start && start <= span.1)
            .count()
    };
    let most = read_again.values().map(|span| at_once(span.0)).max();
    assert!(read_again.len() > 8, "{read_again:?}");
    assert!((2..=4).contains(&most.unwrap()), "{read_again:?}");
    tenant.compare_rows_with_truth();
}

/// Facts 1.7 and 1.10.
#[test]
fn a_monthly_listing_finds_nothing_missing_or_duplicated() {
    let faults = "[[faults]]\nkind = \"surplus\"\nitems = 3\nfolder = \"any\"\n\
                  [switches]\nlose_moves_there_and_back = true\n";
    let mut tenant = tenant(77, faults);
    tenant.night();
    let first = asked(&tenant, 0, "/messages").len();
    let since = tenant.served_requests();
    tenant.advance(15);
    tenant.night();
    // Only for a new folder the items of other kinds are still unknown.
    let second = asked(&tenant, since, "/messages").len();
    assert!(second < first / 4, "{first} lists, then {second}");
    let since = tenant.served_requests();
    tenant.advance(17);
    let report = tenant.night();
    assert!(!asked(&tenant, since, "/messages").is_empty());
    assert!(with_status(&report, "incomplete").is_empty());
    tenant.compare_rows_with_truth();
}

#[test]
fn rereading_a_mailbox_or_range_makes_no_duplicates() {
    let mut tenant = tenant(78, "");
    let report = tenant.night();
    let all = with_status(&report, "complete").into_iter();
    let largest = all
        .max_by_key(|mailbox| mailbox["recorded_total"].as_u64())
        .unwrap();
    let address = largest["mailbox_address"].as_str().unwrap();
    let since = tenant.served_requests();
    let again = run_report(&tenant.config(), &["--mailbox", address, "--again"], 0);
    // Everything is read again. (Which items a page repeats depends on how fast pages are answered.)
    let unchanged = again["totals"]["outcomes"]["unchanged"].as_u64().unwrap();
    assert!(unchanged >= largest["items"]["outcomes"]["recorded"].as_u64().unwrap());
    assert_eq!(again["totals"]["outcomes"]["recorded"], 0);
    let first_pages = asked(&tenant, since, "/messages/delta").into_iter();
    let first_pages =
        first_pages.filter(|r| r["query"].as_str().unwrap_or_default().contains("select"));
    assert!(first_pages.count() > 3);
    // Within the window nothing is missing, so nothing is filled.
    let within = ["--from", "2026-01-01", "--to", "2026-03-02"];
    let successes = status_field(&tenant, "last_success");
    let filled = run_report(&tenant.config(), &within, 1);
    assert!(with_status(&filled, "complete").is_empty());
    assert!(!with_status(&filled, "filled").is_empty());
    assert_eq!(
        status_field(&tenant, "last_success"),
        successes,
        "what was filled is no success of the nightly job"
    );
    assert!(filled["totals"]["received"].as_u64().unwrap() > 50);
    // On the same day a user without a mailbox is not requested again (facts 6.2).
    assert_eq!(with_status(&filled, "no_mailbox")[0]["requests"], 0);
    assert_eq!(filled["totals"]["outcomes"]["recorded"], 0);
    tenant.compare_rows_with_truth();
    // What is older than the window is recorded, once.
    let before = ["--from", "2024-01-01", "--to", "2025-03-01"];
    let recorded = |report: &Value| report["totals"]["outcomes"]["recorded"].as_u64().unwrap();
    assert!(recorded(&run_report(&tenant.config(), &before, 1)) > 0);
    assert_eq!(recorded(&run_report(&tenant.config(), &before, 1)), 0);
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}
