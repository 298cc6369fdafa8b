//! The report of a run, for people.

use std::fmt::Write as _;

use crate::model::connection::Connection;
use crate::model::coverage::Coverage;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::run::PlanLine;
use crate::model::run::PlanVerdict;
use crate::model::run::RunSummary;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::report::access;
use crate::report::exit;
use crate::report::table;
use crate::report::table::Side;
use crate::report::table::number;
use crate::report::terminal::fold;

/// Above this number, only mailboxes with remarks are listed.
const LISTED_MAX: usize = 60;
/// Notes beyond this number are only counted.
const NOTES_MAX: usize = 12;
/// At most this many unreadable items are named.
const UNREAD_MAX: usize = 5;
/// At most this many of the slowest mailboxes are named.
const SLOWEST: usize = 3;

/// The whole report, for a terminal of this width.
pub fn render(summary: &RunSummary, width: usize) -> String {
    let mut text = String::new();
    let seconds = seconds_between(summary.run.started_at, summary.ended_at);
    let _ = writeln!(text, "run {}  {seconds:.1} s", summary.run.run_id);
    for view in &summary.caught_up {
        let _ = writeln!(text, "caught up first: {view}");
    }
    if summary.merged_months > 0 {
        let months = summary.merged_months;
        let _ = writeln!(text, "merged at the end: small files of {months} months");
    }
    for access in &summary.access {
        access::write(&mut text, access);
    }
    for tenant in tenants(summary) {
        write_tenant(&mut text, summary, &tenant, width);
    }
    let total = summary.total();
    write_totals(&mut text, &total, seconds);
    write_crm(&mut text, summary, &total);
    write_unread(&mut text, summary);
    write_slowest(&mut text, summary);
    if let Some(behind) = &summary.index_behind {
        let _ = writeln!(text, "note: {behind}");
    }
    write_notes(&mut text, &summary.notes);
    let mut connections = summary.coverage.iter().filter_map(|row| row.connection);
    if connections.any(Connection::is_problem) {
        text.push_str("what to do for each mailbox: touchpoint status --problems\n");
    }
    let (code, reason) = exit::of(summary);
    let _ = writeln!(text, "\nexit code {code}: {reason}");
    fold(&text, width)
}

/// The first notes, and how many more there are.
pub fn write_notes(text: &mut String, notes: &[String]) {
    for note in notes.iter().take(NOTES_MAX) {
        let _ = writeln!(text, "note: {note}");
    }
    let more = notes.len().saturating_sub(NOTES_MAX);
    if more > 0 {
        let _ = writeln!(
            text,
            "note: {more} more of these (all of them with --format json)"
        );
    }
}

/// Names of the tenants and archives, in order.
pub fn tenants(summary: &RunSummary) -> Vec<String> {
    let mut names: Vec<String> = summary
        .coverage
        .iter()
        .map(|coverage| coverage.mailbox.tenant.to_string())
        .chain(summary.left_out.iter().map(|line| line.tenant.clone()))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn write_tenant(text: &mut String, summary: &RunSummary, tenant: &str, width: usize) {
    let all: Vec<&Coverage> = summary
        .coverage
        .iter()
        .filter(|coverage| &*coverage.mailbox.tenant == tenant)
        .collect();
    let left_out = summary.left_out.iter();
    let (waiting, left_out): (Vec<&PlanLine>, Vec<&PlanLine>) = left_out
        .filter(|line| line.tenant == tenant)
        .partition(|line| line.verdict == PlanVerdict::Waits);
    let _ = write!(text, "\n{tenant}: {} mailboxes", all.len());
    if !waiting.is_empty() {
        let _ = write!(text, ", {} wait for confirmation", waiting.len());
    }
    let _ = match left_out.len() {
        0 => writeln!(text),
        count => writeln!(text, ", {count} more left out (see run --plan)"),
    };
    let listed: Vec<&&Coverage> = all
        .iter()
        .filter(|c| all.len() <= LISTED_MAX || c.reason.is_some())
        .collect();
    let rows: Vec<Vec<String>> = listed.iter().map(|coverage| row(coverage)).collect();
    if !rows.is_empty() {
        text.push_str(&table::render(&HEAD, &rows, width));
    }
}

const HEAD: [(&str, Side); 11] = [
    ("mailbox", Side::Left),
    ("status", Side::Left),
    ("received", Side::Right),
    ("recorded", Side::Right),
    ("unchanged", Side::Detail),
    ("left out", Side::Right),
    ("requests", Side::Detail),
    ("KB", Side::Detail),
    ("seconds", Side::Detail),
    ("items/s", Side::Detail),
    ("", Side::Left),
];

fn row(coverage: &Coverage) -> Vec<String> {
    let tally = &coverage.tally;
    let recorded = tally.of(Outcome::Recorded);
    let unchanged = tally.of(Outcome::Unchanged);
    let seconds = seconds_between(coverage.started_at, coverage.ended_at);
    vec![
        coverage.mailbox.address.to_string(),
        coverage.status.as_str().to_owned(),
        number(tally.received),
        number(recorded),
        number(unchanged),
        number(tally.decided() - recorded - unchanged),
        number(coverage.cost.requests),
        number(coverage.cost.bytes / 1000),
        format!("{seconds:.1}"),
        rate(tally.received, seconds),
        coverage.reason.clone().unwrap_or_default(),
    ]
}

fn write_totals(text: &mut String, total: &Tally, seconds: f64) {
    let _ = writeln!(
        text,
        "\n{} items received, {} items/s",
        number(total.received),
        rate(total.received, seconds)
    );
    for outcome in Outcome::ALL {
        let count = total.of(outcome);
        if count > 0 {
            let reasons = reasons(total, outcome);
            let _ = writeln!(
                text,
                "  {:>9}  {}{reasons}",
                number(count),
                outcome.as_str()
            );
        }
    }
    if total.id_reused > 0 {
        let _ = writeln!(
            text,
            "  {} of the duplicates share only their Message-ID and day (id_reused)",
            number(total.id_reused)
        );
    }
    if total.shortened > 0 {
        let _ = writeln!(
            text,
            "  {} of the recorded say more than is kept (shortened; REFERENCE.md lists the limits)",
            number(total.shortened)
        );
    }
}

/// The first items that could not be read.
fn write_unread(text: &mut String, summary: &RunSummary) {
    let all = summary.coverage.iter();
    let mut all = all.flat_map(|one| one.unread.iter().map(|item| (&one.mailbox.address, item)));
    for (mailbox, item) in all.by_ref().take(UNREAD_MAX) {
        let _ = writeln!(
            text,
            "unreadable: {mailbox}: {} ({})",
            item.place, item.code
        );
    }
    let more = all.count();
    if more > 0 {
        let _ = writeln!(text, "and {more} more (see touchpoint status)");
    }
}

/// How much of the CRM was read, and how many of the items it matches.
fn write_crm(text: &mut String, summary: &RunSummary, total: &Tally) {
    let crm = summary.crm;
    let passed_over = match crm.passed_over {
        0 => String::new(),
        rows => format!(" ({} rows skipped)", count(rows)),
    };
    let rules: Vec<String> = total
        .matched
        .iter()
        .map(|(rule, items)| format!("{rule} {}", number(*items)))
        .collect();
    let rules = match rules.as_slice() {
        [] => String::new(),
        rules => format!(" ({})", rules.join(", ")),
    };
    let _ = writeln!(
        text,
        "CRM: {} contacts, {} accounts{passed_over}; {} of the items received matched{rules}",
        count(crm.contacts),
        count(crm.accounts),
        number(total.matched.values().sum()),
    );
}

fn count(entries: usize) -> String {
    number(entries as u64)
}

/// ` (domain 3, folder 2)`, or nothing if the outcome has no reasons.
fn reasons(total: &Tally, outcome: Outcome) -> String {
    let Some(reasons) = total.outcomes.get(&outcome) else {
        return String::new();
    };
    let named: Vec<String> = reasons
        .iter()
        .filter(|(reason, _)| !reason.is_empty())
        .map(|(reason, count)| format!("{reason} {}", number(*count)))
        .collect();
    if named.is_empty() {
        String::new()
    } else {
        format!(" ({})", named.join(", "))
    }
}

fn write_slowest(text: &mut String, summary: &RunSummary) {
    for (coverage, seconds) in slowest(summary) {
        let waited = coverage.cost.waited_seconds;
        let address = &coverage.mailbox.address;
        let _ = writeln!(
            text,
            "slow: {address} {seconds:.1} s, of these {waited:.1} s throttled"
        );
    }
}

/// The mailboxes that took longest, of those that took a second or more.
pub fn slowest(summary: &RunSummary) -> Vec<(&Coverage, f64)> {
    let seconds = |coverage: &Coverage| seconds_between(coverage.started_at, coverage.ended_at);
    let all = summary
        .coverage
        .iter()
        .map(|coverage| (coverage, seconds(coverage)));
    let mut slow: Vec<_> = all.filter(|(_, seconds)| *seconds >= 1.0).collect();
    slow.sort_by(|a, b| b.1.total_cmp(&a.1));
    slow.truncate(SLOWEST);
    slow
}

/// Seconds from one instant to another.
#[expect(clippy::cast_precision_loss, reason = "a duration for people to read")]
pub fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    (to.0 - from.0).max(0) as f64 / SECOND as f64
}

/// Items per second in whole numbers; nothing if no time passed.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for people to read"
)]
fn rate(items: u64, seconds: f64) -> String {
    if seconds < 0.001 {
        String::new()
    } else {
        number((items as f64 / seconds) as u64)
    }
}
