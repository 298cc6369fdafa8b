//! The recurrence of a series: the days on which it repeats (`recurrence`, facts 2.3 and 13).

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// `recurrence` of a master, as far as it determines the days of occurrences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Recurrence {
    /// Days since 1970-01-01 of `range.startDate`: the local day of the first start, the same in
    /// every copy (facts 13).
    pub first_day: i64,
    /// The same for `range.endDate`, if the series has an end date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<i64>,
    /// Which days the pattern allows; `None`: it has a form that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<PatternDays>,
}

/// The days that a pattern allows. It may allow more days than the series has: for a daily pattern
/// over several weeks or months only the first is distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternDays {
    /// The interval in days (at least 1).
    Every(i64),
    /// On some weekdays: bit 0 is Monday.
    Weekdays(u8),
    /// On a day of the month, or on the last of a month that has no such day.
    DayOfMonth(i8),
}

impl Recurrence {
    /// Whether the series may have an occurrence on a day (days since 1970-01-01).
    pub fn allows(&self, day: i64) -> bool {
        let is_over = self.last_day.is_some_and(|last| day > last);
        let Some(date) = date_of(day).filter(|_| day >= self.first_day && !is_over) else {
            return false;
        };
        match self.days {
            None => true,
            Some(PatternDays::Every(days)) => {
                day.saturating_sub(self.first_day).rem_euclid(days.max(1)) == 0
            }
            Some(PatternDays::Weekdays(days)) => {
                days & (1 << date.weekday().to_monday_zero_offset()) != 0
            }
            Some(PatternDays::DayOfMonth(number)) => date.day() == number.min(date.days_in_month()),
        }
    }
}

/// The date of a day (days since 1970-01-01); `None` where the calendar ends before.
pub fn date_of(day: i64) -> Option<Date> {
    let days = Span::new().try_days(day).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(days).ok()
}

/// Days from 1970-01-01 to a date.
pub fn day_of(date: Date) -> i64 {
    i64::from((date - jiff::civil::date(1970, 1, 1)).get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i64 {
        day_of(text.parse().unwrap())
    }

    #[test]
    fn a_pattern_allows_its_own_days_only() {
        // A Monday.
        let first_day = day("2026-12-07");
        for (days, allowed, refused) in [
            (PatternDays::Every(1), "2026-12-08", "2026-12-06"),
            (PatternDays::Every(2), "2026-12-09", "2026-12-08"),
            (PatternDays::Every(0), "2026-12-09", "2026-12-06"),
            (PatternDays::Weekdays(0b1), "2026-12-14", "2026-12-13"),
            (
                PatternDays::Weekdays(0b100_0000),
                "2026-12-13",
                "2026-12-14",
            ),
            (PatternDays::DayOfMonth(31), "2027-02-28", "2027-02-27"),
            (PatternDays::DayOfMonth(7), "2027-01-07", "2027-01-08"),
        ] {
            let recurrence = Recurrence {
                first_day,
                last_day: None,
                days: Some(days),
            };
            assert!(recurrence.allows(day(allowed)), "{days:?} {allowed}");
            assert!(!recurrence.allows(day(refused)), "{days:?} {refused}");
        }
    }

    #[test]
    fn a_series_has_no_day_outside_its_range() {
        let recurrence = Recurrence {
            first_day: 20_000,
            last_day: Some(20_010),
            days: None,
        };
        let allowed = [19_999, 20_000, 20_010, 20_011].map(|day| recurrence.allows(day));
        assert_eq!(allowed, [false, true, true, false]);
        let endless = Recurrence {
            last_day: None,
            ..recurrence
        };
        assert!(endless.allows(30_000));
        assert!(!endless.allows(i64::MAX));
    }

    #[test]
    fn days_and_dates_are_the_same_both_ways() {
        for number in [-1, 0, 20_000] {
            assert_eq!(date_of(number).map(day_of), Some(number));
        }
    }
}
