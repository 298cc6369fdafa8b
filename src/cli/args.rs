//! The commands and their options, exactly as typed.

use std::path::PathBuf;

use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

use crate::cli::check::CheckArgs;
use crate::cli::completions::CompletionsArgs;
use crate::cli::completions::ManArgs;
use crate::cli::config::ConfigArgs;
use crate::cli::day;
use crate::cli::export::ExportArgs;
use crate::cli::format::Format;
use crate::cli::init::InitArgs;
use crate::cli::link::LinkArgs;
use crate::cli::search::SearchArgs;
use crate::cli::serve::ServeArgs;
use crate::cli::show::ShowArgs;
use crate::cli::simulate::SimulateArgs;
use crate::cli::status::StatusArgs;
use crate::cli::terminal::ColorChoice;
use crate::cli::terminal::ProgressChoice;
use crate::cli::who::WhoArgs;
use crate::cli::why::WhyArgs;
use crate::config::crm::Trust;
use crate::model::days::Days;

/// Reads a company's mailboxes once a day and maintains an open lake of contact activity and a
/// search index of every relationship.
#[derive(Debug, Parser)]
#[command(name = "touchpoint", version = env!("TOUCHPOINT_VERSION"), after_help = EXIT_CODES)]
pub struct Args {
    /// Configuration file
    #[arg(
        long,
        global = true,
        default_value = "touchpoint.toml",
        value_name = "FILE"
    )]
    pub config: PathBuf,
    /// Results as text for people, as JSON for programs, or (status) as a CSV table
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Progress, warnings and errors on stderr as text or as one JSON object per line
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// How much is logged on stderr [default: warn]
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub log_level: Option<LogLevel>,
    /// Short for --log-level info
    #[arg(long, short, global = true, conflicts_with = "log_level")]
    pub verbose: bool,
    /// Whether results are coloured
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
    /// How the progress of a run is shown on stderr
    #[arg(long, global = true, value_enum, default_value_t = ProgressChoice::Auto, value_name = "HOW")]
    pub progress: ProgressChoice,
    /// The command
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 complete; 1 finished with gaps, which the report names; 2 did not run or had to stop \
(arguments, configuration, sign-in, lake); 130 interrupted, committed work is kept.";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How much is logged; each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What a command could not do.
    Error,
    /// What it did in another way, or left out.
    Warn,
    /// Mailboxes that were read, commits, and what was caught up.
    Info,
    /// Pages, batches and waits of each mailbox.
    Debug,
    /// Each request.
    Trace,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the nightly job twice on a simulated tenant, a day apart, in demo/
    Demo(DemoArgs),
    /// Fetch, match, write, index: the nightly job
    Run(RunArgs),
    /// Write a commented configuration to start from, of options or answers
    Init(InitArgs),
    /// Check the configuration and all files that it names, without any request
    Config(ConfigArgs),
    /// Before the first run: consent, scope, and which mailboxes can be read; reads no mail
    Check(CheckArgs),
    /// Every mailbox: connected or why not, last success, coverage, what to do
    Status(StatusArgs),
    /// Read mailboxes again that were unlinked, from where they were left
    Link(LinkArgs),
    /// Do not read mailboxes any more; what was recorded is kept
    Unlink(LinkArgs),
    /// Interactions by words, contact, account, colleague and time
    Search(SearchArgs),
    /// One mail or meeting by its id: people, times, content, conversation, mailboxes
    Show(ShowArgs),
    /// Who knows a contact or an account, and how well
    Who(WhoArgs),
    /// Search pages and a JSON API, on loopback unless configured otherwise
    Serve(ServeArgs),
    /// Why a message, an address or a day is, or is not, in the lake
    Why(WhyArgs),
    /// Write contacts, accounts, activity or relationships to a CSV or Parquet file
    Export(ExportArgs),
    /// Match the CRM against everything captured; reads no mail
    Rematch(RematchArgs),
    /// Check lake, views, cursors and index against each other
    Verify,
    /// A simulated tenant, over HTTP on a loopback port
    Simulate(SimulateArgs),
    /// Print the script with which a shell completes commands and options
    Completions(CompletionsArgs),
    /// Print a page for man
    Man(ManArgs),
}

impl Args {
    /// How much is logged.
    pub fn log_level(&self) -> LogLevel {
        let verbose = self.verbose.then_some(LogLevel::Info);
        self.log_level.or(verbose).unwrap_or(LogLevel::Warn)
    }
}

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder to write to; an earlier demo in it is replaced
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
    /// Show which mailboxes are in scope, and why, and read no mail
    #[arg(long)]
    pub plan: bool,
    /// Read this mailbox only: one of its addresses, its id, or its name in the reports
    #[arg(long, value_name = "MAILBOX")]
    pub mailbox: Option<String>,
    /// Read that mailbox from the beginning, and reevaluate items that are not recorded, or
    /// recorded without their content
    #[arg(long, requires = "mailbox", conflicts_with_all = ["plan", "from"])]
    pub again: bool,
    /// Read only the mails received from this day on (UTC), whether or not they were read before
    #[arg(long, value_name = "DATE", conflicts_with = "plan", value_parser = day::parse)]
    pub from: Option<Days>,
    /// Last day of the range of --from; default: today
    #[arg(long, value_name = "DATE", requires = "from", value_parser = day::parse)]
    pub to: Option<Days>,
    /// End at the next commit after this time of day, in UTC (05:30), or instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Read one part of the mailboxes only (1/4 to 4/4): other processes read the others, each with
    /// a state and an index of its own
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Also read the mailboxes that are new; DIGEST is the one that run --plan shows
    #[arg(long, value_name = "DIGEST", conflicts_with = "plan")]
    pub confirm: Option<String>,
    /// Read a tenant although a mailbox outside its scope can be read as well
    #[arg(long, value_name = "TENANT", conflicts_with = "plan")]
    pub accept_open_scope: Vec<String>,
    /// Write how the run went to this file, whose name ends in .prom, for monitoring
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub metrics: Option<PathBuf>,
    /// Contact files of which many entries are gone
    #[command(flatten)]
    pub crm: CrmArgs,
}

/// Whether CRM files with far fewer entries are used.
#[derive(Debug, Default, clap::Args)]
pub struct CrmArgs {
    /// Use the CRM files although they have no entries, or far fewer than the run before
    #[arg(long)]
    accept_crm: bool,
}

impl CrmArgs {
    /// The same as a configuration value.
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
    /// Show how many rows would be added and removed, per contact and account, and write nothing
    #[arg(long)]
    pub plan: bool,
    /// Compare every interaction, not only those affected by CRM changes
    #[arg(long)]
    pub full: bool,
    /// Contact files of which many entries are gone
    #[command(flatten)]
    pub crm: CrmArgs,
}
