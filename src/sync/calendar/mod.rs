//! The calendar of one mailbox: where its chain continues, one round of it, and the result.

use std::sync::Arc;

use futures_util::FutureExt;
use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::coverage::Status;
use crate::model::cursor::CalendarCursor;
use crate::model::event::DecodedEvent;
use crate::model::event::EventType;
use crate::model::mailbox;
use crate::model::page::ItemAnswer;
use crate::model::span::Window;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::reconcile::calendar::decide;
use crate::reconcile::calendar::input;
use crate::reconcile::calendar::input::Fetched;
use crate::reconcile::calendar::input::Memory;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::calendar::input::Times;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::outcomes::Outcomes;
use crate::source::service::MailboxService;
use crate::source::service::SPAN_MAX;
use crate::state::error::StateError;
use crate::state::uncommitted::Uncommitted;
use crate::sync::calendar::error::CalendarError;
use crate::sync::calendar::error::RoundError;
use crate::sync::calendar::round::Fetching;
use crate::sync::calendar::undated::events_of;
use crate::sync::calendar::undated::fetch_undated;
use crate::sync::context::Context;
use crate::sync::cursors;
use crate::sync::in_flight::Turn;
use crate::sync::mailbox::MailboxSync;
use crate::sync::mailbox_source::MailboxSource;
use crate::sync::mailbox_source::Reading;
use crate::sync::retries::RetryLedger;

pub(crate) mod error;
mod listing;
mod retries;
mod round;
mod singles;
mod undated;
mod unnamed;

/// How far ahead a chain's window reaches.
const WINDOW_AHEAD: i64 = 366 * DAY;
/// How far back a calendar is read at most, with or without a window.
const WINDOW_BACK_MAX: i64 = 10 * 366 * DAY;
/// A chain is replaced when its window ends within this many days: series are recorded 30 days
/// ahead, and single meetings are seldom made earlier than two months before.
const WINDOW_LEFT_MIN: i64 = 60 * DAY;
/// A chain that could not be checked for completeness is restarted after this many days.
const UNPROVEN_DAYS: i64 = 30;

/// The calendar of a service's mailbox, read after its mail. A round of its chain is decided as a
/// whole; it is complete when the ids of its window are all named.
#[derive(Debug)]
pub(crate) struct CalendarSource<'a, S> {
    /// Of the mailbox.
    pub service: &'a S,
}

impl<S: MailboxService> MailboxSource for CalendarSource<'_, S> {
    fn read<'a>(&'a mut self, sync: &'a mut MailboxSync<'_>, _: &'a mut Turn) -> Reading<'a> {
        async move {
            let Some(reconciler) = sync.reconciler.clone() else {
                // The mailbox was not opened.
                return Ok(Status::Stopped);
            };
            let calendar = CalendarSync {
                context: sync.context,
                service: self.service,
                reconciler: &reconciler,
                uncommitted: sync.uncommitted(),
                cursor: sync.calendar.as_ref().filter(|_| !sync.context.again),
                ledger: &sync.ledger,
                now: self.service.service_time(),
            };
            let decided = sync.context.unless_stopped(calendar.read()).await?;
            sync.total_cost = self.service.total_cost();
            remark(sync, &decided.cursor);
            let record = cursors::calendar_record(&sync.mailbox.id, &decided.cursor);
            // The round is whole: the next one is read by the next run, so nothing waits.
            let _ = sync
                .hand_over(decided.outcomes, vec![record], decided.received)
                .await?;
            Ok(Status::Complete)
        }
        .boxed_local()
    }
}

/// Adds what is still due of the calendar to the remark on the mailbox.
fn remark(sync: &mut MailboxSync<'_>, cursor: &CalendarCursor) {
    let unproven = cursor.unproven_since.map(
        |_| "the calendar could not be checked for completeness; it is read again after a month",
    );
    let past = cursor.is_past_due.then_some(
        "the calendar before its chain's window could not be listed; the next run tries",
    );
    let before = sync.remark.take();
    let remarks = unproven.into_iter().chain(past).map(str::to_owned);
    let remarks: Vec<String> = before.into_iter().chain(remarks).collect();
    sync.remark = (!remarks.is_empty()).then(|| remarks.join("; "));
}

/// A calendar that is to be read.
#[derive(Debug)]
struct CalendarSync<'a, S> {
    /// What all tasks share.
    pub context: &'a Context,
    /// Of the mailbox.
    pub service: &'a S,
    /// Where its events are decided.
    pub reconciler: &'a Arc<MailReconciler>,
    /// What was decided of the mailbox and is not committed yet.
    pub uncommitted: Uncommitted,
    /// Where its chain was left.
    pub cursor: Option<&'a CalendarCursor>,
    /// What could not be read so far.
    pub ledger: &'a RetryLedger,
    /// The service's time.
    pub now: Timestamp,
}

/// What a round came to.
#[derive(Debug)]
pub(crate) struct Decided {
    /// Rows, outcomes and marks.
    pub outcomes: Outcomes,
    /// Items that were received.
    pub received: u64,
    /// Where the chain continues, and what is still due of it.
    pub cursor: CalendarCursor,
}

impl<S: MailboxService> CalendarSync<'_, S> {
    /// Reads one round and decides it.
    pub(crate) async fn read(&self) -> Result<Decided, CalendarError> {
        let mut memory = self.memory()?;
        let link = self.link()?;
        let given_up = self.given_up();
        let fetching = Fetching {
            service: self.service,
            cpu: &self.context.cpu,
            content: self.context.selection.content,
            given_up: &given_up,
        };
        let is_new = link.is_none();
        let mut round = fetching.round(link, self.new_window()).await?;
        let (read_from, past) = (self.read_with(&round), self.past(&round));
        let is_settled = round.is_silent() && past.is_none() && memory.is_settled(self.times());
        let fetched = if is_settled {
            Fetched::default()
        } else {
            let recorded = self.context.state.meetings(&self.reconciler.mailbox.id)?;
            memory.meetings = recorded.into_iter().collect();
            self.complete(&fetching, &mut round, &memory, past).await?
        };
        let received = round.received();
        let items_before = if is_new {
            0
        } else {
            self.cursor.map_or(0, |cursor| cursor.items)
        };
        let cursor = CalendarCursor {
            link: round.link.clone(),
            window_start: round.window.start,
            window_end: round.window.end,
            content: Some(self.context.selection.content),
            unproven_since: self.unproven_since(round.is_complete, fetched.is_unproven),
            is_past_due: fetched.is_past_due,
            read_from: Some(match past {
                Some(past) if !fetched.is_past_due => past.start,
                _ => read_from,
            }),
            finished_at: self.now,
            items: items_before + received,
        };
        let times = self.times();
        let reconciler = self.reconciler.clone();
        let before = self.uncommitted.clone();
        let mut outcomes = if is_settled {
            Outcomes::default()
        } else {
            let decide = move || decide(&reconciler, before, times, round, fetched, memory);
            self.context.cpu.run(decide).await??
        };
        let mailbox_id = &self.reconciler.mailbox.id;
        let mark = cursor.link.clone().unwrap_or_default();
        outcomes.seen.note_calendar_mark(mailbox_id, mark);
        Ok(Decided {
            outcomes,
            received,
            cursor,
        })
    }

    fn times(&self) -> Times {
        Times {
            now: self.now,
            finished_at: self.cursor.map(|cursor| cursor.finished_at),
            unread_before: self.read_from().filter(|from| self.wanted_from() < *from),
        }
    }

    /// What is known of the calendar, but for its meetings, which are many.
    fn memory(&self) -> Result<Memory, StateError> {
        let (state, mailbox_id) = (&self.context.state, &self.reconciler.mailbox.id);
        Ok(Memory {
            meetings: HashMap::new(),
            series: state.series(mailbox_id)?.into_iter().collect(),
            unread: self.unread(),
        })
    }

    /// Where the chain continues. `None`: it restarts, because there is none, because its window
    /// ends soon, because it could not be checked for a month, because less content of its events
    /// was kept than is needed now, because the window reaches further back than it did, or because
    /// the waiting occurrences are lost (with the state cache).
    fn link(&self) -> Result<Option<(String, Window)>, StateError> {
        let Some(cursor) = self.cursor else {
            return Ok(None);
        };
        let mailbox_id = &self.reconciler.mailbox.id;
        // Not all mailboxes in the same run: each slot has a day of its own.
        let spread = i64::from(mailbox::slot(mailbox_id)) * DAY;
        let ends_soon = cursor.window_end < self.now.plus(WINDOW_LEFT_MIN + spread);
        let is_remembered = self.context.state.calendar_mark(mailbox_id)? == cursor.link;
        let is_as_wanted = cursor.content == Some(self.context.selection.content);
        let window = Window {
            start: cursor.window_start,
            end: cursor.window_end,
        };
        let is_doubtful = |since: Timestamp| self.now.0 - since.0 >= UNPROVEN_DAYS * DAY;
        let (read_from, new) = (self.read_from(), self.new_window());
        let is_as_wide = read_from.is_none_or(|from| from <= new.start);
        let is_fine = is_remembered
            && is_as_wanted
            && is_as_wide
            && !ends_soon
            && !cursor.unproven_since.is_some_and(is_doubtful);
        let link = cursor.link.clone().filter(|_| is_fine);
        Ok(link.map(|link| (link, window)))
    }

    /// The window of a chain that begins now: what ends before it is over, or is read as the past.
    fn new_window(&self) -> Window {
        let end = self.now.plus(WINDOW_AHEAD);
        Window {
            start: self.wanted_from().max(end.plus(-SPAN_MAX)),
            end,
        }
    }

    fn wanted_from(&self) -> Timestamp {
        let oldest = self.now.plus(-WINDOW_BACK_MAX);
        self.reconciler
            .policy
            .meeting_window_start
            .unwrap_or(oldest)
            .max(oldest)
    }

    /// From when on the calendar was read by earlier rounds; `None`: it never was.
    fn read_from(&self) -> Option<Timestamp> {
        let cursor = self.cursor?;
        // Earlier versions had no window that becomes wider.
        let noted = || {
            if cursor.is_past_due {
                cursor.window_start
            } else {
                self.wanted_from()
            }
        };
        Some(cursor.read_from.unwrap_or_else(noted))
    }

    /// The same with a round that has come to the end of its chain.
    fn read_with(&self, round: &Round) -> Timestamp {
        match self.read_from() {
            None => round.window.start,
            Some(from) if round.is_complete => from.min(round.window.start),
            Some(from) => from,
        }
    }

    /// What is read besides the chain, because its window cannot reach so far back: with its first
    /// round, and where the window has become wider since.
    fn past(&self, round: &Round) -> Option<Window> {
        let past = Window {
            start: self.wanted_from(),
            end: self.read_with(round),
        };
        (past.start < past.end).then_some(past)
    }

    /// Reads the past where it is due; returns whether nothing of it is left. If lists are
    /// unavailable in this run, it stays due, and what the chain returned is kept.
    async fn list_past(
        &self,
        fetching: &Fetching<'_, S>,
        round: &mut Round,
        past: Option<Window>,
    ) -> Result<bool, RoundError> {
        let Some(past) = past else {
            return Ok(true);
        };
        round::could_be_listed(fetching.list(round, past).await)
    }

    /// Since when it is unknown whether the chain returned everything.
    fn unproven_since(&self, is_complete: bool, is_unproven: bool) -> Option<Timestamp> {
        if is_complete {
            return is_unproven.then_some(self.now);
        }
        self.cursor?.unproven_since
    }

    /// Fetches what did not come along.
    async fn complete(
        &self,
        fetching: &Fetching<'_, S>,
        round: &mut Round,
        memory: &Memory,
        past: Option<Window>,
    ) -> Result<Fetched, CalendarError> {
        let is_first_of_chain = round.is_complete && round.link.is_some();
        let is_unproven = is_first_of_chain && !fetching.completed(round).await?;
        // A plain list returns each event in full.
        let mut fetched = match round.link {
            Some(_) => self.fetch_series(fetching, round, memory).await?,
            None => Fetched::default(),
        };
        fetched.is_unproven = is_unproven;
        if round.is_complete {
            self.fetch_unnamed(fetching, round, memory, &mut fetched)
                .await?;
        }
        fetched.is_past_due = !self.list_past(fetching, round, past).await?;
        self.try_again(fetching, round).await?;
        fetch_undated(fetching, round, &mut fetched).await?;
        Ok(fetched)
    }

    /// Fetches series, their occurrences that were not named, and exceptions that do not name the
    /// occurrence they replace.
    async fn fetch_series(
        &self,
        fetching: &Fetching<'_, S>,
        round: &mut Round,
        memory: &Memory,
    ) -> Result<Fetched, CalendarError> {
        let mut fetched = Fetched::default();
        let mut whole = HashMap::new();
        let mut gone = HashSet::new();
        let series = self.series_to_ask(round, memory);
        let mut missing = series.clone();
        missing.extend(round.unplaced());
        let singles = fetching.singles(&missing).await?;
        let ids: Vec<String> = singles.iter().map(|item| item.id.clone()).collect();
        for (id, single) in ids.into_iter().zip(fetching.decode_singles(singles).await?) {
            match single {
                DecodedEvent::Event(event) if event.event_type == EventType::Master => {
                    fetched.masters.insert(id, *event);
                }
                DecodedEvent::Event(event) => {
                    whole.insert(id, *event);
                }
                DecodedEvent::Removed { .. } => {
                    gone.insert(id);
                }
                DecodedEvent::Unreadable { .. } => {}
            }
        }
        round.place(&whole, &gone);
        let unavailable = series.into_iter();
        let unavailable = unavailable.filter(|id| !fetched.masters.contains_key(id));
        fetched.unavailable = unavailable.collect();
        if round.is_complete {
            return Ok(fetched);
        }
        let unnamed = self.unnamed_of_series(round, &fetched.masters, memory);
        let mut there = Vec::new();
        for item in fetching.singles(&unnamed).await? {
            match item.answer {
                // The next runs request it again.
                ItemAnswer::Refused => round.add(vec![input::not_served(item.id)])?,
                ItemAnswer::Item(_) => there.push(item),
                ItemAnswer::Gone => {
                    fetched.gone.insert(item.id);
                }
            }
        }
        fetched.others = events_of(fetching.decode_singles(there).await?);
        Ok(fetched)
    }

    /// Ids of series that were missing, in this run or an earlier one. One that was unavailable is
    /// requested in some further runs, like any unreadable item.
    fn series_to_ask(&self, round: &Round, memory: &Memory) -> Vec<String> {
        let mut wanted = round.missing_masters();
        let named: HashSet<String> = wanted.iter().cloned().collect();
        let is_tried = |id: &String| {
            self.ledger
                .get(id)
                .is_some_and(|one| self.ledger.has_attempts(one))
        };
        let waiting = memory
            .series
            .iter()
            .filter(|(id, series)| series.master.is_none() && is_tried(id) && !named.contains(*id));
        wanted.extend(waiting.map(|(id, _)| id.clone()));
        wanted
    }
}
