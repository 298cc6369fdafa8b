//! `recurrence` of a master, as Graph writes it.

use jiff::civil::Weekday;
use serde_json::Value;
use serde_json::json;

use crate::sim::recurrence::End;
use crate::sim::recurrence::On;
use crate::sim::recurrence::Pattern;
use crate::sim::recurrence::Range;

/// `recurrence`: members that a pattern does not use have Graph's default values.
pub fn recurrence(pattern: &Pattern, range: &Range, zone: &str) -> Value {
    let mut written = json!({"interval": pattern.interval, "month": 0, "dayOfMonth": 0,
        "firstDayOfWeek": "sunday", "index": "first"});
    let name = match &pattern.on {
        On::Daily => "daily",
        On::Weekly(days, first) => {
            written["daysOfWeek"] = names(days);
            written["firstDayOfWeek"] = json!(name(*first));
            "weekly"
        }
        On::AbsoluteMonthly(day) => {
            written["dayOfMonth"] = json!(day);
            "absoluteMonthly"
        }
        On::RelativeMonthly(days, index) => {
            written["daysOfWeek"] = names(days);
            written["index"] = json!(index.name());
            "relativeMonthly"
        }
        On::AbsoluteYearly(month, day) => {
            written["month"] = json!(month);
            written["dayOfMonth"] = json!(day);
            "absoluteYearly"
        }
        On::RelativeYearly(month, days, index) => {
            written["month"] = json!(month);
            written["daysOfWeek"] = names(days);
            written["index"] = json!(index.name());
            "relativeYearly"
        }
    };
    written["type"] = json!(name);
    json!({"pattern": written, "range": written_range(range, zone)})
}

fn written_range(range: &Range, zone: &str) -> Value {
    let (kind, end, count) = match range.end {
        End::Date(end) => ("endDate", end.to_string(), 0),
        End::Numbered(count) => ("numbered", "0001-01-01".to_owned(), count),
        End::Never => ("noEnd", "0001-01-01".to_owned(), 0),
    };
    json!({"type": kind, "startDate": range.start.to_string(), "endDate": end,
        "recurrenceTimeZone": zone, "numberOfOccurrences": count})
}

fn names(days: &[Weekday]) -> Value {
    days.iter().map(|day| json!(name(*day))).collect()
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}
