//! `touchpoint show`: one mail or meeting by its id.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::output;
use crate::cli::setup::load;
use crate::cli::setup::mail_is_not_shown;
use crate::cli::setup::with_lake;
use crate::cli::terminal;
use crate::maintenance::show;
use crate::model::interaction::Kind;
use crate::report;
use crate::report::show::Level;
use crate::report::terminal::fold;
use crate::runtime::clock;

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
    let id = args.id.clone();
    let opened = with_lake(&config, move |_, lake| Ok(show::open(lake, &id, None)?))?;
    let is_mail = opened.rows.iter().any(|row| row.kind == Kind::Email);
    if is_mail && !config.view.mail_activity {
        return Err(mail_is_not_shown());
    }
    if json {
        output::json(&report::show_json::json(&opened, level))?;
    } else {
        output::result(&fold(
            &report::show::text(&opened, level),
            terminal::width(),
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
