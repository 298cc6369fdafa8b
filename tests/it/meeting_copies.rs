//! One meeting in the calendars of several people, whose copies name the zone of its series in
//! every way (facts 13): it has one id in all of them, after every run.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use crate::old_lakes::unpack;
use crate::support::expect_code;
use crate::support::scripted::Row;
use crate::support::scripted::Scripted;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// IANA's name, Windows's, the display form, and when 7 December begins there in UTC.
const ZONES: [(&str, &str, &str, &str); 9] = [
    (
        "Pacific/Kiritimati",
        "Line Islands Standard Time",
        "(UTC+14:00) Kiritimati Island",
        "10:00",
    ),
    (
        "Pacific/Apia",
        "Samoa Standard Time",
        "(UTC+13:00) Samoa",
        "11:00",
    ),
    (
        "Pacific/Auckland",
        "New Zealand Standard Time",
        "(UTC+12:00) Auckland, Wellington",
        "11:00",
    ),
    (
        "Asia/Tokyo",
        "Tokyo Standard Time",
        "(UTC+09:00) Osaka, Sapporo, Tokyo",
        "15:00",
    ),
    (
        "Asia/Kolkata",
        "India Standard Time",
        "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi",
        "18:30",
    ),
    (
        "Europe/Berlin",
        "W. Europe Standard Time",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "23:00",
    ),
    (
        "Europe/London",
        "GMT Standard Time",
        "(UTC+00:00) Dublin, Edinburgh, Lisbon, London",
        "00:00",
    ),
    (
        "America/New_York",
        "Eastern Standard Time",
        "(UTC-05:00) Eastern Time (US & Canada)",
        "05:00",
    ),
    (
        "Pacific/Honolulu",
        "Hawaiian Standard Time",
        "(UTC-10:00) Hawaii",
        "10:00",
    ),
];
/// East of Greenwich a day begins on the day before in UTC.
const EASTERN: usize = 6;

const NIGHTS: [&str; 4] = [
    "2026-12-01T02:00:00Z",
    "2026-12-02T02:00:00Z",
    "2026-12-03T02:00:00Z",
    "2026-12-04T02:00:00Z",
];
/// The zone name in each person's copy: the first has the proper name.
const ALL: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
const PEOPLE: [&str; 8] = ["ann", "bob", "cleo", "dan", "eli", "fay", "gus", "hal"];

fn address(person: &str) -> String {
    format!("{person}@contoso.com")
}

fn zone_name(person: usize, zone: usize) -> String {
    let (iana, windows, display, _) = ZONES[zone];
    [
        windows,
        "",
        "Customized Time Zone",
        "tzone://Microsoft/Custom",
        display,
        &format!("{windows} 1"),
        iana,
        "UTC",
    ][person]
        .to_owned()
}

fn time(day: i64, clock: &str) -> Value {
    json!({"dateTime": format!("2026-12-{day:02}T{clock}:00.0000000"), "timeZone": "UTC"})
}

/// The id of a series; with data of its own.
fn uid(series: usize) -> String {
    format!(
        "040000008200E00074C5B7101A82E008{}{series:02X}",
        "0".repeat(40)
    )
}

/// The properties common to all items of one copy.
struct Copy {
    person: usize,
    zone: usize,
    /// A number for the series.
    series: usize,
    is_all_day: bool,
}

impl Copy {
    fn id(&self, part: &str) -> String {
        format!("{}-{}-{part}", PEOPLE[self.person], self.series)
    }

    fn master(&self) -> Value {
        let name = zone_name(self.person, self.zone);
        let attendees: Vec<Value> = ["ann@contoso.com", "bob@contoso.com", "eva@fabrikam.com"]
            .map(|address| json!({"type": "required", "emailAddress": {"address": address}}))
            .into();
        json!({
            "id": self.id("master"), "type": "seriesMaster", "iCalUId": uid(self.series),
            "subject": format!("series {}", self.series), "isAllDay": self.is_all_day,
            "isCancelled": false, "isDraft": false, "sensitivity": "normal",
            "isOrganizer": false, "start": self.begin(7), "end": self.end(7),
            "originalStartTimeZone": name, "seriesMasterId": null,
            "organizer": {"emailAddress": {"name": "Eva", "address": "eva@fabrikam.com"}},
            "attendees": attendees, "responseStatus": {"response": "accepted"},
            "recurrence": {
                "pattern": {"type": "daily", "interval": 1},
                "range": {"type": "endDate", "startDate": "2026-12-07", "endDate": "2026-12-10",
                    "recurrenceTimeZone": name},
            },
        })
    }

    /// In UTC; of a series with times of day, the local midnight and half an hour.
    fn begin(&self, day: i64) -> Value {
        if self.is_all_day {
            return time(day, "00:00");
        }
        let clock = ZONES[self.zone].3;
        time(self.utc_day(day), &format!("{}:30", &clock[..2]))
    }

    fn end(&self, day: i64) -> Value {
        if self.is_all_day {
            return time(day + 1, "00:00");
        }
        let clock = ZONES[self.zone].3;
        time(self.utc_day(day), &format!("{}:45", &clock[..2]))
    }

    /// On which day in UTC a local day begins.
    fn utc_day(&self, day: i64) -> i64 {
        day - i64::from(self.zone < EASTERN)
    }

    fn occurrence(&self, day: i64) -> Value {
        json!({"id": self.id(&day.to_string()), "type": "occurrence",
            "seriesMasterId": self.id("master"), "start": self.begin(day), "end": self.end(day)})
    }

    /// The occurrence of a day, with another title, and moved to a day. It names the zone like the
    /// master, or the requested one.
    fn exception(&self, day: i64, to: i64, subject: &str) -> Value {
        let begins = if self.is_all_day {
            ZONES[self.zone].3.to_owned()
        } else {
            format!("{}:30", &ZONES[self.zone].3[..2])
        };
        let mut value = self.occurrence(day);
        value["type"] = json!("exception");
        value["subject"] = json!(subject);
        value["iCalUId"] = json!(uid(self.series));
        value["isAllDay"] = json!(self.is_all_day);
        value["originalStart"] = json!(format!("2026-12-{:02}T{begins}:00Z", self.utc_day(day)));
        value["originalStartTimeZone"] = json!("UTC");
        value["start"] = self.begin(to);
        value["end"] = self.end(to);
        value
    }

    /// The whole series again, as the service returns it (facts 2.2).
    fn all(&self, exceptions: &[(i64, Value)]) -> Vec<Value> {
        let mut items = vec![self.master()];
        for day in 7..=10 {
            let changed = exceptions.iter().find(|(one, _)| *one == day);
            let item = changed.map_or_else(|| self.occurrence(day), |(_, item)| item.clone());
            items.push(item);
        }
        items
    }
}

/// The items of a copy in one run.
type Items<'a> = &'a dyn Fn(&Copy) -> Vec<Value>;

/// Calendars of some people with a series in each zone: of whole days, with times of day, or both.
fn calendars(
    people: &[usize],
    kinds: &[bool],
    nights: &[Items<'_>],
) -> Vec<(String, Vec<Vec<Value>>)> {
    let calendar = |person: &usize| {
        let numbered =
            (0..ZONES.len()).flat_map(|zone| kinds.iter().map(move |kind| (zone, *kind)));
        let copies: Vec<Copy> = numbered
            .enumerate()
            .map(|(series, (zone, is_all_day))| Copy {
                person: *person,
                zone,
                series,
                is_all_day,
            })
            .collect();
        let nights = nights.iter();
        let nights = nights.map(|items| copies.iter().flat_map(items).collect());
        (address(PEOPLE[*person]), nights.collect())
    };
    people.iter().map(calendar).collect()
}

/// Current rows of each series and its ids, by mailbox: all mailboxes must have the same.
fn ids_of(rows: &[Row]) -> BTreeMap<String, BTreeSet<String>> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let of_mailbox = ids.entry(row.mailbox.clone()).or_default();
        of_mailbox.insert(row.interaction_id.clone());
    }
    ids
}

/// All mailboxes have four meetings of each series, and the same ones.
fn same_in_all(current: &[Row], people: usize, series: usize) -> BTreeSet<String> {
    assert_eq!(current.len(), 4 * series * people);
    let ids = ids_of(current);
    assert_eq!(ids.len(), people);
    let first = ids.values().next().unwrap().clone();
    assert_eq!(first.len(), 4 * series);
    for (mailbox, ids) in &ids {
        assert_eq!(*ids, first, "{mailbox}");
    }
    first
}

/// The same, and no row was ever withdrawn.
fn check(tenant: &Scripted, ids_before: Option<&BTreeSet<String>>) -> BTreeSet<String> {
    let first = same_in_all(&tenant.current(), PEOPLE.len(), ZONES.len());
    let states: BTreeSet<String> = tenant.rows().into_iter().map(|row| row.state).collect();
    assert_eq!(states, BTreeSet::from(["active".to_owned()]));
    if let Some(before) = ids_before {
        assert_eq!(first, *before);
    }
    first
}

/// The days of a series in each mailbox, with their titles.
fn days(tenant: &Scripted) -> BTreeMap<String, Vec<(String, String)>> {
    let mut days: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in tenant.current() {
        let key = format!(
            "{} of {}",
            row.subject.split(',').next().unwrap(),
            row.mailbox
        );
        days.entry(key).or_default().push((row.day, row.subject));
    }
    for days in days.values_mut() {
        days.sort();
    }
    days
}

fn renamed(copy: &Copy, day: i64, to: i64) -> (i64, Value) {
    let subject = format!("series {}, hall {day}", copy.series);
    (day, copy.exception(day, to, &subject))
}

/// Facts 13.
#[test]
fn whole_day_exceptions_are_one_meeting_in_all_zones() {
    // First the 9th is renamed where it is, and then the 8th is moved to the 9th, and back to the 7th.
    let plain = |copy: &Copy| copy.all(&[]);
    let in_place = |copy: &Copy| copy.all(&[renamed(copy, 9, 9)]);
    let onto = |copy: &Copy| copy.all(&[renamed(copy, 9, 9), renamed(copy, 8, 9)]);
    let back = |copy: &Copy| copy.all(&[renamed(copy, 9, 9), renamed(copy, 8, 7)]);
    let calendars = calendars(&ALL, &[true], &[&plain, &in_place, &onto, &back]);
    let tenant = Scripted::start(&NIGHTS, &calendars);
    tenant.night(0);
    let ids = check(&tenant, None);
    for (night, expected) in [
        (1, ["07 -", "08 -", "09 hall 9", "10 -"]),
        (2, ["07 -", "09 hall 8", "09 hall 9", "10 -"]),
        (3, ["07 -", "07 hall 8", "09 hall 9", "10 -"]),
    ] {
        tenant.night(night);
        check(&tenant, Some(&ids));
        for (series, days) in days(&tenant) {
            let mut found: Vec<String> = days
                .iter()
                .map(|(day, subject)| {
                    let hall = subject.split(", ").nth(1).unwrap_or("-");
                    format!("{} {hall}", &day[8..])
                })
                .collect();
            found.sort();
            assert_eq!(found, expected, "night {night}: {series}");
        }
    }
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// Facts 13.
#[test]
fn timed_series_are_one_meeting_in_all_zones() {
    let plain = |copy: &Copy| copy.all(&[]);
    let later = |copy: &Copy| copy.all(&[renamed(copy, 9, 9), renamed(copy, 8, 10)]);
    let calendars = calendars(&ALL, &[false], &[&plain, &later]);
    let tenant = Scripted::start(&NIGHTS[..2], &calendars);
    tenant.night(0);
    let ids = check(&tenant, None);
    tenant.night(1);
    check(&tenant, Some(&ids));
}

#[test]
fn a_series_dated_later_leaves_no_rows_under_earlier_ids() {
    // Half past midnight in Tokyo is the previous day in UTC; the first run returns nothing else.
    let without_zone = |copy: &Copy| {
        let mut items = copy.all(&[]);
        items[0]["recurrence"] = Value::Null;
        items[0]["originalStartTimeZone"] = json!("");
        items
    };
    let with_zone = |copy: &Copy| copy.all(&[]);
    let calendars = calendars(&ALL, &[false], &[&without_zone, &with_zone]);
    let tenant = Scripted::start(&NIGHTS, &calendars);
    tenant.night(0);
    let before = same_in_all(&tenant.current(), ALL.len(), ZONES.len());
    tenant.night(1);
    let after = same_in_all(&tenant.current(), ALL.len(), ZONES.len());
    let gone: BTreeSet<String> = before.difference(&after).cloned().collect();
    assert_eq!(gone.len(), EASTERN, "the first day of each eastern series");
    // No meeting was removed or cancelled.
    let states: BTreeSet<String> = tenant.rows().into_iter().map(|row| row.state).collect();
    assert_eq!(
        states,
        BTreeSet::from(["active", "withdrawn"].map(str::to_owned))
    );
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// Of each kind of name one person: the proper one, none, a custom one, that of the request.
const SOME: [usize; 4] = [0, 1, 2, 7];

/// Series of both kinds, an exception that stays and one that is moved before the second run.
fn of_an_earlier_release() -> Vec<(String, Vec<Vec<Value>>)> {
    let plain = |copy: &Copy| copy.all(&[]);
    let renamed = |copy: &Copy| copy.all(&[renamed(copy, 9, 9), renamed(copy, 8, 9)]);
    let nothing = |_: &Copy| Vec::new();
    calendars(
        &SOME,
        &[true, false],
        &[&plain, &renamed, &nothing, &renamed],
    )
}

#[test]
fn a_lake_with_zone_name_ids_gets_no_duplicate_meetings() {
    let tenant = Scripted::start(&NIGHTS, &of_an_earlier_release());
    unpack("lake-ids-by-zone-name.tar.zst", tenant.folder());
    let series = 2 * ZONES.len();
    let before = ids_of(&tenant.current());
    let first = before.values().next().unwrap();
    assert!(
        before.values().any(|ids| ids != first),
        "the fault is in it"
    );
    tenant.night(2);
    let ids = same_in_all(&tenant.current(), SOME.len(), series);
    let mut expected: Vec<String> = Vec::new();
    for row in tenant.current() {
        let hall = row.subject.split(", ").nth(1).unwrap_or("-");
        expected.push(hall.to_owned());
    }
    let halls = |hall: &str| expected.iter().filter(|one| *one == hall).count();
    assert_eq!(halls("hall 9"), series * SOME.len());
    assert_eq!(halls("hall 8"), series * SOME.len());
    let rows = tenant.rows().len();
    tenant.night(3);
    assert_eq!(same_in_all(&tenant.current(), SOME.len(), series), ids);
    assert_eq!(tenant.rows().len(), rows, "nothing is left to do");
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// A daily series of which each local day begins on a day in UTC that is `shift` later.
struct Daily {
    number: usize,
    hour: u32,
    shift: i64,
    zone: &'static str,
}

impl Daily {
    fn at(&self, day: i64, minute: u32) -> Value {
        time(day + self.shift, &format!("{:02}:{minute:02}", self.hour))
    }

    /// The complete series; `has_details`: with its zone and recurrence.
    fn items(&self, has_details: bool) -> Vec<Value> {
        let copy = Copy {
            person: 0,
            zone: 0,
            series: self.number,
            is_all_day: false,
        };
        let mut master = copy.master();
        master["start"] = self.at(2, 30);
        master["end"] = self.at(2, 45);
        master["originalStartTimeZone"] = json!(if has_details { self.zone } else { "" });
        master["recurrence"] = if has_details {
            json!({"pattern": {"type": "daily", "interval": 1},
                "range": {"type": "endDate", "startDate": "2026-12-02", "endDate": "2026-12-20",
                    "recurrenceTimeZone": self.zone}})
        } else {
            Value::Null
        };
        let occurrence = |day: i64| {
            json!({"id": copy.id(&day.to_string()), "type": "occurrence",
                "seriesMasterId": copy.id("master"), "start": self.at(day, 30),
                "end": self.at(day, 45)})
        };
        let mut items = vec![master];
        items.extend((2..=20).map(occurrence));
        items
    }
}

#[test]
fn changing_ids_of_a_series_lose_and_duplicate_nothing() {
    let series = [
        Daily {
            number: 1,
            hour: 0,
            shift: 1,
            zone: "Eastern Standard Time",
        },
        Daily {
            number: 2,
            hour: 15,
            shift: -1,
            zone: "Tokyo Standard Time",
        },
        Daily {
            number: 3,
            hour: 12,
            shift: 0,
            zone: "GMT Standard Time",
        },
    ];
    let all = |has_details: bool| {
        series
            .iter()
            .flat_map(|one| one.items(has_details))
            .collect()
    };
    let nights = [all(false), Vec::new(), all(true), Vec::new()];
    let times = [
        "2026-12-08T02:00:00Z",
        "2026-12-09T02:00:00Z",
        "2026-12-10T02:00:00Z",
        "2026-12-11T02:00:00Z",
    ];
    let tenant = Scripted::start(&times, &[(address("ann"), nights.to_vec())]);
    for night in 0..times.len() {
        tenant.night(night);
        for one in &series {
            let subject = format!("series {}", one.number);
            let current = tenant.current();
            let days = current.iter().filter(|row| row.subject == subject);
            let mut days: Vec<String> = days.map(|row| row.day.clone()).collect();
            days.sort();
            let day = |day: i64| format!("2026-12-{:02}", day + one.shift);
            let expected: Vec<String> = (2..=20).map(day).collect();
            assert_eq!(days, expected, "night {night}: {subject}");
        }
    }
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

#[test]
fn copies_in_a_generated_tenant_are_one_meeting() {
    for seed in [31, 32] {
        let mut tenant = Tenant::of_world(&format!(
            "seed = {seed}\nusers = 16\nmails_per_user = 10\nmeetings_per_user = 3\n"
        ));
        tenant.nights(6, |tenant, _| {
            tenant.compare_rows_with_truth();
        });
        expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    }
}
