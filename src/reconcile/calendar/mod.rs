//! What becomes of the events of one round of a calendar, and of what is known of it from before.
//!
//! An event is laid over its series, evaluated, and compared with the last row of its interaction:
//! what differs becomes a further revision. What vanished from the calendar before it took place,
//! and what comes near enough to be recorded, become rows that stand for no item (`derived`).
//!
//! The steps of [`decide`] depend on their order:
//!
//! 1. `sort` counts what is no event, and notes what is removed, unreadable or a series.
//! 2. `keep_meetings` marks what cannot be read as present, so that nothing of it vanishes.
//! 3. `forget_waiting` drops what waits of series that came whole; what is named waits again in 6.
//! 4. `note_fetched_series` gives the series that were fetched to what is left waiting.
//! 5. `compare_days` collects what all events show of the days of their series: ids follow from it.
//! 6. `instance` decides on each event (the tables are in its file), `record_due` on what waited.
//! 7. `close_renamed`, then `vanish`, add rows for what no event stands for any more: both need to
//!    know all that is present and recorded. `close` writes down what changed.

mod copies;
pub(crate) mod input;
mod instance;
mod reconciler;
mod renamed;
mod series;
mod unread;
mod vanished;
mod waiting;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::outcome::Outcome;
use crate::reconcile::calendar::input::Fetched;
use crate::reconcile::calendar::input::Memory;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::calendar::input::Scope;
use crate::reconcile::calendar::input::Times;
use crate::reconcile::calendar::reconciler::CalendarReconciler;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::outcomes::Outcomes;
use crate::state::error::StateError;
use crate::state::uncommitted::Uncommitted;

/// Decides a round; runs on the pool of `runtime::cpu`.
pub(crate) fn decide(
    reconciler: &MailReconciler,
    before: Uncommitted,
    times: Times,
    round: Round,
    fetched: Fetched,
    memory: Memory,
) -> Result<Outcomes, StateError> {
    let mut deciding = CalendarReconciler {
        reconciler,
        times,
        view: reconciler.state.view(before)?,
        masters: fetched.masters,
        siblings: HashMap::new(),
        sources: HashSet::new(),
        renamed: Vec::new(),
        resent_series: HashSet::new(),
        resent_masters: HashSet::new(),
        removed: fetched.gone,
        unread: memory.unread,
        kept: round.unasked,
        present: HashSet::new(),
        recorded: renamed::by_source(&memory.meetings),
        meetings: memory.meetings,
        dirty: HashSet::new(),
        waiting: memory.series.clone(),
        outcomes: Outcomes::default(),
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
    deciding.note_fetched_series(fetched.unavailable);
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
