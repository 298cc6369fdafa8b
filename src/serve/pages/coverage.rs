//! Whether everything is there.

use maud::Markup;
use maud::html;

use crate::model::mailbox_status::MailboxStatus;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::time::Timestamp;
use crate::report::instant::ago;
use crate::report::instant::minute_utc;
use crate::report::status;
use crate::report::table::number;
use crate::serve::coverage::Coverage;
use crate::serve::pages::chart;
use crate::serve::pages::chart::Bar;
use crate::serve::pages::layout;
use crate::serve::pages::layout::Section;
use crate::serve::pages::words::count;
use crate::serve::parameters::List;

/// Unreadable items that are listed of a mailbox.
const ITEMS_MAX: usize = 20;

/// The page.
pub(in crate::serve) fn page(coverage: &Coverage, list: &List, now: Timestamp) -> Markup {
    let shown = coverage.mailboxes.as_slice();
    let link = |offset| list.link("/coverage", offset);
    layout::page(
        "Coverage",
        Section::Coverage,
        &html! {
            h1 { "Coverage" }
            p role="status" { (coverage.summary) }
            @if coverage.hidden > 0 {
                p.meta { (count(coverage.hidden, "mailbox is", "mailboxes are")) " only counted for you." }
            }
            h2 { "Mailboxes" }
            p {
                @if list.problems { a href="/coverage" { "All mailboxes" } }
                @else { a href="/coverage?problems=true" { "Only those with problems" } }
            }
            @if shown.is_empty() { p { "None." } }
            @else { (layout::scrolled("Mailboxes", &table(shown, now))) }
            (layout::paging((list.offset, coverage.size, coverage.total), link))
            (missing(shown))
            h2 { "What became of the items of the last run" }
            (outcomes(coverage))
            h2 { "Nights" }
            (nights(coverage))
        },
    )
}

fn table(lines: &[MailboxStatus], now: Timestamp) -> Markup {
    html! {
        table {
            caption.hidden { "Mailboxes" }
            thead {
                tr {
                    @for name in [
                        "Mailbox", "Connection", "Since", "Last success", "Last run", "Recorded",
                        "Unreadable", "Next step",
                    ] { th scope="col" { (name) } }
                }
            }
            tbody {
                @for line in lines {
                    @let remedy = status::remedy(line);
                    tr.problem[line.connection.is_problem()] {
                        th scope="row" { (line.latest.mailbox.address) }
                        td {
                            (line.connection.as_str().replace('_', " "))
                            @if let Some(code) = &line.latest.code { " (" (code) ")" }
                        }
                        td.when { (minute_utc(line.since)) }
                        td.when { (line.last_success.map_or("never".to_owned(), |at| format!("{}, {}", ago(at, now), minute_utc(at)))) }
                        td { (last_run(&line.latest.tally)) }
                        td.number { (number(line.latest.recorded_total.unsigned_abs())) }
                        td.number { (number(line.unread.len() as u64)) }
                        td.remarks { (remedy.next) }
                    }
                }
            }
        }
    }
}

/// What became of the items that the last run received of a mailbox.
fn last_run(tally: &Tally) -> Markup {
    let outcomes = Outcome::ALL.map(|outcome| (outcome, tally.of(outcome)));
    html! {
        @if tally.received == 0 { "no items" } @else {
            details {
                summary { (number(tally.received)) " items" }
                ul.facet {
                    @for (outcome, count) in outcomes.into_iter().filter(|(_, count)| *count > 0) {
                        li {
                            (outcome.as_str().replace('_', " ")) " " span.count { (number(count)) }
                        }
                    }
                }
            }
        }
    }
}

/// What is missing, and why.
fn missing(lines: &[MailboxStatus]) -> Markup {
    let with_gaps = |line: &&MailboxStatus| line.latest.reason.is_some() || !line.unread.is_empty();
    let lines: Vec<&MailboxStatus> = lines.iter().filter(with_gaps).collect();
    html! {
        h2 { "What is missing, and why" }
        @if lines.is_empty() { p { "Nothing is known to be missing." } }
        @for line in lines {
            details {
                summary { (line.latest.mailbox.address) ": " (status::remedy(line).means) }
                @if let Some(reason) = &line.latest.reason { p { (reason) } }
                ul {
                    @for item in line.unread.iter().take(ITEMS_MAX) {
                        li { (item.reason.as_str()) ", in " (item.folder) ", since " (minute_utc(item.first_at)) }
                    }
                }
                @if line.unread.len() > ITEMS_MAX { p { "and " (line.unread.len() - ITEMS_MAX) " more" } }
            }
        }
    }
}

fn outcomes(coverage: &Coverage) -> Markup {
    let table = html! {
        table {
            caption.hidden { "Items of the last run of each mailbox, by outcome" }
            thead { tr { th scope="col" { "Outcome" } th scope="col" { "Items" } } }
            tbody {
                @for (outcome, count) in &coverage.outcomes {
                    tr {
                        th scope="row" { (outcome.as_str().replace('_', " ")) }
                        td.number { (number(*count)) }
                    }
                }
            }
        }
    };
    html! {
        @if coverage.outcomes.is_empty() { p { "The last run received nothing." } }
        @else { (layout::scrolled("Outcomes", &table)) }
    }
}

fn nights(coverage: &Coverage) -> Markup {
    let bars = coverage.nights.iter().map(|night| Bar {
        label: night.day.to_string(),
        values: [night.complete, night.others],
    });
    let bars: Vec<Bar> = bars.collect();
    let recorded: u64 = coverage.nights.iter().map(|night| night.recorded).sum();
    html! {
        (chart::bars("Mailboxes by night", ("Night", ["read wholly", "not, or not wholly"]), &bars))
        p.meta { (number(recorded)) " interactions were recorded in these nights." }
    }
}
