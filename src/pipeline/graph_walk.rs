//! One mailbox of a tenant: its folders' chains, from where they were left to where they end.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use hashbrown::HashSet;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::config::capture::Meetings;
use crate::decode::graph;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::CalendarCursor;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::MailboxCursor;
use crate::model::interaction::Source;
use crate::model::mail::ContentLevel;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::page::GraphPage;
use crate::model::time::Micros;
use crate::model::time::SECOND;
use crate::pipeline::calendar_walk::Calendar;
use crate::pipeline::chain;
use crate::pipeline::chain::Chain;
use crate::pipeline::chain::ChainError;
use crate::pipeline::chain::Fetched;
use crate::pipeline::context::Context;
use crate::pipeline::context::WriterGone;
use crate::pipeline::decide::Desk;
use crate::pipeline::decide::Item;
use crate::pipeline::decide::Place;
use crate::pipeline::decide::Sifted;
use crate::pipeline::known;
use crate::pipeline::known::Known;
use crate::pipeline::walk::Pages;
use crate::pipeline::walk::Walk;
use crate::pipeline::walk::WalkError;
use crate::policy::settings;
use crate::source::graph::client::Client;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::sensitivity::Sensitivities;
use crate::source::graph::well_known;

/// Chains of one mailbox whose pages become one portion: bounds the memory of a portion to this
/// many chains of [`chain::PAGES_AHEAD`] pages.
const CHAINS_PER_PORTION: usize = 12;
/// The same where pages carry whole texts, which makes them several times as large.
const CHAINS_PER_PORTION_FULL: usize = 3;
/// Requests of one mailbox in flight (facts 7.1); the client holds to it as well.
const CHAINS_AT_ONCE: usize = 3;

/// Folders that cannot be read tonight while the others are: each has cost all its repetitions, and
/// more of them are trouble of the mailbox.
const FOLDERS_LEFT_MAX: usize = 3;

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
pub async fn read(context: &Context, job: GraphJob) -> Result<Coverage, WriterGone> {
    let mut walk = GraphWalk {
        client: job.client.mailbox(&job.mailbox.id),
        tenant: job.client,
        walk: Walk::new(context, job.mailbox),
        captures_mail: job.captures_mail,
        captures_meetings: job.captures_meetings,
        excluded: Arc::default(),
        left: Vec::new(),
        gone: Vec::new(),
    };
    let result = walk.all().await;
    let cost = walk.total_cost();
    walk.walk.coverage(result, cost)
}

struct GraphWalk<'a> {
    walk: Walk<'a>,
    tenant: Client,
    client: MailboxClient,
    captures_mail: bool,
    captures_meetings: Meetings,
    /// Ids of the folders that the exclusions name.
    excluded: Arc<HashSet<Arc<str>>>,
    /// Why folders were left for the next run.
    left: Vec<ChainError>,
    /// Folders that were listed and then said to be gone.
    gone: Vec<Arc<str>>,
}

impl GraphWalk<'_> {
    /// Everything that is to be done for the mailbox tonight.
    async fn all(&mut self) -> Result<Status, WalkError> {
        if self.walk.is_stopped() {
            return Ok(Status::Stopped);
        }
        let known = self.walk.known()?;
        self.walk.cursor_age_hours = oldest_link_hours(&known, self.walk.started_at);
        let listed = self.walk.unless_stopped(self.client.folders()).await?;
        let mut cursor = match &known.mailbox {
            Some(cursor) => cursor.clone(),
            None => self.connect().await?,
        };
        let now = self.tenant.service_time();
        settings::record(&mut cursor.mail_settings, now, self.captures_mail);
        let meetings = self.captures_meetings.as_str().to_owned();
        settings::record(&mut cursor.meeting_settings, now, meetings);
        if let Some(kind) = MailboxKind::parse(&cursor.kind) {
            Arc::make_mut(&mut self.walk.mailbox).kind = kind;
        }
        let known_ids = self.client.well_known(&cursor.well_known, &listed);
        cursor.well_known = self.walk.unless_stopped(known_ids).await?;
        let readable = well_known::readable(&listed, &cursor.well_known);
        let items: u64 = readable.iter().map(|folder| folder.total_item_count).sum();
        self.walk.folder_items = Some(i64::try_from(items).unwrap_or(i64::MAX));
        let excluded = readable
            .iter()
            .filter(|f| self.walk.context.rules.excludes_folder(&f.path));
        self.excluded = Arc::new(excluded.map(|folder| folder.id.clone()).collect());
        let desk = Arc::new(
            self.walk
                .context
                .desk(&self.walk.mailbox, Source::Graph, &cursor),
        );
        self.walk.cursor = Some(cursor);
        let gone = chain::of_gone_folders(&self.walk.mailbox.id, &known, &readable);
        let chains = chain::of_folders(readable, &known);
        let mail = self.walk(&desk, chains, gone).await;
        let is_through = matches!(
            mail,
            Ok(Status::Complete) | Err(WalkError::Chain(_) | WalkError::FolderHidden)
        );
        if self.reads_calendar() && is_through {
            self.calendar(&desk, known.calendar.as_ref()).await?;
        }
        mail
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
            cursor,
            now: self.tenant.service_time(),
        };
        let decided = self.walk.unless_stopped(calendar.read()).await?;
        let pages = Pages {
            received: decided.received,
            total_cost: self.total_cost(),
            is_last: true,
        };
        let record = known::calendar_record(&self.walk.mailbox.id, &decided.cursor);
        let handed_over = self.walk.hand_over(decided.settled, vec![record], pages);
        Ok(handed_over.await?)
    }

    /// The first connection: here the window is fixed.
    async fn connect(&self) -> Result<MailboxCursor, WalkError> {
        let kind = self
            .walk
            .unless_stopped(self.tenant.user_purpose(&self.walk.mailbox.id))
            .await?;
        let window = &self.walk.context.capture.window;
        let connected_at = self.tenant.service_time();
        Ok(MailboxCursor {
            connected_at,
            window_start: window.start(connected_at),
            kind: kind.as_str().to_owned(),
            well_known: BTreeMap::new(),
            mail_settings: Vec::new(),
            meeting_settings: Vec::new(),
            recorded: 0,
        })
    }

    /// Takes chains a few at a time, a few pages of each, until all have ended.
    async fn walk(
        &mut self,
        desk: &Arc<Desk>,
        mut queue: VecDeque<Chain>,
        mut cursors: Vec<CursorRecord>,
    ) -> Result<Status, WalkError> {
        let chains_per_portion = match self.walk.context.content {
            ContentLevel::Full => CHAINS_PER_PORTION_FULL,
            ContentLevel::Envelope | ContentLevel::Preview => CHAINS_PER_PORTION,
        };
        loop {
            if self.walk.is_stopped() {
                return Ok(Status::Stopped);
            }
            let (chains, is_sent) = next_chains(&mut queue, chains_per_portion);
            let fetched = tokio::select! {
                fetched = self.fetch(chains) => fetched,
                _ = self.walk.context.shutdown.wait() => return Ok(Status::Stopped),
            };
            let mut pages = Vec::new();
            let mut failure = None;
            let mut unfinished = Vec::new();
            for one in fetched {
                cursors.extend(one.cursor);
                pages.extend(one.pages);
                if one.is_gone {
                    self.gone.push(one.chain.folder.id.clone());
                }
                match one.error {
                    Some(error) if self.goes_on_without(&one.chain, &error) => {
                        self.left.push(error);
                    }
                    Some(error) => failure = failure.or(Some(error.into())),
                    None if !one.is_done => unfinished.push(one.chain),
                    None => {}
                }
            }
            put_back(&mut queue, unfinished, is_sent);
            let is_last = (queue.is_empty() || failure.is_some()) && !self.reads_calendar();
            self.decide(desk, pages, std::mem::take(&mut cursors), is_last)
                .await?;
            match failure {
                Some(error) => return Err(error),
                None if queue.is_empty() => return self.finish().await,
                None => {}
            }
        }
    }

    /// Whether one folder's trouble leaves the others to be read: else those behind it would wait
    /// for ever. Not so with Sent Items, whose copies of mails come before all others.
    fn goes_on_without(&self, chain: &Chain, error: &ChainError) -> bool {
        error.is_of_one_folder() && !chain.folder.is_sent && self.left.len() < FOLDERS_LEFT_MAX
    }

    /// What the mailbox came to when no chain is left: complete only if every folder was read.
    async fn finish(&mut self) -> Result<Status, WalkError> {
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

    async fn fetch(&self, chains: Vec<Chain>) -> Vec<Fetched> {
        stream::iter(chains)
            .map(|chain| {
                chain::fetch(
                    &self.client,
                    &self.walk.mailbox.id,
                    chain,
                    self.walk.context.content,
                )
            })
            .buffered(CHAINS_AT_ONCE)
            .collect()
            .await
    }

    /// Decides the items of some pages and hands them to the writer.
    async fn decide(
        &mut self,
        desk: &Arc<Desk>,
        pages: Vec<GraphPage>,
        cursors: Vec<CursorRecord>,
        is_last: bool,
    ) -> Result<(), WalkError> {
        let received = pages.iter().map(|page| page.items.len() as u64).sum();
        let sifted = self.sift(desk, pages).await?;
        let sifted = self.fetch_partial(desk, sifted).await?;
        let private = if sifted.needs_private_ids() {
            self.walk.unless_stopped(self.client.private_ids()).await?
        } else {
            Sensitivities::Hidden
        };
        let settling = desk.clone();
        let settled = self
            .walk
            .context
            .cpu
            .run(move || settling.settle(sifted, &private))
            .await??;
        let pages = Pages {
            received,
            total_cost: self.total_cost(),
            is_last,
        };
        Ok(self.walk.hand_over(settled, cursors, pages).await?)
    }

    async fn sift(&self, desk: &Arc<Desk>, pages: Vec<GraphPage>) -> Result<Sifted, WalkError> {
        let desk = desk.clone();
        let content = self.walk.context.content;
        let excluded = self.excluded.clone();
        let sifted = self
            .walk
            .context
            .cpu
            .run(move || desk.sift(decode_pages(&pages, &excluded, content)));
        Ok(sifted.await??)
    }

    /// Fetches singly what a page told too little of (facts 1.5).
    async fn fetch_partial(
        &self,
        desk: &Arc<Desk>,
        mut sifted: Sifted,
    ) -> Result<Sifted, WalkError> {
        let wanted = std::mem::take(&mut sifted.to_fetch);
        if wanted.is_empty() {
            return Ok(sifted);
        }
        let content = self.walk.context.content;
        let (ids, places): (Vec<String>, Vec<Place>) = wanted.into_iter().unzip();
        let fetching = self.client.messages_by_id(&ids, content);
        let fetched = self.walk.unless_stopped(fetching).await?;
        let mut items = Vec::new();
        for (fetched, place) in fetched.into_iter().zip(places) {
            match fetched.body {
                Some(body) => {
                    let decoded = graph::item(&body, &place.container, content);
                    items.push(Item { decoded, place });
                }
                None => sifted.note_gone(),
            }
        }
        let desk = desk.clone();
        sifted.append(
            self.walk
                .context
                .cpu
                .run(move || desk.sift(items))
                .await??,
        );
        Ok(sifted)
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

/// The next chains to fetch: Sent Items alone and first, so that of several copies of a mail the
/// one that has Bcc is recorded (design section 4).
fn next_chains(queue: &mut VecDeque<Chain>, at_most: usize) -> (Vec<Chain>, bool) {
    if queue.front().is_some_and(|chain| chain.folder.is_sent) {
        return (queue.pop_front().into_iter().collect(), true);
    }
    let count = queue.len().min(at_most);
    (queue.drain(..count).collect(), false)
}

/// Chains that go on: Sent Items to the front, so that it is through before others begin.
fn put_back(queue: &mut VecDeque<Chain>, unfinished: Vec<Chain>, to_the_front: bool) {
    for chain in unfinished {
        if to_the_front {
            queue.push_front(chain);
        } else {
            queue.push_back(chain);
        }
    }
}

/// Hours since the oldest link of a mailbox was received.
#[expect(clippy::cast_precision_loss, reason = "hours for people to read")]
fn oldest_link_hours(known: &Known, now: Micros) -> Option<f64> {
    let oldest = known.chains.values().map(|chain| chain.fetched_at).min()?;
    Some((now.0 - oldest.0).max(0) as f64 / (3600 * SECOND) as f64)
}

fn decode_pages(
    pages: &[GraphPage],
    excluded: &HashSet<Arc<str>>,
    content: ContentLevel,
) -> Vec<Item> {
    let decode = |page: &GraphPage, range: &Range<usize>| {
        let container = page.container.clone();
        let decoded = graph::item(&page.body[range.clone()], &container, content);
        let is_excluded = excluded.contains(&container);
        Item {
            decoded,
            place: Place {
                container,
                is_excluded,
            },
        }
    };
    pages
        .par_iter()
        .flat_map_iter(|page| page.items.iter().map(move |range| decode(page, range)))
        .collect()
}

#[cfg(test)]
mod tests;
