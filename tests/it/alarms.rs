//! Which conditions of a tenant cause an alarm, and which must not do so every night.

use serde_json::Value;

use crate::support::run_report;
use crate::support::tenant::Tenant;

fn world(faults: &str) -> Tenant {
    Tenant::of_world(&format!(
        "seed = 67\nusers = 16\nmails_per_user = 20\nmeetings_per_user = 1\n{faults}"
    ))
}

#[test]
fn denial_of_all_mailboxes_fails_the_run() {
    let tenant = world(
        "[[faults]]\nkind = 'status'\nstatus = 403\ncode = 'ErrorAccessDenied'\nrequest = 'mailbox'\n",
    );
    let report = run_report(&tenant.config(), &[], 2);
    let reason = report["exit_reason"].as_str().unwrap();
    assert!(reason.contains("every mailbox is denied"), "{reason}");
}

/// Facts 13.
#[test]
fn without_organization_access_domains_come_from_the_directory() {
    let mut tenant = world(
        "[[faults]]\nkind = 'status'\nstatus = 403\ncode = 'Authorization_RequestDenied'\n\
         request = 'organization'\n",
    );
    let report = tenant.run();
    let notes = report["notes"].to_string();
    assert!(notes.contains("Organization.Read.All"), "{notes}");
    tenant.compare_with_truth();
}

#[test]
fn a_missing_mailbox_is_a_gap_only_once() {
    let mut tenant = world(
        "[[faults]]\nkind = 'status'\nstatus = 404\ncode = 'MailboxNotEnabledForRESTAPI'\n\
         request = 'mailbox'\nmailbox = 3\n",
    );
    let gaps = |report: &Value| report["exit_reason"].as_str().unwrap().to_owned();
    assert_eq!(
        gaps(&tenant.run()),
        "mailboxes with gaps: 1 denied, 2 no_mailbox"
    );
    let report = tenant.night();
    assert_eq!(gaps(&report), "mailboxes with gaps: 1 denied");
    let mailboxes = report["mailboxes"].as_array().unwrap();
    let absent = mailboxes.iter().filter(|one| one["status"] == "no_mailbox");
    assert_eq!(absent.count(), 2);
}

#[test]
fn a_refused_calendar_is_denied_after_its_mail_was_read() {
    let tenant = world(
        "[[faults]]\nkind = 'status'\nstatus = 403\ncode = 'ErrorAccessDenied'\nmailbox = 2\n\
         request = 'calendar'\n[[faults]]\nkind = 'status'\nstatus = 403\n\
         code = 'ErrorAccessDenied'\nmailbox = 2\nrequest = 'events'\n",
    );
    let report = run_report(&tenant.config(), &[], 1);
    let mailboxes = report["mailboxes"].as_array().unwrap();
    let is_denied = |one: &&Value| one["status"] == "denied" && one["items"]["received"] != 0;
    let denied = mailboxes.iter().find(is_denied).unwrap();
    let reason = denied["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("mail was read") && reason.contains("the calendar was not"),
        "{reason}"
    );
}
