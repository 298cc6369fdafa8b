//! `Retry-After`: a number, a fraction, or a date (facts 7.3).

use std::time::Duration;
use std::time::UNIX_EPOCH;

use crate::model::time::Timestamp;

/// Reads the header; `None` where it says nothing that can be read.
pub fn parse(header: &str, now: Timestamp) -> Option<Duration> {
    let text = header.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = parse_date(text)?;
    let wait = u64::try_from(until.0.saturating_sub(now.0)).unwrap_or(0);
    Some(Duration::from_micros(wait))
}

/// Reads a date as HTTP writes it; none before 1970.
pub fn parse_date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    let since_epoch = date.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_micros()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_445_412_480_000_000);

    /// Facts 7.3.
    #[test]
    fn retry_after_is_a_number_a_fraction_or_a_date() {
        assert_eq!(parse("1", NOW), Some(Duration::from_secs(1)));
        assert_eq!(parse(" 2.128 ", NOW), Some(Duration::from_millis(2128)));
        assert_eq!(
            parse("Wed, 21 Oct 2015 07:28:30 GMT", NOW),
            Some(Duration::from_secs(30))
        );
    }

    #[test]
    fn a_date_in_the_past_is_no_wait_and_nonsense_is_nothing() {
        assert_eq!(
            parse("Wed, 21 Oct 2015 07:00:00 GMT", NOW),
            Some(Duration::ZERO)
        );
        for nonsense in ["", "soon", "-1", "NaN", "inf", "1e400"] {
            assert_eq!(parse(nonsense, NOW), None, "{nonsense}");
        }
    }
}
