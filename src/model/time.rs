//! Instants, as the tables hold them.

use jiff::Timestamp as JiffTimestamp;
use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01 UTC, as Delta's `TIMESTAMP` has it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 86_400 * SECOND;

impl Timestamp {
    /// The number of the UTC day (days since 1970-01-01; negative before).
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// The number of the minute (minutes since 1970; negative before).
    pub fn minute(self) -> i64 {
        self.0.div_euclid(60 * SECOND)
    }

    /// The month of the UTC day as `YYYY-MM`: the partition of a row.
    pub fn month(self) -> String {
        self.timestamp().strftime("%Y-%m").to_string()
    }

    /// RFC 3339 in UTC, whole seconds where there is no fraction: `2026-11-24T02:00:00Z`.
    pub fn rfc3339(self) -> String {
        self.timestamp().to_string()
    }

    /// Reads RFC 3339, any number of fraction digits.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<JiffTimestamp>().ok().map(Self::from)
    }

    /// The same instant as a `jiff` timestamp; instants outside years -9999 to 9999 are clamped.
    pub fn timestamp(self) -> JiffTimestamp {
        JiffTimestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            JiffTimestamp::MIN
        } else {
            JiffTimestamp::MAX
        })
    }

    /// This instant moved by some microseconds; it stays at the ends of what can be counted.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl From<JiffTimestamp> for Timestamp {
    fn from(timestamp: JiffTimestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_utc_months_even_before_the_epoch() {
        assert_eq!(Timestamp(-1).month(), "1969-12");
        assert_eq!(Timestamp(-1).day(), -1);
        assert_eq!(Timestamp(0).month(), "1970-01");
    }

    #[test]
    fn rfc3339_is_read_with_seven_fraction_digits() {
        let parsed = Timestamp::parse_rfc3339("2020-06-02T20:00:00.1234567Z");
        assert_eq!(
            parsed.map(Timestamp::rfc3339).as_deref(),
            Some("2020-06-02T20:00:00.123456Z")
        );
    }
}
