//! Mailboxes that are switched off and on again: what is recorded of them, and where reading continues,
//! stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::config::Config;
use crate::config::actor;
use crate::config::crm;
use crate::config::members::Member;
use crate::config::members::Members;
use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::error::LakeError;
use crate::lake::packed::PackedRows;
use crate::maintenance::rematch;
use crate::model::address::Address;
use crate::model::audit::AuditAction;
use crate::model::audit::AuditEntry;
use crate::model::connection::Connection;
use crate::model::connection::LastConnection;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::UNLINKED_KEY;
use crate::model::cursor::UnlinkedCursor;
use crate::model::mailbox::MailboxName;
use crate::model::mailbox::slot;
use crate::model::run::RunStamp;
use crate::model::time::Timestamp;
use crate::pipeline::error::RunError;
use crate::pipeline::run_id;
use crate::pipeline::stores;
use crate::pipeline::writer::WriterError;
use crate::runtime::clock;
use crate::sync::connections;
use crate::sync::cursors::unlinked_record;

/// What is to become of mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    /// They are read again.
    Link,
    /// They are not read any more.
    Unlink,
}

/// Which mailboxes.
#[derive(Debug, Clone)]
pub(crate) enum Selection {
    /// Those with these addresses or ids; an address is the mailbox's own, or a further one of the
    /// members file.
    Named(Vec<String>),
    /// All members of a team.
    Team(String),
    /// All.
    All,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Switched {
    /// Addresses of the mailboxes that were switched.
    pub changed: Vec<String>,
    /// The number of those that were so already.
    pub unchanged: usize,
    /// Names that no mailbox of the lake has.
    pub unknown: Vec<String>,
}

/// Switches mailboxes that a run has read, or tried to read. Nothing is changed where a name is unknown.
///
/// # Errors
/// The lake cannot be written, or the members file cannot be read.
pub(crate) async fn switch(
    config: &Config,
    selection: Selection,
    switch: Switch,
) -> Result<Switched, RunError> {
    let members = Members::load_all(&config.tenants)?;
    let cpu = stores::cpu(config)?;
    let settings = stores::lake_settings(config);
    let handle = tokio::runtime::Handle::current();
    let config = config.clone();
    let working = tokio::task::spawn_blocking(move || {
        let lake = Lake::open_existing_for_write(settings, cpu, handle)?;
        let (selected, unknown) = select(lake.last_connections()?, &members, &selection);
        if !unknown.is_empty() {
            return Ok(Switched {
                unknown,
                ..Switched::default()
            });
        }
        apply(&config, &lake, selected, switch)
    });
    working.await.map_err(|_| WriterError::Lost)?
}

/// The mailboxes, in order of address, and the names that none has.
fn select(
    last: connections::Last,
    members: &[Members],
    selection: &Selection,
) -> (Vec<LastConnection>, Vec<String>) {
    let mut all: Vec<LastConnection> = last.into_values().collect();
    all.sort_by(|a, b| {
        (&a.mailbox.address, &a.mailbox.id).cmp(&(&b.mailbox.address, &b.mailbox.id))
    });
    match selection {
        Selection::All => (all, Vec::new()),
        Selection::Team(team) => {
            all.retain(|known| is_of_team(known, members, team));
            let unknown = all.is_empty().then(|| format!("team {team}"));
            (all, unknown.into_iter().collect())
        }
        Selection::Named(names) => {
            let names: Vec<(MailboxName, &String)> = names
                .iter()
                .map(|name| (MailboxName::new(name), name))
                .collect();
            let is_named = |known: &LastConnection, name: &MailboxName| {
                let address = &known.mailbox.address;
                let further = Members::rows_of_mailbox(members, address);
                let mut own: Vec<Address> = further.flat_map(|row| row.addresses.clone()).collect();
                own.extend(Address::parse(address));
                name.is_of(&known.mailbox.id, address, &own)
            };
            let unknown = names
                .iter()
                .filter(|(name, _)| !all.iter().any(|known| is_named(known, name)));
            let unknown = unknown.map(|(_, text)| (*text).clone()).collect();
            all.retain(|known| names.iter().any(|(name, _)| is_named(known, name)));
            (all, unknown)
        }
    }
}

fn is_of_team(known: &LastConnection, members: &[Members], team: &str) -> bool {
    let is_of_team = |row: &Member| {
        let name = row.team.as_ref();
        name.is_some_and(|name| name.eq_ignore_ascii_case(team))
    };
    Members::rows_of_mailbox(members, &known.mailbox.address).any(is_of_team)
}

/// The audit rows first, so that no change is without one; then the cursors, then what `status` shows.
fn apply(
    config: &Config,
    lake: &Lake,
    selected: Vec<LastConnection>,
    switch: Switch,
) -> Result<Switched, RunError> {
    let now = clock::now();
    let all = selected.len();
    let unlinked = unlinked(lake)?;
    let changed: Vec<LastConnection> = selected
        .into_iter()
        .filter(|known| unlinked.contains(&*known.mailbox.id) == (switch == Switch::Link))
        .collect();
    let run = run_id::stamp(now);
    lake.write_audit(&audit(&changed, switch, now))?;
    commit(config, lake, &changed, switch, &run)?;
    let connection = switch.connection();
    let rows = changed.iter().map(|known| {
        let reason = match switch {
            Switch::Link => "linked; the next run reads it if it is in scope",
            Switch::Unlink => "unlinked",
        };
        connections::row(
            &run,
            now,
            known.mailbox.clone(),
            (connection, reason),
            Some(known),
        )
    });
    lake.write_mailboxes(&rows.collect::<Vec<_>>())?;
    Ok(Switched {
        unchanged: all - changed.len(),
        changed: changed
            .iter()
            .map(|known| known.mailbox.address.to_string())
            .collect(),
        unknown: Vec::new(),
    })
}

impl Switch {
    fn action(self) -> AuditAction {
        match self {
            Self::Link => AuditAction::Link,
            Self::Unlink => AuditAction::Unlink,
        }
    }

    /// How the mailboxes are connected afterwards; the next run finds out more.
    fn connection(self) -> Connection {
        match self {
            Self::Link => Connection::NotConnected,
            Self::Unlink => Connection::Unlinked,
        }
    }
}

fn audit(changed: &[LastConnection], switch: Switch, now: Timestamp) -> Vec<AuditEntry> {
    let actor: Arc<str> = actor::name(switch.action().as_str()).into();
    let entries = changed.iter().map(|known| AuditEntry {
        at: now,
        actor: actor.clone(),
        action: switch.action(),
        subject: known.mailbox.address.to_string(),
        before: Some(known.connection.as_str().to_owned()),
        after: Some(switch.connection().as_str().to_owned()),
        run_id: None,
    });
    entries.collect()
}

/// The mailboxes that are unlinked, by their cursors: their rows in the table may say something else
/// since.
fn unlinked(lake: &Lake) -> Result<HashSet<String>, LakeError> {
    let mut found = HashSet::new();
    for record in lake.all_cursors() {
        let record = record?;
        if record.key == UNLINKED_KEY && record.value.is_some() {
            found.insert(record.mailbox_id);
        }
    }
    Ok(found)
}

/// The CRM snapshot of the configuration, for a lake that has no commit yet.
fn stored_snapshot(config: &Config, lake: &Lake) -> Result<String, RunError> {
    let read = rematch::ready(lake, crm::load(&config.crm)?)?;
    lake.store_snapshot(&read.snapshot)?;
    Ok(read.snapshot.digest.to_string())
}

/// One commit for the slots of each CRM snapshot that is in force.
fn commit(
    config: &Config,
    lake: &Lake,
    changed: &[LastConnection],
    switch: Switch,
    run: &RunStamp,
) -> Result<(), RunError> {
    let snapshots = lake.current_snapshots()?;
    let any = match snapshots.values().next() {
        Some(any) => any.clone(),
        None => stored_snapshot(config, lake)?,
    };
    let unlinked = UnlinkedCursor { at: run.started_at };
    let cursor = (switch == Switch::Unlink).then_some(&unlinked);
    let mut batches: BTreeMap<&str, Vec<CursorRecord>> = BTreeMap::new();
    for known in changed {
        let id = &*known.mailbox.id;
        // Of a slot without a commit nothing was read yet: any snapshot will do.
        let snapshot = snapshots.get(&slot(id)).unwrap_or(&any);
        let records = batches.entry(snapshot).or_default();
        records.push(unlinked_record(id, cursor));
    }
    for (snapshot, cursors) in batches {
        lake.commit(&CommitBatch {
            run: run.clone(),
            rows: Vec::new(),
            packed: PackedRows::default(),
            cursors,
            tallies: Vec::new(),
            snapshot_digest: snapshot.into(),
        })?;
    }
    Ok(())
}
