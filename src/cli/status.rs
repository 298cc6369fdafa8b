//! `touchpoint status`: every mailbox, connected or why not, last success, coverage.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;

use crate::cli::check::duration;
use crate::cli::format::Format;
use crate::cli::output;
use crate::cli::setup::load;
use crate::cli::setup::with_lake;
use crate::config::members::Member;
use crate::config::members::Members;
use crate::lake::Lake;
use crate::model::address::Address;
use crate::model::connection::Connection;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::FailedItem;
use crate::model::cursor::LEDGER_KEY_PREFIX;
use crate::model::time::Timestamp;
use crate::report::exit;
use crate::report::spreadsheet::harmless;
use crate::report::status;
use crate::report::status::MailboxStatus;
use crate::runtime::clock;

/// How old the last success of a mailbox may be where nothing is stated: a night that was missed once.
const MAX_AGE: Duration = Duration::from_hours(36);

/// Teams that the error for an unknown one names.
const TEAMS_NAMED: usize = 10;

/// Options of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Only the members of this team
    #[arg(long, value_name = "NAME")]
    team: Option<String>,
    /// Only those who report to this person
    #[arg(long, value_name = "ADDRESS")]
    manager: Option<String>,
    /// Only mailboxes in scope that no run has read
    #[arg(long)]
    not_connected: bool,
    /// Only mailboxes in scope that are not connected, or not as they should be
    #[arg(long)]
    problems: bool,
    /// End with exit code 1 where a mailbox in scope is too old or cannot be read
    #[arg(long)]
    check: bool,
    /// How old the last success may be for --check [default: 36h]
    #[arg(long, value_name = "TIME", requires = "check", value_parser = duration)]
    max_age: Option<Duration>,
}

/// Shows every mailbox that any run has read, tried to read or left out.
pub fn run(config: &Path, options: &StatusArgs, format: Format) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let members = Members::load_all(&config.tenants)?;
    let mut lines = with_lake(&config, |_, lake| read(lake))?;
    for line in &mut lines {
        add_member(line, &members);
    }
    let rows: Vec<&Member> = members.iter().flat_map(Members::rows).collect();
    if let Some(team) = &options.team {
        check_team(team, &rows)?;
    }
    let manager = options.manager.as_deref();
    let manager = manager.map(|text| addresses_of(text, &rows)).transpose()?;
    lines.retain(|line| options.wants(line, manager.as_deref()));
    let now = clock::now();
    let max_age = options.max_age.unwrap_or(MAX_AGE);
    let since = Timestamp(now.0.saturating_sub_unsigned(micros(max_age)));
    let since = options.check.then_some(since);
    match format {
        Format::Json => output::json(&status::json(&lines, since))?,
        Format::Text => output::result(&status::text(&lines, now, since))?,
        Format::Csv | Format::Parquet => output::raw(&csv(&lines)?)?,
    }
    let is_stale = since.is_some_and(|since| lines.iter().any(|line| line.is_stale(since)));
    let is_stale = is_stale || lines.is_empty();
    Ok(ExitCode::from(if options.check && is_stale {
        exit::GAPS
    } else {
        exit::COMPLETE
    }))
}

impl StatusArgs {
    fn wants(&self, line: &MailboxStatus, manager: Option<&[Address]>) -> bool {
        let is_same = |found: &Option<String>, wanted: &str| {
            found
                .as_deref()
                .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        };
        let is_of_team = self
            .team
            .as_deref()
            .is_none_or(|team| is_same(&line.team, team));
        let is_managed = manager.is_none_or(|addresses| {
            let manager = line.manager.as_deref();
            manager.is_some_and(|manager| addresses.iter().any(|one| one.as_str() == manager))
        });
        let was_never_read = line.connection.is_in_scope() && line.last_success.is_none();
        is_of_team
            && is_managed
            && (!self.not_connected || was_never_read)
            && (!self.problems || line.connection.is_problem())
    }
}

/// # Errors
/// No row of the members files has the team.
fn check_team(team: &str, rows: &[&Member]) -> anyhow::Result<()> {
    let teams: BTreeSet<&str> = rows.iter().filter_map(|row| row.team.as_deref()).collect();
    if teams.iter().any(|known| known.eq_ignore_ascii_case(team)) {
        return Ok(());
    }
    let known: Vec<&str> = teams.into_iter().take(TEAMS_NAMED).collect();
    bail!(
        "no row of the members files has this team; known are: {}",
        if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        }
    )
}

/// All addresses of a manager, as the members files have them.
///
/// # Errors
/// It is no address, or no row of the members files names it as a manager.
fn addresses_of(text: &str, rows: &[&Member]) -> anyhow::Result<Vec<Address>> {
    let address = Address::parse(text).context("--manager takes a mail address")?;
    let own = rows.iter().find(|row| row.addresses.contains(&address));
    let addresses = own.map_or_else(|| vec![address], |row| row.addresses.clone());
    let is_manager = |row: &&Member| {
        let manager = row.manager.as_ref();
        manager.is_some_and(|manager| addresses.contains(manager))
    };
    if !rows.iter().any(is_manager) {
        bail!("no row of the members files names this address as a manager");
    }
    Ok(addresses)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
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

fn csv(lines: &[MailboxStatus]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in status::csv_rows(lines) {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    Ok(writer.into_inner()?)
}

/// All mailboxes that the lake knows, in order of tenant, address and id.
pub(super) fn read(lake: &Lake) -> anyhow::Result<Vec<MailboxStatus>> {
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
        line(row, moments, unread.remove(&*id).unwrap_or_default())
    });
    let mut lines: Vec<MailboxStatus> = lines.collect();
    lines.sort_by(|a, b| place(a).cmp(&place(b)));
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
            connection: row.connection.or_else(|| row.status.connection()),
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
fn place(line: &MailboxStatus) -> (&str, &str, &str) {
    let mailbox = &line.latest.mailbox;
    (&mailbox.tenant, &mailbox.address, &mailbox.id)
}

/// The ledger entries, by mailbox, in order of location.
fn unread(lake: &Lake) -> anyhow::Result<HashMap<String, Vec<FailedItem>>> {
    let mut all: HashMap<String, Vec<FailedItem>> = HashMap::new();
    for record in lake.all_cursors() {
        let record = record?;
        let Some(value) = record.value else { continue };
        if !record.key.starts_with(LEDGER_KEY_PREFIX) {
            continue;
        }
        let entry: FailedItem = serde_json::from_str(&value)
            .context("an entry of the ledger cannot be read: run `touchpoint verify`")?;
        all.entry(record.mailbox_id).or_default().push(entry);
    }
    for items in all.values_mut() {
        items.sort_by(|a, b| a.folder.cmp(&b.folder));
    }
    Ok(all)
}
