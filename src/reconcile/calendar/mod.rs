//! What becomes of the events of one round of a calendar, and of what is known of it from before.
//!
//! An event is laid over its series, judged, and compared with the last row of its interaction:
//! what differs becomes a further revision. What vanished from the calendar before it took place,
//! and what comes near enough to be recorded, become rows that stand for no item (`derived`).

use std::collections::BTreeMap;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::activity::Matched;
use crate::model::activity::Touch;
use crate::model::columns_hash;
use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::policy::judge;
use crate::policy::judge::Judged;
use crate::policy::meeting;
use crate::policy::meeting_identity::MeetingId;
use crate::policy::meeting_identity::meeting_id;
use crate::policy::original_day::Siblings;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::mail::Desk;
use crate::reconcile::mail::Settled;
use crate::state::error::StateError;
use crate::state::key::Seen;
use crate::state::records::MeetingRecord;
use crate::state::records::WaitingSeries;
use crate::state::uncommitted::Uncommitted;
use crate::state::view::View;

mod copies;
pub mod input;
mod renamed;
mod series;
mod unread;
mod vanished;

/// Occurrences of a series are recorded from so long before their start (design section 4).
const RECORDED_AHEAD: i64 = 30 * DAY;
/// The whole row of a meeting is remembered for so long after its end: longer than a calendar goes
/// unread between two nights, short enough that the state does not grow with the years.
const ROW_KEPT: i64 = 40 * DAY;

/// Why an occurrence, or its series, cannot be read: the series cannot be had (facts 2.2).
const NO_MASTER: &str = "no_master";

/// What is known of a calendar from before the round.
#[derive(Debug, Default)]
pub struct Memory {
    /// The last row of each meeting.
    pub meetings: HashMap<Id128, MeetingRecord>,
    /// Occurrences that are too far ahead to be recorded, by the provider's id of their series.
    pub series: BTreeMap<String, WaitingSeries>,
    /// Ids of what could not be read.
    pub unread: HashSet<String>,
}

/// What was asked for by its id because the round did not tell of it.
#[derive(Debug, Default)]
pub struct Fetched {
    /// Series that did not come along.
    pub masters: HashMap<String, Event>,
    /// Ids of series that could not be had.
    pub in_vain: Vec<String>,
    /// Ids of what was not named and is there no more.
    pub gone: HashSet<String>,
    /// Whether the round is not known to be complete: lists could not be had, or more was not named
    /// than is asked for in one run.
    pub is_unproven: bool,
    /// Whether what lies before the chain's window is still to be read.
    pub is_past_due: bool,
    /// Of their occurrences that are there, what they say.
    pub others: Vec<Event>,
}

/// The instants on which decisions depend.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The service's time when the round began.
    pub now: Micros,
    /// The same of the last finished round: what had ended by then is over.
    pub finished_at: Option<Micros>,
}

/// Decides a round; runs on the pool of `runtime::cpu`.
pub fn decide(
    desk: &Desk,
    before: Uncommitted,
    times: Times,
    round: Round,
    fetched: Fetched,
    memory: Memory,
) -> Result<Settled, StateError> {
    let mut deciding = Deciding {
        desk,
        times,
        view: desk.state.view(before)?,
        masters: fetched.masters,
        siblings: HashMap::new(),
        sources: HashSet::new(),
        renamed: Vec::new(),
        resent: HashSet::new(),
        removed: fetched.gone,
        unread: memory.unread,
        kept: round.unasked,
        present: HashSet::new(),
        recorded: renamed::by_source(&memory.meetings),
        meetings: memory.meetings,
        dirty: HashSet::new(),
        waiting: memory.series.clone(),
        settled: Settled::default(),
    };
    for _ in 0..round.given_up {
        deciding.count(Outcome::Unchanged, "");
    }
    let scope = Scope {
        window: (round.window.start, round.window.end),
        is_complete: round.is_complete,
    };
    let events = deciding.sort(round.events);
    deciding.keep_meetings();
    deciding.forget_waiting(scope.is_complete);
    deciding.tell_of_series(fetched.in_vain);
    deciding.compare_days(&events, &fetched.others);
    deciding.sources = events.iter().map(|event| event.source_id.clone()).collect();
    for event in events {
        deciding.instance(&event)?;
    }
    deciding.record_due();
    deciding.close_renamed();
    deciding.vanish(scope);
    Ok(deciding.close(&memory.series))
}

/// What a round was to tell of.
#[derive(Debug, Clone, Copy)]
struct Scope {
    window: (Micros, Micros),
    is_complete: bool,
}

struct Deciding<'a> {
    desk: &'a Desk,
    times: Times,
    view: View,
    masters: HashMap<String, Event>,
    /// What the occurrences and exceptions of a series show of its days, by the provider's id of
    /// the series.
    siblings: HashMap<String, Siblings>,
    /// The provider's ids of the events of the round.
    sources: HashSet<String>,
    /// Events that are recorded under other ids than they have now, which are these.
    renamed: Vec<(Event, Id128)>,
    /// Keys of the series that came with all their occurrences, and the ids of these series.
    resent: HashSet<String>,
    /// The provider's ids of what left the calendar.
    removed: HashSet<String>,
    /// The provider's ids of what could not be read in earlier runs.
    unread: HashSet<String>,
    /// The provider's ids of what is there and could not be read: what is known of it stays.
    kept: HashSet<String>,
    /// Interactions that the round named.
    present: HashSet<Id128>,
    meetings: HashMap<Id128, MeetingRecord>,
    /// The ids under which events were recorded before the round, by the provider's ids of these.
    recorded: HashMap<String, Vec<Id128>>,
    /// Of `meetings`, those that the state cache must be told of.
    dirty: HashSet<Id128>,
    waiting: BTreeMap<String, WaitingSeries>,
    settled: Settled,
}

impl Deciding<'_> {
    /// Counts what is no event by itself, and gives the events.
    fn sort(&mut self, items: Vec<DecodedEvent>) -> Vec<Event> {
        let before = items.len();
        let items = copies::newest_copies(items);
        for _ in items.len()..before {
            self.count(Outcome::Unchanged, "");
        }
        let mut events = Vec::new();
        for item in items {
            self.strike_out(&item);
            match item {
                DecodedEvent::Removed { source_id } => {
                    self.count(Outcome::Removed, "");
                    self.removed.insert(source_id);
                }
                DecodedEvent::Unreadable { source_id, code } => {
                    self.count(Outcome::Unreadable, code);
                    self.note_unread(source_id, code);
                }
                DecodedEvent::Event(event) if event.event_type == EventType::Master => {
                    self.count(Outcome::Series, "");
                    let id = meeting_id(&event, &self.desk.mailbox);
                    self.resent.insert(id.series_id.to_string());
                    self.resent.insert(event.source_id.clone());
                    self.masters.insert(event.source_id.clone(), *event);
                }
                DecodedEvent::Event(event) => events.push(*event),
            }
        }
        events
    }

    fn instance(&mut self, event: &Event) -> Result<(), StateError> {
        let waited = self.settle_waiting(event);
        let Some(whole) = self.whole(event) else {
            self.count(Outcome::Unreadable, NO_MASTER);
            self.stay(event);
            self.wait(event);
            return Ok(());
        };
        let id = self.id_of(&whole);
        self.present.insert(id.interaction_id);
        let is_renamed = self.note_renamed(&whole, id.interaction_id);
        let known_id = self.recorded_as(&whole.source_id, id.interaction_id);
        let known = known_id.and_then(|id| self.meetings.get(&id));
        let known = known.filter(|record| !self.is_of_another(record, &whole));
        let ended_at = known.map_or_else(|| ended_at(&whole), |known| known.ended_at);
        // What waited for its series while it took place is still to be recorded.
        let is_over = !waited && self.times.is_over(ended_at);
        if is_of_series(&whole) && is_over && !is_renamed {
            self.count(Outcome::Unchanged, "");
            return Ok(());
        }
        let seen = self.view.item(&self.desk.mailbox.id, &whole.source_id)?;
        let is_seen = seen.is_some_and(|seen| self.is_settled(seen, id.interaction_id, &whole));
        self.know_series(id.interaction_id, &whole);
        let is_known = known_id.is_some();
        let was_far = seen.is_some_and(|seen| seen.outcome == Outcome::OutsideWindow);
        if is_of_series(&whole) && !is_known && (self.times.is_far(&whole) || is_seen && was_far) {
            self.wait(event);
            let outcome = if is_seen {
                Outcome::Unchanged
            } else {
                Outcome::OutsideWindow
            };
            self.count(outcome, "");
            self.note(&whole, Outcome::OutsideWindow);
            return Ok(());
        }
        if is_seen {
            self.count(Outcome::Unchanged, "");
            return Ok(());
        }
        self.judge(&whole, &id);
        Ok(())
    }

    /// A record that was rebuilt from the lake does not know the provider's id of its series.
    fn know_series(&mut self, id: Id128, whole: &Event) {
        if let Some(record) = self.meetings.get_mut(&id)
            && record.master_id != whole.master_id
        {
            record.master_id.clone_from(&whole.master_id);
            self.dirty.insert(id);
        }
    }

    fn judge(&mut self, whole: &Event, id: &MeetingId) {
        let (outcome, reason) = match self.judged(whole, id) {
            Judged::Drop { outcome, reason } => (outcome, reason),
            Judged::Keep(_) if self.is_further_copy(whole, id) => (Outcome::Duplicate, ""),
            Judged::Keep(interaction) if self.is_as_before(&interaction) => {
                self.recognise(whole, id.interaction_id);
                (Outcome::Unchanged, "")
            }
            Judged::Keep(interaction) => match self.matched(*interaction) {
                Some(matched) => {
                    let tally = &mut self.settled.tally;
                    tally.note_recorded(&matched.touches, whole.is_shortened);
                    self.record(matched, whole);
                    (Outcome::Recorded, "")
                }
                None => (Outcome::Unmatched, ""),
            },
        };
        if withdraws(outcome)
            && let Some(recorded) = self.recorded_as(&whole.source_id, id.interaction_id)
        {
            self.withdraw(whole, recorded);
        }
        self.count(outcome, reason);
        let kept = if outcome == Outcome::Unchanged {
            Outcome::Recorded
        } else {
            outcome
        };
        self.note(whole, kept);
    }

    /// What the policy says of a meeting, under the id that it is to have.
    fn judged(&self, whole: &Event, id: &MeetingId) -> Judged {
        let mut judged = self.desk.judge.judge_meeting(whole);
        if let Judged::Keep(interaction) = &mut judged {
            interaction.interaction_id = id.interaction_id;
        }
        judged
    }

    /// What the book says of a meeting; `None`: it knows nobody, and then nothing is kept.
    fn matched(&self, interaction: Interaction) -> Option<Matched> {
        let touches = self.desk.matcher.touches(&interaction.participants);
        self.desk.matched(interaction, touches)
    }

    /// Whether the calendar still holds another event of the same interaction. (Not so for one of a
    /// series: becoming an exception may give it another id.)
    fn is_further_copy(&self, whole: &Event, id: &MeetingId) -> bool {
        self.meetings.get(&id.interaction_id).is_some_and(|record| {
            let is_other = record.source_id != whole.source_id;
            let is_held = matches!(
                record.state,
                State::Active | State::Cancelled | State::Declined
            );
            is_other && is_held && !is_of_series(whole) && !self.removed.contains(&record.source_id)
        })
    }

    /// Whether no stored column differs from the last row's. Whether content is kept was decided
    /// by the book of the night on which that row was written, and no later book changes it.
    fn is_as_before(&self, row: &Interaction) -> bool {
        let Some(last) = self.meetings.get(&row.interaction_id) else {
            return false;
        };
        let mut withheld = row.clone();
        judge::withhold_content(&mut withheld);
        [row, &withheld]
            .map(columns_hash::of)
            .contains(&last.columns)
    }

    /// Adds a revision. Where it moves the meeting to another month, the old one is closed.
    fn record(&mut self, matched: Matched, whole: &Event) {
        let Matched {
            mut interaction,
            touches,
        } = matched;
        let last = self.meetings.get(&interaction.interaction_id);
        interaction.revision = last.map_or(1, |last| last.revision + 1);
        if let Some(last) = last
            && last.state == State::Active
            && last.occurred_at.month() != interaction.occurred_at.month()
        {
            let closing = Interaction {
                state: State::Superseded,
                occurred_at: last.occurred_at,
                ended_at: Some(last.ended_at),
                ..interaction.clone()
            };
            self.derive(closing, Vec::new());
        }
        self.remember(&interaction, whole.master_id.clone());
        self.settled.rows.push(Matched {
            interaction,
            touches,
        });
    }

    /// An event that says what the last row says already, perhaps under another id.
    fn recognise(&mut self, whole: &Event, id: Id128) {
        if let Some(record) = self.meetings.get_mut(&id) {
            record.source_id.clone_from(&whole.source_id);
            record.master_id.clone_from(&whole.master_id);
            self.dirty.insert(id);
        }
    }

    fn remember(&mut self, row: &Interaction, master_id: Option<String>) {
        let record = MeetingRecord {
            master_id,
            ..MeetingRecord::of(row)
        };
        self.meetings.insert(row.interaction_id, record);
        self.dirty.insert(row.interaction_id);
    }

    /// Adds a row that stands for no item.
    fn derive(&mut self, interaction: Interaction, touches: Vec<Touch>) {
        self.settled.tally.derived += 1;
        self.settled.rows.push(Matched {
            interaction,
            touches,
        });
    }

    /// Takes the content of a recorded meeting back.
    fn withdraw(&mut self, whole: &Event, id: Id128) {
        let Some(last) = self.meetings.get(&id) else {
            return;
        };
        if last.state == State::Withdrawn {
            return;
        }
        let Some(row) = last.row.clone().or_else(|| self.of_past(whole, last, id)) else {
            return;
        };
        let row = self.revised(meeting::withdrawn(&row), last.revision);
        self.remember(&row, whole.master_id.clone());
        self.derive(row, Vec::new());
    }

    /// The row of a meeting that is over, of which only its times were kept.
    fn of_past(&self, whole: &Event, last: &MeetingRecord, id: Id128) -> Option<Box<Interaction>> {
        let shown = Event {
            is_private: Some(false),
            ..whole.clone()
        };
        let Judged::Keep(mut row) = self.desk.judge.judge_meeting(&shown) else {
            return None;
        };
        row.interaction_id = id;
        row.occurred_at = last.occurred_at;
        row.ended_at = Some(last.ended_at);
        Some(row)
    }

    fn revised(&self, row: Interaction, last_revision: i32) -> Interaction {
        Interaction {
            revision: last_revision + 1,
            captured_at: self.desk.judge.captured_at,
            run_id: self.desk.judge.run_id.clone(),
            ..row
        }
    }

    /// Keeps an occurrence for the night on which it comes near enough, or its series can be had.
    fn wait(&mut self, event: &Event) {
        let Some(master_id) = event.master_id.clone() else {
            return;
        };
        let master = self.masters.get(&master_id);
        let series = self.waiting.entry(master_id).or_default();
        if master.is_some() && series.master.as_ref() != master {
            series.master = master.cloned();
        }
        series.instances.push(event.clone());
    }

    /// An occurrence that is named is decided anew, whether it waited or not; gives whether it did.
    fn settle_waiting(&mut self, event: &Event) -> bool {
        let series = event
            .master_id
            .as_ref()
            .and_then(|id| self.waiting.get_mut(id));
        series.is_some_and(|series| {
            let before = series.instances.len();
            series
                .instances
                .retain(|one| one.source_id != event.source_id);
            series.instances.len() < before
        })
    }

    /// An event of which only its id can be told: what is known of it stays as it is.
    fn stay(&mut self, event: &Event) {
        let known = self.meetings.iter();
        let same = known.filter(|(_, record)| record.source_id == event.source_id);
        self.present.extend(same.map(|(id, _)| *id));
    }

    /// Records what has come near enough.
    fn record_due(&mut self) {
        for whole in self.take_due() {
            let meeting_id = self.id_of(&whole);
            let id = meeting_id.interaction_id;
            self.present.insert(id);
            self.note_renamed(&whole, id);
            let Judged::Keep(interaction) = self.judged(&whole, &meeting_id) else {
                continue;
            };
            if let Some(matched) = self.matched(*interaction)
                && !self.meetings.contains_key(&id)
            {
                self.record(matched, &whole);
                self.settled.tally.derived += 1;
                self.note(&whole, Outcome::Recorded);
            }
        }
    }

    /// Takes what has come near enough out of what waits. Only its series tells whether an
    /// occurrence is a day as a whole, and then it begins at another time than the one it names.
    fn take_due(&mut self) -> Vec<Event> {
        let waiting = self.waiting.values().flat_map(|series| &series.instances);
        let due: Vec<Event> = waiting
            .filter(|event| !self.times.is_far_by(event, DAY))
            .filter_map(|event| self.whole(event))
            .filter(|whole| !self.times.is_far(whole))
            .collect();
        let taken: HashSet<String> = due.iter().map(|event| event.source_id.clone()).collect();
        for series in self.waiting.values_mut() {
            let instances = &mut series.instances;
            instances.retain(|event| !taken.contains(&event.source_id));
        }
        due
    }

    fn count(&mut self, outcome: Outcome, reason: &str) {
        self.settled.tally.count(outcome, reason);
    }

    fn note(&mut self, whole: &Event, outcome: Outcome) {
        let seen = Seen {
            outcome,
            fingerprint: whole.fingerprint,
        };
        let mailbox_id = &self.desk.mailbox.id;
        self.settled
            .seen
            .note_item(mailbox_id, &whole.source_id, seen);
    }

    /// Notes what the next night must know.
    fn close(mut self, before: &BTreeMap<String, WaitingSeries>) -> Settled {
        let mailbox_id = &self.desk.mailbox.id;
        let long_over = self.times.now.plus(-ROW_KEPT);
        for (id, mut record) in self.meetings {
            let is_let_go = record.ended_at < long_over && record.row.take().is_some();
            if is_let_go || self.dirty.contains(&id) {
                self.settled.seen.note_meeting(mailbox_id, id, record);
            }
        }
        self.waiting
            .retain(|_, series| !series.instances.is_empty());
        for id in before.keys().filter(|id| !self.waiting.contains_key(*id)) {
            self.settled.seen.note_series(mailbox_id, id, None);
            // The ledger lets go of a series for which nothing waits any more.
            self.settled.decided.entry(id.clone()).or_insert(Seen {
                outcome: Outcome::Series,
                fingerprint: 0,
            });
        }
        for (id, series) in self.waiting {
            if before.get(&id) != Some(&series) {
                self.settled.seen.note_series(mailbox_id, &id, Some(series));
            }
        }
        self.settled
    }
}

impl Times {
    /// Whether what ended then was over when the last finished round began.
    pub fn is_over(self, ended_at: Micros) -> bool {
        self.finished_at
            .is_some_and(|finished_at| ended_at <= finished_at)
    }

    /// Whether an occurrence is too far ahead to be recorded.
    fn is_far(self, event: &Event) -> bool {
        self.is_far_by(event, 0)
    }

    /// Whether it is too far ahead even if it begins so much earlier (in microseconds).
    fn is_far_by(self, event: &Event, earlier: i64) -> bool {
        let horizon = self.now.plus(RECORDED_AHEAD + earlier);
        meeting::begins_at(event).is_some_and(|start| start > horizon)
    }
}

fn is_of_series(event: &Event) -> bool {
    matches!(
        event.event_type,
        EventType::Occurrence | EventType::Exception
    )
}

fn ended_at(event: &Event) -> Micros {
    meeting::begins_at(event).map_or(Micros(i64::MAX), |start| meeting::ends_at(event, start))
}

/// Outcomes of which a recorded meeting must not stay: its content is taken back.
fn withdraws(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Private | Outcome::Excluded | Outcome::InternalOnly | Outcome::Unmatched
    )
}
