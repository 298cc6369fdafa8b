//! The commands and their options, exactly as typed.

use std::path::PathBuf;

use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use jiff::civil::Date;

use crate::cli::search::SearchArgs;
use crate::cli::simulate::SimulateArgs;
use crate::config::crm::Trust;

/// Reads a company's mailboxes once a night and leaves an open lake of contact activity and a
/// search index of every relationship.
#[derive(Debug, Parser)]
#[command(name = "touchpoint", version, after_help = EXIT_CODES)]
pub struct Args {
    /// Configuration file
    #[arg(
        long,
        global = true,
        default_value = "touchpoint.toml",
        value_name = "FILE"
    )]
    pub config: PathBuf,
    /// Results as text for people or as JSON for programs
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Progress, warnings and errors on stderr as text or as one JSON object a line
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub log_format: Format,
    /// Tell more of what is going on, on stderr
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 complete; 1 finished with gaps, which the report names; 2 did not run or had to stop \
(arguments, configuration, sign-in, lake); 130 interrupted, committed work is kept.";

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The nightly job on a simulated tenant, twice with a day between; leaves demo/ behind
    Demo(DemoArgs),
    /// Fetch, match, write, index: the nightly job
    Run(RunArgs),
    /// Every mailbox: connected or why not, last success, coverage
    Status,
    /// Interactions by words, contact, account, colleague and time
    Search(SearchArgs),
    /// The contact book against all that was captured; reads no mail
    Rematch(RematchArgs),
    /// Lake, views, cursors and index against each other
    Verify,
    /// A simulated tenant, over HTTP on a loopback port
    Simulate(SimulateArgs),
}

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder to write to; what an earlier demo left there is replaced
    #[arg(long, default_value = "demo", value_name = "DIR")]
    pub folder: PathBuf,
    /// Users of the simulated tenant
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(12..=2000))]
    pub users: u32,
    /// Seed of the simulated tenant
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Options of `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Show which mailboxes would be read, and why, and read no mail
    #[arg(long)]
    pub plan: bool,
    /// Read this mailbox only: one of its addresses, its id, or its name in the reports
    #[arg(long, value_name = "MAILBOX")]
    pub mailbox: Option<String>,
    /// Read that mailbox from the beginning, and decide again what is not recorded, or recorded
    /// without its content
    #[arg(long, requires = "mailbox", conflicts_with_all = ["plan", "from"])]
    pub again: bool,
    /// Read the mails received from this day on (UTC), whether they were seen or not, and no others
    #[arg(long, value_name = "DATE", conflicts_with = "plan")]
    pub from: Option<Date>,
    /// The last day of --from; without it, today
    #[arg(long, value_name = "DATE", requires = "from")]
    pub to: Option<Date>,
    /// End at the next commit after this time of the day, in UTC (05:30), or instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Read one part of the mailboxes only (1/4 to 4/4): other processes read the others, each with
    /// a state and an index of its own
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Contact files of which many entries are gone
    #[command(flatten)]
    pub crm: CrmArgs,
}

/// Whether contact files are used of which many entries are gone.
#[derive(Debug, Default, clap::Args)]
pub struct CrmArgs {
    /// Use the CRM files although they have no entries, or far fewer than the run before
    #[arg(long)]
    accept_crm: bool,
}

impl CrmArgs {
    /// The same in the configuration's words.
    pub fn trust(&self) -> Trust {
        if self.accept_crm {
            Trust::Accepted
        } else {
            Trust::Checked
        }
    }
}

/// Options of `rematch`.
#[derive(Debug, clap::Args)]
pub struct RematchArgs {
    /// Show how many rows would come and go, per contact and account, and write nothing
    #[arg(long)]
    pub plan: bool,
    /// Compare every interaction, not only those that a changed contact book concerns
    #[arg(long)]
    pub full: bool,
    /// Contact files of which many entries are gone
    #[command(flatten)]
    pub crm: CrmArgs,
}
