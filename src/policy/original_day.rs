//! The original local day of an occurrence or exception, the same in every copy of a series.
//!
//! Copies of one series differ in how they name its zone: the organiser's has the proper name, in a
//! guest's it may be missing, custom, a display form, or the zone of the request (facts 13). So
//! data that is the same in all copies decides, and a zone name only as a last resort:
//!
//! - For a timed series: the day of its first start (`range.startDate`), and the number of 24-hour
//!   periods between that start and this one. Clock changes shift it by an hour or two, which is
//!   far less than half a day.
//! - For a series of whole days: the day written in `start` of an occurrence. An exception has
//!   `originalStart`, the author's midnight in UTC. Offsets range from -12 to +14 hours, so usually
//!   a single day begins within them; ambiguities are resolved by the pattern, then by the days of
//!   other instances of the series, then by the offset that others show, and finally by `start`.

use std::collections::BTreeSet;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::model::event::Event;
use crate::model::event::EventType;
use crate::model::recurrence::Recurrence;
use crate::model::recurrence::day_of;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::model::zone;
use crate::policy::global_object_id::date_of_uid;

const HOUR: i64 = DAY / 24;
/// The limits of local time minus UTC (microseconds), worldwide.
const OFFSET_MIN: i64 = -12 * HOUR;
const OFFSET_MAX: i64 = 14 * HOUR;

/// Evidence from other instances of a series of whole days.
#[derive(Debug, Clone, Default)]
pub(crate) struct Siblings {
    /// The days of instances that were not moved.
    occurrences: BTreeSet<i64>,
    /// For exceptions: the author's midnight, and their current day, if it is a whole day.
    exceptions: Vec<(Timestamp, Option<i64>)>,
    /// Unambiguous offsets (microseconds), each with the midnight that shows it.
    offsets: Vec<(Timestamp, i64)>,
}

impl Siblings {
    /// Adds an instance of the series, which must be one of whole days.
    pub(crate) fn note(&mut self, event: &Event) {
        let day = event.start.map(|start| start.day);
        let own_day = match event.event_type {
            EventType::Occurrence => day,
            EventType::Exception => date_of_uid(event).map(day_of),
            EventType::Single | EventType::Master => return,
        };
        if event.event_type == EventType::Occurrence {
            self.occurrences.extend(own_day);
        } else if let Some(midnight) = event.original_start {
            let now = day.filter(|_| event.is_all_day != Some(false));
            self.exceptions.push((midnight, now));
        }
        if let (Some(midnight), Some(day)) = (event.original_start, own_day)
            && may_begin_at(day, midnight)
        {
            self.offsets.push((midnight, offset(day, midnight)));
        }
    }

    /// The day that can have begun at the author's midnight, if offsets, pattern and the days of
    /// other instances leave only one.
    fn settled(&self, midnight: Timestamp, recurrence: Option<Recurrence>) -> Option<i64> {
        let possible = days_beginning_at(midnight);
        let allowed = |day: &i64| recurrence.is_none_or(|recurrence| recurrence.allows(*day));
        let is_free = |day: &i64| !self.occurrences.contains(day);
        only(possible.iter())
            .or_else(|| only(possible.iter().filter(|day| allowed(day))))
            .or_else(|| only(possible.iter().filter(|day| allowed(day) && is_free(day))))
            .or_else(|| only(possible.iter().filter(|day| is_free(day))))
    }

    /// The offset of the series nearest in time to an author's midnight.
    fn offset_near(&self, midnight: Timestamp, recurrence: Option<Recurrence>) -> Option<i64> {
        let settled = self.exceptions.iter().filter_map(|(one, _)| {
            let day = self.settled(*one, recurrence)?;
            Some((*one, offset(day, *one)))
        });
        let known = self.offsets.iter().copied().chain(settled);
        known
            .min_by_key(|(one, offset)| (one.0.abs_diff(midnight.0), *offset))
            .map(|(_, offset)| offset)
    }

    /// The offset that most exceptions imply if they were not moved: east or west of Greenwich.
    fn offset_of_most(&self) -> Option<i64> {
        let of_unmoved = self.exceptions.iter().filter_map(|(midnight, day)| {
            let day = day.filter(|day| may_begin_at(*day, *midnight))?;
            Some(offset(day, *midnight))
        });
        let balance: i64 = of_unmoved.map(i64::signum).sum();
        (balance != 0).then_some(balance.signum() * OFFSET_MAX)
    }
}

/// The original day of an occurrence or exception (days since 1970-01-01), which must be merged
/// with its master if that is available. `None` if it contains no time at all.
pub(crate) fn original_day(event: &Event, siblings: &Siblings) -> Option<i64> {
    let of_series = event.series.and_then(|series| series.is_all_day);
    if of_series.or(event.is_all_day) == Some(true) {
        whole_day(event, siblings)
    } else {
        timed_day(event)
    }
}

fn timed_day(event: &Event) -> Option<i64> {
    let at = event.original_start.or(event.start.map(|start| start.at))?;
    let anchored = day_from_first(event, at);
    Some(anchored.unwrap_or_else(|| day_in_zone(event, at)))
}

/// The day counted from the first start of the series.
fn day_from_first(event: &Event, at: Timestamp) -> Option<i64> {
    let series = event.series?;
    let first = series.first_start?.at.0;
    let first_day = series.recurrence?.first_day;
    // The local time of the first start is on its first day.
    let low = first_day.checked_mul(DAY)?.checked_sub(first)?;
    if low > OFFSET_MAX || low + DAY <= OFFSET_MIN {
        return None;
    }
    let days =
        at.0.checked_sub(first)?
            .checked_add(DAY / 2)?
            .div_euclid(DAY);
    first_day.checked_add(days)
}

/// The day in the zone of the series; if that is unknown, in UTC.
fn day_in_zone(event: &Event, at: Timestamp) -> i64 {
    let name = event.zone.as_deref().unwrap_or_default();
    let zone = zone::zone(name).or_else(|| zone::display_offset(name));
    let local = zone.unwrap_or(TimeZone::UTC).to_datetime(at.timestamp());
    day_of(local.date())
}

fn whole_day(event: &Event, siblings: &Siblings) -> Option<i64> {
    let day = event.start.map(|start| start.day);
    let Some(midnight) = event.original_start else {
        return day;
    };
    if event.event_type == EventType::Occurrence && day.is_some() {
        return day;
    }
    let recurrence = event.series.and_then(|series| series.recurrence);
    if let Some(day) = siblings.settled(midnight, recurrence) {
        return Some(day);
    }
    if let Some(offset) = siblings.offset_near(midnight, recurrence) {
        return Some(day_by(midnight, offset));
    }
    let is_whole = event.is_all_day != Some(false);
    let unmoved = day.filter(|day| is_whole && may_begin_at(*day, midnight));
    let by_most = || Some(day_by(midnight, siblings.offset_of_most()?));
    let by_name = || {
        let zone = zone::zone(event.zone.as_deref()?)?;
        let local = zone.to_datetime(midnight.timestamp());
        (local.time() == Time::midnight()).then(|| day_of(local.date()))
    };
    unmoved
        .or_else(by_most)
        .or_else(by_name)
        .or(Some(day_by(midnight, 0)))
}

/// The days that can have begun at an instant anywhere: one, or two near the date line.
fn days_beginning_at(midnight: Timestamp) -> Vec<i64> {
    let nearest = day_by(midnight, 0);
    let around = nearest.saturating_sub(1)..=nearest.saturating_add(1);
    around.filter(|day| may_begin_at(*day, midnight)).collect()
}

fn may_begin_at(day: i64, midnight: Timestamp) -> bool {
    (OFFSET_MIN..=OFFSET_MAX).contains(&offset(day, midnight))
}

/// Local time minus UTC of a zone in which a day begins at an instant.
fn offset(day: i64, midnight: Timestamp) -> i64 {
    day.saturating_mul(DAY).saturating_sub(midnight.0)
}

/// The day whose midnight is nearest to an instant, for an offset known to about an hour.
fn day_by(midnight: Timestamp, offset: i64) -> i64 {
    let local = midnight.0.saturating_add(offset);
    local.saturating_add(DAY / 2).div_euclid(DAY)
}

fn only<'a>(mut days: impl Iterator<Item = &'a i64>) -> Option<i64> {
    let first = days.next()?;
    days.next().is_none().then_some(*first)
}

#[cfg(test)]
mod tests;
