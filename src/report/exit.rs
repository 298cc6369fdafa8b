//! The exit code of a run, and the reason.

use std::collections::BTreeMap;

use crate::model::coverage::Status;
use crate::model::run::FailedTenant;
use crate::model::run::RunSummary;

/// Everything in scope was read.
pub const COMPLETE: u8 = 0;
/// The run finished with gaps, and the report names them.
pub const GAPS: u8 = 1;
/// The run did not begin or had to stop: arguments, configuration, sign-in, lake.
pub const NOT_RUN: u8 = 2;
/// The run was interrupted; what it had committed is kept.
pub const INTERRUPTED: u8 = 130;

/// The exit code of a finished run and the reason as text.
pub fn of(summary: &RunSummary) -> (u8, String) {
    let of_status = |status: Status| {
        summary
            .coverage
            .iter()
            .filter(|c| c.status == status)
            .count()
    };
    // A missing mailbox is reported once: an address does not imply a mailbox (facts 3.1).
    let gaps_of = |status: Status| {
        let coverage = summary.coverage.iter();
        coverage
            .filter(|c| c.status == status && !c.was_absent)
            .count()
    };
    if summary.interrupted {
        let done = of_status(Status::Complete);
        let all = summary.coverage.len();
        return (
            INTERRUPTED,
            format!("interrupted: {done} of {all} mailboxes complete"),
        );
    }
    let refused = refused_tenants(summary);
    if summary
        .coverage
        .iter()
        .all(|row| refused.contains(&&*row.mailbox.tenant))
        && let Some(tenant) = refused.first()
    {
        return (NOT_RUN, refused_reason(tenant));
    }
    let gaps: Vec<String> = [
        Status::Denied,
        Status::NoMailbox,
        Status::Incomplete,
        Status::Failed,
        Status::Stopped,
    ]
    .into_iter()
    .filter_map(|status| {
        let count = gaps_of(status);
        (count > 0).then(|| format!("{count} {}", status.as_str()))
    })
    .collect();
    let mut reasons: Vec<String> = summary.failed_tenants.iter().map(failed_reason).collect();
    reasons.extend(refused.into_iter().map(refused_reason));
    if summary.waiting() > 0 {
        reasons.push(waiting_reason(summary.waiting()));
    }
    if !reasons.is_empty() {
        if !gaps.is_empty() {
            reasons.push(gaps_reason(&gaps));
        }
        let behind = summary.index_behind.as_ref();
        reasons.extend(behind.map(|_| "the search index is behind the lake".to_owned()));
        (GAPS, reasons.join("; "))
    } else if let (true, Some(_)) = (gaps.is_empty(), &summary.index_behind) {
        let text = "every mailbox in scope is complete, but the search index is behind the lake";
        (GAPS, text.to_owned())
    } else if gaps.is_empty() && of_status(Status::Filled) > 0 {
        let text = "the requested range was read from every mailbox in scope";
        (COMPLETE, text.to_owned())
    } else if gaps.is_empty() {
        (COMPLETE, "every mailbox in scope is complete".to_owned())
    } else {
        (GAPS, gaps_reason(&gaps))
    }
}

fn gaps_reason(gaps: &[String]) -> String {
    format!("mailboxes with gaps: {}", gaps.join(", "))
}

fn failed_reason(failed: &FailedTenant) -> String {
    format!("nothing was read of a tenant: {}", failed.reason)
}

fn refused_reason(tenant: &str) -> String {
    format!(
        "tenant {tenant}: every mailbox is denied; was the consent to Mail.Read and Calendars.Read taken \
         back, or does a policy exclude the application?"
    )
}

fn waiting_reason(waiting: usize) -> String {
    format!(
        "{waiting} new mailboxes wait for confirmation: see run --plan, then run --confirm with its \
         digest"
    )
}

/// Tenants of which all mailboxes are denied, and more than one. One of which nothing was requested says
/// nothing: there was none lately, or neither its mail nor its meetings are captured.
fn refused_tenants(summary: &RunSummary) -> Vec<&str> {
    let mut tenants: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let coverage = summary.coverage.iter();
    for coverage in coverage.filter(|coverage| coverage.cost.requests > 0) {
        let (all, denied) = tenants.entry(&coverage.mailbox.tenant).or_default();
        *all += 1;
        *denied += usize::from(coverage.status == Status::Denied);
    }
    let refused = tenants.into_iter();
    let refused = refused.filter(|(_, (all, denied))| all == denied && *all > 1);
    refused.map(|(tenant, _)| tenant).collect()
}
