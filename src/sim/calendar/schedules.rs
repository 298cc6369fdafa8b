//! When generated meetings take place: single ones, and series of every pattern and range.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::Time;
use jiff::civil::Weekday;

use crate::sim::calendar::meeting::When;
use crate::sim::calendar::zones::EUROPEAN;
use crate::sim::calendar::zones::ORDINARY;
use crate::sim::recurrence;
use crate::sim::recurrence::End;
use crate::sim::recurrence::Index;
use crate::sim::recurrence::On;
use crate::sim::recurrence::Pattern;
use crate::sim::recurrence::Range;
use crate::sim::recurrence::WEEK;
use crate::sim::rng::Rng;

/// Patterns times ranges.
pub const SERIES_FORMS: usize = 18;

/// A day this many days later.
pub fn later(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// The zone and the time of day in which something is planned. Outside Europe at odd minutes, so
/// that nothing begins at the hour of a nightly run.
pub fn clock(rng: &mut Rng) -> (usize, Time) {
    let zone = if rng.chance(60) {
        0
    } else {
        rng.below(ORDINARY)
    };
    let hour = i8::try_from(8 + rng.below(9)).unwrap_or(8);
    let minutes = if zone < EUROPEAN { [0, 30] } else { [15, 45] };
    let minute = *rng.pick(&minutes);
    (zone, Time::new(hour, minute, 0, 0).unwrap_or_default())
}

/// A series of one of the forms, beginning about a day. Rare ones began years ago.
pub fn series(rng: &mut Rng, form: usize, about: Date) -> When {
    let mut start = about;
    let kind = form % 6;
    let end = form / 6 % 3;
    let (mut interval, on) = match kind {
        0 => (1 + rng.below(4), On::Daily),
        1 => {
            let mut days = vec![about.weekday()];
            for _ in 0..rng.below(3) {
                let day = *rng.pick(&WEEK);
                if !days.contains(&day) {
                    days.push(day);
                }
            }
            let first = *rng.pick(&[Weekday::Monday, Weekday::Sunday]);
            (1 + rng.below(3), On::Weekly(days, first))
        }
        2 => (
            1 + rng.below(3),
            On::AbsoluteMonthly(day_of_month(rng, about)),
        ),
        3 => (
            1 + rng.below(3),
            On::RelativeMonthly(weekdays(rng), *rng.pick(&Index::ALL)),
        ),
        4 => {
            start = years_before(rng, about);
            let day = day_of_month(rng, about);
            (1, On::AbsoluteYearly(about.month(), day))
        }
        _ => {
            start = years_before(rng, about);
            let index = *rng.pick(&Index::ALL);
            (1, On::RelativeYearly(about.month(), weekdays(rng), index))
        }
    };
    // No series continues every day without end.
    if kind == 0 && end == 2 {
        interval += 5;
    }
    let pattern = Pattern {
        interval: i32::try_from(interval).unwrap_or(1),
        on,
    };
    let end = match end {
        0 => End::Numbered(4 + rng.below(8)),
        1 => {
            let days = [18, 90, 300, 300, 1800, 1800][kind];
            End::Date(later(start, rng.between(days / 2, days)))
        }
        _ => End::Never,
    };
    fitted(pattern, start, end)
}

/// Whether one of its days lies between two (both included).
pub fn falls_between(when: &When, first: Date, last: Date) -> bool {
    match when {
        When::Once(day) => (first..=last).contains(day),
        When::Series(pattern, range) => {
            recurrence::days(pattern, range, last).any(|day| (first..=last).contains(&day))
        }
    }
}

/// A series begins with its first occurrence, as Outlook has it.
fn fitted(pattern: Pattern, start: Date, end: End) -> When {
    let open = Range {
        start,
        end: End::Never,
    };
    let until = later(start, 1200);
    let start = recurrence::days(&pattern, &open, until)
        .next()
        .unwrap_or(start);
    // One that would end before it begins has one occurrence.
    let end = match end {
        End::Date(day) => End::Date(day.max(start)),
        other => other,
    };
    When::Series(pattern, Range { start, end })
}

/// A series with an occurrence on this day and none within three days of it, which began some
/// weeks ago and continues for some months.
pub fn sparse(rng: &mut Rng, day: Date, end: End) -> When {
    let weeks = rng.between(1, 3) * 2;
    let pattern = Pattern {
        interval: i32::try_from(1 + rng.below(2)).unwrap_or(1),
        on: On::Weekly(vec![day.weekday()], Weekday::Monday),
    };
    fitted(pattern, later(day, -7 * weeks), end)
}

fn years_before(rng: &mut Rng, day: Date) -> Date {
    day.saturating_sub(rng.between(1, 4).years())
}

fn day_of_month(rng: &mut Rng, about: Date) -> i8 {
    if rng.chance(25) { 31 } else { about.day() }
}

fn weekdays(rng: &mut Rng) -> Vec<Weekday> {
    match rng.below(4) {
        0 => WEEK[..5].to_vec(),
        1 => vec![Weekday::Tuesday, Weekday::Thursday],
        _ => vec![*rng.pick(&WEEK[..5])],
    }
}
