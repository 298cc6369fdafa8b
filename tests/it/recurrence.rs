//! The simulated tenant's series against `dateutil.rrule`, the independent implementation.

use std::io::Write as _;
use std::process::Stdio;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::Time;
use jiff::civil::Weekday;
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json::json;
use touchpoint::sim::calendar::recurring;
use touchpoint::sim::recurrence::End;
use touchpoint::sim::recurrence::Index;
use touchpoint::sim::recurrence::On;
use touchpoint::sim::recurrence::Pattern;
use touchpoint::sim::recurrence::Range;
use touchpoint::sim::recurrence::WEEK;
use touchpoint::sim::recurrence::occurrences;
use touchpoint::sim::rng::Rng;

use crate::support::python;

const PATTERNS: usize = 1000;
const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "UTC",
];

#[test]
fn a_thousand_series_agree_with_dateutil() {
    let mut rng = Rng::new(4, 1000);
    let lines: Vec<String> = (0..PATTERNS).map(|_| line(&mut rng).to_string()).collect();
    let mut command = python::script("compare_recurrence.py");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.join("\n").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let counts: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(counts["patterns"], PATTERNS);
    assert!(counts["occurrences"].as_u64().unwrap() > 20_000, "{counts}");
    for kind in counts["kinds"].as_object().unwrap().values() {
        assert!(kind.as_u64().unwrap() > 100, "{counts}");
    }
}

fn line(rng: &mut Rng) -> Value {
    let start = date(2020, 1, 1).saturating_add(rng.between(0, 3000).days());
    let pattern = pattern(rng);
    let end = match rng.below(3) {
        0 => End::Date(start.saturating_add(rng.between(0, 1500).days())),
        1 => End::Numbered(1 + rng.below(60)),
        _ => End::Never,
    };
    let range = Range { start, end };
    let zone = *rng.pick(&ZONES);
    let hour = i8::try_from(rng.below(24)).unwrap();
    let wall = Time::new(hour, *rng.pick(&[0, 15, 30]), 0, 0).unwrap();
    let until: Date = start.saturating_add(4.years());
    let found = occurrences(&pattern, &range, wall, &TimeZone::get(zone).unwrap(), until);
    let found: Vec<Value> = found
        .into_iter()
        .map(|(day, at)| json!([day.to_string(), at.rfc3339()]))
        .collect();
    let written = recurring::recurrence(&pattern, &range, zone);
    json!({"pattern": written["pattern"], "range": written["range"], "zone": zone,
        "start": wall.to_string(), "until": until.to_string(), "occurrences": found})
}

fn pattern(rng: &mut Rng) -> Pattern {
    let month = i8::try_from(1 + rng.below(12)).unwrap();
    let day = i8::try_from(1 + rng.below(31)).unwrap();
    let index = *rng.pick(&Index::ALL);
    let on = match rng.below(6) {
        0 => On::Daily,
        1 => On::Weekly(weekdays(rng), *rng.pick(&WEEK)),
        2 => On::AbsoluteMonthly(day),
        3 => On::RelativeMonthly(weekdays(rng), index),
        4 => On::AbsoluteYearly(month, day),
        _ => On::RelativeYearly(month, weekdays(rng), index),
    };
    Pattern {
        interval: i32::try_from(1 + rng.below(4)).unwrap(),
        on,
    }
}

fn weekdays(rng: &mut Rng) -> Vec<Weekday> {
    let mut days = vec![*rng.pick(&WEEK)];
    for day in WEEK {
        if !days.contains(&day) && rng.chance(25) {
            days.push(day);
        }
    }
    days
}
