//! When the occurrences of a series take place: a pure function of its pattern, range, wall time
//! and zone, by the rules of Outlook.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::Time;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::model::time::Timestamp;

/// The days of a week.
pub const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Occurrences of one series that are looked at, at most: daily for 27 years.
pub const OCCURRENCES_MAX: usize = 10_000;
/// Periods (days, weeks, months or years) that are looked through, at most. A pattern that never
/// falls on any day must end too.
const PERIODS_MAX: i32 = 20_000;

/// How a series repeats (`recurrence.pattern`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Every how many days, weeks, months or years.
    pub interval: i32,
    /// On which days of them.
    pub on: On,
}

/// On which days of its period a series falls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// Every day.
    Daily,
    /// On these days of the week, which begins with the second.
    Weekly(Vec<Weekday>, Weekday),
    /// On this day of the month; in shorter months on their last.
    AbsoluteMonthly(i8),
    /// On the first to last of these days of the week.
    RelativeMonthly(Vec<Weekday>, Index),
    /// In this month on this day.
    AbsoluteYearly(i8, i8),
    /// In this month on the first to last of these days of the week.
    RelativeYearly(i8, Vec<Weekday>, Index),
}

/// Which of the days that fit (`pattern.index`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Index {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

impl Index {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::First,
        Self::Second,
        Self::Third,
        Self::Fourth,
        Self::Last,
    ];

    /// As Graph writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::Fourth => "fourth",
            Self::Last => "last",
        }
    }
}

/// From when to when a series goes (`recurrence.range`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first day on which it may fall.
    pub start: Date,
    /// Where it ends.
    pub end: End,
}

/// Where a series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this day.
    Date(Date),
    /// After this many occurrences, exceptions and cancelled ones included.
    Numbered(usize),
    /// Never.
    Never,
}

/// The days of a series up to `until`, in order.
pub fn days<'a>(
    pattern: &'a Pattern,
    range: &'a Range,
    until: Date,
) -> impl Iterator<Item = Date> + 'a {
    let last = match range.end {
        End::Date(end) => end.min(until),
        End::Numbered(_) | End::Never => until,
    };
    let count = match range.end {
        End::Numbered(count) => count.min(OCCURRENCES_MAX),
        End::Date(_) | End::Never => OCCURRENCES_MAX,
    };
    (0..PERIODS_MAX)
        .map_while(move |period| {
            period_days(pattern, range.start, period).filter(|(begin, _)| *begin <= last)
        })
        .flat_map(|(_, fitting)| fitting)
        .filter(move |day| *day >= range.start && *day <= last)
        .take(count)
}

/// The first day of a period, counted from the one in which the series starts, and the days of
/// the period on which the series falls.
fn period_days(pattern: &Pattern, start: Date, period: i32) -> Option<(Date, Vec<Date>)> {
    let step = period.checked_mul(pattern.interval.max(1))?;
    match &pattern.on {
        On::Daily => {
            let day = start.checked_add(step.days()).ok()?;
            Some((day, vec![day]))
        }
        On::Weekly(weekdays, first) => {
            let back = start.weekday().since(*first);
            let begin = start.checked_sub(i64::from(back).days()).ok()?;
            let begin = begin.checked_add(step.weeks()).ok()?;
            let week = (0..7).filter_map(|day: i64| begin.checked_add(day.days()).ok());
            let fitting = week.filter(|day| weekdays.contains(&day.weekday()));
            Some((begin, fitting.collect()))
        }
        On::AbsoluteMonthly(day) => {
            let begin = start.first_of_month().checked_add(step.months()).ok()?;
            Some((begin, vec![clamped(begin, *day)?]))
        }
        On::RelativeMonthly(weekdays, index) => {
            let begin = start.first_of_month().checked_add(step.months()).ok()?;
            let found = relative(begin, weekdays, *index);
            Some((begin, found.into_iter().collect()))
        }
        On::AbsoluteYearly(month, day) => {
            let begin = month_of_year(start, step, *month)?;
            Some((begin, vec![clamped(begin, *day)?]))
        }
        On::RelativeYearly(month, weekdays, index) => {
            let begin = month_of_year(start, step, *month)?;
            let found = relative(begin, weekdays, *index);
            Some((begin, found.into_iter().collect()))
        }
    }
}

fn month_of_year(start: Date, years: i32, month: i8) -> Option<Date> {
    let year = i16::try_from(i32::from(start.year()).checked_add(years)?).ok()?;
    Date::new(year, month, 1).ok()
}

/// The day of the month of `begin`, or its last where there is no such day.
fn clamped(begin: Date, day: i8) -> Option<Date> {
    Date::new(begin.year(), begin.month(), day.min(begin.days_in_month())).ok()
}

/// The first to last day of a month that is one of these days of the week.
fn relative(begin: Date, weekdays: &[Weekday], index: Index) -> Option<Date> {
    let mut fitting = (1..=begin.days_in_month())
        .filter_map(|day| Date::new(begin.year(), begin.month(), day).ok())
        .filter(|day| weekdays.contains(&day.weekday()));
    match index {
        Index::First => fitting.next(),
        Index::Second => fitting.nth(1),
        Index::Third => fitting.nth(2),
        Index::Fourth => fitting.nth(3),
        Index::Last => fitting.next_back(),
    }
}

/// The instant of a wall time on a day. What the clock jumps over moves on by the jump; of two
/// that have the same name the first counts.
pub fn instant(day: Date, wall: Time, zone: &TimeZone) -> Timestamp {
    match zone.to_timestamp(day.to_datetime(wall)) {
        Ok(found) => found.into(),
        Err(_) => Timestamp::default(),
    }
}

/// The days of a series up to `until`, each with the instant at which the occurrence begins.
pub fn occurrences(
    pattern: &Pattern,
    range: &Range,
    wall: Time,
    zone: &TimeZone,
    until: Date,
) -> Vec<(Date, Timestamp)> {
    days(pattern, range, until)
        .map(|day| (day, instant(day, wall, zone)))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::civil::time;

    use super::*;

    fn starting(on: On, interval: i32, start: Date, end: End) -> Vec<Date> {
        let pattern = Pattern { interval, on };
        days(&pattern, &Range { start, end }, date(2040, 1, 1)).collect()
    }

    #[test]
    fn day_31_falls_on_the_last_day_of_shorter_months() {
        let found = starting(
            On::AbsoluteMonthly(31),
            1,
            date(2026, 1, 31),
            End::Numbered(4),
        );
        assert_eq!(
            found,
            [
                date(2026, 1, 31),
                date(2026, 2, 28),
                date(2026, 3, 31),
                date(2026, 4, 30)
            ]
        );
    }

    #[test]
    fn the_first_day_of_the_week_decides_which_weeks_every_second_week_means() {
        let on = |first| On::Weekly(vec![Weekday::Sunday, Weekday::Tuesday], first);
        let start = date(2026, 3, 3);
        let monday = starting(on(Weekday::Monday), 2, start, End::Numbered(3));
        assert_eq!(
            monday,
            [date(2026, 3, 3), date(2026, 3, 8), date(2026, 3, 17)]
        );
        let sunday = starting(on(Weekday::Sunday), 2, start, End::Numbered(3));
        assert_eq!(
            sunday,
            [date(2026, 3, 3), date(2026, 3, 15), date(2026, 3, 17)]
        );
    }

    #[test]
    fn the_wall_time_stays_and_the_instant_moves_when_the_clock_changes() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let pattern = Pattern {
            interval: 1,
            on: On::Weekly(vec![Weekday::Monday], Weekday::Monday),
        };
        let range = Range {
            start: date(2026, 3, 23),
            end: End::Numbered(2),
        };
        let found = occurrences(&pattern, &range, time(9, 0, 0, 0), &zone, date(2027, 1, 1));
        let instants: Vec<String> = found.iter().map(|(_, at)| at.rfc3339()).collect();
        assert_eq!(instants, ["2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"]);
    }

    #[test]
    fn the_last_weekday_of_every_second_february_is_found() {
        let week = [
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
        ];
        let on = On::RelativeYearly(2, week.to_vec(), Index::Last);
        let found = starting(on, 2, date(2026, 1, 1), End::Numbered(2));
        assert_eq!(found, [date(2026, 2, 27), date(2028, 2, 29)]);
        let never = On::Weekly(Vec::new(), Weekday::Monday);
        assert!(starting(never, 1, date(2026, 1, 1), End::Never).is_empty());
    }
}
