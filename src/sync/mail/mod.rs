//! One mailbox of a tenant: its folders' chains, from where they were left to where they end.

mod completeness;
mod connection;
mod fetch;
pub mod folder_delta;
mod folders;
mod listing_fallback;
mod mail_sync;
mod pages;
mod privacy;
mod remarks;
mod retries;
mod seen_ids;
mod sent_first;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::config::capture::Meetings;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::AbsentCursor;
use crate::model::cursor::CalendarCursor;
use crate::model::cursor::CursorRecord;
use crate::model::interaction::Source;
use crate::model::span::Span;
use crate::model::time::Micros;
use crate::model::time::SECOND;
use crate::reconcile::mail::Desk;
use crate::reconcile::mail::items::Place;
use crate::reconcile::outcomes::Settled;
use crate::source::graph::folders::Folder;
use crate::source::graph::retry::RetryAction;
use crate::source::graph::well_known;
use crate::sync::calendar::Calendar;
use crate::sync::context::Context;
use crate::sync::cursors;
use crate::sync::cursors::Known;
use crate::sync::in_flight::Turn;
use crate::sync::in_flight::WriterGone;
use crate::sync::job::GraphJob;
use crate::sync::mail::completeness::Checked;
use crate::sync::mail::folder_delta::Chain;
use crate::sync::mail::folder_delta::ChainError;
use crate::sync::mail::folders::Places;
use crate::sync::mail::mail_sync::GraphWalk;
use crate::sync::mailbox::Pages;
use crate::sync::mailbox::WalkError;

/// How long a user without a mailbox is not asked again: each request costs the service many
/// seconds (facts 6.2). A little less than a day, so that a daily run asks each time and others of
/// the same day do not.
const ABSENT_FOR: i64 = 20 * 3600 * SECOND;

/// Reads a mailbox; an error in it becomes its status.
pub async fn read(context: &Context, job: GraphJob, turn: Turn) -> Result<Coverage, WriterGone> {
    let mut walk = GraphWalk::new(context, job, turn);
    let result = walk.all().await;
    let cost = walk.total_cost();
    walk.walk.coverage(result, cost)
}

/// What is read before the calendar.
struct MailTurn {
    chains: VecDeque<Chain>,
    cursors: Vec<CursorRecord>,
}

impl GraphWalk<'_> {
    /// Everything that is to be done for the mailbox in this run.
    async fn all(&mut self) -> Result<Status, WalkError> {
        if self.walk.is_stopped() {
            return Ok(Status::Stopped);
        }
        let known = self.walk.known()?;
        self.walk.was_absent = known.absent.is_some();
        if self.was_absent_lately(&known) {
            self.walk.remark = Some("there was none when it was asked for last".to_owned());
            return Ok(Status::NoMailbox);
        }
        self.walk.cursor_age_hours = oldest_link_hours(&known, self.walk.started_at);
        let listed = self.listed(&known).await?;
        let mut cursor = match &known.mailbox {
            Some(cursor) => cursor.clone(),
            None => self.connect(),
        };
        self.ask_kind(&mut cursor).await?;
        self.note_settings(&mut cursor);
        let known_ids = self.client.well_known(&cursor.well_known, &listed);
        cursor.well_known = self.walk.unless_stopped(known_ids).await?;
        let readable = well_known::readable(&listed, &cursor.well_known);
        let items = readable.iter().filter_map(|folder| folder.total_item_count);
        self.walk.folder_items = Some(i64::try_from(items.sum::<u64>()).unwrap_or(i64::MAX));
        let excluded = readable
            .iter()
            .filter(|f| self.walk.context.rules.excludes_folder(&f.path));
        let sent = readable.iter().find(|folder| folder.is_sent);
        self.folders = Places {
            excluded: Arc::new(excluded.map(|folder| folder.id.clone()).collect()),
            sent: sent.map(|folder| folder.id.clone()),
            ..Places::default()
        };
        let desk = Arc::new(
            self.walk
                .context
                .desk(&self.walk.mailbox, Source::Graph, &cursor),
        );
        self.walk.cursor = Some(cursor);
        if let Some(range) = self.walk.context.range {
            return self.fill(&desk, readable, range).await;
        }
        let mut cursors = folder_delta::of_gone_folders(&self.walk.mailbox.id, &known, &readable);
        if known.absent.is_some() {
            cursors.push(cursors::absent_record(&self.walk.mailbox.id, None));
        }
        let chains = self.chains(readable, &known);
        let turn = MailTurn { chains, cursors };
        self.lists = known.lists;
        let mail = self.mail(&desk, turn).await;
        self.remark();
        let is_through = matches!(
            mail,
            Ok(Status::Complete)
                | Err(WalkError::Chain(_)
                    | WalkError::FolderHidden
                    | WalkError::Incomplete { .. }
                    | WalkError::ManyRefused { .. })
        );
        if self.reads_calendar() && is_through {
            let calendar = known.calendar.as_ref().filter(|_| !self.walk.context.again);
            let read = self.calendar(&desk, calendar).await;
            if read.is_err() && mail.is_ok() {
                self.remark_mail();
            }
            read?;
        }
        mail
    }

    /// The chains of its folders.
    fn chains(&mut self, folders: Vec<Folder>, known: &Known) -> VecDeque<Chain> {
        let (selection, anew) = (self.walk.context.selection, self.walk.context.again);
        let chains = folder_delta::of_folders(folders, known, selection, anew);
        let kept = chains.iter().filter(|chain| chain.seen_until().is_some());
        self.kept = kept.count();
        chains
    }

    fn was_absent_lately(&self, known: &Known) -> bool {
        let now = self.tenant.service_time();
        let is_lately = |absent: AbsentCursor| now.0 - absent.asked_at.0 < ABSENT_FOR;
        !self.walk.context.again && known.absent.is_some_and(is_lately)
    }

    /// All folders. That there is no mailbox is noted, so that it is not requested too often.
    async fn listed(&mut self, known: &Known) -> Result<Vec<Folder>, WalkError> {
        let listed = self.walk.unless_stopped(self.client.folders()).await;
        if let Err(WalkError::Graph(error)) = &listed
            && error.action() == RetryAction::NoMailbox
            && known.mailbox.is_none()
        {
            let absent = AbsentCursor {
                asked_at: self.tenant.service_time(),
            };
            let record = cursors::absent_record(&self.walk.mailbox.id, Some(&absent));
            self.record(Settled::default(), 0, vec![record]).await?;
        }
        listed
    }

    /// Reads what was received within a range, folder by folder, and leaves the chains alone.
    async fn fill(
        &mut self,
        desk: &Arc<Desk>,
        folders: Vec<Folder>,
        range: Span,
    ) -> Result<Status, WalkError> {
        for folder in folders {
            if self.walk.is_stopped() {
                return Ok(Status::Stopped);
            }
            self.list_mails(desk, &folder.id, range).await?;
        }
        self.walk.remark = Some("only the range that was asked for was read".to_owned());
        Ok(Status::Filled)
    }

    /// Whether the calendar is read after the mail.
    fn reads_calendar(&self) -> bool {
        self.captures_meetings != Meetings::None
    }

    /// One round of the calendar; it is the last batch of the mailbox.
    async fn calendar(
        &mut self,
        desk: &Arc<Desk>,
        cursor: Option<&CalendarCursor>,
    ) -> Result<(), WalkError> {
        let calendar = Calendar {
            context: self.walk.context,
            client: &self.client,
            desk,
            uncommitted: self.walk.uncommitted(),
            cursor,
            ledger: &self.walk.ledger,
            now: self.tenant.service_time(),
        };
        let decided = self.walk.unless_stopped(calendar.read()).await?;
        let pages = Pages {
            received: decided.received,
            total_cost: self.total_cost(),
        };
        self.remark_calendar(&decided.cursor);
        let record = cursors::calendar_record(&self.walk.mailbox.id, &decided.cursor);
        let mut cursors = vec![record];
        cursors.extend(self.walk.keep_ledger(&decided.settled));
        let handed_over = self.walk.hand_over(decided.settled, cursors, pages);
        // The round is whole: the next one is read by the next run.
        Ok(handed_over.await.map(drop)?)
    }

    /// Takes chains a few at a time, a few pages of each, until all have ended; then checks that
    /// they returned everything, and tries unreadable items again.
    async fn mail(&mut self, desk: &Arc<Desk>, turn: MailTurn) -> Result<Status, WalkError> {
        let MailTurn {
            chains: mut queue,
            mut cursors,
        } = turn;
        let due_in_sent = self.due_in_sent();
        self.read_singles(desk, due_in_sent).await?;
        loop {
            if self.walk.is_stopped() {
                return Ok(Status::Stopped);
            }
            let (chains, is_sent) = self.next_chains(&mut queue).await?;
            if is_sent {
                self.folders.sent_read_at = Some(self.tenant.service_time());
            }
            for chain in chains.iter().filter(|chain| chain.is_at_start()) {
                self.presence.begin(&chain.folder.id);
            }
            let (fetched, left) = tokio::select! {
                fetched = self.fetch(chains) => fetched,
                _ = self.walk.context.shutdown.wait() => return Ok(Status::Stopped),
            };
            folders::put_off(&mut queue, left);
            let mut sorted = self.sort(fetched, &mut cursors);
            let mut ahead = sorted.unfinished;
            let received = sorted
                .pages
                .iter()
                .map(|page| page.items.len() as u64)
                .sum();
            let sifted = self.sift(desk, sorted.pages).await?;
            let is_well = sorted.failure.is_none() && sorted.spoilt.is_empty();
            let is_end = queue.is_empty() && ahead.is_empty() && is_well;
            let Checked { doubts, unfinished } = if is_end || (is_sent && is_well) {
                self.doubts(&mut cursors).await?
            } else {
                Checked::default()
            };
            ahead.extend(unfinished);
            let is_end = is_end && ahead.is_empty();
            if is_end {
                self.note_forgotten();
            }
            let again = if is_end {
                self.due_elsewhere()
            } else {
                Vec::new()
            };
            let settled = self.settle(desk, sifted).await?;
            let ticket = self
                .hand_over(settled, received, std::mem::take(&mut cursors))
                .await?;
            for chain in &mut ahead {
                chain.goes_on_after(ticket.clone());
            }
            folders::put_back(&mut queue, ahead, is_sent);
            self.read_spoilt(desk, sorted.spoilt, &mut sorted.failure)
                .await?;
            if let Some(error) = sorted.failure {
                return Err(error);
            }
            self.prove(desk, doubts).await?;
            if is_end {
                return self.finish(desk, again).await;
            }
            if sorted.has_restarted {
                self.wait_for_resync().await?;
            }
        }
    }

    /// Reads folders whose chains fail in this run by plain lists. If these fail, too, the error of
    /// the chain is reported.
    async fn read_spoilt(
        &mut self,
        desk: &Arc<Desk>,
        spoilt: Vec<(Chain, ChainError)>,
        failure: &mut Option<WalkError>,
    ) -> Result<(), WalkError> {
        for (chain, error) in spoilt {
            if failure.is_some() {
                return Ok(());
            }
            let listed = self.lists.get(&*chain.folder.id).copied();
            match self.read_plainly(desk, &chain, listed.as_ref()).await {
                Ok(()) => self.listed += 1,
                Err(WalkError::Graph(refused)) if folder_delta::is_of_one_folder(&refused) => {
                    if self.goes_on_without(&chain, &error) {
                        self.left.push(error);
                    } else {
                        *failure = Some(error.into());
                    }
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// Waits for the permit to read folders again from their beginning, and keeps it until the
    /// mailbox is finished.
    async fn wait_for_resync(&mut self) -> Result<(), WalkError> {
        if self.resync.is_none() {
            let resyncs = self.walk.context.resyncs.clone();
            let leave = async { Ok::<_, WalkError>(resyncs.acquire_owned().await.ok()) };
            self.resync = self.walk.unless_stopped(leave).await?;
        }
        Ok(())
    }

    /// The status of the mailbox when no chain is left: complete only if every folder was read.
    async fn finish(
        &mut self,
        desk: &Arc<Desk>,
        again: Vec<(String, Place)>,
    ) -> Result<Status, WalkError> {
        self.read_singles(desk, again).await?;
        self.incomplete()?;
        if let Some(error) = self.left.pop() {
            return Err(error.into());
        }
        if !self.gone.is_empty() {
            let listed = self.walk.unless_stopped(self.client.folders()).await?;
            if listed.iter().any(|folder| self.gone.contains(&folder.id)) {
                return Err(WalkError::FolderHidden);
            }
        }
        Ok(Status::Complete)
    }
}

/// Hours since the oldest link of a mailbox was received.
#[expect(clippy::cast_precision_loss, reason = "hours for people to read")]
fn oldest_link_hours(known: &Known, now: Micros) -> Option<f64> {
    let oldest = known.chains.values().map(|chain| chain.fetched_at).min()?;
    Some((now.0 - oldest.0).max(0) as f64 / (3600 * SECOND) as f64)
}

#[cfg(test)]
mod tests;
