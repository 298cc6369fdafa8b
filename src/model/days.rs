//! Days and spans of days as people write them: `2026-01-31`, `2026-01`, `yesterday`, `last week`, `7d`.

use jiff::Span;
use jiff::ToSpan;
use jiff::Unit;
use jiff::civil::Date;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::model::time::DAY;
use crate::model::time::Timestamp;

/// Longer amounts (`99999d`) are no dates that anyone means.
const DIGITS_MAX: usize = 4;

/// A span of whole UTC days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

/// A text that is no day and no span of days.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no date; write a day (2026-01-31), a month (2026-01), a year (2026), today, \
     yesterday, this or last week, month or year, or how long ago (7d, 3w, 6m, 1y)"
)]
pub struct NoDays {
    /// The text.
    pub text: String,
}

impl Days {
    /// Reads a text as of a day. Case does not matter, and `-` or `_` may stand for a blank between
    /// words: `last-week`.
    ///
    /// # Errors
    /// The text is none of the forms that the error lists.
    pub fn parse(text: &str, today: Date) -> Result<Self, NoDays> {
        let folded = text.trim().to_lowercase();
        let found = numeric(&folded).or_else(|| {
            // `-1d` is no date.
            let folded = folded.strip_prefix(['-', '_']).map_or(&*folded, |_| "");
            let words = folded.split(|c: char| c.is_whitespace() || "-_".contains(c));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            relative(&words, today)
        });
        found.ok_or_else(|| NoDays {
            text: text.trim().to_owned(),
        })
    }

    /// A single day.
    pub fn of(day: Date) -> Self {
        Self {
            first: day,
            last: day,
        }
    }

    /// Whether a day is one of them.
    pub fn contains(&self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// The last instant of the last day.
    pub fn end(&self) -> Timestamp {
        let end = midnight(self.last).plus(DAY - 1);
        end.min(jiff::Timestamp::MAX.into())
    }
}

impl Days {
    /// As of when is asked with these days: the end of them, or now where today is among them: what is
    /// planned for later today, or for the rest of a month, has not taken place.
    pub fn as_of(&self, now: Timestamp) -> Timestamp {
        if self.contains(day_of(now)) {
            now
        } else {
            self.end()
        }
    }
}

/// The first instant of a UTC day.
pub fn midnight(day: Date) -> Timestamp {
    let start = day.to_zoned(TimeZone::UTC).map(|start| start.timestamp());
    // Only the ends of the calendar, years -9999 and 9999, may be outside what can be counted.
    let end_of_calendar = if day.year() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    };
    start.unwrap_or(end_of_calendar).into()
}

/// The UTC day of an instant.
pub fn day_of(at: Timestamp) -> Date {
    at.timestamp().to_zoned(TimeZone::UTC).date()
}

/// `2026-01-31`, `2026-01`, `2026`.
fn numeric(text: &str) -> Option<Days> {
    let mut parts = text.split('-');
    let year = number::<i16>(parts.next()?, 4)?;
    let month = parts.next().map(|part| number::<i8>(part, 2));
    let day = parts.next().map(|part| number::<i8>(part, 2));
    if parts.next().is_some() {
        return None;
    }
    match (month, day) {
        (None, _) => period(Date::new(year, 1, 1).ok()?, Unit::Year),
        (Some(month), None) => period(Date::new(year, month?, 1).ok()?, Unit::Month),
        (Some(month), Some(day)) => Some(Days::of(Date::new(year, month?, day?).ok()?)),
    }
}

fn number<T: std::str::FromStr>(text: &str, digits: usize) -> Option<T> {
    let is_number = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn relative(words: &[&str], today: Date) -> Option<Days> {
    match words {
        ["today"] => Some(Days::of(today)),
        ["yesterday"] => Some(Days::of(today.yesterday().ok()?)),
        ["tomorrow"] => Some(Days::of(today.tomorrow().ok()?)),
        ["this", unit] => period(today, named_unit(unit)?),
        ["last", unit] => {
            let unit = named_unit(unit)?;
            period(back(today, 1, unit)?, unit)
        }
        [amount] | [amount, "ago"] => {
            let at = amount.find(|c: char| !c.is_ascii_digit())?;
            ago(amount.get(..at)?, amount.get(at..)?, today)
        }
        [amount, unit] | [amount, unit, "ago"] => ago(amount, unit, today),
        _ => None,
    }
}

/// The day that lies so long before another one.
fn ago(amount: &str, unit: &str, today: Date) -> Option<Days> {
    if amount.is_empty() || amount.len() > DIGITS_MAX {
        return None;
    }
    let unit = match unit {
        "d" | "day" | "days" => Unit::Day,
        "w" => Unit::Week,
        "m" => Unit::Month,
        "y" => Unit::Year,
        word => named_unit(word.strip_suffix('s').unwrap_or(word))?,
    };
    Some(Days::of(back(today, amount.parse().ok()?, unit)?))
}

fn named_unit(word: &str) -> Option<Unit> {
    match word {
        "week" => Some(Unit::Week),
        "month" => Some(Unit::Month),
        "year" => Some(Unit::Year),
        _ => None,
    }
}

fn back(day: Date, amount: i64, unit: Unit) -> Option<Date> {
    let span = match unit {
        Unit::Week => Span::new().try_weeks(amount),
        Unit::Month => Span::new().try_months(amount),
        Unit::Year => Span::new().try_years(amount),
        _ => Span::new().try_days(amount),
    };
    let day = day.checked_sub(span.ok()?).ok()?;
    (day.year() > 0).then_some(day)
}

/// The week (from Monday), month or year that a day lies in.
fn period(day: Date, unit: Unit) -> Option<Days> {
    let (first, length) = match unit {
        Unit::Week => {
            let monday = i64::from(day.weekday().since(Weekday::Monday));
            (back(day, monday, Unit::Day)?, 1.week())
        }
        Unit::Month => (day.first_of_month(), 1.month()),
        _ => (day.first_of_year(), 1.year()),
    };
    // The last period of the calendar has no following one.
    let last = first.checked_add(length).and_then(Date::yesterday);
    Some(Days {
        first,
        last: last.unwrap_or(Date::MAX),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// A Wednesday.
    const TODAY: Date = date(2026, 3, 4);

    fn check(text: &str, first: &str, last: &str) {
        let days = Days::parse(text, TODAY).unwrap();
        let written = (days.first.to_string(), days.last.to_string());
        assert_eq!(written, (first.to_owned(), last.to_owned()), "{text}");
    }

    #[test]
    fn days_months_and_years_are_read() {
        check(" 2026-01-31 ", "2026-01-31", "2026-01-31");
        check("2024-02", "2024-02-01", "2024-02-29");
        check("2025", "2025-01-01", "2025-12-31");
        check("9999", "9999-01-01", "9999-12-31");
    }

    #[test]
    fn words_are_relative_to_today_and_weeks_begin_on_monday() {
        check("Today", "2026-03-04", "2026-03-04");
        check("yesterday", "2026-03-03", "2026-03-03");
        check("this week", "2026-03-02", "2026-03-08");
        check("last-week", "2026-02-23", "2026-03-01");
        check("last_month", "2026-02-01", "2026-02-28");
        check("this month", "2026-03-01", "2026-03-31");
        check("last year", "2025-01-01", "2025-12-31");
    }

    #[test]
    fn amounts_count_back_from_today() {
        check("7d", "2026-02-25", "2026-02-25");
        check("3w", "2026-02-11", "2026-02-11");
        check("6m", "2025-09-04", "2025-09-04");
        check("1y ago", "2025-03-04", "2025-03-04");
        check("2 weeks ago", "2026-02-18", "2026-02-18");
        let end_of_month = Days::parse("1m", date(2026, 3, 31)).unwrap();
        assert_eq!(end_of_month.first, date(2026, 2, 28));
    }

    #[test]
    fn anything_else_is_refused_with_what_is_allowed() {
        for wrong in [
            "",
            "2026-02-29",
            "2026-1-1",
            "01.02.2026",
            "20260101",
            "2026-01-01T",
            "26",
            "last",
            "next week",
            "d",
            "99999d",
            "7x",
            "9999y",
            "last week ago",
            "-1d",
            "２０２６",
        ] {
            let error = Days::parse(wrong, TODAY).unwrap_err().to_string();
            assert!(error.contains("2026-01-31"), "{wrong}: {error}");
        }
    }

    #[test]
    fn the_end_is_the_last_instant() {
        let days = Days::parse("2026-02", TODAY).unwrap();
        assert_eq!(days.end().rfc3339(), "2026-02-28T23:59:59.999999Z");
        assert_eq!(midnight(days.first).rfc3339(), "2026-02-01T00:00:00Z");
        assert_eq!(day_of(days.end()), days.last);
        assert!(days.contains(days.first) && !days.contains(date(2026, 3, 1)));
    }
}
