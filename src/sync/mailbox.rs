//! One mailbox while it is read, from whatever source: its totals, what the lake keeps of it, and
//! its final status.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::activity::MatchedInteraction;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::CalendarCursor;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::MailboxCursor;
use crate::model::interaction::Source;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Tally;
use crate::model::run::Progress;
use crate::model::time::Timestamp;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::mail::items::Item;
use crate::reconcile::outcomes::Outcomes;
use crate::runtime::clock;
use crate::runtime::memory::Taken;
use crate::state::packed::PackedDecisions;
use crate::state::uncommitted::Uncommitted;
use crate::sync::batch::MailboxBatch;
use crate::sync::context::Context;
use crate::sync::cursors;
use crate::sync::cursors::SavedCursors;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Ticket;
use crate::sync::in_flight::WriterStopped;
use crate::sync::privacy::MailPrivacy;
use crate::sync::retries::Attempts;
use crate::sync::retries::RetryLedger;
use crate::sync::retries::RetryLimit;

/// One mailbox while it is read.
#[derive(Debug)]
pub(crate) struct MailboxSync<'a> {
    /// What all tasks of the run share.
    pub context: &'a Context,
    /// Whose.
    pub mailbox: Arc<Mailbox>,
    /// When the run began to read it.
    pub started_at: Timestamp,
    /// What is kept of the mailbox as a whole; the lake follows with the next mailbox batch.
    pub cursor: Option<MailboxCursor>,
    /// Where its items are decided, once it is open.
    pub reconciler: Option<Arc<MailReconciler>>,
    /// Where the chain of its calendar was left.
    pub calendar: Option<CalendarCursor>,
    /// See [`Coverage::cursor_age_hours`].
    pub cursor_age_hours: Option<f64>,
    /// See [`Coverage::folder_items`].
    pub folder_items: Option<i64>,
    /// Items that could not be read, by the provider's id; the lake follows with each mailbox
    /// batch.
    pub ledger: RetryLedger,
    /// What the mailbox has cost so far.
    pub total_cost: Cost,
    /// Mails that were recorded although it is unknown whether they are private.
    pub of_unknown_privacy: usize,
    /// A remark on the mailbox that is no error.
    pub remark: Option<String>,
    /// See [`Coverage::was_absent`].
    pub was_absent: bool,
    /// `cursor` as the lake has it.
    written: Option<MailboxCursor>,
    tally: Tally,
    /// What was decided and may not be committed yet.
    decided: VecDeque<(Ticket, Arc<PackedDecisions>)>,
    /// The part of the cost that was reported with earlier batches.
    counted: Cost,
}

/// Pages of which every item is whole, so that each is decided once.
#[derive(Debug, Default)]
pub(crate) struct CompletePages {
    /// The items.
    pub items: Vec<Item>,
    /// The number of further items that are known, unchanged, by their ids alone.
    pub unchanged: u64,
    /// Items counted when the pages were split.
    pub received: u64,
    /// Ids of the ledger that were requested for these pages: what is gone leaves it.
    pub requested: Vec<String>,
    /// Where to go on after these pages.
    pub cursors: Vec<CursorRecord>,
}

impl<'a> MailboxSync<'a> {
    /// Begins with a mailbox.
    pub(crate) fn new(context: &'a Context, mailbox: Mailbox) -> Self {
        let started_at = clock::now();
        let limit = if context.again {
            RetryLimit::None
        } else {
            RetryLimit::Runs
        };
        let attempts = match mailbox.kind {
            MailboxKind::Archive => Attempts::Once,
            _ => Attempts::Counted,
        };
        Self {
            context,
            ledger: RetryLedger::new(mailbox.id.clone(), started_at, limit, attempts),
            mailbox: Arc::new(mailbox),
            started_at,
            cursor: None,
            reconciler: None,
            calendar: None,
            cursor_age_hours: None,
            folder_items: None,
            total_cost: Cost::default(),
            of_unknown_privacy: 0,
            remark: None,
            was_absent: false,
            written: None,
            tally: Tally::default(),
            decided: VecDeque::new(),
            counted: Cost::default(),
        }
    }

    /// What the lake keeps of the mailbox from earlier runs.
    pub(crate) fn known(&mut self) -> Result<SavedCursors, SyncError> {
        let known = SavedCursors::read(self.context.state.cursors(&self.mailbox.id)?)?;
        self.written.clone_from(&known.mailbox);
        self.ledger.restore(&known.ledger);
        self.calendar.clone_from(&known.calendar);
        Ok(known)
    }

    /// Opens the mailbox with the cursor that holds from now on; gives where its items are decided.
    pub(crate) fn open(
        &mut self,
        source: Source,
        cursor: MailboxCursor,
        earlier: EarlierIds,
    ) -> Arc<MailReconciler> {
        let mut reconciler = self.context.reconciler(&self.mailbox, source, &cursor);
        reconciler.earlier = earlier;
        let reconciler = Arc::new(reconciler);
        self.cursor = Some(cursor);
        self.reconciler = Some(Arc::clone(&reconciler));
        reconciler
    }

    /// Whether an earlier run connected it, or this one has done so already.
    pub(crate) fn was_connected(&self) -> bool {
        self.written.is_some()
    }

    /// Notes rows that were sent to the writer before it was begun.
    pub(crate) fn note_derived(&mut self, rows: u64) {
        self.tally.derived += rows;
    }

    /// Whether the run is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.context.shutdown.requested().is_some()
    }

    /// What was decided and is not committed yet: the next decision has to see it.
    pub(crate) fn uncommitted(&mut self) -> Uncommitted {
        // Commits are in the order in which batches were sent.
        while let Some((ticket, _)) = self.decided.front()
            && ticket.is_redeemed()
        {
            self.decided.pop_front();
        }
        Uncommitted::new(self.decided.iter().map(|(_, seen)| Arc::clone(seen)))
    }

    /// Decides the items of complete pages, and hands them to the writer: what is news is evaluated,
    /// `privacy` says which of the mails that would be kept are private, and each item gets its
    /// outcome.
    pub(crate) async fn record(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        pages: CompletePages,
        privacy: &mut impl MailPrivacy,
    ) -> Result<Ticket, SyncError> {
        let (cpu, before) = (&self.context.cpu, self.uncommitted());
        let (evaluating, items, unchanged) = (reconciler.clone(), pages.items, pages.unchanged);
        let classify = move |items: Vec<Item>| evaluating.classify(before, items, unchanged);
        let evaluated = cpu.run_on(items.len(), move || classify(items));
        let classified = evaluated.await??;
        let private = privacy.sensitivities(&classified).await?;
        let (finalizing, before) = (reconciler.clone(), self.uncommitted());
        let undecided = classified.undecided();
        let finalize = move || finalizing.finalize(before, classified, &private);
        let finalized = cpu.run_on(undecided, finalize);
        let outcomes = finalized.await??;
        let unknown = outcomes.rows.iter();
        let unknown = unknown.filter(|row| !row.interaction.sensitivity_known);
        self.of_unknown_privacy += unknown.count();
        let mut cursors = pages.cursors;
        cursors.extend(self.ledger.resolve(pages.requested.iter(), &outcomes));
        self.hand_over(outcomes, cursors, pages.received).await
    }

    /// Hands cursors alone to the writer.
    pub(crate) async fn record_cursors(
        &mut self,
        cursors: Vec<CursorRecord>,
    ) -> Result<(), WriterStopped> {
        let sent = self.send(Outcomes::default(), PackedDecisions::default(), cursors, 0);
        sent.await.map(drop)
    }

    /// Hands decided pages to the writer. What is decided next sees them at once, in
    /// [`MailboxSync::uncommitted`]; what must not happen before they are committed waits for the
    /// ticket.
    pub(crate) async fn hand_over(
        &mut self,
        mut outcomes: Outcomes,
        cursors: Vec<CursorRecord>,
        received: u64,
    ) -> Result<Ticket, SyncError> {
        let seen = std::mem::take(&mut outcomes.seen);
        let pack = move || PackedDecisions::of(seen);
        let packed = self.context.cpu.run_on(outcomes.rows.len(), pack).await??;
        Ok(self.send(outcomes, packed, cursors, received).await?)
    }

    async fn send(
        &mut self,
        outcomes: Outcomes,
        seen: PackedDecisions,
        mut cursors: Vec<CursorRecord>,
        received: u64,
    ) -> Result<Ticket, WriterStopped> {
        cursors.extend(self.ledger.note(&outcomes));
        let mut tally = outcomes.tally;
        tally.received = received;
        Progress::add(&self.context.progress.items, received);
        self.tally.add(&tally);
        if let Some(cursor) = &mut self.cursor {
            let is_first = |row: &&MatchedInteraction| row.interaction.revision == 1;
            cursor.recorded += outcomes.rows.iter().filter(is_first).count() as u64;
            if self.written.as_ref() != Some(cursor) {
                cursors.push(cursors::mailbox_record(&self.mailbox.id, cursor));
                self.written = Some(cursor.clone());
            }
        }
        let (promise, ticket) = Ticket::new();
        let seen = Arc::new(seen);
        let mut mailbox_batch = MailboxBatch {
            mailbox: self.mailbox.clone(),
            rows: outcomes.rows,
            cursors,
            tally,
            cost: self.total_cost.since(self.counted),
            seen: Arc::clone(&seen),
            promise,
            taken: Taken::default(),
        };
        self.counted = self.total_cost;
        if mailbox_batch.is_empty() {
            return Ok(Ticket::redeemed());
        }
        tracing::debug!(
            received,
            rows = mailbox_batch.rows.len(),
            cursors = mailbox_batch.cursors.len(),
            "a batch is handed over"
        );
        self.decided.push_back((ticket.clone(), seen));
        let memory = &self.context.memory.mailbox_batches;
        mailbox_batch.taken = memory.take(mailbox_batch.bytes()).await;
        let sent = self.context.mailbox_batches.send(mailbox_batch).await;
        sent.map_err(|_| WriterStopped)?;
        Ok(ticket)
    }

    /// How far the mailbox was read: an error becomes its status.
    pub(crate) fn coverage(
        self,
        result: Result<Status, SyncError>,
    ) -> Result<Coverage, WriterStopped> {
        let code = result.as_ref().err().and_then(SyncError::code);
        let code = code.map(str::to_owned);
        let (status, reason) = match result {
            Ok(status) => (status, self.remark),
            Err(SyncError::Writer(gone)) => return Err(gone),
            Err(SyncError::Stopped) => (Status::Stopped, None),
            Err(error) => {
                let remark = self.remark.into_iter();
                let parts: Vec<String> = remark.chain([error.to_string()]).collect();
                (error.status(), Some(parts.join("; ")))
            }
        };
        let recorded = self.cursor.map_or(0, |cursor| cursor.recorded);
        Ok(Coverage {
            run_id: self.context.run.run_id.clone(),
            mailbox: self.mailbox,
            started_at: self.started_at,
            ended_at: clock::now(),
            status,
            reason,
            connection: None,
            connection_since: None,
            code,
            tally: self.tally,
            cost: self.total_cost,
            cursor_age_hours: self.cursor_age_hours,
            folder_items: self.folder_items,
            recorded_total: i64::try_from(recorded).unwrap_or(i64::MAX),
            unread: self.ledger.reported(),
            was_absent: self.was_absent,
        })
    }
}
