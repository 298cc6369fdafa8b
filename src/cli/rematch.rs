//! `touchpoint rematch`: matches the CRM against everything captured.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::RematchArgs;
use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::cli::terminal;
use crate::maintenance::rematch;
use crate::report;

/// Matches, or plans the changes, and prints the result.
pub fn run(config: &Path, options: &RematchArgs, json: bool) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let summary = block_on(async {
        Ok(if options.plan {
            rematch::plan(&config, options.full).await?
        } else {
            rematch::rematch(&config, options.full, options.crm.trust()).await?
        })
    })?;
    if json {
        output::json(&report::rematch::json(&summary))?;
    } else {
        output::result(&report::rematch::text(&summary, terminal::width()))?;
    }
    Ok(ExitCode::SUCCESS)
}
