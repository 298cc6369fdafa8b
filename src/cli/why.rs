//! `touchpoint why`: why a message, an address or a day is, or is not, in the lake.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::day;
use crate::cli::output;
use crate::cli::setup::load;
use crate::cli::setup::mail_is_not_shown;
use crate::cli::setup::with_lake;
use crate::maintenance::why;
use crate::model::mailbox::MailboxName;
use crate::report;
use crate::runtime::clock;

/// Why a message, an address or a day is, or is not, in the lake, mailbox by mailbox.
///
/// Each line says on what it rests: on the lake, or on the rules of today's configuration. Of items that
/// were read and not recorded the lake has counts alone, so nothing more is said of them.
///
/// Example: touchpoint why '<1234@fabrikam.com>' --mailbox anna@contoso.com
#[derive(Debug, Clone, clap::Args)]
pub struct WhyArgs {
    /// A Message-ID in angle brackets, an id that search shows, a mail address, or one UTC day
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// Only this mailbox: its address, or its id
    #[arg(long, value_name = "MAILBOX")]
    pub mailbox: Option<String>,
}

/// Prints the answer, as text for people or as one JSON object.
pub fn run(config: &Path, args: &WhyArgs, json: bool) -> anyhow::Result<ExitCode> {
    let subject = why::subject(&args.what, day::parse(&args.what).ok())?;
    let config = load(config)?;
    if !config.view.mail_activity {
        return Err(mail_is_not_shown());
    }
    let mailbox = args.mailbox.as_deref().map(MailboxName::new);
    let now = clock::now();
    let answer = with_lake(&config, move |config, lake| {
        Ok(why::explain(lake, config, subject, mailbox.as_ref(), now)?)
    })?;
    if json {
        output::json(&report::why::json(&answer))?;
    } else {
        output::result(&report::why::text(&answer))?;
    }
    Ok(ExitCode::SUCCESS)
}
