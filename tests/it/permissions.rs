//! Runs over a tenant that grants more or less than ENTRA-ADMIN.md requires, and one that changes while
//! it is read.

use serde_json::Value;

use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

fn tenant(permissions: &str) -> Tenant {
    Tenant::of_world(&format!(
        "seed = 68\nusers = 16\nmails_per_user = 20\nmeetings_per_user = 1\n[permissions]\n{permissions}\n"
    ))
}

fn reason(report: &Value) -> String {
    report["exit_reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn minimal_and_excess_permissions_both_suffice() {
    for permissions in [
        "entra = ['User.Read.All', 'Organization.Read.All', 'GroupMember.Read.All', 'Mail.Read', \
         'Calendars.Read', 'MailboxSettings.Read']\nexchange = []",
        "entra = ['Directory.Read.All', 'Mail.ReadWrite', 'Calendars.ReadWrite']\n\
         exchange = ['MailboxSettings.ReadWrite']",
    ] {
        let mut tenant = tenant(permissions);
        tenant.run();
        tenant.compare_with_truth();
    }
}

/// Facts 13.
#[test]
fn user_read_all_suffices_for_the_directory() {
    let mut tenant = tenant("entra = ['User.Read.All', 'GroupMember.Read.All']");
    let report = tenant.run();
    let notes = report["notes"].to_string();
    assert!(notes.contains("Organization.Read.All"), "{notes}");
    tenant.compare_with_truth();
}

#[test]
fn the_kind_of_mailboxes_may_stay_hidden() {
    let mut tenant = tenant("exchange = ['Mail.Read', 'Calendars.Read']");
    let report = tenant.run();
    assert!(!reason(&report).contains("failed"), "{report:#}");
    // Then a shared mailbox is treated as that of a user, and nothing else differs.
    let differences = tenant.differences_from_truth();
    let mut kinds = differences.as_object().unwrap().keys();
    assert!(
        kinds.all(|kind| kind.ends_with("user_role")),
        "{differences}"
    );
}

/// Facts 5.1.
#[test]
fn missing_consent_for_mail_fails_the_run() {
    for permissions in ["exchange = []", "entra = []\nexchange = []", "entra = []"] {
        let tenant = tenant(permissions);
        expect_code(&mut with_config(&tenant.config(), &["run"]), 2);
    }
}

#[test]
fn a_calendar_without_permission_is_denied_and_mail_read() {
    let tenant = tenant("exchange = ['Mail.Read', 'MailboxSettings.Read']");
    let report = run_report(&tenant.config(), &[], 1);
    let mailboxes = report["mailboxes"].as_array().unwrap();
    let denied = mailboxes
        .iter()
        .filter(|one| one["status"] == "denied" && one["items"]["received"] != 0);
    assert!(denied.count() > 3, "{report:#}");
}

/// Facts 1.9.
#[test]
fn mails_of_hidden_sensitivity_are_kept_without_content() {
    let tenant = tenant("exchange = ['Mail.ReadBasic', 'Calendars.Read', 'MailboxSettings.Read']");
    let report = run_report(&tenant.config(), &[], 1);
    let text = report.to_string();
    assert!(text.contains("whether they are private"), "{report:#}");
    assert!(!reason(&report).contains("failed"), "{report:#}");
}

#[test]
fn a_tenant_that_changes_during_reading_ends_as_planted() {
    let mut tenant = Tenant::of_world("seed = 69\nusers = 16\nmails_per_user = 40\n");
    tenant.night();
    tenant.advance(1);
    // An hour and more passes while a mailbox is read.
    tenant.pace(120);
    let begun = tenant.now();
    tenant.night();
    assert!(begun < tenant.now());
    tenant.pace(0);
    tenant.advance(1);
    tenant.night();
    tenant.compare_rows_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}
