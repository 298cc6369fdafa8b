//! `touchpoint status`: every mailbox, connected or why not, last success, coverage.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::config::Config;
use crate::lake::Lake;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::FailedItem;
use crate::model::cursor::LEDGER_KEY_PREFIX;
use crate::model::mailbox::SLOTS;
use crate::model::time::Timestamp;
use crate::pipeline::stores;
use crate::report::table;
use crate::report::table::Side;
use crate::report::table::number;
use crate::runtime::cpu::CpuPool;

/// The coverage of one mailbox in the table `mailboxes`.
struct Line {
    latest: Coverage,
    last_success: Option<Timestamp>,
    unread: Unread,
}

/// Items of a mailbox that could not be read.
#[derive(Debug, Clone, Default)]
struct Unread {
    /// In order of location.
    items: Vec<FailedItem>,
    /// When the oldest of them was first tried.
    since: Option<Timestamp>,
}

/// Unreadable items of a mailbox that are listed for people.
const ITEMS_SHOWN: usize = 20;

/// Shows every mailbox that any run has read or tried to read.
pub fn run(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let lines = block_on(read(config))?;
    if json {
        let mailboxes: Vec<Value> = lines.iter().map(as_json).collect();
        output::json(&json!({ "mailboxes": mailboxes }))?;
    } else {
        output::result(&as_text(&lines))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn read(config: Config) -> anyhow::Result<Vec<Line>> {
    let handle = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        let cpu = Arc::new(CpuPool::new(usize::from(config.run.threads))?);
        let lake = Lake::open(stores::lake_settings(&config), cpu, handle)?;
        let mut lines: HashMap<Arc<str>, Line> = HashMap::new();
        for row in lake.mailboxes()? {
            let row = row?;
            match lines.get_mut(&row.mailbox.id) {
                Some(line) => line.add(row),
                None => {
                    lines.insert(row.mailbox.id.clone(), Line::of(row));
                }
            }
        }
        let unread = unread(&lake)?;
        for (id, line) in &mut lines {
            line.unread = unread.get(&**id).cloned().unwrap_or_default();
        }
        let mut lines: Vec<Line> = lines.into_values().collect();
        lines.sort_by(|a, b| a.place().cmp(&b.place()));
        Ok(lines)
    });
    reading.await?
}

/// The ledger entries, by mailbox.
fn unread(lake: &Lake) -> anyhow::Result<HashMap<String, Unread>> {
    let mut all: HashMap<String, Unread> = HashMap::new();
    for slot in 0..SLOTS {
        for record in lake.cursors(slot)? {
            let record = record?;
            let Some(value) = record.value else { continue };
            if !record.key.starts_with(LEDGER_KEY_PREFIX) {
                continue;
            }
            let entry: FailedItem = serde_json::from_str(&value)
                .context("an entry of the ledger cannot be read: run `touchpoint verify`")?;
            let unread = all.entry(record.mailbox_id).or_default();
            let oldest = unread
                .since
                .map_or(entry.first_at, |at| at.min(entry.first_at));
            unread.since = Some(oldest);
            unread.items.push(entry);
        }
    }
    for unread in all.values_mut() {
        unread.items.sort_by(|a, b| a.folder.cmp(&b.folder));
    }
    Ok(all)
}

impl Line {
    fn of(row: Coverage) -> Self {
        Self {
            last_success: success(&row),
            latest: row,
            unread: Unread::default(),
        }
    }

    /// Tenant, address and id: the order in which mailboxes are listed.
    fn place(&self) -> (&str, &str, &str) {
        let mailbox = &self.latest.mailbox;
        (&mailbox.tenant, &mailbox.address, &mailbox.id)
    }

    fn add(&mut self, row: Coverage) {
        self.last_success = self.last_success.max(success(&row));
        if row.started_at > self.latest.started_at {
            self.latest = row;
        }
    }
}

fn success(row: &Coverage) -> Option<Timestamp> {
    (row.status == Status::Complete).then_some(row.ended_at)
}

fn as_text(lines: &[Line]) -> String {
    let head = [
        ("tenant", Side::Left),
        ("mailbox", Side::Left),
        ("kind", Side::Left),
        ("status", Side::Left),
        ("last success", Side::Left),
        ("recorded", Side::Right),
        ("in folders", Side::Right),
        ("unreadable", Side::Right),
        ("since", Side::Left),
        ("", Side::Left),
    ];
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let row = &line.latest;
            vec![
                row.mailbox.tenant.to_string(),
                row.mailbox.address.to_string(),
                row.mailbox.kind.as_str().to_owned(),
                row.status.as_str().to_owned(),
                line.last_success.map_or("never".to_owned(), minute),
                number(row.recorded_total.unsigned_abs()),
                row.folder_items
                    .map_or(String::new(), |items| number(items.unsigned_abs())),
                number(line.unread.items.len() as u64),
                line.unread.since.map_or(String::new(), minute),
                row.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let mut text = table::render(&head, &rows);
    for line in lines {
        list_unread(&mut text, line);
    }
    text
}

/// The locations of the unreadable items of a mailbox, and the reasons.
fn list_unread(text: &mut String, line: &Line) {
    let items = &line.unread.items;
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

fn minute(at: Timestamp) -> String {
    at.timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn as_json(line: &Line) -> Value {
    let row = &line.latest;
    json!({
        "tenant": &*row.mailbox.tenant,
        "mailbox_id": &*row.mailbox.id,
        "mailbox": &*row.mailbox.address,
        "kind": row.mailbox.kind.as_str(),
        "status": row.status.as_str(),
        "reason": row.reason,
        "last_run": row.started_at.rfc3339(),
        "last_success": line.last_success.map(Timestamp::rfc3339),
        "recorded_total": row.recorded_total,
        "folder_items": row.folder_items,
        "cursor_age_hours": row.cursor_age_hours,
        "unreadable": line.unread.items.len(),
        "unreadable_since": line.unread.since.map(Timestamp::rfc3339),
        "unreadable_items": line.unread.items.iter().map(unread_json).collect::<Vec<_>>(),
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
