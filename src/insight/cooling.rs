//! Relationships that were strong and have been silent for longer than usual.

use std::collections::BTreeSet;

use crate::insight::evidence::Evidence;
use crate::insight::evidence::Period;
use crate::insight::score;
use crate::insight::score::Score;
use crate::insight::score::Strength;
use crate::insight::share::Share;
use crate::model::formula::Formula;
use crate::model::time::Timestamp;

/// How a relationship cools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooling {
    /// The score at the last exchange.
    pub before: Share,
    /// The mean interval between days with an exchange until then, in days, rounded up.
    pub usual_days: i64,
    /// How long the silence is, in days.
    pub silent_days: i64,
}

/// Whether a relationship cools as of an instant: it was strong at its last exchange, no meeting is
/// ahead, and the silence is longer than usual, but not longer than the window.
pub fn of(
    evidence: &Evidence,
    score: &Score,
    as_of: Timestamp,
    formula: &Formula,
) -> Option<Cooling> {
    let last = score.last.filter(|_| score.next_meeting.is_none())?;
    let silent_days = as_of.day() - last.day();
    let usual_days = usual_days(evidence, last, formula)?;
    let is_silent = silent_days >= i64::from(formula.cooling_days_min)
        && silent_days > usual_days * i64::from(formula.cooling_factor)
        && silent_days < i64::from(formula.window_days);
    if !is_silent {
        return None;
    }
    let before = score::of(evidence, last, score.counts.people_known, formula);
    let was_strong =
        before.strength() == Strength::Mutual && before.total >= Share::points(formula.strong_min);
    was_strong.then_some(Cooling {
        before: before.total,
        usual_days,
        silent_days,
    })
}

/// The mean interval between the days with an exchange in the window that ends with the last one;
/// `None` where they are too few.
fn usual_days(evidence: &Evidence, last: Timestamp, formula: &Formula) -> Option<i64> {
    let window = Period::until(last, formula.window_days);
    let days = evidence.direct_in(window).map(|event| event.at.day());
    let days: BTreeSet<i64> = days.collect();
    if days.len() < usize::try_from(formula.cooling_exchanges_min).ok()? {
        return None;
    }
    let intervals = i64::try_from(days.len()).ok()? - 1;
    let whole = days.last()? - days.first()?;
    Some((whole + intervals - 1) / intervals.max(1))
}
