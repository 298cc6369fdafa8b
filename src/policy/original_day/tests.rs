//! The day of an occurrence or exception, worldwide and for every way of naming its zone.

use jiff::civil::Date;
use proptest::prelude::*;

use super::*;
use crate::model::event::EventTime;
use crate::model::event::SeriesTimes;
use crate::model::recurrence::PatternDays;
use crate::model::zone::zone;
use crate::policy::capture_policy::fixtures;

/// Zones from east to west, each with its display form.
const ZONES: [(&str, &str); 12] = [
    ("Pacific/Kiritimati", "(UTC+14:00) Kiritimati Island"),
    ("Pacific/Apia", "(UTC+13:00) Samoa"),
    (
        "New Zealand Standard Time",
        "(UTC+12:00) Auckland, Wellington",
    ),
    ("Tokyo Standard Time", "(UTC+09:00) Osaka, Sapporo, Tokyo"),
    ("Asia/Kolkata", "(UTC+05:30) Chennai, Kolkata, Mumbai"),
    ("W. Europe Standard Time", "(UTC+01:00) Amsterdam, Berlin"),
    ("GMT Standard Time", "(UTC+00:00) Dublin, London"),
    ("Atlantic/Azores", "(UTC-01:00) Azores"),
    (
        "Eastern Standard Time",
        "(UTC-05:00) Eastern Time (US & Canada)",
    ),
    (
        "Pacific Standard Time",
        "(UTC-08:00) Pacific Time (US & Canada)",
    ),
    ("Hawaiian Standard Time", "(UTC-10:00) Hawaii"),
    (
        "Pacific/Pago_Pago",
        "(UTC-11:00) Coordinated Universal Time-11",
    ),
];

/// How copies name a zone (facts 13).
fn names(proper: &str, display: &str) -> [Option<String>; 9] {
    [
        Some(proper.to_owned()),
        None,
        Some(String::new()),
        Some("Customized Time Zone".to_owned()),
        Some("tzone://Microsoft/Custom".to_owned()),
        Some(display.to_owned()),
        Some(format!("{proper} 1")),
        Some("UTC".to_owned()),
        Some("Nowhere Standard Time".to_owned()),
    ]
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn plus(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(days))
}

/// A whole day is midnight, labelled with the requested zone: UTC.
fn written(day: Date) -> EventTime {
    let day = day_of(day);
    EventTime {
        at: Timestamp(day * DAY),
        day,
    }
}

fn local(day: Date, hour: i8, minute: i8, zone_name: &str) -> Timestamp {
    let zoned = day
        .at(hour, minute, 0, 0)
        .to_zoned(zone(zone_name).unwrap());
    zoned.unwrap().timestamp().into()
}

/// A series of whole days from 7 December 2026, a Monday, and its pattern.
fn whole_days(pattern: Option<PatternDays>) -> Event {
    let first = date("2026-12-07");
    Event {
        event_type: EventType::Master,
        source_id: "series".into(),
        start: Some(written(first)),
        is_all_day: Some(true),
        recurrence: Some(Recurrence {
            first_day: day_of(first),
            last_day: None,
            days: pattern,
        }),
        zone: None,
        ..fixtures::event()
    }
}

/// An instance of a series of whole days; `is_now`: its current day.
fn one(event_type: EventType, is_now: Date, midnight: Option<Timestamp>) -> Event {
    Event {
        event_type,
        master_id: Some("series".into()),
        ical_uid: None,
        start: Some(written(is_now)),
        original_start: midnight,
        is_all_day: None,
        zone: None,
        ..fixtures::event()
    }
}

fn siblings(events: &[Event]) -> Siblings {
    let mut siblings = Siblings::default();
    for event in events {
        siblings.note(event);
    }
    siblings
}

/// Patterns that include 9 and 16 December, with the neighbouring days.
fn patterns() -> [(PatternDays, Vec<Date>); 4] {
    let days = |numbers: &[i64]| {
        let first = date("2026-12-07");
        numbers.iter().map(|days| plus(first, *days)).collect()
    };
    [
        (PatternDays::Every(1), days(&[0, 1, 3, 4, 5, 6, 7, 8, 10])),
        (PatternDays::Every(2), days(&[0, 4, 6, 8])),
        (PatternDays::Weekdays(0b100), days(&[9, 16])),
        (PatternDays::DayOfMonth(9), days(&[33])),
    ]
}

/// Facts 13.
#[test]
fn the_day_of_a_whole_day_exception_is_zone_independent() {
    let day = date("2026-12-09");
    for (proper, display) in ZONES {
        let midnight = local(day, 0, 0, proper);
        for (pattern, others) in patterns() {
            let mut all: Vec<Event> = others
                .iter()
                .map(|day| one(EventType::Occurrence, *day, None))
                .collect();
            for moved in [0, -1, 1, -2, 2, 30] {
                let exception = one(EventType::Exception, plus(day, moved), Some(midnight));
                all.push(exception.clone());
                for name in names(proper, display) {
                    let master = Event {
                        zone: name.clone(),
                        ..whole_days(Some(pattern))
                    };
                    let whole = exception.clone().over(&master);
                    let found = original_day(&whole, &siblings(&all));
                    let case = format!("{proper} as {name:?}, {pattern:?}, moved by {moved}");
                    assert_eq!(found, Some(day_of(day)), "{case}");
                }
                all.pop();
            }
        }
    }
}

#[test]
fn an_exception_that_was_not_moved_keeps_its_day() {
    let day = date("2026-12-09");
    for (proper, display) in ZONES {
        for name in names(proper, display) {
            let midnight = local(day, 0, 0, proper);
            let alone = Event {
                is_all_day: Some(true),
                zone: name.clone(),
                ..one(EventType::Exception, day, Some(midnight))
            };
            let found = original_day(&alone, &Siblings::default());
            assert_eq!(found, Some(day_of(day)), "{proper} as {name:?}");
        }
    }
}

#[test]
fn a_moved_exception_has_the_offset_of_its_series() {
    let day = date("2026-12-09");
    for (proper, _) in ZONES {
        let midnight = |day| Some(local(day, 0, 0, proper));
        // An offset from the other half of the year differs by an hour.
        let others = [date("2026-06-15"), date("2026-12-25")];
        for other in others {
            let uid_with_date = format!(
                "040000008200E00074C5B7101A82E008{:04X}{:02X}{:02X}0000000000000000",
                other.year(),
                other.month(),
                other.day()
            );
            let far = plus(other, 40);
            let shown = [
                one(EventType::Occurrence, other, midnight(other)),
                one(EventType::Exception, other, midnight(other)),
                Event {
                    ical_uid: Some(uid_with_date),
                    ..one(EventType::Exception, far, midnight(other))
                },
            ];
            for (number, shown) in shown.into_iter().enumerate() {
                for moved in [-3_i64, -1, 1, 2, 30] {
                    // An instance that may have been moved is weaker evidence than one that cannot
                    // have been.
                    if number == 1 && moved.abs() == 1 {
                        continue;
                    }
                    let exception = one(EventType::Exception, plus(day, moved), midnight(day));
                    let all = [shown.clone(), exception.clone()];
                    let whole = exception.over(&whole_days(None));
                    let found = original_day(&whole, &siblings(&all));
                    assert_eq!(
                        found,
                        Some(day_of(day)),
                        "{proper} {number} {other} {moved}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_named_zone_and_nearest_midnight_are_last_resorts() {
    let day = date("2026-12-09");
    for (proper, _) in ZONES {
        let midnight = local(day, 0, 0, proper);
        let mut alone =
            one(EventType::Exception, plus(day, 9), Some(midnight)).over(&whole_days(None));
        let no_siblings = Siblings::default();
        alone.zone = Some(proper.to_owned());
        assert_eq!(
            original_day(&alone, &no_siblings),
            Some(day_of(day)),
            "{proper}"
        );
        // A zone name under which it is not midnight is ignored.
        for name in [None, Some("Asia/Kathmandu".to_owned())] {
            alone.zone = name;
            let found = original_day(&alone, &no_siblings).unwrap();
            let offset = day_of(day) * DAY - midnight.0;
            let is_near = offset.abs() <= DAY / 2;
            assert_eq!(found == day_of(day), is_near, "{proper} {:?}", alone.zone);
        }
    }
}

#[test]
fn a_timed_exception_of_whole_days_keeps_its_day() {
    let day = date("2026-12-09");
    for (proper, _) in ZONES {
        let nine = local(day, 9, 0, proper);
        let exception = Event {
            start: Some(EventTime {
                at: nine,
                day: nine.day(),
            }),
            is_all_day: Some(false),
            ..one(EventType::Exception, day, Some(local(day, 0, 0, proper)))
        };
        let (pattern, others) = &patterns()[0];
        let mut all: Vec<Event> = others
            .iter()
            .map(|day| one(EventType::Occurrence, *day, None))
            .collect();
        all.push(exception.clone());
        let whole = exception.over(&whole_days(Some(*pattern)));
        assert_eq!(
            original_day(&whole, &siblings(&all)),
            Some(day_of(day)),
            "{proper}"
        );
    }
}

/// A timed series, in a copy that names its zone like this.
fn timed(first: Date, start: Timestamp, zone: Option<String>) -> SeriesTimesOf {
    SeriesTimesOf {
        series: SeriesTimes {
            first_start: Some(EventTime {
                at: start,
                day: start.day(),
            }),
            recurrence: Some(Recurrence {
                first_day: day_of(first),
                last_day: None,
                days: None,
            }),
            is_all_day: Some(false),
        },
        zone,
    }
}

struct SeriesTimesOf {
    series: SeriesTimes,
    zone: Option<String>,
}

impl SeriesTimesOf {
    fn day(
        &self,
        event_type: EventType,
        start: Timestamp,
        original: Option<Timestamp>,
    ) -> Option<i64> {
        let event = Event {
            event_type,
            start: Some(EventTime {
                at: start,
                day: start.day(),
            }),
            original_start: original,
            series: Some(self.series),
            zone: self.zone.clone(),
            is_all_day: Some(false),
            ..fixtures::event()
        };
        original_day(&event, &Siblings::default())
    }
}

#[test]
fn an_exception_of_a_timed_series_may_be_all_day() {
    for (proper, display) in ZONES {
        for name in names(proper, display) {
            let first = date("2026-12-07");
            let copy = timed(first, local(first, 18, 30, proper), name.clone());
            let day = date("2026-12-09");
            let event = Event {
                event_type: EventType::Exception,
                start: Some(written(plus(day, 1))),
                original_start: Some(local(day, 18, 30, proper)),
                series: Some(copy.series),
                zone: name.clone(),
                is_all_day: Some(true),
                ..fixtures::event()
            };
            let found = original_day(&event, &Siblings::default());
            assert_eq!(found, Some(day_of(day)), "{proper} as {name:?}");
        }
    }
}

#[test]
fn an_impossible_first_day_is_ignored() {
    let start = local(date("2026-12-07"), 1, 0, "Tokyo Standard Time");
    let next = start.plus(DAY);
    for (first, expected) in [
        ("2026-12-07", "2026-12-08"),
        ("2026-12-01", "2026-12-08"),
        ("0002-01-01", "2026-12-08"),
    ] {
        let copy = timed(date(first), start, Some("Tokyo Standard Time".to_owned()));
        let found = copy.day(EventType::Occurrence, next, None);
        assert_eq!(found, Some(day_of(date(expected))), "{first}");
    }
}

#[test]
fn an_event_without_any_time_has_no_day() {
    for is_all_day in [true, false] {
        let event = Event {
            start: None,
            is_all_day: Some(is_all_day),
            ..one(EventType::Exception, date("2026-12-09"), None)
        };
        assert_eq!(original_day(&event, &Siblings::default()), None);
    }
}

proptest! {
    /// The copies of a timed series name its zone in all ways, and clocks change in between.
    /// Facts 13.
    #[test]
    fn all_copies_of_a_timed_series_give_one_day(
        (proper, display) in prop::sample::select(&ZONES[..]),
        first in 0_i64..9_000,
        days in 0_i64..1_500,
        hour in 0_i8..24,
        moved in -9_i64..9,
    ) {
        // At two o'clock or three clocks may have no such time.
        prop_assume!(!(1..4).contains(&hour));
        let first = plus(date("2012-01-01"), first);
        let day = plus(first, days);
        let start = local(day, hour, 30, proper);
        for name in names(proper, display) {
            let copy = timed(first, local(first, hour, 30, proper), name);
            let expected = Some(day_of(day));
            prop_assert_eq!(copy.day(EventType::Occurrence, start, None), expected);
            let elsewhere = start.plus(moved * DAY);
            let found = copy.day(EventType::Exception, elsewhere, Some(start));
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn no_time_makes_it_fail(at in any::<i64>(), first in any::<i64>(), day in any::<i64>()) {
        let at = Timestamp(at);
        let copy = timed(date("2026-12-07"), Timestamp(first), None);
        let _ = copy.day(EventType::Exception, at, Some(at));
        let event = Event {
            start: Some(EventTime { at, day }),
            original_start: Some(at),
            is_all_day: Some(true),
            ..one(EventType::Exception, date("2026-12-09"), None)
        };
        let siblings = siblings(std::slice::from_ref(&event));
        let _ = original_day(&event, &siblings);
    }
}
