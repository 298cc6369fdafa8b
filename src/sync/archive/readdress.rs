//! Mailboxes of archives that have another address than when their mails were recorded: the rows get
//! a further revision with the new address, and the role that its owner has by it.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::matching::Matcher;
use crate::model::activity::MatchedInteraction;
use crate::model::coverage::Cost;
use crate::model::interaction::Interaction;
use crate::model::interaction::Role;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::mailbox::slot;
use crate::model::outcome::Tally;
use crate::model::run::RunStamp;
use crate::policy::participants;
use crate::reconcile::withheld::WithheldMails;
use crate::runtime::cpu::TaskPanicked;
use crate::runtime::memory::Taken;
use crate::runtime::shutdown::Shutdown;
use crate::sync::batch::MailboxBatch;
use crate::sync::context::Context;
use crate::sync::cursors::SavedCursors;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Ticket;
use crate::sync::in_flight::Turn;
use crate::sync::job::Job;

/// Rows of all mailboxes that are held at a time.
const ROWS_AT_ONCE: usize = 4_000;
/// Bytes that they have at most, besides the last row.
const BYTES_AT_ONCE: usize = 16 << 20;

/// Hands the new revisions of all mailboxes of archives to the writer, notes at each job how many
/// it has, and waits until they are committed, so that later reads of the lake see them.
pub(crate) async fn revise(
    context: &Context,
    jobs: &mut [Job],
    mut turn: Turn,
) -> Result<(), SyncError> {
    let mut mailboxes = HashMap::new();
    for job in &*jobs {
        if job.mailbox.kind == MailboxKind::Archive && is_readdressed(context, &job.mailbox)? {
            mailboxes.insert(Arc::clone(&job.mailbox.id), Arc::new(job.mailbox.clone()));
        }
    }
    if mailboxes.is_empty() {
        return Ok(());
    }
    let mut revising = Revising {
        mailboxes: Arc::new(mailboxes),
        run: context.run.clone(),
        matcher: Arc::clone(&context.matcher),
        withheld: Arc::clone(&context.withheld),
        mailbox_batches: context.mailbox_batches.clone(),
        shutdown: context.shutdown.clone(),
        waiting: HashMap::new(),
        rows: 0,
        bytes: 0,
        counts: HashMap::new(),
        last: Ticket::redeemed(),
    };
    let lake = Arc::clone(&context.lake);
    let working = tokio::task::spawn_blocking(move || {
        revising.all(&lake)?;
        Ok::<_, LakeError>((revising.counts, revising.last))
    });
    let (counts, last) = working.await.map_err(|_| TaskPanicked::Panicked)??;
    // Where the writer has stopped, the run is over.
    let _ = turn.wait_for(&last).await;
    for job in jobs {
        job.readdressed = counts.get(&job.mailbox.id).copied().unwrap_or_default();
    }
    Ok(())
}

/// Whether rows may have been recorded under another address. (Lakes of earlier versions do not
/// say: then their rows are scanned.) Unreadable cursors are reported when the mailbox is read.
fn is_readdressed(context: &Context, mailbox: &Mailbox) -> Result<bool, SyncError> {
    let known = SavedCursors::read(context.state.cursors(&mailbox.id)?).ok();
    let cursor = known.and_then(|known| known.mailbox);
    Ok(cursor.is_some_and(|cursor| cursor.address.as_deref() != Some(&*mailbox.address)))
}

/// Mailboxes by their ids.
type Mailboxes = HashMap<Arc<str>, Arc<Mailbox>>;

/// The mailbox of a row that says another address or role than it has now, and the role.
fn new_role<'a>(
    mailboxes: &'a Mailboxes,
    row: &Interaction,
) -> Option<(&'a Arc<Mailbox>, Option<Role>)> {
    let mailbox = mailboxes.get(&row.mailbox.id)?;
    let role = participants::best_role(&row.participants, &mailbox.own_addresses);
    let is_new = row.mailbox.address != mailbox.address || row.user_role != role;
    is_new.then_some((mailbox, role))
}

struct Revising {
    mailboxes: Arc<Mailboxes>,
    run: RunStamp,
    matcher: Arc<Matcher>,
    withheld: Arc<WithheldMails>,
    mailbox_batches: mpsc::Sender<MailboxBatch>,
    shutdown: Shutdown,
    /// What was not sent to the writer yet, by mailbox; the number of rows, and their bytes.
    waiting: HashMap<Arc<str>, Vec<MatchedInteraction>>,
    rows: usize,
    bytes: usize,
    counts: HashMap<Arc<str>, u64>,
    /// Of what was sent last.
    last: Ticket,
}

impl Revising {
    fn all(&mut self, lake: &Lake) -> Result<(), LakeError> {
        let slots: Vec<u8> = self.mailboxes.keys().map(|id| slot(id)).collect();
        let mailboxes = Arc::clone(&self.mailboxes);
        let is_wanted = |row: &Interaction| new_role(&mailboxes, row).is_some();
        lake.mails(&slots, is_wanted, |row| {
            if let Some(revised) = self.revised(row) {
                self.keep(revised);
            }
            match self.shutdown.requested() {
                // The mailboxes are not read any more either; the next run begins with these.
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        })?;
        self.hand_over();
        Ok(())
    }

    /// The row as it is now. Who is of the company, and so the direction, stays as it was known when
    /// the mail was read.
    fn revised(&self, row: Interaction) -> Option<Interaction> {
        let (mailbox, user_role) = new_role(&self.mailboxes, &row)?;
        Some(Interaction {
            revision: row.revision.saturating_add(1),
            mailbox: Arc::clone(mailbox),
            user_role,
            captured_at: self.run.started_at,
            run_id: Arc::clone(&self.run.run_id),
            ..row
        })
    }

    fn keep(&mut self, interaction: Interaction) {
        self.withheld.note_revision(&interaction);
        self.rows += 1;
        self.bytes += interaction.bytes();
        let id = Arc::clone(&interaction.mailbox.id);
        self.waiting
            .entry(id)
            .or_default()
            .push(MatchedInteraction {
                contact_matches: self.matcher.contact_matches(&interaction.participants),
                interaction,
            });
        if self.rows >= ROWS_AT_ONCE || self.bytes >= BYTES_AT_ONCE {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        (self.rows, self.bytes) = (0, 0);
        for (id, rows) in self.waiting.drain() {
            let Some(mailbox) = self.mailboxes.get(&id) else {
                continue;
            };
            let tally = Tally {
                derived: rows.len() as u64,
                ..Tally::default()
            };
            *self.counts.entry(id).or_default() += tally.derived;
            let (promise, ticket) = Ticket::new();
            self.last = ticket;
            // Where the writer has stopped, the run is over.
            let _ = self.mailbox_batches.blocking_send(MailboxBatch {
                mailbox: Arc::clone(mailbox),
                rows,
                cursors: Vec::new(),
                tally,
                cost: Cost::default(),
                seen: Arc::default(),
                promise,
                taken: Taken::default(),
            });
        }
    }
}
