//! Wiring only: pages become mailbox batches, mailbox batches become commit batches, these are
//! committed, and the views follow.
//!
//! ```text
//!  inputs ──► discovery ──► jobs in order ──► sync::schedule ──► 8 mailbox batches ──► writer
//!                            mail, calendar, archive; reconcile (on runtime::cpu)        │
//!                                                                 index queue ◄──────────┤
//!                                                                 lake, state ◄──────────┘
//! ```

// In the order of a run.
pub mod inputs;

pub mod discovery;

pub mod plan;

mod unlisted;

pub mod run_id;

pub mod stores;

pub mod catch_up;

pub mod index_state;

pub mod writer;

pub mod index_queue;

mod coverage;

pub mod error;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::access::gate::Gate;
use crate::config::Config;
use crate::config::crm::Trust;
use crate::config::members::Settings;
use crate::lake::Lake;
use crate::model::audit::AuditAction;
use crate::model::mailbox::MailboxName;
use crate::model::run::Plan;
use crate::model::run::PlanLine;
use crate::model::run::Progress;
use crate::model::run::RunStamp;
use crate::model::run::RunSummary;
use crate::model::shard::Shard;
use crate::model::span::Span;
use crate::pipeline::coverage::Decision;
use crate::pipeline::discovery::Discovery;
use crate::pipeline::error::RunError;
use crate::pipeline::inputs::Inputs;
use crate::pipeline::stores::Stores;
use crate::pipeline::writer::Writer;
use crate::pipeline::writer::WriterError;
use crate::policy::capture_policy::Rules;
use crate::reconcile::withheld::WithheldMails;
use crate::runtime::clock;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::shutdown::StopReason;
use crate::sync::admission::Confirmation;
use crate::sync::admission::admit;
use crate::sync::connections::LeftOut;
use crate::sync::context::Context;
use crate::sync::context::selection;
use crate::sync::history;
use crate::sync::in_flight::InFlight;
use crate::sync::job::Job;
use crate::sync::order::largest_first;
use crate::sync::schedule::read_all;
use crate::sync::setting_changes;
use crate::sync::setting_changes::Current;
use crate::sync::withheld;

/// Mailbox batches that wait for the writer at most, however small they are.
const MAILBOX_BATCHES: usize = 8;

/// Mailboxes that read folders again at a time because the service forgot their chains: where it
/// forgot those of a whole tenant, they come one after the other instead of all at once (facts 1.6).
const RESYNCS_AT_ONCE: usize = 4;

/// What one run is asked besides its configuration.
#[derive(Debug)]
pub struct Options {
    /// Only this mailbox.
    pub mailbox: Option<MailboxName>,
    /// Read again from the beginning, and decide again what is not recorded.
    pub again: bool,
    /// Only mails that were received within it.
    pub range: Option<Span>,
    /// Only the mailboxes of this part.
    pub shard: Shard,
    /// The digest of the plan that was confirmed.
    pub confirm: Option<String>,
    /// Tenants that are read although a mailbox outside their scope can be read as well.
    pub accepted_open: Vec<String>,
    /// Whether CRM files with far fewer entries than before are used.
    pub crm: Trust,
    /// Raised when the run shall end at the next commit.
    pub shutdown: Shutdown,
    /// Counters for the progress display.
    pub progress: Arc<Progress>,
    /// Where the lake waits for its disk: a runtime with several threads, which need not be the
    /// one that waits for the network.
    pub disk: Handle,
}

/// Which mailboxes there are, unless a signal comes first.
async fn discover(
    config: &Config,
    options: &Options,
    run: &RunStamp,
) -> Result<Discovery, RunError> {
    let inputs = Inputs::read(config, options.crm)?;
    let part = (options.mailbox.as_ref(), options.shard);
    let gate = Gate::Tried(&options.accepted_open);
    let discovery = tokio::select! {
        discovery = Discovery::take(config, inputs, part, gate) => discovery,
        () = interrupted(&options.shutdown) => Err(RunError::Interrupted),
    };
    match &discovery {
        Ok(found) => tracing::info!(
            mailboxes = found.jobs.len(),
            listed = found.plan.lines.len(),
            contacts = found.crm.contacts,
            accounts = found.crm.accounts,
            "the mailboxes in scope are known"
        ),
        Err(error) => {
            unlisted::note(config, run, (options.shard, &options.disk), error).await;
        }
    }
    discovery
}

/// The mailboxes to read, in their order, and what is not read.
fn admitted(
    config: &Config,
    options: &Options,
    discovery: &mut Discovery,
    stores: &Stores,
    confirmation: Confirmation,
) -> Result<(Vec<Job>, LeftOut), RunError> {
    let mut left_out = left_out(discovery);
    let jobs = std::mem::take(&mut discovery.jobs);
    let jobs = history::look_up(jobs, &stores.state).map_err(WriterError::from)?;
    let jobs = largest_first(jobs, options.range);
    let (jobs, waiting) = admit(jobs, &config.tenants, options.shard, confirmation);
    let reason = waiting.first().and_then(PlanLine::why_not);
    if let (Some(reason), true, Some(_)) = (reason, jobs.is_empty(), &options.mailbox) {
        let reason = reason.to_owned();
        return Err(RunError::NotInScope { reason });
    }
    tracing::info!(
        mailboxes = jobs.len(),
        waiting = waiting.len(),
        "lake, state and index are open; reading begins"
    );
    left_out.lines.extend(waiting);
    Ok((jobs, left_out))
}

/// The nightly job.
pub async fn run(config: &Config, options: Options) -> Result<RunSummary, RunError> {
    let run = run_id::stamp(clock::now());
    let mut discovery = discover(config, &options, &run).await?;
    let confirmation = confirmation(&options, &discovery.plan)?;
    let cpu = stores::cpu(config)?;
    let machine = (cpu.clone(), options.disk.clone());
    let stores = Stores::open(config, &discovery, options.crm, &run, machine).await?;
    let (jobs, left_out) = admitted(config, &options, &mut discovery, &stores, confirmation)?;
    let settings = settings(config, &discovery);
    coverage::announce(&stores.lake, &run, decisions(&options), settings).await?;
    let withheld = withheld_mails(options.again, &stores, &jobs).await?;
    let (mailbox_batches, receiver) = mpsc::channel(MAILBOX_BATCHES);
    let in_flight = InFlight::new(config.run.mailboxes_at_once.into());
    let writer = Writer {
        in_flight: in_flight.clone(),
        lake: stores.lake.clone(),
        state: stores.state.clone(),
        index: index_queue::IndexQueue::start(stores.indexer),
        run: run.clone(),
        snapshot: discovery.snapshot.digest.clone(),
        progress: options.progress.clone(),
        shares: stores::shares(config),
    };
    let writing = tokio::spawn(writer.run(receiver));
    let context = Context {
        run: run.clone(),
        rules: Arc::new(Rules::new(&config.capture)),
        capture: config.capture.clone(),
        selection: selection(&config.capture),
        directory: Arc::new(discovery.directory),
        matcher: stores.matcher,
        state: stores.state,
        cpu,
        memory: stores::sync_memory(config),
        shutdown: options.shutdown.clone(),
        progress: options.progress.clone(),
        again: options.again,
        withheld,
        range: options.range,
        lake: stores.lake.clone(),
        resyncs: Arc::new(Semaphore::new(RESYNCS_AT_ONCE)),
        mailbox_batches,
    };
    let coverage = read_all(&context, jobs, &in_flight).await;
    let interrupted = options.shutdown.requested() == Some(StopReason::Signal);
    // With the last sender gone the writer commits what is left, and ends.
    drop(context);
    let behind = end_of(writing).await?;
    let (coverage, left_out) = coverage::write(&stores.lake, &run, coverage?, left_out).await?;
    let may_merge = behind.is_none() && options.shutdown.requested().is_none();
    let (merged_months, unmerged) = merge(&stores.lake, &run, may_merge).await;
    let notes = unmerged.into_iter().chain(discovery.notes);
    Ok(RunSummary {
        run,
        ended_at: clock::now(),
        opening: stores.opening,
        coverage,
        access: discovery.access,
        failed_tenants: left_out.failed,
        left_out: left_out.lines,
        crm: discovery.crm,
        index_behind: behind,
        notes: notes.chain(options.progress.notes()).collect(),
        interrupted,
        caught_up: stores.caught_up,
        merged_months,
    })
}

/// What the directories have and this run does not read.
fn left_out(discovery: &mut Discovery) -> LeftOut {
    let lines = discovery.plan.lines.iter();
    let lines = lines.filter(|line| !line.is_in_scope()).cloned();
    LeftOut {
        lines: lines.collect(),
        failed: discovery.failed.clone(),
        listed: discovery.listed.clone(),
        accounts: std::mem::take(&mut discovery.accounts),
        configured: discovery.configured.clone(),
        is_whole: discovery.is_whole,
        shard: discovery.shard,
    }
}

/// What was confirmed for this run. Who names a mailbox confirms it.
///
/// # Errors
/// The digest is of another list.
fn confirmation(options: &Options, plan: &Plan) -> Result<Confirmation, RunError> {
    match &options.confirm {
        Some(digest) if plan.digest.as_ref() != Some(digest) => Err(RunError::OtherPlan),
        Some(_) => Ok(Confirmation::Given),
        None if options.mailbox.is_some() => Ok(Confirmation::Given),
        None => Ok(Confirmation::None),
    }
}

/// The settings of today, and those of a member who has none of their own.
fn settings(config: &Config, discovery: &Discovery) -> (Current, Settings) {
    let current = setting_changes::current(config, &discovery.plan.lines, discovery.shard);
    (current, Settings::of_tenant(&config.capture))
}

/// What somebody decided with the options of the run.
fn decisions(options: &Options) -> Vec<Decision> {
    let confirmed = options.confirm.iter();
    let confirmed = confirmed.map(|digest| (AuditAction::Confirm, format!("list {digest}")));
    let accepted = options.accepted_open.iter();
    let accepted = accepted.map(|tenant| (AuditAction::AcceptOpenScope, tenant.clone()));
    confirmed.chain(accepted).collect()
}

/// Merges small files unless the run was asked to end; gives the months, and why it did not.
async fn merge(lake: &Arc<Lake>, run: &RunStamp, may_merge: bool) -> (usize, Option<String>) {
    if may_merge {
        let merged = stores::merge_small_files(lake, run).await;
        tracing::info!(months = merged.0, "small files are merged");
        merged
    } else {
        (0, None)
    }
}

/// The mails of the mailboxes to read again of which the content is wanted now.
async fn withheld_mails(
    again: bool,
    stores: &Stores,
    jobs: &[Job],
) -> Result<Arc<WithheldMails>, WriterError> {
    if !again {
        return Ok(Arc::default());
    }
    let mailboxes = jobs.iter().map(|job| job.mailbox.id.clone()).collect();
    let (lake, matcher) = (stores.lake.clone(), stores.matcher.clone());
    let finding = tokio::task::spawn_blocking(move || withheld::find(&lake, &mailboxes, &matcher));
    let found = finding.await.map_err(|_| WriterError::Lost)??;
    Ok(Arc::new(found))
}

/// Waits for the writer; gives why the index is behind, if it is: the lake is complete all the
/// same, and coverage and report are due.
async fn end_of(writing: JoinHandle<Result<(), WriterError>>) -> Result<Option<String>, RunError> {
    match writing.await {
        Ok(Ok(())) => {
            tracing::info!("everything that was read is committed, and the index shows it");
            Ok(None)
        }
        Ok(Err(WriterError::Indexing(error))) => Ok(Some(error.to_string())),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(RunError::Machine("the writer panicked".to_owned())),
    }
}

/// Waits for a signal. (At the time of `--until` discovery finishes: it lists what is not read.)
async fn interrupted(shutdown: &Shutdown) {
    if shutdown.wait().await != StopReason::Signal {
        std::future::pending::<()>().await;
    }
}
