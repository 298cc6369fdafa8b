//! One mailbox of a tenant: its folders' chains, from where they were left to where they end.

mod completeness;
mod connection;
pub mod folder_delta;
mod listing_fallback;
mod pages;
mod privacy;
mod retries;
mod seen_ids;
mod sent_first;

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use crate::config::capture::Meetings;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::AbsentCursor;
use crate::model::cursor::CalendarCursor;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::ListCursor;
use crate::model::interaction::Source;
use crate::model::mailbox::Mailbox;
use crate::model::page::GraphPage;
use crate::model::span::Span;
use crate::model::time::Micros;
use crate::model::time::SECOND;
use crate::reconcile::mail::Desk;
use crate::reconcile::mail::Place;
use crate::reconcile::mail::Settled;
use crate::source::graph::client::Client;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::folders::Folder;
use crate::source::graph::retry::RetryAction;
use crate::source::graph::well_known;
use crate::sync::calendar::Calendar;
use crate::sync::context::Context;
use crate::sync::cursors;
use crate::sync::cursors::Known;
use crate::sync::in_flight::Turn;
use crate::sync::in_flight::WriterGone;
use crate::sync::mail::completeness::Checked;
use crate::sync::mail::completeness::Shortfall;
use crate::sync::mail::folder_delta::Chain;
use crate::sync::mail::folder_delta::ChainError;
use crate::sync::mail::folder_delta::Fetched;
use crate::sync::mail::folder_delta::RoundState;
use crate::sync::mail::privacy::Privacy;
use crate::sync::mail::seen_ids::Presence;
use crate::sync::mail::sent_first::Places;
use crate::sync::mailbox::Pages;
use crate::sync::mailbox::Walk;
use crate::sync::mailbox::WalkError;

/// Chains of one mailbox whose pages become one portion, ...
const CHAINS_PER_PORTION: usize = 12;
/// ... if they hold no more bytes: some 10,000 mails without, 2,500 with header fields. What is in
/// flight comes on top: [`CHAINS_AT_ONCE`] chains of [`folder_delta::PAGES_AHEAD`] pages.
const BYTES_PER_PORTION: usize = 16 << 20;
/// Requests of one mailbox in flight (facts 7.1); the client holds to it as well.
const CHAINS_AT_ONCE: usize = 3;

/// Folders that cannot be read tonight while the others are: each has cost all its repetitions, and
/// more of them are trouble of the mailbox.
const FOLDERS_LEFT_MAX: usize = 3;

/// A user without a mailbox is asked again after so long: each question costs the service many
/// seconds (facts 6.2). A little less than a day, so that a nightly run asks every night and others
/// of the same day do not.
const ABSENT_FOR: i64 = 20 * 3600 * SECOND;

/// A mailbox to read.
#[derive(Debug)]
pub struct GraphJob {
    /// The client of its tenant.
    pub client: Client,
    /// Whose; its kind is what the directory lets us guess.
    pub mailbox: Mailbox,
    /// Whether the settings of today let mail be captured.
    pub captures_mail: bool,
    /// Which meetings they let be captured; without any the calendar is not asked for.
    pub captures_meetings: Meetings,
}

/// Reads a mailbox; whatever goes wrong in it becomes its status.
pub async fn read(context: &Context, job: GraphJob, turn: Turn) -> Result<Coverage, WriterGone> {
    let mut walk = GraphWalk {
        client: job.client.mailbox(&job.mailbox.id),
        tenant: job.client,
        walk: Walk::new(context, job.mailbox),
        turn,
        captures_mail: job.captures_mail,
        captures_meetings: job.captures_meetings,
        folders: Places::default(),
        lists: BTreeMap::new(),
        left: Vec::new(),
        gone: Vec::new(),
        ended: Vec::new(),
        presence: Presence::default(),
        shortfalls: Vec::new(),
        unproven: 0,
        listed: 0,
        kept: 0,
        forgotten: 0,
        refused: 0,
        privacy: Privacy::Unasked,
        of_unknown_privacy: 0,
        resync: None,
    };
    let result = walk.all().await;
    let cost = walk.total_cost();
    walk.walk.coverage(result, cost)
}

struct GraphWalk<'a> {
    walk: Walk<'a>,
    turn: Turn,
    tenant: Client,
    client: MailboxClient,
    captures_mail: bool,
    captures_meetings: Meetings,
    folders: Places,
    /// Why folders were left for the next run.
    left: Vec<ChainError>,
    /// Folders that were listed and then said to be gone.
    gone: Vec<Arc<str>>,
    /// Folders that earlier runs had to read by plain lists.
    lists: BTreeMap<String, ListCursor>,
    /// Chains whose rounds have ended, to be compared with what their folders say they hold.
    ended: Vec<Chain>,
    /// What the first rounds of this run have brought.
    presence: Presence,
    /// Folders of which not all could be had.
    shortfalls: Vec<Shortfall>,
    /// Folders whose counts could not be checked.
    unproven: usize,
    /// Folders that were read by plain lists.
    listed: usize,
    /// Chains that were to go on where the last run left them.
    kept: usize,
    /// Of these, the ones that the service had forgotten.
    forgotten: usize,
    /// Items that the service did not hand out.
    refused: usize,
    /// How it learns which mails are private.
    privacy: Privacy,
    /// Mails that were recorded without anybody knowing whether they are private.
    of_unknown_privacy: usize,
    /// The leave to read folders from their beginning that the service forgot.
    resync: Option<OwnedSemaphorePermit>,
}

/// What is handed over before the calendar's turn.
struct MailTurn {
    chains: VecDeque<Chain>,
    cursors: Vec<CursorRecord>,
}

impl GraphWalk<'_> {
    /// Everything that is to be done for the mailbox tonight.
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

    /// All folders. That there is no mailbox is noted, so that it is not asked for too often.
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

    /// Says first that it is the calendar alone that was not read.
    fn remark_mail(&mut self) {
        let said = "mail was read".to_owned();
        self.walk.remark = Some(match self.walk.remark.take() {
            Some(remark) => format!("{said}; {remark}"),
            None => said,
        });
    }

    /// Adds what is still due of the calendar.
    fn remark_calendar(&mut self, cursor: &CalendarCursor) {
        let unproven = cursor.unproven_since.map(|_| {
            "the calendar could not be checked for completeness; it is read again after a month"
        });
        let past = cursor.is_past_due.then_some(
            "the calendar before its chain's window could not be listed; the next run tries",
        );
        let before = self.walk.remark.take();
        let told = unproven.into_iter().chain(past).map(str::to_owned);
        let told: Vec<String> = before.into_iter().chain(told).collect();
        self.walk.remark = (!told.is_empty()).then(|| told.join("; "));
    }

    /// What is to be said of a mailbox that is through.
    fn remark(&mut self) {
        let mut remarks = Vec::new();
        if self.listed > 0 {
            remarks.push(format!("{} folders were read by plain lists", self.listed));
        }
        if self.unproven > 0 {
            let count = self.unproven;
            remarks.push(format!(
                "{count} folders could not be checked for completeness"
            ));
        }
        remarks.extend(self.forgotten_remark());
        remarks.extend(self.privacy_remark());
        self.walk.remark = (!remarks.is_empty()).then(|| remarks.join("; "));
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

    /// One round of the calendar; it is the last that the mailbox hands over.
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

    /// Takes chains a few at a time, a few pages of each, until all have ended; then proves that
    /// they brought everything, and tries again what could not be read.
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
            sent_first::put_off(&mut queue, left);
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
            sent_first::put_back(&mut queue, ahead, is_sent);
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

    /// The next chains to fetch: Sent Items alone and first, then those that are no more than a few
    /// pages beyond their committed links. Waits for a commit where there are none.
    async fn next_chains(
        &mut self,
        queue: &mut VecDeque<Chain>,
    ) -> Result<(Vec<Chain>, bool), WalkError> {
        loop {
            let (chains, is_sent) = sent_first::next_chains(queue, CHAINS_PER_PORTION);
            let Some(chain) = queue.front().filter(|_| chains.is_empty()) else {
                return Ok((chains, is_sent));
            };
            let committed = self.turn.wait_for(chain.committed());
            self.walk.unless_stopped(committed).await?;
        }
    }

    /// What the pages of a portion came to.
    fn sort(&mut self, fetched: Vec<Fetched>, cursors: &mut Vec<CursorRecord>) -> Sorted {
        let mut sorted = Sorted::default();
        for one in fetched {
            cursors.extend(one.cursor);
            sorted.pages.extend(one.pages);
            match one.error {
                Some(error) if error.asks_for_lists() => sorted.spoilt.push((one.chain, error)),
                Some(error) if self.goes_on_without(&one.chain, &error) => self.left.push(error),
                Some(error) => sorted.failure = sorted.failure.or(Some(error.into())),
                None => self.sort_chain(one.chain, one.state, &mut sorted, cursors),
            }
        }
        sorted
    }

    fn sort_chain(
        &mut self,
        chain: Chain,
        state: RoundState,
        sorted: &mut Sorted,
        cursors: &mut Vec<CursorRecord>,
    ) {
        match state {
            RoundState::InProgress => sorted.unfinished.push(chain),
            RoundState::Restarted { at_kept_link } => {
                sorted.has_restarted = true;
                self.forgotten += usize::from(at_kept_link);
                sorted.unfinished.push(chain);
            }
            RoundState::FolderGone => {
                self.folders.is_sent_awaited |= chain.folder.is_sent;
                self.gone.push(chain.folder.id);
            }
            RoundState::Complete => {
                let folder = &chain.folder.id;
                if self.lists.remove(&**folder).is_some() {
                    let mailbox_id = &self.walk.mailbox.id;
                    cursors.push(cursors::list_record(mailbox_id, folder, None));
                }
                self.ended.push(chain);
            }
        }
    }

    /// Reads folders whose chains do not work tonight by plain lists. Where these do not work
    /// either, the chain's own trouble is told.
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

    /// Waits for the leave to read folders again from their beginning, and keeps it until the
    /// mailbox is through.
    async fn wait_for_resync(&mut self) -> Result<(), WalkError> {
        if self.resync.is_none() {
            let resyncs = self.walk.context.resyncs.clone();
            let leave = async { Ok::<_, WalkError>(resyncs.acquire_owned().await.ok()) };
            self.resync = self.walk.unless_stopped(leave).await?;
        }
        Ok(())
    }

    /// Whether one folder's trouble leaves the others to be read: else those behind it would wait
    /// for ever. Not so with Sent Items, whose copies of mails come before all others.
    fn goes_on_without(&self, chain: &Chain, error: &ChainError) -> bool {
        error.is_of_one_folder() && !chain.folder.is_sent && self.left.len() < FOLDERS_LEFT_MAX
    }

    /// What the mailbox came to when no chain is left: complete only if every folder was read.
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

    /// The next pages of chains, and the chains that have to wait for the next portion.
    async fn fetch(&self, chains: Vec<Chain>) -> (Vec<Fetched>, Vec<Chain>) {
        let (mailbox_id, selection) = (&self.walk.mailbox.id, self.walk.context.selection);
        let bytes = AtomicUsize::new(0);
        let fetch = async |chain| {
            if bytes.load(Ordering::Relaxed) >= BYTES_PER_PORTION {
                return Err(chain);
            }
            let fetched = folder_delta::fetch(&self.client, mailbox_id, chain, selection).await;
            bytes.fetch_add(fetched.bytes(), Ordering::Relaxed);
            Ok(fetched)
        };
        let mut fetching = pin!(stream::iter(chains).map(fetch).buffered(CHAINS_AT_ONCE));
        let (mut fetched, mut left) = (Vec::new(), Vec::new());
        while let Some(one) = fetching.next().await {
            match one {
                Ok(pages) => fetched.push(pages),
                Err(chain) => left.push(chain),
            }
        }
        (fetched, left)
    }

    fn total_cost(&self) -> Cost {
        let totals = self.client.totals();
        Cost {
            requests: totals.requests,
            bytes: totals.bytes,
            waited_seconds: totals.waited.as_secs_f64(),
        }
    }
}

/// Pages of one portion, and how their chains stand.
#[derive(Default)]
struct Sorted {
    pages: Vec<GraphPage>,
    unfinished: Vec<Chain>,
    /// Chains that do not work tonight; their folders are read by plain lists.
    spoilt: Vec<(Chain, ChainError)>,
    has_restarted: bool,
    /// Why the mailbox cannot be read further.
    failure: Option<WalkError>,
}

/// Hours since the oldest link of a mailbox was received.
#[expect(clippy::cast_precision_loss, reason = "hours for people to read")]
fn oldest_link_hours(known: &Known, now: Micros) -> Option<f64> {
    let oldest = known.chains.values().map(|chain| chain.fetched_at).min()?;
    Some((now.0 - oldest.0).max(0) as f64 / (3600 * SECOND) as f64)
}

#[cfg(test)]
mod tests;
