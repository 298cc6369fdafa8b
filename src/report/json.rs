//! The report of a run, for programs: one JSON object.

use serde_json::Value;
use serde_json::json;

use crate::model::connection::Connection;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::run::FailedTenant;
use crate::model::run::PlanLine;
use crate::model::run::RunSummary;
use crate::model::time::Timestamp;
use crate::report::access;
use crate::report::exit;
use crate::report::remedies;
use crate::report::text;
use crate::report::text::seconds_between;

/// The whole report.
pub fn render(summary: &RunSummary) -> Value {
    let (code, reason) = exit::of(summary);
    let seconds = seconds_between(summary.run.started_at, summary.ended_at);
    json!({
        "run_id": &*summary.run.run_id,
        "started_at": summary.run.started_at.rfc3339(),
        "ended_at": summary.ended_at.rfc3339(),
        "seconds": seconds,
        "opening_seconds": summary.opening.as_secs_f64(),
        "tenants": tenants(summary),
        "mailboxes": summary.coverage.iter().map(mailbox).collect::<Vec<_>>(),
        "access": summary.access.iter().map(access::json).collect::<Vec<_>>(),
        "waiting_for_confirmation": summary.waiting(),
        "failed_tenants": summary.failed_tenants.iter().map(failed_tenant).collect::<Vec<_>>(),
        "left_out": summary.left_out.iter().map(plan_line).collect::<Vec<_>>(),
        "totals": tally(&summary.total()),
        "slowest": text::slowest(summary)
            .into_iter()
            .map(|(coverage, seconds)| json!({
                "mailbox": &*coverage.mailbox.address,
                "seconds": seconds,
                "waited_seconds": coverage.cost.waited_seconds,
            }))
            .collect::<Vec<_>>(),
        "crm": {
            "contacts": summary.crm.contacts,
            "accounts": summary.crm.accounts,
            "passed_over": summary.crm.passed_over,
        },
        "index_behind": summary.index_behind,
        "notes": summary.notes,
        "caught_up": summary.caught_up,
        "merged_months": summary.merged_months,
        "exit_code": code,
        "exit_reason": reason,
    })
}

/// A tenant that could not be listed.
pub fn failed_tenant(failed: &FailedTenant) -> Value {
    json!({ "tenant": failed.tenant, "reason": failed.reason })
}

/// Sums of each tenant and archive.
fn tenants(summary: &RunSummary) -> Vec<Value> {
    let of_tenant = |tenant: &String| {
        let all = summary
            .coverage
            .iter()
            .filter(|c| *c.mailbox.tenant == **tenant);
        let all: Vec<&Coverage> = all.collect();
        let mut sum = Tally::default();
        let mut cost = Cost::default();
        for coverage in &all {
            sum.add(&coverage.tally);
            cost.add(coverage.cost);
        }
        let left_out = summary
            .left_out
            .iter()
            .filter(|line| line.tenant == *tenant)
            .count();
        json!({
            "tenant": tenant,
            "mailboxes": all.len(),
            "complete": all.iter().filter(|c| c.status == Status::Complete).count(),
            "left_out": left_out,
            "items": tally(&sum),
            "requests": cost.requests,
            "bytes": cost.bytes,
            "waited_seconds": cost.waited_seconds,
        })
    };
    text::tenants(summary).iter().map(of_tenant).collect()
}

fn mailbox(coverage: &Coverage) -> Value {
    let seconds = seconds_between(coverage.started_at, coverage.ended_at);
    let remedy = coverage
        .connection
        .map(|connection| remedies::of(connection, coverage.code.as_deref()));
    json!({
        "tenant": &*coverage.mailbox.tenant,
        "mailbox_id": &*coverage.mailbox.id,
        "mailbox_address": &*coverage.mailbox.address,
        "mailbox_kind": coverage.mailbox.kind.as_str(),
        "status": coverage.status.as_str(),
        "reason": coverage.reason,
        "connection": coverage.connection.map(Connection::as_str),
        "connection_since": coverage.connection_since.map(Timestamp::rfc3339),
        "code": coverage.code,
        "means": remedy.map(|remedy| remedy.means),
        "next_step": remedy.map(|remedy| remedy.next),
        "items": tally(&coverage.tally),
        "requests": coverage.cost.requests,
        "bytes": coverage.cost.bytes,
        "waited_seconds": coverage.cost.waited_seconds,
        "seconds": seconds,
        "items_per_second": rate(coverage.tally.received, seconds),
        "cursor_age_hours": coverage.cursor_age_hours,
        "folder_items": coverage.folder_items,
        "recorded_total": coverage.recorded_total,
        "unreadable_items": coverage.unread.iter().map(|item| json!({
            "place": item.place,
            "code": item.code,
        })).collect::<Vec<_>>(),
    })
}

fn tally(tally: &Tally) -> Value {
    let outcomes: serde_json::Map<String, Value> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome.as_str().to_owned(), tally.of(outcome).into()))
        .collect();
    let reasons: serde_json::Map<String, Value> = tally
        .outcomes
        .iter()
        .map(|(outcome, reasons)| (outcome.as_str().to_owned(), json!(reasons)))
        .collect();
    json!({
        "received": tally.received,
        "outcomes": outcomes,
        "reasons": reasons,
        "id_reused": tally.id_reused,
        "derived": tally.derived,
        "shortened": tally.shortened,
        "matched": tally.matched,
    })
}

/// A mailbox that is not read, or of a plan: whether it is in scope, and why.
pub fn plan_line(line: &PlanLine) -> Value {
    json!({
        "tenant": line.tenant,
        "mailbox": line.address,
        "in_scope": line.is_in_scope(),
        "included_by": line.included_by(),
        "reason": line.why_not(),
        "connection": line.connection().map(Connection::as_str),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
fn rate(items: u64, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| items as f64 / seconds)
}
