//! `touchpoint link` and `touchpoint unlink`: mailboxes that are read again, or not any more.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::maintenance::linking;
use crate::maintenance::linking::Selection;
use crate::maintenance::linking::Switch;

/// Options of `link` and `unlink`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(false)
    .args(["addresses", "team", "all"]))]
pub struct LinkArgs {
    /// Addresses or ids of mailboxes that a run has read, or tried to read
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// All members of this team
    #[arg(long, value_name = "NAME")]
    team: Option<String>,
    /// All mailboxes
    #[arg(long)]
    all: bool,
}

/// Switches mailboxes, and prints which.
pub(super) fn run(
    config: &Path,
    options: LinkArgs,
    switch: Switch,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let selection = match options.team {
        Some(team) => Selection::Team(team),
        None if options.all => Selection::All,
        None => Selection::Named(options.addresses),
    };
    let done = block_on(async { Ok(linking::switch(&config, selection, switch).await?) })?;
    if !done.unknown.is_empty() {
        bail!(
            "no mailbox of the lake is called {}; see touchpoint status. Nothing was changed",
            done.unknown.join(", ")
        );
    }
    let word = match switch {
        Switch::Link => "linked",
        Switch::Unlink => "unlinked",
    };
    if json {
        output::json(&json!({ word: done.changed, "unchanged": done.unchanged }))?;
    } else {
        let mut text = String::new();
        for address in &done.changed {
            let _ = writeln!(text, "{word}: {address}");
        }
        let _ = writeln!(
            text,
            "{} mailboxes {word}, {} were so already",
            done.changed.len(),
            done.unchanged
        );
        output::result(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}
