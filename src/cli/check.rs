//! `touchpoint check`: consent, scope and probes, before anything is read.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use hashbrown::HashSet;
use jiff::SignedDuration;

use crate::access::check;
use crate::access::check::Strictness;
use crate::access::consent;
use crate::access::consent_link;
use crate::access::consent_link::Decision;
use crate::access::input::TenantInput;
use crate::cli::consent::Listener;
use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::cli::terminal;
use crate::config::Config;
use crate::config::capture::Meetings;
use crate::config::tenant::Tenant;
use crate::model::access::Severity;
use crate::model::access::TenantAccess;
use crate::report;
use crate::report::letter::Request;
use crate::runtime::clock::Stopwatch;

/// The longest that a policy is waited for, of which some take a day (facts 5.1), and the highest age.
const WAIT_MAX: Duration = Duration::from_hours(24 * 31);
/// The tenant is asked again after this many first waits of a repeated request, once a minute by
/// default: often enough for a policy that takes an hour, and no loop for the sign-in service (facts
/// 4.1).
const ROUND: u32 = 20;

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Ask again for so long while something is missing or refused (90m, 2h)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    wait: Option<Duration>,
    /// Refuse permissions that allow more than reading
    #[arg(long)]
    strict: bool,
    /// Print the link with which an administrator gives consent, and nothing else; with --wait, wait
    /// for the consent
    #[arg(long)]
    link: bool,
    /// Print a text with that link, ready to send to an administrator
    #[arg(long, conflicts_with_all = ["link", "wait"])]
    mail: bool,
}

/// Checks every tenant, and prints what was found.
pub fn run(config: &Path, options: &CheckArgs, json: bool) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    if config.tenants.is_empty() {
        bail!("there is no [[tenants]] section to check; archives need no permission");
    }
    if options.mail {
        output::result(&letters(&config))?;
        return Ok(ExitCode::SUCCESS);
    }
    let begun = Stopwatch::start();
    block_on(async {
        if options.link && !links(&config, options.wait).await? {
            return Ok(ExitCode::SUCCESS);
        }
        let left = |wait: Duration| wait.saturating_sub(begun.elapsed());
        let found = patiently(&config, options, left).await?;
        if json {
            output::json(&report::check::json(&found))?;
        } else {
            output::result(&report::check::text(&found, terminal::width()))?;
        }
        Ok(ExitCode::from(report::check::exit_code(&found)))
    })
}

/// Checks until nothing is missing or refused that may pass, or the time is over.
async fn patiently(
    config: &Config,
    options: &CheckArgs,
    left: impl Fn(Duration) -> Duration,
) -> anyhow::Result<Vec<TenantAccess>> {
    let tenants = config.tenants.iter();
    let tenants = tenants.map(|tenant| TenantInput::read(tenant, &config.run));
    let tenants: Vec<TenantInput> = tenants.collect::<Result<_, _>>()?;
    let strictness = if options.strict {
        Strictness::Strict
    } else {
        Strictness::Lenient
    };
    let pause = config.run.retry_wait * ROUND;
    let selected = if tenants.len() > 1 {
        check::selected(&tenants, &config.capture).await
    } else {
        HashSet::new()
    };
    loop {
        let mut found = Vec::with_capacity(tenants.len());
        for tenant in &tenants {
            found.push(check::tenant(tenant, &config.capture, &selected, strictness).await);
        }
        let left = options.wait.map(&left).unwrap_or_default();
        if !may_pass(&found) || left < pause {
            return Ok(found);
        }
        let waits = found.iter().flat_map(|tenant| &tenant.findings);
        let waits = waits
            .filter(|finding| finding.severity == Severity::Stop)
            .count();
        let minutes = left.as_secs().div_ceil(60);
        output::print_status(&format!(
            "{waits} answers are not as expected yet; asking again for up to {minutes} minutes"
        ));
        tokio::time::sleep(pause).await;
    }
}

/// Whether a run could not begin now, and everything that prevents it may pass.
fn may_pass(found: &[TenantAccess]) -> bool {
    let findings = found.iter().flat_map(|tenant| &tenant.findings);
    let mut stops = findings
        .filter(|finding| finding.severity == Severity::Stop)
        .peekable();
    stops.peek().is_some() && stops.all(|finding| finding.may_pass)
}

/// Prints the link of each tenant; with a time to wait, waits for the redirects. Gives whether consent
/// was waited for and given.
async fn links(config: &Config, wait: Option<Duration>) -> anyhow::Result<bool> {
    let Some(wait) = wait else {
        for tenant in &config.tenants {
            let link = consent_link::link(tenant, &consent_link::state(), None);
            output::result(&format!("{link}\n"))?;
        }
        return Ok(false);
    };
    for tenant in &config.tenants {
        let listener = Listener::open().await?;
        let state = consent_link::state();
        let link = consent_link::link(tenant, &state, Some(&listener.redirect()));
        output::result(&format!("{link}\n"))?;
        match tokio::time::timeout(wait, listener.decision(&state)).await {
            Ok(Decision::Given) => output::print_status("consent was given; checking"),
            Ok(Decision::Refused(error)) => {
                bail!(
                    "tenant {}: the administrator gave no consent ({error})",
                    tenant.name
                )
            }
            Ok(Decision::Foreign) | Err(_) => {
                bail!(
                    "tenant {}: no administrator answered in time; send the link again, or wait longer with \
                     --wait",
                    tenant.name
                )
            }
        }
    }
    Ok(true)
}

/// A letter to the administrator of each tenant.
fn letters(config: &Config) -> String {
    let letter = |tenant: &Tenant| {
        let link = consent_link::link(tenant, &consent_link::state(), None);
        let permissions = consent::permissions([tenant], &config.capture);
        report::letter::text(Request {
            tenant: &tenant.name,
            client_id: &tenant.client_id,
            what: match (config.capture.mail, config.capture.meetings) {
                (true, Meetings::None) => "mail",
                (false, _) => "meetings",
                (true, _) => "mail and meetings",
            },
            scope: &tenant.scope.to_string(),
            permissions: &permissions,
            link: link.as_str(),
        })
    };
    let letters: Vec<String> = config.tenants.iter().map(letter).collect();
    letters.join("\n")
}

/// `90m`, `2h`, `30s`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<SignedDuration>().ok();
    let parsed = parsed.and_then(|parsed| Duration::try_from(parsed).ok());
    match parsed {
        Some(duration) if duration <= WAIT_MAX => Ok(duration),
        Some(_) => Err("31 days (744h) at most".to_owned()),
        None => Err("write a time like 90m or 2h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_wait_are_written_with_their_unit() {
        assert_eq!(duration("90m"), Ok(Duration::from_mins(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        for bad in ["90", "-5m", "soon", "745h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
