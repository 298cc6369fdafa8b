//! `touchpoint who`: who knows a contact or an account, and how well.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use crate::cli::day;
use crate::cli::names;
use crate::cli::output;
use crate::cli::setup::load;
use crate::cli::setup::with_lake;
use crate::cli::terminal;
use crate::config::Config;
use crate::maintenance::who;
use crate::maintenance::who::Asked;
use crate::maintenance::who::Terms;
use crate::maintenance::who::WhoError;
use crate::model::days::Days;
use crate::report;
use crate::report::terminal::fold;
use crate::runtime::clock;

/// Who knows a contact or an account, and how well; of a colleague: whom they know.
///
/// Each relationship has a score from 0 to 100 with all of its parts: how recent, how frequent, how
/// equal in both directions, how many meetings, and how many of the account's people. INSIGHT.md has
/// the formula. It says how much contact was recorded, and is not made to rate employees.
///
/// Example: touchpoint who fabrikam --as-of 2026-01-31
#[derive(Debug, Clone, clap::Args)]
pub struct WhoArgs {
    /// A contact, account or colleague: name, part of a name, address, domain or id
    #[arg(value_name = "NAME", required_unless_present_any = ["cooling", "single"])]
    pub name: Vec<String>,
    /// As of the end of this UTC day, month or year [default: now]
    #[arg(long, value_name = "DATE", value_parser = day::parse)]
    pub as_of: Option<Days>,
    /// Only relationships that were strong and are silent now; without NAME: of all accounts
    #[arg(long)]
    pub cooling: bool,
    /// Accounts that one colleague alone knows
    #[arg(long, conflicts_with_all = ["name", "cooling"])]
    pub single: bool,
    /// How many relationships to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub limit: usize,
}

impl WhoArgs {
    fn asked(&self) -> Asked {
        let name = self.name.join(" ");
        match (name.is_empty(), self.cooling) {
            (false, false) => Asked::About(name),
            (false, true) => Asked::CoolingOf(name),
            (true, true) => Asked::Cooling,
            (true, false) => Asked::Single,
        }
    }
}

/// Answers a question with the lake of a configuration.
pub fn run(config: &Path, args: &WhoArgs, json: bool) -> anyhow::Result<ExitCode> {
    show(&load(config)?, args, json)?;
    Ok(ExitCode::SUCCESS)
}

/// Answers a question and prints the answer, as text for people or as one JSON object.
pub fn show(config: &Config, args: &WhoArgs, json: bool) -> anyhow::Result<()> {
    if args.limit == 0 {
        bail!("--limit 0 lists nothing; use 1 or more");
    }
    let now = clock::now();
    let as_of = args.as_of.map_or(now, |days| days.as_of(now));
    let (asked, terms) = (args.asked(), Terms::of(config, as_of));
    let answer = with_lake(config, move |_, lake| match who::ask(lake, &asked, terms) {
        Err(WhoError::Name(name)) => bail!(names::explain(&name)),
        answer => Ok(answer?),
    })?;
    if json {
        output::json(&report::who_json::json(&answer, args.limit))?;
    } else {
        output::result(&fold(
            &report::who::text(&answer, args.limit),
            terminal::width(),
        ))?;
    }
    if as_of > now {
        output::print_status(
            "this day lies ahead: meetings that are planned until then count as held",
        );
    }
    if answer.is_behind {
        output::print_status(
            "contact_activity is behind the lake; the next run adds the missing rows",
        );
    }
    Ok(())
}
