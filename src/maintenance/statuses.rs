//! Every mailbox of a lake: how it is connected, since when, and what of it is unreadable.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::members::Members;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::model::connection::Connection;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::FailedItem;
use crate::model::cursor::LEDGER_KEY_PREFIX;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox_status::MailboxStatus;
use crate::model::time::Timestamp;

/// Why the mailboxes cannot be listed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StatusError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// An entry of the ledger is no JSON of its form.
    #[error("an entry of the ledger cannot be read: run `touchpoint verify`: {0}")]
    Ledger(#[from] serde_json::Error),
}

/// Every mailbox that any run has read, tried to read or left out, by tenant and address.
///
/// # Errors
/// The lake cannot be read.
pub(crate) fn read(lake: &Lake, members: &[Members]) -> Result<Vec<MailboxStatus>, StatusError> {
    let mut rows: HashMap<Arc<str>, Vec<Moment>> = HashMap::new();
    let mut latest: HashMap<Arc<str>, Coverage> = HashMap::new();
    for row in lake.mailboxes()? {
        let row = row?;
        let id = row.mailbox.id.clone();
        rows.entry(id.clone()).or_default().push(Moment::of(&row));
        match latest.get(&id) {
            Some(known) if known.started_at >= row.started_at => {}
            _ => drop(latest.insert(id, row)),
        }
    }
    let mut unread = unread(lake)?;
    let lines = latest.into_iter().map(|(id, row)| {
        let moments = rows.remove(&id).unwrap_or_default();
        let mut line = line(row, moments, unread.remove(&*id).unwrap_or_default());
        add_member(&mut line, members);
        line
    });
    let mut lines: Vec<MailboxStatus> = lines.collect();
    lines.sort_by(|a, b| place(&a.latest.mailbox).cmp(&place(&b.latest.mailbox)));
    Ok(lines)
}

/// What one run said of a mailbox.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Timestamp,
    ended_at: Timestamp,
    status: Status,
    connection: Option<Connection>,
}

impl Moment {
    fn of(row: &Coverage) -> Self {
        Self {
            at: row.started_at,
            ended_at: row.ended_at,
            status: row.status,
            connection: row.said_connection(),
        }
    }
}

/// A mailbox from all that its runs said.
fn line(latest: Coverage, mut moments: Vec<Moment>, unread: Vec<FailedItem>) -> MailboxStatus {
    moments.sort_by_key(|moment| moment.at);
    let connections = moments.iter().rev();
    let mut connections = connections
        .filter_map(|moment| moment.connection)
        .peekable();
    let connection = connections
        .peek()
        .copied()
        .unwrap_or(Connection::NotConnected);
    let runs = connections.take_while(|one| *one == connection).count() as u64;
    let is_read = latest.status != Status::LeftOut;
    let successes = moments
        .iter()
        .filter(|moment| moment.status == Status::Complete);
    MailboxStatus {
        first_at: moments
            .first()
            .map_or(latest.started_at, |moment| moment.at),
        since: latest.connection_since.unwrap_or(latest.started_at),
        latest,
        connection,
        runs: is_read.then_some(runs),
        last_success: successes.map(|moment| moment.ended_at).max(),
        unread,
        team: None,
        manager: None,
    }
}

/// Tenant, address and id: the order in which mailboxes are listed.
pub(crate) fn place(mailbox: &Mailbox) -> (&str, &str, &str) {
    (&mailbox.tenant, &mailbox.address, &mailbox.id)
}

/// The ledger entries, by mailbox, in order of location.
fn unread(lake: &Lake) -> Result<HashMap<String, Vec<FailedItem>>, StatusError> {
    let mut all: HashMap<String, Vec<FailedItem>> = HashMap::new();
    for record in lake.all_cursors() {
        let record = record?;
        let Some(value) = record.value else { continue };
        if !record.key.starts_with(LEDGER_KEY_PREFIX) {
            continue;
        }
        let entry: FailedItem = serde_json::from_str(&value)?;
        all.entry(record.mailbox_id).or_default().push(entry);
    }
    for items in all.values_mut() {
        items.sort_by(|a, b| a.folder.cmp(&b.folder));
    }
    Ok(all)
}

/// Team and manager of whom a mailbox belongs to, as the members file says.
fn add_member(line: &mut MailboxStatus, members: &[Members]) {
    let address = &line.latest.mailbox.address;
    if let Some(row) = Members::rows_of_mailbox(members, address).next() {
        line.team.clone_from(&row.team);
        let manager = row.manager.as_ref();
        line.manager = manager.map(|manager| manager.as_str().to_owned());
    }
}
