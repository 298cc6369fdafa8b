//! `touchpoint show`: one mail or meeting by its id.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use tokio::runtime::Handle;

use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::config::Config;
use crate::lake::Lake;
use crate::maintenance::show;
use crate::model::interaction::Kind;
use crate::model::opened::Opened;
use crate::pipeline::stores;
use crate::report;
use crate::report::show::Level;
use crate::runtime::clock;
use crate::runtime::cpu::CpuPool;

/// One mail or meeting: people, times, content as far as it is kept, conversation, mailboxes.
///
/// The id is the one that search shows; its first 6 digits or more are enough where they are unique. A
/// link opens it in Outlook on the web, for the owner of that mailbox.
///
/// Example: touchpoint show 0f3c2a
#[derive(Debug, Clone, clap::Args)]
pub struct ShowArgs {
    /// Id of the interaction, 32 hex digits, or its beginning
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Prints an interaction of the lake of a configuration, as text for people or as one JSON object.
pub fn run(config: &Path, args: &ShowArgs, json: bool) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let level = Level {
        content: config.capture.content.as_str(),
        now: clock::now(),
    };
    let may_show_mail = config.view.mail_activity;
    let opened = block_on(open(config, args.id.clone()))?;
    let is_mail = opened.rows.iter().any(|row| row.kind == Kind::Email);
    if is_mail && !may_show_mail {
        bail!(
            "activity from mail is not shown: the configuration says mail_activity = false in [view]"
        );
    }
    if json {
        output::json(&report::show_json::json(&opened, level))?;
    } else {
        output::result(&report::show::text(&opened, level))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(config: Config, id: String) -> anyhow::Result<Opened> {
    let handle = Handle::current();
    let opening = tokio::task::spawn_blocking(move || {
        let cpu = Arc::new(CpuPool::new(usize::from(config.run.threads))?);
        let lake = Lake::open(stores::lake_settings(&config), cpu, handle)?;
        Ok(show::open(&lake, &id)?)
    });
    opening.await?
}
