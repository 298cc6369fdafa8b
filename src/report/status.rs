//! Every mailbox: how it is connected, since when, and what to do; for people, programs and tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::connection::Connection;
use crate::model::cursor::FailedItem;
use crate::model::mailbox_status::MailboxStatus;
use crate::model::time::Timestamp;
use crate::report::instant::ago;
use crate::report::instant::day;
use crate::report::instant::minute_utc;
use crate::report::remedies;
use crate::report::remedies::Remedy;
use crate::report::table;
use crate::report::table::Side;
use crate::report::table::number;
use crate::report::terminal::fold;

/// Unreadable items of a mailbox that are listed for people.
const ITEMS_SHOWN: usize = 20;

/// What the connection of a mailbox means, and what to do.
pub fn remedy(line: &MailboxStatus) -> Remedy {
    remedies::of(line.connection, line.latest.code.as_deref())
}

/// `147 mailboxes: 144 up to date, 1 unauthorized, 1 out of scope since 2026-11-03`.
pub fn summary(lines: &[MailboxStatus]) -> String {
    let mut counts: BTreeMap<Connection, (usize, Timestamp)> = BTreeMap::new();
    for line in lines {
        let (count, since) = counts.entry(line.connection).or_insert((0, line.since));
        *count += 1;
        *since = (*since).min(line.since);
    }
    let part = |(connection, (count, since)): (&Connection, &(usize, Timestamp))| {
        let words = words(*connection);
        if *connection == Connection::Connected {
            format!("{count} {words}")
        } else {
            format!("{count} {words} since {}", day(*since))
        }
    };
    let parts: Vec<String> = counts.iter().map(part).collect();
    let all = lines.len();
    if parts.is_empty() {
        format!("{all} mailboxes")
    } else {
        format!("{all} mailboxes: {}", parts.join(", "))
    }
}

fn words(connection: Connection) -> String {
    match connection {
        Connection::Connected => "up to date".to_owned(),
        Connection::NoMailbox => "without mailbox".to_owned(),
        other => other.as_str().replace('_', " "),
    }
}

/// For people; with `since`, also which mailboxes were not read since then or cannot be read.
pub fn text(
    lines: &[MailboxStatus],
    now: Timestamp,
    since: Option<Timestamp>,
    width: usize,
) -> String {
    let head = [
        ("tenant", Side::TextDetail),
        ("mailbox", Side::Left),
        ("kind", Side::TextDetail),
        ("connection", Side::Left),
        ("since", Side::TextDetail),
        ("runs", Side::Detail),
        ("last run", Side::TextDetail),
        ("last success", Side::Left),
        ("recorded", Side::Detail),
        ("in folders", Side::Detail),
        ("unreadable", Side::Detail),
        ("code", Side::TextDetail),
        ("next step", Side::Left),
    ];
    let rows: Vec<Vec<String>> = lines.iter().map(|line| cells(line, now)).collect();
    let mut text = format!(
        "{}\n\n{}",
        summary(lines),
        table::render(&head, &rows, width)
    );
    for line in lines {
        list_reason(&mut text, line);
        list_unread(&mut text, line);
    }
    if let Some(since) = since {
        list_stale(&mut text, lines, since);
    }
    fold(&text, width)
}

/// The mailboxes for which a check fails.
fn list_stale(text: &mut String, lines: &[MailboxStatus], since: Timestamp) {
    let stale: Vec<&MailboxStatus> = lines.iter().filter(|line| line.is_stale(since)).collect();
    if stale.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n{} mailboxes in scope were not read since {}, or cannot be read:",
        stale.len(),
        minute_utc(since)
    );
    for line in stale.iter().take(ITEMS_SHOWN) {
        let address = &line.latest.mailbox.address;
        let last = line.last_success.map_or("never".to_owned(), minute_utc);
        let _ = writeln!(
            text,
            "  {address}: {}, last success {last}",
            line.connection.as_str()
        );
    }
    let more = stale.len().saturating_sub(ITEMS_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more (all of them with --format json)");
    }
}

fn cells(line: &MailboxStatus, now: Timestamp) -> Vec<String> {
    let row = &line.latest;
    let remedy = remedy(line);
    vec![
        row.mailbox.tenant.to_string(),
        row.mailbox.address.to_string(),
        row.mailbox.kind.as_str().to_owned(),
        line.connection.as_str().to_owned(),
        minute_utc(line.since),
        line.runs.map(number).unwrap_or_default(),
        row.status.as_str().to_owned(),
        line.last_success
            .map_or("never".to_owned(), |at| age(at, now)),
        number(row.recorded_total.unsigned_abs()),
        row.folder_items
            .map_or(String::new(), |items| number(items.unsigned_abs())),
        number(line.unread.len() as u64),
        row.code.clone().unwrap_or_default(),
        remedy.next.to_owned(),
    ]
}

/// `2026-03-02 02:00 UTC (5 h ago)`.
fn age(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", minute_utc(at), ago(at, now))
}

/// Why a mailbox is not read as it should be.
fn list_reason(text: &mut String, line: &MailboxStatus) {
    if let Some(reason) = &line.latest.reason {
        let _ = writeln!(
            text,
            "\n{}: {}; {reason}",
            line.latest.mailbox.address,
            remedy(line).means
        );
    }
}

/// The locations of the unreadable items of a mailbox, and the reasons.
fn list_unread(text: &mut String, line: &MailboxStatus) {
    let items = &line.unread;
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nunreadable in {}:", line.latest.mailbox.address);
    for item in items.iter().take(ITEMS_SHOWN) {
        let _ = writeln!(text, "  {}  {}", item.reason.as_str(), item.folder);
    }
    let more = items.len().saturating_sub(ITEMS_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more (all of them with --format json)");
    }
}

/// For programs.
pub fn json(lines: &[MailboxStatus], since: Option<Timestamp>) -> Value {
    let mut json = json!({
        "summary": summary(lines),
        "mailboxes": lines.iter().map(line_json).collect::<Vec<_>>(),
    });
    if let Some(since) = since {
        let stale = lines.iter().filter(|line| line.is_stale(since));
        let stale = stale.map(|line| &*line.latest.mailbox.address);
        json["stale"] = json!(stale.collect::<Vec<_>>());
    }
    json
}

/// One mailbox, for programs.
pub fn line_json(line: &MailboxStatus) -> Value {
    let row = &line.latest;
    let remedy = remedy(line);
    json!({
        "tenant": &*row.mailbox.tenant,
        "mailbox_id": &*row.mailbox.id,
        "mailbox": &*row.mailbox.address,
        "kind": row.mailbox.kind.as_str(),
        "team": line.team,
        "manager": line.manager,
        "connection": line.connection.as_str(),
        "connection_since": line.since.rfc3339(),
        "connection_runs": line.runs,
        "code": row.code,
        "means": remedy.means,
        "next_step": remedy.next,
        "status": row.status.as_str(),
        "reason": row.reason,
        "last_run": row.started_at.rfc3339(),
        "last_success": line.last_success.map(Timestamp::rfc3339),
        "recorded_total": row.recorded_total,
        "folder_items": row.folder_items,
        "cursor_age_hours": row.cursor_age_hours,
        "unreadable": line.unread.len(),
        "unreadable_since": line.unread_since().map(Timestamp::rfc3339),
        "unreadable_items": line.unread.iter().map(unread_json).collect::<Vec<_>>(),
    })
}

fn unread_json(item: &FailedItem) -> Value {
    json!({
        "place": item.folder,
        "code": item.reason,
        "tries": item.tries,
        "since": item.first_at.rfc3339(),
    })
}

/// The columns of a table for other programs, and a row for each mailbox.
pub fn csv_rows(lines: &[MailboxStatus]) -> Vec<Vec<String>> {
    let head = [
        "tenant",
        "mailbox",
        "kind",
        "team",
        "manager",
        "connection",
        "connection_since",
        "connection_runs",
        "code",
        "means",
        "next_step",
        "last_run",
        "last_success",
        "recorded_total",
        "unreadable",
    ];
    let head = head.map(str::to_owned).into();
    let rows = lines.iter().map(|line| {
        let row = &line.latest;
        let remedy = remedy(line);
        vec![
            row.mailbox.tenant.to_string(),
            row.mailbox.address.to_string(),
            row.mailbox.kind.as_str().to_owned(),
            line.team.clone().unwrap_or_default(),
            line.manager.clone().unwrap_or_default(),
            line.connection.as_str().to_owned(),
            line.since.rfc3339(),
            line.runs.map(|runs| runs.to_string()).unwrap_or_default(),
            row.code.clone().unwrap_or_default(),
            remedy.means.to_owned(),
            remedy.next.to_owned(),
            row.started_at.rfc3339(),
            line.last_success
                .map(Timestamp::rfc3339)
                .unwrap_or_default(),
            row.recorded_total.to_string(),
            line.unread.len().to_string(),
        ]
    });
    std::iter::once(head).chain(rows).collect()
}
