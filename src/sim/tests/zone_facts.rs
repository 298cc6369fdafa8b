//! How copies of a meeting name their zone, and how whole days are written (facts 13), each shown
//! by the simulated service.

use std::collections::HashMap;
use std::collections::HashSet;

use serde_json::Value;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::tests::test_client::IMMUTABLE;
use crate::sim::tests::test_client::TestClient;

const WINDOW: &str = "startDateTime=2025-03-02T02:00:00Z&endDateTime=2027-03-02T02:00:00Z";

/// What the calendars of a small tenant hold after two weeks.
fn items(switches: &str) -> Vec<Value> {
    let mut client = TestClient::new(switches);
    client.days(14);
    let readable = client.world.people.iter().enumerate();
    let readable: Vec<usize> = readable
        .filter(|(_, person)| person.is_read())
        .map(|(number, _)| number)
        .collect();
    let mut all = Vec::new();
    for number in readable {
        let first = format!("{}/calendarView/delta?{WINDOW}", client.mailbox(number));
        all.extend(client.round(&first, IMMUTABLE).0);
    }
    all
}

fn text<'a>(item: &'a Value, pointer: &str) -> Option<&'a str> {
    item.pointer(pointer).and_then(Value::as_str)
}

/// Facts 13.
#[test]
fn guests_copies_name_a_zone_in_every_way_and_the_organisers_properly() {
    let mut forms: HashSet<&str> = HashSet::new();
    let mut start_dates: HashMap<String, HashSet<String>> = HashMap::new();
    for item in items("")
        .iter()
        .filter(|item| item["type"] == "seriesMaster")
    {
        let zone = text(item, "/recurrence/range/recurrenceTimeZone").unwrap();
        let form = match zone {
            "" => "empty",
            "Customized Time Zone" | "tzone://Microsoft/Custom" => "custom",
            _ if zone.starts_with("(UTC") => "display",
            _ if zone.ends_with(" 1") => "digit",
            _ => "proper",
        };
        if item["isOrganizer"] == true {
            assert_eq!(form, "proper");
        } else {
            forms.insert(form);
        }
        let uid = text(item, "/iCalUId").unwrap().to_owned();
        let start = text(item, "/recurrence/range/startDate").unwrap();
        start_dates.entry(uid).or_default().insert(start.to_owned());
    }
    assert_eq!(forms.len(), 5, "{forms:?}");
    // What all copies have in common.
    assert!(start_dates.values().any(|dates| dates.len() == 1));
    assert!(start_dates.values().all(|dates| dates.len() == 1));
}

/// Facts 13.
#[test]
fn whole_days_have_the_label_of_the_request_and_the_authors_midnight() {
    let all = items("full_exceptions = true");
    let (mut moved, mut unmoved, mut by_request) = (0, 0, 0);
    for item in all.iter().filter(|item| item["isAllDay"] == true) {
        assert_eq!(item["start"]["timeZone"], "UTC");
        let start = text(item, "/start/dateTime").unwrap();
        assert!(start.ends_with("T00:00:00.0000000"), "{start}");
        let Some(midnight) = text(item, "/originalStart") else {
            continue;
        };
        let midnight = Timestamp::parse_rfc3339(midnight).unwrap();
        let start = Timestamp::parse_rfc3339(&format!("{start}Z")).unwrap();
        let offset = start.0 - midnight.0;
        if (-DAY / 2..=DAY * 14 / 24).contains(&offset) {
            unmoved += 1;
        } else {
            moved += 1;
        }
        let is_midnight = midnight.0.rem_euclid(DAY) == 0;
        let names_request = item["originalStartTimeZone"] == "UTC";
        by_request += usize::from(names_request && !is_midnight);
    }
    assert!(
        moved > 5 && unmoved > 20 && by_request > 5,
        "{moved} {unmoved} {by_request}"
    );
}
