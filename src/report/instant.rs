//! Instants as people read them, in UTC.

use crate::model::time::DAY;
use crate::model::time::Timestamp;

/// `2026-03-02`.
pub fn day(at: Timestamp) -> String {
    at.timestamp().strftime("%Y-%m-%d").to_string()
}

/// `2026-03-02 02:00`, where the zone is stated beside it.
pub fn minute(at: Timestamp) -> String {
    at.timestamp().strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2026-03-02 02:00 UTC`.
pub fn minute_utc(at: Timestamp) -> String {
    format!("{} UTC", minute(at))
}

/// How long ago it was: `5 h ago`, from two days on `3 days ago`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let hours = (now.0 - at.0).max(0) / (DAY / 24);
    if hours < 48 {
        format!("{hours} h ago")
    } else {
        format!("{} days ago", hours / 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_in_utc_and_old_ones_in_days() {
        let at = Timestamp::parse_rfc3339("2026-03-02T01:59:30Z").unwrap();
        assert_eq!(day(at), "2026-03-02");
        assert_eq!(minute_utc(at), "2026-03-02 01:59 UTC");
        assert_eq!(ago(at, at.plus(2 * DAY - 1)), "47 h ago");
        assert_eq!(ago(at, at.plus(2 * DAY)), "2 days ago");
    }
}
