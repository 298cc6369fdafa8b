//! How each mailbox is connected after a run, and since when: of those that were read, and of those
//! that were left out or have disappeared.

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::audit::AuditAction;
use crate::model::audit::AuditEntry;
use crate::model::connection::Connection;
use crate::model::connection::LastConnection;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::directory::Account;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Tally;
use crate::model::run::FailedTenant;
use crate::model::run::PlanLine;
use crate::model::run::PlanVerdict;
use crate::model::run::RunStamp;
use crate::model::shard::Shard;
use crate::model::time::Timestamp;

/// What was known of each mailbox before the run, by its id.
pub(crate) type Last = std::collections::HashMap<Arc<str>, LastConnection>;

/// Said of accounts without a mailbox in Microsoft 365 that come from elsewhere (facts 6.2).
const ON_PREMISES: &str = "the account is synchronised from a directory on premises, where its mailbox \
     may be; touchpoint reads mailboxes in Microsoft 365 alone";

/// What a run did not read.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// Mailboxes of the directories that are not read, and why.
    pub lines: Vec<PlanLine>,
    /// Tenants that could not be listed.
    pub failed: Vec<FailedTenant>,
    /// Tenants that were listed as a whole: a mailbox that they do not have any more is out of scope.
    pub listed: Vec<String>,
    /// What the directories say of the accounts of mailboxes in scope, by id.
    pub accounts: HashMap<String, Account>,
    /// Tenants and archives of the configuration.
    pub configured: Vec<String>,
    /// Whether all mailboxes were wanted, and not one of them.
    pub is_whole: bool,
    /// The mailboxes that are read by this process.
    pub shard: Shard,
}

/// Says of the mailboxes that were read how they are connected.
pub(crate) fn settle(coverage: &mut [Coverage], accounts: &HashMap<String, Account>, last: &Last) {
    for row in coverage {
        let account = accounts.get(&*row.mailbox.id).copied().unwrap_or_default();
        let known = last.get(&row.mailbox.id);
        let found = match row.status.connection() {
            // It was found to be of a kind that is not read.
            None if row.status == Status::LeftOut => Some(Connection::OutOfScope),
            // Nothing that somebody could do would bring it back.
            Some(Connection::NoMailbox | Connection::Unauthorized) if account.is_disabled => {
                Some(Connection::Disabled)
            }
            Some(Connection::NoMailbox) if account.is_synced => {
                let said = row.reason.take().into_iter();
                let reason = said.chain([ON_PREMISES.to_owned()]);
                row.reason = Some(reason.collect::<Vec<_>>().join("; "));
                Some(Connection::NoMailbox)
            }
            found => found,
        };
        let connection = found.unwrap_or_else(|| {
            row.code = known.and_then(|known| known.code.clone());
            before(known)
        });
        if let Some(known) = known {
            // A mailbox that was not opened does not say what the lake holds of it.
            if row.recorded_total == 0 {
                row.recorded_total = known.recorded_total;
            }
            // Nor why it was refused, where that was not requested again.
            if row.code.is_none() && known.connection == connection {
                row.code.clone_from(&known.code);
            }
        }
        row.connection = Some(connection);
        row.connection_since = Some(since(connection, known, row.ended_at));
    }
}

/// How a mailbox was connected that this run has begun with, and not finished: it is in scope, and
/// confirmed.
fn before(known: Option<&LastConnection>) -> Connection {
    let known = known.map(|known| known.connection);
    let known = known.filter(|known| known.is_in_scope());
    known
        .filter(|known| *known != Connection::WaitingForConfirmation)
        .unwrap_or(Connection::NotConnected)
}

/// Rows of mailboxes that were not read, where that is new: the last row of each says how it is.
pub(crate) fn left_out(
    run: &RunStamp,
    now: Timestamp,
    read: &[Coverage],
    left_out: &LeftOut,
    last: &Last,
) -> Vec<Coverage> {
    let mut seen: HashSet<&str> = read.iter().map(|row| &*row.mailbox.id).collect();
    let mut rows = Vec::new();
    let mut add = |mailbox: Mailbox, connection, reason: &str, code: Option<&str>| {
        let known = last.get(&mailbox.id);
        if known.is_some_and(|known| known.connection == connection) {
            return;
        }
        rows.push(Coverage {
            code: code.map(str::to_owned),
            ..row(run, now, mailbox, (connection, reason), known)
        });
    };
    let is_first = |line: &&PlanLine| {
        let first = [Connection::WaitingForConfirmation, Connection::Unlinked];
        line.connection().is_some_and(|one| first.contains(&one))
    };
    // Another section of the same tenant may say of the same mailbox that it is not in its scope.
    let (first, then): (Vec<&PlanLine>, Vec<&PlanLine>) = left_out.lines.iter().partition(is_first);
    for line in first.into_iter().chain(then) {
        if line.mailbox_id.is_empty() || !seen.insert(&line.mailbox_id) {
            continue;
        }
        let Some(connection) = line.connection() else {
            continue;
        };
        let reason = match &line.verdict {
            PlanVerdict::Out { because, .. } => because,
            PlanVerdict::In { .. } | PlanVerdict::Waits => "new",
        };
        let known = last.get(line.mailbox_id.as_str());
        // Who was never in scope is not worth a row.
        if connection == Connection::OutOfScope && known.is_none() {
            continue;
        }
        add(mailbox_of(line, known), connection, reason, None);
    }
    for known in last.values() {
        let mailbox = &known.mailbox;
        if seen.contains(&*mailbox.id) || !left_out.shard.has(&mailbox.id) {
            continue;
        }
        let mut failed = left_out.failed.iter();
        if let Some(failed) = failed.find(|failed| *failed.tenant == *mailbox.tenant) {
            if !known.connection.is_in_scope() {
                continue;
            }
            let code = Some(failed.code.as_str());
            add(mailbox.clone(), failed.connection, &failed.reason, code);
        } else if left_out.listed.iter().any(|name| *name == *mailbox.tenant) {
            let gone = Connection::OutOfScope;
            add(mailbox.clone(), gone, "not in the directory", None);
        } else if left_out.is_whole
            && !left_out
                .configured
                .iter()
                .any(|name| *name == *mailbox.tenant)
        {
            let gone = Connection::OutOfScope;
            add(
                mailbox.clone(),
                gone,
                "its tenant or archive is not in the configuration",
                None,
            );
        }
    }
    rows.sort_by(|a, b| a.mailbox.id.cmp(&b.mailbox.id));
    rows
}

fn mailbox_of(line: &PlanLine, known: Option<&LastConnection>) -> Mailbox {
    Mailbox {
        id: line.mailbox_id.as_str().into(),
        address: line.address.as_str().into(),
        kind: known.map_or(MailboxKind::User, |known| known.mailbox.kind),
        tenant: line.tenant.as_str().into(),
        own_addresses: Vec::new(),
    }
}

fn since(connection: Connection, known: Option<&LastConnection>, now: Timestamp) -> Timestamp {
    match known {
        Some(known) if known.connection == connection => known.since,
        _ => now,
    }
}

/// A row of a mailbox of which nothing was read, which is connected so from now on.
pub(crate) fn row(
    run: &RunStamp,
    now: Timestamp,
    mailbox: Mailbox,
    (connection, reason): (Connection, &str),
    known: Option<&LastConnection>,
) -> Coverage {
    Coverage {
        run_id: run.run_id.clone(),
        mailbox: Arc::new(mailbox),
        started_at: now,
        ended_at: now,
        status: Status::LeftOut,
        reason: Some(reason.to_owned()),
        connection: Some(connection),
        connection_since: Some(now),
        code: None,
        tally: Tally::default(),
        cost: Cost::default(),
        cursor_age_hours: None,
        folder_items: None,
        recorded_total: known.map_or(0, |known| known.recorded_total),
        unread: Vec::new(),
        was_absent: false,
    }
}

/// The mailboxes of tenants that were read for the first time; `activated` are the addresses of those
/// that were before.
pub(crate) fn activations(
    run: &RunStamp,
    actor: &Arc<str>,
    coverage: &[Coverage],
    activated: &std::collections::HashSet<String>,
) -> Vec<AuditEntry> {
    let is_read = |row: &&Coverage| {
        let is_connected = matches!(
            row.connection,
            Some(Connection::Connected | Connection::Incomplete)
        );
        row.mailbox.kind != MailboxKind::Archive && (is_connected || row.tally.received > 0)
    };
    let new = coverage.iter().filter(is_read);
    let new = new.filter(|row| !activated.contains(&*row.mailbox.address));
    let entry = |row: &Coverage| AuditEntry {
        at: row.ended_at,
        actor: actor.clone(),
        action: AuditAction::Activate,
        subject: row.mailbox.address.to_string(),
        before: None,
        after: None,
        run_id: Some(run.run_id.clone()),
    };
    new.map(entry).collect()
}

/// The mailboxes that came into the scope, or left it.
pub(crate) fn scope_changes(
    run: &RunStamp,
    actor: &Arc<str>,
    rows: &[Coverage],
    last: &Last,
) -> Vec<AuditEntry> {
    let change = |row: &Coverage| {
        let connection = row.connection?;
        let before = last.get(&row.mailbox.id)?.connection;
        let is_change = before.is_in_scope() != connection.is_in_scope();
        is_change.then(|| AuditEntry {
            at: row.ended_at,
            actor: actor.clone(),
            action: AuditAction::Scope,
            subject: row.mailbox.address.to_string(),
            before: Some(before.as_str().to_owned()),
            after: Some(connection.as_str().to_owned()),
            run_id: Some(run.run_id.clone()),
        })
    };
    rows.iter().filter_map(change).collect()
}
