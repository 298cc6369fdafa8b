//! Which mailboxes are read when: some at a time, and others while these wait for commits.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tracing::Instrument as _;

use crate::model::coverage::Coverage;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Outcome;
use crate::model::run::Progress;
use crate::runtime::clock;
use crate::runtime::clock::Stopwatch;
use crate::sync::archive::readdress;
use crate::sync::context::Context;
use crate::sync::cursors;
use crate::sync::error::SyncError;
use crate::sync::in_flight::InFlight;
use crate::sync::in_flight::Turn;
use crate::sync::in_flight::WriterStopped;
use crate::sync::job::Job;
use crate::sync::mailbox::MailboxSync;

/// Revises what is recorded under other addresses, then reads the mailboxes, some at a time; those
/// that are not begun when the run is to end are `stopped`.
pub(crate) async fn read_all(
    context: &Context,
    mut jobs: Vec<Job>,
    in_flight: &InFlight,
) -> Result<Vec<Coverage>, SyncError> {
    if let Some(turn) = in_flight.begin() {
        readdress::revise(context, &mut jobs, turn).await?;
    }
    record_admissions(context, &jobs).await?;
    Progress::add(&context.progress.mailboxes, jobs.len() as u64);
    let mut jobs = VecDeque::from(jobs);
    let mut reading = FuturesUnordered::new();
    let mut coverage = Vec::new();
    loop {
        while !jobs.is_empty()
            && let Some(turn) = in_flight.begin()
            && let Some(job) = jobs.pop_front()
        {
            // Of every level, so that it is on each line about the mailbox.
            let span = tracing::error_span!("mailbox", mailbox = job.mailbox.log_id());
            reading.push(read_one(context, job, turn).instrument(span));
        }
        in_flight.set_has_more(!jobs.is_empty());
        tokio::select! {
            Some(result) = reading.next() => {
                coverage.push(result?);
                Progress::add(&context.progress.mailboxes_done, 1);
            }
            () = in_flight.room(), if !jobs.is_empty() => {}
            else => break,
        }
    }
    coverage.sort_by(|a, b| {
        let key = |c: &Coverage| (c.mailbox.tenant.clone(), c.mailbox.address.clone());
        key(a).cmp(&key(b))
    });
    Ok(coverage)
}

/// Notes which mailboxes are admitted, all of them with the first commit: where the run ends early, no one
/// has to confirm them again.
async fn record_admissions(context: &Context, jobs: &[Job]) -> Result<(), WriterStopped> {
    let new = jobs.iter().filter(|job| job.is_new());
    let mailboxes: Vec<&Mailbox> = new.map(|job| &job.mailbox).collect();
    let Some(first) = mailboxes.first() else {
        return Ok(());
    };
    let now = clock::now();
    let records = mailboxes.iter();
    let records = records.map(|mailbox| cursors::confirmed_record(&mailbox.id, now));
    let mut sync = MailboxSync::new(context, Mailbox::clone(first));
    sync.record_cursors(records.collect()).await
}

/// Reads a mailbox; an error in it becomes its status.
async fn read_one(
    context: &Context,
    mut job: Job,
    mut turn: Turn,
) -> Result<Coverage, WriterStopped> {
    tracing::debug!(kind = job.mailbox.kind.as_str(), "a mailbox is begun");
    let begun = Stopwatch::start();
    let left = MailboxSync::new(context, job.mailbox.clone());
    let reading = async {
        let mut sync = MailboxSync::new(context, job.mailbox);
        sync.note_derived(job.readdressed);
        let result = job.source.read(&mut sync, &mut turn).await;
        sync.coverage(result)
    };
    let coverage = tokio::select! {
        coverage = reading => coverage?,
        // What it had committed stays; the next run repeats the rest.
        () = context.shutdown.overdue() => left.coverage(Err(SyncError::Overdue))?,
    };
    tracing::info!(
        status = coverage.status.as_str(),
        received = coverage.tally.received,
        recorded = coverage.tally.of(Outcome::Recorded),
        requests = coverage.cost.requests,
        waited_seconds = coverage.cost.waited_seconds,
        seconds = begun.elapsed().as_secs_f64(),
        "a mailbox was read"
    );
    Ok(coverage)
}
