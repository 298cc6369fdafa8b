//! What a tenant does that somebody must hear of, and what must not ring every night.

use serde_json::Value;

use crate::support::run_report;
use crate::support::tenant::Tenant;

fn world(faults: &str) -> Tenant {
    Tenant::of_world(&format!(
        "seed = 67\nusers = 16\nmails_per_user = 20\nmeetings_per_user = 1\n{faults}"
    ))
}

#[test]
fn a_tenant_whose_mailboxes_are_all_denied_is_no_ordinary_night() {
    let tenant = world(
        "[[faults]]\nkind = 'status'\nstatus = 403\ncode = 'ErrorAccessDenied'\nrequest = 'mailbox'\n",
    );
    let report = run_report(&tenant.config(), &[], 2);
    let reason = report["exit_reason"].as_str().unwrap();
    assert!(reason.contains("every mailbox is denied"), "{reason}");
}

#[test]
fn fact_13_domains_come_from_the_directory_where_the_organization_may_not_be_seen() {
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
fn that_there_is_no_mailbox_is_a_gap_in_the_first_night_alone() {
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
fn a_calendar_that_is_refused_is_denied_and_its_mail_was_read() {
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
