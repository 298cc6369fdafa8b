//! `touchpoint status`: every mailbox, connected or why not, last success, coverage.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;

use crate::cli::check::duration;
use crate::cli::format::Format;
use crate::cli::output;
use crate::cli::setup::load;
use crate::cli::setup::with_lake;
use crate::cli::terminal;
use crate::config::members::Member;
use crate::config::members::Members;
use crate::maintenance::statuses;
use crate::model::address::Address;
use crate::model::mailbox_status::MailboxStatus;
use crate::model::time::Timestamp;
use crate::report::exit;
use crate::report::spreadsheet::harmless;
use crate::report::status;
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
    let all = members.clone();
    let mut lines = with_lake(&config, move |_, lake| Ok(statuses::read(lake, &all)?))?;
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
        Format::Text => output::result(&status::text(&lines, now, since, terminal::width()))?,
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

fn csv(lines: &[MailboxStatus]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in status::csv_rows(lines) {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    Ok(writer.into_inner()?)
}
