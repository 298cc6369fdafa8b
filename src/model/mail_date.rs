//! Dates as mail headers and mbox lines write them (RFC 5322 section 3.3 and 4.3, and `asctime`).

use jiff::civil;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;

/// Parses `Tue, 24 Nov 2026 15:04:07 +0100 (CET)`, `Tue Nov 24 15:04:07 2026` and mixtures of the
/// two.
///
/// Days and times that do not exist do not parse. Without a zone, or with an unknown name of one,
/// it is UTC; two-digit years below 50 are of this century (RFC 5322 section 4.3).
pub fn parse(text: &str) -> Option<Timestamp> {
    let bare = without_comments(text);
    let mut parts = Parts::default();
    for token in bare.split([' ', '\t', '\r', '\n', ',']) {
        if !token.is_empty() {
            parts.take(token)?;
        }
    }
    parts.instant()
}

/// Removes `(…)`, also nested; an unclosed one is not a comment.
pub fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let mut behind_open = 0;
    let mut bare = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '(' => {
                if depth == 0 {
                    behind_open = at + 1;
                }
                depth += 1;
            }
            ')' if depth > 0 => {
                depth -= 1;
                bare.push(' ');
            }
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    if depth > 0 {
        bare.push(' ');
        bare.push_str(text.get(behind_open..).unwrap_or_default());
    }
    bare
}

#[derive(Default)]
struct Parts {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<civil::Time>,
    /// East of UTC.
    zone_seconds: Option<i64>,
}

impl Parts {
    /// Recognises each token by its shape, since the two forms differ only in their order.
    fn take(&mut self, token: &str) -> Option<()> {
        if token.contains(':') && self.time.is_none() {
            return self.take_time(token);
        }
        if let Some((day, rest)) = token.split_once('-')
            && let Some((month, year)) = rest.split_once('-')
            // Its third part is a number: what has more parts is no date.
            && !year.contains('-')
            && self.month.is_none()
        {
            self.take(day)?;
            self.take(month)?;
            return self.take(year);
        }
        let first = token.bytes().next()?;
        match first {
            b'0'..=b'9' => self.take_number(token),
            b'+' | b'-' if self.time.is_some() => {
                self.zone_seconds = Some(numeric_zone(token).unwrap_or(0));
                Some(())
            }
            _ => {
                self.take_word(token);
                Some(())
            }
        }
    }

    fn take_number(&mut self, token: &str) -> Option<()> {
        if !token.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if self.day.is_none() {
            self.day = Some(token.parse().ok()?);
        } else if self.year.is_none() {
            self.year = Some(year(token)?);
        } else if self.time.is_some() && self.zone_seconds.is_none() {
            // A zone whose plus was lost, as `+` becomes a blank in some encodings.
            self.zone_seconds = Some(numeric_zone(&format!("+{token}"))?);
        } else {
            return None;
        }
        Some(())
    }

    fn take_word(&mut self, token: &str) {
        if self.time.is_some() && self.zone_seconds.is_none() && self.take_half(token) {
            return;
        }
        if let Some(month) = month(token)
            && self.month.is_none()
        {
            self.month = Some(month);
        } else if self.time.is_some() && self.zone_seconds.is_none() {
            self.zone_seconds = Some(named_zone(token));
        }
        // Names of days say nothing that the date does not, and are often wrong.
    }

    /// Parses the AM or PM marker of a 12-hour time; returns whether the token is one.
    fn take_half(&mut self, token: &str) -> bool {
        let Some(half) = half(token) else {
            return false;
        };
        let of_half = |time: civil::Time| match (time.hour(), half) {
            (12, Half::Morning) => time.with().hour(0).build().ok(),
            (1..=11, Half::Afternoon) => time.with().hour(time.hour() + 12).build().ok(),
            _ => Some(time),
        };
        self.time = self.time.and_then(of_half);
        true
    }

    fn take_time(&mut self, token: &str) -> Option<()> {
        // `9:00PM`: the marker is attached to the time.
        let at = token.find(['a', 'A', 'p', 'P']);
        if let Some((clock, rest)) = at.and_then(|at| token.split_at_checked(at))
            && half(rest).is_some()
        {
            self.take_time(clock)?;
            self.take_half(rest);
            return Some(());
        }
        let zone_at = token.find(['+', '-']).unwrap_or(token.len());
        let (clock, zone) = token.split_at_checked(zone_at)?;
        if !zone.is_empty() {
            self.zone_seconds = Some(numeric_zone(zone).unwrap_or(0));
        }
        let mut numbers = clock.split(':').map(|number| {
            let is_short = (1..=2).contains(&number.len());
            let is_number = number.bytes().all(|b| b.is_ascii_digit());
            (is_short && is_number).then(|| number.parse::<i8>().ok())?
        });
        let hour = numbers.next()??;
        let minute = numbers.next()??;
        let second = numbers.next().map_or(Some(0), |second| second)?;
        if numbers.next().is_some() {
            return None;
        }
        // A leap second is read as the second before it, which every calendar has.
        let second = if second == 60 { 59 } else { second };
        self.time = Some(civil::Time::new(hour, minute, second, 0).ok()?);
        Some(())
    }

    fn instant(self) -> Option<Timestamp> {
        let date = civil::Date::new(self.year?, self.month?, self.day?).ok()?;
        let local = date.to_datetime(self.time?);
        let utc = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        let seconds = utc.timestamp().as_second() - self.zone_seconds.unwrap_or(0);
        Some(Timestamp(seconds.checked_mul(SECOND)?))
    }
}

/// Half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

/// `AM`, `p.m.`: not of the standard, but written.
fn half(token: &str) -> Option<Half> {
    let plain = token.replace('.', "");
    let is = |word: &str| plain.eq_ignore_ascii_case(word);
    if is("am") {
        Some(Half::Morning)
    } else {
        is("pm").then_some(Half::Afternoon)
    }
}

/// Years of two and three digits, also where zeros were put before them: no mail is older.
fn year(token: &str) -> Option<i16> {
    let year: i16 = token.parse().ok()?;
    match (token.len(), year) {
        (2..=4, 0..=49) => Some(year + 2000),
        (2..=4, 50..=999) => Some(year + 1900),
        (4, _) => Some(year),
        _ => None,
    }
}

fn month(token: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let short = token.get(..3)?.to_ascii_lowercase();
    let position = MONTHS.iter().position(|month| *month == short)?;
    i8::try_from(position + 1).ok()
}

/// `+hhmm`, also with a colon or as `+hmm`; minutes beyond 59 are none.
fn numeric_zone(token: &str) -> Option<i64> {
    let (sign, digits) = token.split_at_checked(1)?;
    let digits = digits.replace(':', "");
    if !(3..=4).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    let seconds = (hours * 60 + minutes) * 60;
    (hours < 24 && minutes < 60).then_some(if sign == "-" { -seconds } else { seconds })
}

/// The names that RFC 5322 section 4.3 defines; single letters are UTC there, as unknown names are
/// here.
fn named_zone(token: &str) -> i64 {
    let upper = token.to_ascii_uppercase();
    let hours = match upper.as_str() {
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        name => {
            let offset = name
                .strip_prefix("GMT")
                .or_else(|| name.strip_prefix("UTC"));
            return offset.and_then(numeric_zone).unwrap_or(0);
        }
    };
    hours * 3600
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let parsed = parse(text).map(Timestamp::rfc3339);
        assert_eq!(parsed.as_deref(), expected, "{text:?}");
    }

    #[test]
    fn both_forms_and_their_mixtures_are_read() {
        for text in [
            "Tue, 24 Nov 2026 15:04:07 +0100",
            "24 Nov 2026 15:04:07 +0100 (CET (really))",
            "Tue,24 November 2026 15:04:07+0100",
            "24-Nov-2026 15:04:07 +01:00",
            "Tue Nov 24 14:04:07 2026",
            "Tue Nov 24 14:04:07 UTC 2026",
            "Tue, 24 Nov 26 14:04:07 GMT",
            "Nonsense, 24 Nov 2026 14:04:07 Z",
            "Tue, 24 Nov 2026\r\n\t14:04:07 -0000",
            "Tue, 24 Nov 2026 14:04:07",
        ] {
            check(text, Some("2026-11-24T14:04:07Z"));
        }
    }

    #[test]
    fn standard_zones_are_known_and_others_read_as_utc() {
        check("1 Jul 2001 10:00 EST", Some("2001-07-01T15:00:00Z"));
        check("1 Jul 2001 10:00 PDT", Some("2001-07-01T17:00:00Z"));
        check("1 Jul 2001 10:00 MESZ", Some("2001-07-01T10:00:00Z"));
        check("1 Jul 2001 10:00 A", Some("2001-07-01T10:00:00Z"));
        check("1 Jul 2001 10:00 -600", Some("2001-07-01T16:00:00Z"));
        check("1 Jul 2001 10:00 0530", Some("2001-07-01T04:30:00Z"));
        check("1 Jul 2001 10:00 +9999", Some("2001-07-01T10:00:00Z"));
        check("1 Jul 2001 10:00 -0730 (PDT)", Some("2001-07-01T17:30:00Z"));
    }

    #[test]
    fn times_of_twelve_hours_are_read() {
        for (text, expected) in [
            ("Wed, 14 Jan 2026 9:00:00 PM +0000", "2026-01-14T21:00:00Z"),
            ("14 Jan 2026 9:00 pm +0100", "2026-01-14T20:00:00Z"),
            ("14 Jan 2026 9:00PM EST", "2026-01-15T02:00:00Z"),
            ("14 Jan 2026 09:00:00 a.m.", "2026-01-14T09:00:00Z"),
            ("14 Jan 2026 12:30 AM", "2026-01-14T00:30:00Z"),
            ("14 Jan 2026 12:30 PM", "2026-01-14T12:30:00Z"),
            ("14 Jan 2026 21:00 PM", "2026-01-14T21:00:00Z"),
            ("Wed Jan 14 9:00:00 PM 2026", "2026-01-14T21:00:00Z"),
            ("14 Jan 2026 21:00:00 +0000 PM", "2026-01-14T21:00:00Z"),
        ] {
            check(text, Some(expected));
        }
    }

    #[test]
    fn short_years_are_those_of_the_standard() {
        check("1 Jan 49 00:00:00 GMT", Some("2049-01-01T00:00:00Z"));
        check("1 Jan 50 00:00:00 GMT", Some("1950-01-01T00:00:00Z"));
        check("1 Jan 102 00:00:00 GMT", Some("2002-01-01T00:00:00Z"));
        check("1 Jan 0001 00:00:00 GMT", Some("2001-01-01T00:00:00Z"));
    }

    #[test]
    fn closed_comments_are_removed() {
        assert_eq!(without_comments("a(b(c))d"), "a  d");
        assert_eq!(without_comments("a)(b; c"), "a) b; c");
    }

    #[test]
    fn what_does_not_exist_does_not_parse() {
        for text in [
            "",
            "yesterday",
            "30 Feb 2001 10:00:00 GMT",
            "29 Feb 2001 10:00:00 GMT",
            "0 Jan 2001 10:00:00 GMT",
            "1 Jan 2001 24:00:00 GMT",
            "1 Jan 2001 10:61 GMT",
            "1 Jan 2001",
            "1 Foo 2001 10:00 GMT",
            "1 Jan 20011 10:00 GMT",
            "1 Jan 2001 10:00:00 GMT 7",
            &"x-".repeat(1 << 20),
        ] {
            check(text, None);
        }
        check("29 Feb 2000 23:59:60 GMT", Some("2000-02-29T23:59:59Z"));
    }
}
