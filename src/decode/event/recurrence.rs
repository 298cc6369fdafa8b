//! Decodes `recurrence` of a master, as far as it determines the days of occurrences (facts 2.3 and
//! 13).

use jiff::civil::Date;
use serde_json::Value;

use crate::decode::event::raw::RawRecurrence;
use crate::model::recurrence::PatternDays;
use crate::model::recurrence::Recurrence;
use crate::model::recurrence::day_of;

/// Weekdays by their names, Monday first.
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The recurrence of a master; `None` if it has no start date.
pub(super) fn read(raw: &RawRecurrence<'_>) -> Option<Recurrence> {
    let range = raw.range.0.as_ref()?;
    let ends = range.kind.filled().map(str::trim);
    let ends = ends.is_some_and(|kind| kind.eq_ignore_ascii_case("endDate"));
    Some(Recurrence {
        first_day: day(range.start_date.filled()?)?,
        last_day: range.end_date.filled().filter(|_| ends).and_then(day),
        days: days(&raw.pattern),
    })
}

/// The day of a date, or of a time; `None` for the service's encoding of "never" (facts 2.3).
fn day(text: &str) -> Option<i64> {
    let date = text.trim().split(['T', 't', ' ']).next()?;
    let date: Date = date.parse().ok()?;
    (date.year() > 1).then(|| day_of(date))
}

fn days(pattern: &Value) -> Option<PatternDays> {
    let kind = pattern.get("type")?.as_str()?;
    let is = |names: &[&str]| names.iter().any(|name| kind.eq_ignore_ascii_case(name));
    if is(&["daily"]) {
        let interval = pattern.get("interval")?.as_i64()?;
        return (interval > 0).then_some(PatternDays::Every(interval));
    }
    if is(&["weekly", "relativeMonthly", "relativeYearly"]) {
        let named = pattern.get("daysOfWeek")?.as_array()?;
        let days = named
            .iter()
            .filter_map(weekday)
            .fold(0, |all, day| all | 1 << day);
        return (days != 0).then_some(PatternDays::Weekdays(days));
    }
    if is(&["absoluteMonthly", "absoluteYearly"]) {
        let day = pattern.get("dayOfMonth")?.as_i64()?;
        let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day));
        return day.map(PatternDays::DayOfMonth);
    }
    None
}

fn weekday(name: &Value) -> Option<usize> {
    let name = name.as_str()?;
    WEEKDAYS
        .iter()
        .position(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_are_read_as_far_as_they_tell_days() {
        for (pattern, expected) in [
            (
                json!({"type": "daily", "interval": 3}),
                Some(PatternDays::Every(3)),
            ),
            (json!({"type": "Daily", "interval": 0}), None),
            (
                json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "Sunday", 3]}),
                Some(PatternDays::Weekdays(0b100_0001)),
            ),
            (
                json!({"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "last"}),
                Some(PatternDays::Weekdays(0b10)),
            ),
            (json!({"type": "weekly", "daysOfWeek": []}), None),
            (json!({"type": "weekly", "daysOfWeek": "monday"}), None),
            (
                json!({"type": "absoluteYearly", "dayOfMonth": 31, "month": 12}),
                Some(PatternDays::DayOfMonth(31)),
            ),
            (json!({"type": "absoluteMonthly", "dayOfMonth": 0}), None),
            (json!({"type": "lunar"}), None),
            (json!(null), None),
        ] {
            assert_eq!(days(&pattern), expected, "{pattern}");
        }
    }
}
