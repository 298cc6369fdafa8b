//! `touchpoint run`: the nightly job.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use tokio::runtime::Handle;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::access::consent;
use crate::cli::args::RunArgs;
use crate::cli::metrics::MetricsFile;
use crate::cli::output;
use crate::cli::progress;
use crate::cli::setup::block_on;
use crate::cli::setup::block_on_network;
use crate::cli::setup::load;
use crate::cli::terminal;
use crate::config::Config;
use crate::config::crm::Trust;
use crate::model::days::midnight;
use crate::model::mailbox::MailboxName;
use crate::model::run::Progress;
use crate::model::run::RunSummary;
use crate::model::shard::Shard;
use crate::model::span::Span;
use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::pipeline;
use crate::report;
use crate::report::exit;
use crate::runtime::clock;
use crate::runtime::clock::Stopwatch;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::shutdown::StopReason;

/// How long after the request to stop unfinished work is abandoned.
const GRACE: Duration = Duration::from_secs(8);
/// How long after the request to stop the process exits.
const LEAVE: Duration = Duration::from_secs(18);

/// Runs, or shows the plan, and prints the report.
pub fn run(config: &Path, options: &RunArgs, json: bool) -> anyhow::Result<ExitCode> {
    if options.plan {
        return plan(&load(config)?, options, json);
    }
    let metrics = options.metrics.as_deref();
    let metrics = metrics.map(MetricsFile::prepare).transpose()?;
    let mut known = None;
    let done = load(config).and_then(|config| nightly(known.insert(config), options));
    if let Some(metrics) = metrics {
        metrics.write(known.as_ref(), shard(options).ok(), &done);
    }
    report(&done?, json)
}

/// One run, as its options say.
fn nightly(config: &Config, options: &RunArgs) -> anyhow::Result<RunSummary> {
    let until = options
        .until
        .as_deref()
        .map(|text| parse_until(text, clock::now()))
        .transpose()?;
    let asked = Asked {
        mailbox: mailbox(options),
        again: options.again,
        range: range(options)?,
        shard: shard(options)?,
        confirm: options.confirm.clone(),
        accepted_open: accepted_open(config, options)?,
        crm: options.crm.trust(),
    };
    block_on_network(|disk| once(config, asked, until, disk))
}

/// Options of a run that differ from the nightly job.
#[derive(Debug, Default)]
pub struct Asked {
    mailbox: Option<MailboxName>,
    again: bool,
    range: Option<Span>,
    shard: Shard,
    confirm: Option<String>,
    accepted_open: Vec<String>,
    crm: Trust,
}

/// One run with progress, signals and `--until`. `disk` is where the lake waits for its disk.
pub async fn once(
    config: &Config,
    asked: Asked,
    until: Option<Timestamp>,
    disk: Handle,
) -> anyhow::Result<RunSummary> {
    let shutdown = Shutdown::default();
    let progress = Arc::new(Progress::default());
    let watchers = [
        tokio::spawn(watch_signals(shutdown.clone())),
        tokio::spawn(watch_deadline(shutdown.clone(), until)),
        tokio::spawn(watch_end(shutdown.clone())),
        progress::show(progress.clone()),
    ];
    let options = pipeline::Options {
        mailbox: asked.mailbox,
        again: asked.again,
        range: asked.range,
        shard: asked.shard,
        confirm: asked.confirm,
        accepted_open: asked.accepted_open,
        crm: asked.crm,
        shutdown,
        progress,
        disk,
    };
    let result = pipeline::run(config, options).await;
    for watcher in watchers {
        watcher.abort();
    }
    Ok(result?)
}

/// Prints the report and returns its exit code.
pub fn report(summary: &RunSummary, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        output::json(&report::json::render(summary))?;
    } else {
        output::result(&report::text::render(summary, terminal::width()))?;
    }
    Ok(ExitCode::from(exit::of(summary).0))
}

fn plan(config: &Config, options: &RunArgs, json: bool) -> anyhow::Result<ExitCode> {
    let (mailbox, shard) = (mailbox(options), shard(options)?);
    let plan = block_on(async { Ok(pipeline::plan::plan(config, mailbox, shard).await?) })?;
    let plan = report::plan::PlanReport {
        plan,
        window: config.capture.window.to_string(),
        content: config.capture.content.as_str().to_owned(),
        permissions: consent::permissions(&config.tenants, &config.capture),
    };
    if json {
        output::json(&report::plan::json(&plan))?;
    } else {
        output::result(&report::plan::text(&plan, terminal::width()))?;
    }
    Ok(ExitCode::from(if plan.plan.failed.is_empty() {
        exit::COMPLETE
    } else {
        exit::GAPS
    }))
}

/// The tenants of `--accept-open-scope`, which must exist.
fn accepted_open(config: &Config, options: &RunArgs) -> anyhow::Result<Vec<String>> {
    for name in &options.accept_open_scope {
        if !config.tenants.iter().any(|tenant| tenant.name == *name) {
            bail!("--accept-open-scope: no tenant has this name; it takes the name of a section");
        }
    }
    Ok(options.accept_open_scope.clone())
}

fn mailbox(options: &RunArgs) -> Option<MailboxName> {
    options.mailbox.as_deref().map(MailboxName::new)
}

fn shard(options: &RunArgs) -> anyhow::Result<Shard> {
    let Some(text) = &options.shard else {
        return Ok(Shard::default());
    };
    Shard::parse(text).context("--shard takes a number and how many there are (1/4), up to 64")
}

/// Whole days in UTC, both of them included.
fn range(options: &RunArgs) -> anyhow::Result<Option<Span>> {
    let Some(from) = options.from else {
        return Ok(None);
    };
    let (first, last) = (from.first, options.to.map(|to| to.last));
    if last.is_some_and(|last| last < first) {
        bail!("--to is before --from");
    }
    Ok(Some(Span {
        from: Some(midnight(first)),
        to: last.map(|last| midnight(last).plus(DAY - SECOND)),
    }))
}

async fn watch_signals(shutdown: Shutdown) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::warn!("signal handlers cannot be installed; only a kill ends this run early");
        return;
    };
    let mut next = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    next().await;
    output::print_status("ending at the next commit");
    shutdown.request(StopReason::Signal);
    next().await;
    shutdown.give_up();
}

/// A run that was asked to stop exits within 20 seconds, whatever its threads do.
async fn watch_end(shutdown: Shutdown) {
    let reason = shutdown.wait().await;
    std::thread::spawn(move || leave_late(reason));
    tokio::time::sleep(GRACE).await;
    shutdown.give_up();
}

/// Committed data is kept, and the next run continues from there, as after a kill.
#[expect(clippy::exit, reason = "threads that do not end cannot be waited for")]
fn leave_late(reason: StopReason) {
    let watch = Stopwatch::start();
    // Not a tokio task: its threads may be the ones that are blocked.
    while let Some(left) = LEAVE.checked_sub(watch.elapsed()) {
        std::thread::park_timeout(left);
    }
    output::print_status("some work did not end in time and is abandoned; the next run continues");
    std::process::exit(i32::from(match reason {
        StopReason::Signal => exit::INTERRUPTED,
        StopReason::Deadline => exit::GAPS,
    }));
}

async fn watch_deadline(shutdown: Shutdown, until: Option<Timestamp>) {
    let Some(until) = until else { return };
    let left = u64::try_from(until.0 - clock::now().0).unwrap_or(0);
    tokio::time::sleep(Duration::from_micros(left)).await;
    shutdown.request(StopReason::Deadline);
}

/// `05:30` (the next one, in UTC) or an instant in RFC 3339.
fn parse_until(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Some(instant) = Timestamp::parse_rfc3339(text) {
        return Ok(instant);
    }
    let Some((hours, minutes)) = text.split_once(':').and_then(|(hours, minutes)| {
        let hours = hours
            .parse::<i64>()
            .ok()
            .filter(|hours| (0..24).contains(hours))?;
        let minutes = minutes
            .parse::<i64>()
            .ok()
            .filter(|minutes| (0..60).contains(minutes))?;
        Some((hours, minutes))
    }) else {
        bail!("--until takes a time of the day in UTC, like 05:30, or an instant in RFC 3339");
    };
    let today = Timestamp(now.day() * DAY + (hours * 60 + minutes) * 60 * SECOND);
    Ok(if today <= now { today.plus(DAY) } else { today })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::CrmArgs;
    use crate::cli::day;

    #[test]
    fn a_range_is_whole_days_and_both_of_them() {
        let days = |text: &str| day::parse(text).unwrap();
        let args = |from: &str, to: Option<&str>| RunArgs {
            plan: false,
            mailbox: None,
            again: false,
            from: Some(days(from)),
            to: to.map(days),
            shard: None,
            confirm: None,
            accept_open_scope: Vec::new(),
            until: None,
            metrics: None,
            crm: CrmArgs::default(),
        };
        let span = range(&args("2026-03-02", Some("2026-03-02")))
            .unwrap()
            .unwrap();
        assert_eq!(span.from.unwrap().rfc3339(), "2026-03-02T00:00:00Z");
        assert_eq!(span.to.unwrap().rfc3339(), "2026-03-02T23:59:59Z");
        assert_eq!(range(&args("2026-03-02", None)).unwrap().unwrap().to, None);
        assert!(range(&args("2026-03-02", Some("2026-03-01"))).is_err());
        let month = range(&args("2026-02", Some("2026-02"))).unwrap().unwrap();
        assert_eq!(month.from.unwrap().rfc3339(), "2026-02-01T00:00:00Z");
        assert_eq!(month.to.unwrap().rfc3339(), "2026-02-28T23:59:59Z");
    }

    #[test]
    fn until_is_a_time_of_day_or_an_instant() {
        let now = Timestamp::parse_rfc3339("2026-03-02T02:00:00Z").unwrap();
        let check = |text: &str, expected: &str| {
            assert_eq!(
                parse_until(text, now).unwrap().rfc3339(),
                expected,
                "{text}"
            );
        };
        check("05:30", "2026-03-02T05:30:00Z");
        check("01:30", "2026-03-03T01:30:00Z");
        check("2026-03-02T04:00:00+01:00", "2026-03-02T03:00:00Z");
        assert!(parse_until("25:00", now).is_err());
        assert!(parse_until("soon", now).is_err());
    }
}
