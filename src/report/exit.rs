//! The exit code of a run, and the reason.

use std::collections::BTreeMap;

use crate::model::coverage::Status;
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
    if let Some(tenant) = denied_tenant(summary) {
        return (
            NOT_RUN,
            format!(
                "tenant {tenant}: every mailbox is denied; was the consent to Mail.Read and \
                 Calendars.Read taken back, or does a policy exclude the application?"
            ),
        );
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
    let waiting = summary.waiting();
    if waiting > 0 {
        (GAPS, waiting_reason(waiting, &gaps, summary))
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

/// The reason where mailboxes wait for confirmation, and what else there is.
fn waiting_reason(waiting: usize, gaps: &[String], summary: &RunSummary) -> String {
    let gaps = (!gaps.is_empty()).then(|| gaps_reason(gaps));
    let behind = summary.index_behind.as_ref();
    let behind = behind.map(|_| "the search index is behind the lake".to_owned());
    let waiting = format!(
        "{waiting} new mailboxes wait for confirmation: see run --plan, then run --confirm with its \
         digest"
    );
    let parts = [waiting].into_iter().chain(gaps).chain(behind);
    parts.collect::<Vec<_>>().join("; ")
}

/// A tenant of which all mailboxes are denied, and more than one. One of which nothing was requested
/// says nothing: there was none lately, or neither its mail nor its meetings are captured.
fn denied_tenant(summary: &RunSummary) -> Option<&str> {
    let mut tenants: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let coverage = summary.coverage.iter();
    for coverage in coverage.filter(|coverage| coverage.cost.requests > 0) {
        let (all, denied) = tenants.entry(&coverage.mailbox.tenant).or_default();
        *all += 1;
        *denied += usize::from(coverage.status == Status::Denied);
    }
    let denied = tenants
        .into_iter()
        .find(|(_, (all, denied))| all == denied && *all > 1);
    denied.map(|(tenant, _)| tenant)
}
