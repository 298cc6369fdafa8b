//! Days on the command line.

use jiff::civil::Date;

use crate::model::time::DAY;
use crate::model::time::Timestamp;

/// Reads a day as people write it: for now in full, year first.
pub fn parse(text: &str) -> Result<Date, String> {
    let is_plain = |c: char| c.is_ascii_digit() || c == '-';
    let day = text.trim();
    let date = (day.len() == 10 && day.chars().all(is_plain)).then(|| day.parse().ok());
    date.flatten()
        .ok_or_else(|| format!("`{text}` is no day; write it like 2026-01-31"))
}

/// The last instant of a UTC day.
pub fn end(day: Date) -> Timestamp {
    let start = day
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map(|start| start.timestamp());
    // Years with four digits are within what can be counted.
    start
        .map_or(Timestamp::default(), Timestamp::from)
        .plus(DAY - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_in_full() {
        let read = parse(" 2026-02-28 ").unwrap();
        assert_eq!(end(read).rfc3339(), "2026-02-28T23:59:59.999999Z");
        for wrong in [
            "2026-02-29",
            "2026-1-1",
            "01.02.2026",
            "20260101",
            "yesterday",
            "",
            "2026-01-01T",
        ] {
            assert!(parse(wrong).unwrap_err().contains("2026-01-31"), "{wrong}");
        }
    }
}
