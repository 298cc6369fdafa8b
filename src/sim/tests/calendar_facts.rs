//! The pitfalls of calendars that the facts list, each shown by the simulated service.

use std::collections::HashMap;
use std::collections::HashSet;

use serde_json::Value;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::calendar::lifecycle::Lifecycle;
use crate::sim::tests::test_client::IMMUTABLE;
use crate::sim::tests::test_client::TestClient;

const PLAIN: &str = "short_pages = false\nduplicates = false\nreplays = false\nsame_delta_link = false\nshuffle = false";
const WINDOW: &str = "startDateTime=2025-03-02T02:00:00Z&endDateTime=2027-03-02T02:00:00Z";

fn chain(client: &TestClient, number: usize) -> String {
    format!("{}/calendarView/delta?{WINDOW}", client.mailbox(number))
}

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

fn is_kind(item: &Value, kind: &str) -> bool {
    item["type"] == kind
}

/// The first copy of a meeting with this lifecycle: mailbox, number of the copy, number of the
/// meeting.
fn copy_of(client: &TestClient, lifecycle: Lifecycle, organises: bool) -> (usize, usize, usize) {
    for (mailbox, held) in client.world.mailboxes.iter().enumerate() {
        if !client.world.people[mailbox].is_read() {
            continue;
        }
        for (number, copy) in held.calendar.iter().enumerate() {
            let meeting = &client.world.meetings[copy.meeting as usize];
            if meeting.lifecycle == lifecycle && copy.organises == organises && copy.guest.is_none()
            {
                return (mailbox, number, copy.meeting as usize);
            }
        }
    }
    panic!("{lifecycle:?} does not occur");
}

fn masters_of(items: &[Value]) -> HashSet<String> {
    let masters = items.iter().filter(|one| is_kind(one, "seriesMaster"));
    masters.map(id).collect()
}

/// Facts 2.1.
#[test]
fn both_ends_are_required_and_query_options_are_refused() {
    let mut client = TestClient::new(PLAIN);
    let path = format!("{}/calendarView/delta", client.mailbox(0));
    for target in [
        path.clone(),
        format!("{path}?startDateTime=2026-01-01"),
        format!("{path}?{WINDOW}&$select=subject"),
        format!("{path}?{WINDOW}&$filter=isCancelled%20eq%20true"),
        format!("{path}?{WINDOW}&$top=5"),
    ] {
        let (status, body) = client.get(&target, IMMUTABLE);
        assert_eq!(
            (status, code(&body)),
            (400, "ErrorInvalidUrlQuery"),
            "{target}"
        );
    }
    let without_offset =
        format!("{path}?startDateTime=2026-01-01T00:00:00&endDateTime=2026-01-02T00:00:00.0000000");
    assert_eq!(client.get(&without_offset, IMMUTABLE).0, 200);
}

/// Facts 2.1.
#[test]
fn the_window_is_frozen_in_the_token_and_ids_keep_their_kind() {
    let mut client = TestClient::new(PLAIN);
    let first = chain(&client, 0);
    let (_, link) = client.round(&first, IMMUTABLE);
    assert!(!link.contains("startDateTime"));
    let (status, body) = client.get(&link, "odata.maxpagesize=50");
    assert_eq!((status, code(&body)), (410, "SyncStateInvalid"));
    assert_eq!(client.get(&link, IMMUTABLE).0, 200);
}

/// Facts 2.2.
#[test]
fn occurrences_are_slim_and_their_master_comes_in_the_same_stream() {
    let mut client = TestClient::new("");
    let first = chain(&client, 0);
    let (items, _) = client.round(&first, IMMUTABLE);
    let masters = masters_of(&items);
    let slim: Vec<&Value> = items
        .iter()
        .filter(|one| is_kind(one, "occurrence"))
        .collect();
    assert!(masters.len() > 10 && slim.len() > 100);
    for one in slim {
        let mut names: Vec<&str> = one
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "@odata.etag",
                "@odata.type",
                "end",
                "id",
                "seriesMasterId",
                "start",
                "type"
            ]
        );
        assert!(masters.contains(one["seriesMasterId"].as_str().unwrap()));
    }
}

/// Facts 2.2.
#[test]
fn a_plain_list_has_whole_occurrences_and_no_masters_ten_to_a_page() {
    let mut client = TestClient::new(PLAIN);
    let window = "startDateTime=2026-02-20T00:00:00Z&endDateTime=2026-04-01T00:00:00Z";
    let mut link = format!("{}/calendarView?{window}", client.mailbox(0));
    let (mut items, mut pages) = (Vec::new(), 0);
    loop {
        let (status, body) = client.get(&link, "IdType=\"ImmutableId\"");
        assert_eq!(status, 200, "{body}");
        items.extend(body["value"].as_array().unwrap().iter().cloned());
        pages += 1;
        let Some(next) = body["@odata.nextLink"].as_str() else {
            break;
        };
        assert!(next.contains("skip="));
        next.clone_into(&mut link);
    }
    assert!(pages >= items.len() / 10);
    assert!(
        items
            .iter()
            .all(|one| !is_kind(one, "seriesMaster") && one["subject"].is_string())
    );
    let first = format!("{}/calendarView/delta?{window}", client.mailbox(0));
    let (round, _) = client.round(&first, IMMUTABLE);
    let shown = |items: &[Value]| -> HashSet<String> {
        let real = items
            .iter()
            .filter(|one| one.get("@removed").is_none() && !is_kind(one, "seriesMaster"));
        real.map(id).collect()
    };
    assert_eq!(shown(&items), shown(&round));
}

/// Facts 2.2.
#[test]
fn a_cancelled_occurrence_is_missing_from_its_resent_series() {
    let mut client = TestClient::new(PLAIN);
    let (mailbox, _, meeting) = copy_of(&client, Lifecycle::OccurrenceCancelled, true);
    let meeting = &client.world.meetings[meeting];
    let (subject, at) = (
        meeting.states[0].subject.to_string(),
        meeting.exceptions[0].from,
    );
    let first = chain(&client, mailbox);
    client.state.now = at.plus(-1);
    let (before, link) = client.round(&first, IMMUTABLE);
    client.state.now = at;
    let (after, _) = client.round(&link, IMMUTABLE);
    let master = |items: &[Value]| {
        items
            .iter()
            .find(|one| one["subject"] == subject.as_str())
            .map(id)
            .unwrap()
    };
    assert_eq!(master(&before), master(&after));
    let of_series = |items: &[Value]| -> HashSet<String> {
        let series = master(items);
        items
            .iter()
            .filter(|one| one["seriesMasterId"] == series.as_str())
            .map(id)
            .collect()
    };
    let (before, again) = (of_series(&before), of_series(&after));
    assert_eq!(before.difference(&again).count(), 1);
    assert!(again.is_subset(&before));
    assert!(after.iter().all(|one| one.get("@removed").is_none()));
}

/// Facts 2.2.
#[test]
fn attendees_see_it_as_cancelled_unless_the_switch_says_that_they_do_not() {
    for (switch, expected) in [("", true), ("unreported_cancellations = true", false)] {
        let mut client = TestClient::new(&format!("{PLAIN}\n{switch}"));
        let (mailbox, _, meeting) = copy_of(&client, Lifecycle::OccurrenceCancelled, false);
        client.state.now = client.world.meetings[meeting].exceptions[0].from;
        let first = chain(&client, mailbox);
        let (items, _) = client.round(&first, IMMUTABLE);
        let title = format!(
            "Canceled: {}",
            client.world.meetings[meeting].states[0].subject
        );
        let found = items.iter().any(|one| {
            is_kind(one, "exception")
                && one["subject"] == title.as_str()
                && one["isCancelled"] == true
        });
        assert_eq!(found, expected);
    }
}

/// Facts 2.2.
#[test]
fn a_series_is_not_split_so_a_page_can_be_larger_than_requested() {
    let mut client = TestClient::new("");
    let mut link = chain(&client, 0);
    let (mut oversize, mut empty) = (false, false);
    let mut pages_of: HashMap<String, HashSet<usize>> = HashMap::new();
    for page in 0..10_000 {
        let (_, body) = client.get(&link, "odata.maxpagesize=5, IdType=\"ImmutableId\"");
        let items = body["value"].as_array().unwrap();
        oversize |= items.len() > 5;
        empty |= items.is_empty();
        for item in items {
            if let Some(series) = item["seriesMasterId"]
                .as_str()
                .filter(|_| is_kind(item, "occurrence"))
            {
                pages_of.entry(series.to_owned()).or_default().insert(page);
            }
        }
        let Some(next) = body["@odata.nextLink"].as_str() else {
            break;
        };
        next.clone_into(&mut link);
    }
    assert!(oversize && empty);
    let alone = pages_of.values().filter(|pages| pages.len() == 1).count();
    assert!(
        alone * 10 > pages_of.len() * 5,
        "repeats apart, a series lies on one page"
    );
}

/// Facts 2.2.
#[test]
fn removed_is_sent_for_events_outside_the_window_too() {
    let mut client = TestClient::new(PLAIN);
    let (mailbox, _, meeting) = copy_of(&client, Lifecycle::Renamed, true);
    let at = client.world.meetings[meeting].states[1].from;
    let narrow = format!(
        "{}/calendarView/delta?startDateTime=2024-01-01T00:00:00Z&endDateTime=2024-02-01T00:00:00Z",
        client.mailbox(mailbox)
    );
    client.state.now = at.plus(-1);
    let (items, link) = client.round(&narrow, IMMUTABLE);
    let known: HashSet<String> = items.iter().map(id).collect();
    client.state.now = at;
    let (items, _) = client.round(&link, IMMUTABLE);
    assert!(!items.is_empty());
    for item in items {
        assert_eq!(item["@removed"]["reason"], "deleted");
        assert!(!known.contains(&id(&item)));
    }
}

/// Facts 2.2.
#[test]
fn chains_that_never_end_or_only_repeat_are_there_by_switch() {
    for kind in ["endless", "duplicates"] {
        let mut client = TestClient::new(&format!(
            "calendar_chain = \"{kind}\"\ncalendar_chain_for = [0]"
        ));
        let mut link = chain(&client, 0);
        let mut links = HashSet::new();
        for _ in 0..300 {
            let (status, body) = client.get(&link, IMMUTABLE);
            assert_eq!(status, 200);
            body["@odata.nextLink"]
                .as_str()
                .unwrap()
                .clone_into(&mut link);
            assert!(links.insert(link.clone()));
        }
        let other = chain(&client, 1);
        client.round(&other, IMMUTABLE);
    }
    let mut client = TestClient::new("calendar_chain = \"expired\"");
    let first = chain(&client, 0);
    let (_, link) = client.round(&first, IMMUTABLE);
    let (status, body) = client.get(&link, IMMUTABLE);
    assert_eq!((status, code(&body)), (410, "SyncStateNotFound"));
}

/// Facts 2.2.
#[test]
fn a_missing_master_is_found_by_itself_or_not_at_all() {
    for (kind, expected) in [("found", 200), ("lost", 404)] {
        let mut client = TestClient::new(&format!("{PLAIN}\nmissing_masters = \"{kind}\""));
        let first = chain(&client, 0);
        let (items, _) = client.round(&first, IMMUTABLE);
        let masters = masters_of(&items);
        let missing: HashSet<&str> = items
            .iter()
            .filter_map(|one| one["seriesMasterId"].as_str())
            .filter(|series| !masters.contains(*series))
            .collect();
        assert!(!missing.is_empty());
        for series in missing {
            let key: String =
                percent_encoding::utf8_percent_encode(series, percent_encoding::NON_ALPHANUMERIC)
                    .to_string();
            let (status, body) =
                client.get(&format!("{}/events/{key}", client.mailbox(0)), IMMUTABLE);
            assert_eq!(status, expected);
            if status == 200 {
                assert_eq!(body["type"], "seriesMaster");
                assert!(body["recurrence"]["pattern"]["type"].is_string());
            } else {
                assert_eq!(code(&body), "ErrorItemNotFound");
            }
        }
    }
}

/// Facts 2.3.
#[test]
fn copies_share_an_id_whose_date_bytes_only_occurrences_have() {
    let mut client = TestClient::new(PLAIN);
    let (mailbox, _, meeting) = copy_of(&client, Lifecycle::OccurrenceGuest, true);
    let (day, at) = {
        let one = &client.world.meetings[meeting].exceptions[0];
        (one.day, one.from)
    };
    client.state.now = at;
    let guest = (0..client.world.people.len())
        .find(|number| {
            let calendar = &client.world.mailboxes[*number].calendar;
            calendar
                .iter()
                .any(|one| one.meeting as usize == meeting && one.guest.is_some())
        })
        .unwrap();
    let series = client.world.meetings[meeting].uid.text(None);
    let dated = client.world.meetings[meeting].uid.text(Some(day));
    assert_eq!(series.get(32..40), Some("00000000"));
    assert_eq!(series.len(), dated.len());
    assert_eq!(
        dated.get(32..36),
        Some(format!("{:04X}", day.year()).as_str())
    );
    let of = |items: &[Value], uid: &str| {
        items
            .iter()
            .filter(|one| one["iCalUId"] == uid)
            .cloned()
            .collect::<Vec<Value>>()
    };
    let first = chain(&client, mailbox);
    let (items, _) = client.round(&first, IMMUTABLE);
    assert!(is_kind(&of(&items, &series)[0], "seriesMaster"));
    let list = format!(
        "{}/calendarView?{WINDOW}&$top=1000",
        client.mailbox(mailbox)
    );
    let (_, body) = client.get(&list, IMMUTABLE);
    assert!(is_kind(
        &of(body["value"].as_array().unwrap(), &dated)[0],
        "exception"
    ));
    let first = chain(&client, guest);
    let (items, _) = client.round(&first, IMMUTABLE);
    assert!(is_kind(&of(&items, &dated)[0], "singleInstance"));
}

/// Facts 2.3.
#[test]
fn times_have_seven_digits_no_offset_and_unanswered_invitations_the_year_1() {
    let mut client = TestClient::new("capital_times = true");
    let first = chain(&client, 0);
    let (items, _) = client.round(&first, "odata.maxpagesize=100, outlook.timezone=\"UTC\"");
    let mut never = 0;
    for item in items.iter().filter(|one| one.get("@removed").is_none()) {
        let text = item["start"]["DateTime"].as_str().unwrap();
        assert!(text.len() == 27 && text.ends_with(".0000000"), "{text}");
        assert!(item["start"]["TimeZone"].is_string());
        never += usize::from(item["responseStatus"]["time"] == "0001-01-01T00:00:00Z");
    }
    assert!(never > 20);
}

/// Facts 2.3 and 13.
#[test]
fn times_follow_the_preferred_zone_but_whole_days_keep_their_midnight() {
    let mut client = TestClient::new(PLAIN);
    let first = chain(&client, 0);
    let (utc, _) = client.round(&first, "outlook.timezone=\"UTC\"");
    let (tokyo, _) = client.round(&first, "outlook.timezone=\"Tokyo Standard Time\"");
    let (mut moved, mut kept) = (0, 0);
    for (one, other) in utc
        .iter()
        .zip(&tokyo)
        .filter(|(one, _)| is_kind(one, "singleInstance"))
    {
        assert_eq!(one["start"]["timeZone"], "UTC");
        assert_eq!(other["start"]["timeZone"], "Tokyo Standard Time");
        if one["isAllDay"] == true {
            let text = one["start"]["dateTime"].as_str().unwrap();
            assert_eq!(text, other["start"]["dateTime"]);
            assert!(text.contains("T00:00:00"));
            kept += 1;
        } else {
            assert_ne!(one["start"]["dateTime"], other["start"]["dateTime"]);
            moved += 1;
        }
    }
    assert!(moved > 20 && kept > 1, "{moved} {kept}");
}

/// Facts 2.3.
#[test]
fn custom_zones_and_answers_of_others_are_not_to_be_relied_on() {
    let mut client = TestClient::new("custom_zones = true");
    let first = chain(&client, 0);
    let (items, _) = client.round(&first, IMMUTABLE);
    let custom = items
        .iter()
        .filter(|one| one["originalStartTimeZone"] == "tzone://Microsoft/Custom");
    assert!(custom.count() > 20);
    let answers: HashSet<&str> = items
        .iter()
        .filter(|one| one["isOrganizer"] == false)
        .flat_map(|one| one["attendees"].as_array().into_iter().flatten())
        .filter_map(|one| one["status"]["response"].as_str())
        .collect();
    assert!(answers.contains("none") && answers.contains("accepted"));
}

/// Facts 2.3.
#[test]
fn attendees_of_a_meeting_with_a_hidden_list_see_only_themselves() {
    let mut client = TestClient::new(PLAIN);
    let mut own = 0;
    for number in [0, 1, 2, 5, 6] {
        let first = chain(&client, number);
        let (items, _) = client.round(&first, IMMUTABLE);
        for item in items
            .iter()
            .filter(|one| one["hideAttendees"] == true && one["isOrganizer"] == false)
        {
            assert!(item["attendees"].as_array().unwrap().len() <= 1);
            own += 1;
        }
    }
    assert!(own > 5);
}

/// Facts 1.4.
#[test]
fn repeats_and_replays_change_nothing_of_what_a_calendar_holds() {
    let mut rough = TestClient::new("");
    let mut plain = TestClient::new(PLAIN);
    for number in [0, 1, 5] {
        let mut seen: [HashMap<String, Value>; 2] = [HashMap::new(), HashMap::new()];
        for (client, seen) in [&mut rough, &mut plain].into_iter().zip(&mut seen) {
            client.state.now = client.world.start();
            let mut link = chain(client, number);
            for _ in 0..6 {
                let (items, next) = client.round(&link, IMMUTABLE);
                link = next;
                for item in items {
                    if item.get("@removed").is_some() {
                        seen.remove(&id(&item));
                    } else {
                        seen.insert(id(&item), item);
                    }
                }
                client.days(2);
            }
        }
        assert_eq!(seen[0].len(), seen[1].len());
        for (id, item) in &seen[0] {
            assert_eq!(item["start"], seen[1][id]["start"]);
        }
    }
}

#[test]
fn a_mailbox_that_is_not_there_has_no_calendar_either() {
    let mut client = TestClient::new("");
    let denied = chain(&client, 7);
    assert_eq!(client.get(&denied, IMMUTABLE).0, 403);
    let missing = chain(&client, 8);
    assert_eq!(client.get(&missing, IMMUTABLE).0, 404);
    let served = client.state.mailboxes.served_events[0];
    let first = chain(&client, 0);
    let (items, _) = client.round(&first, IMMUTABLE);
    assert_eq!(
        client.state.mailboxes.served_events[0] - served,
        items.len() as u64
    );
}

#[test]
fn what_the_calendar_shows_after_a_night_is_what_a_new_reader_sees() {
    let mut client = TestClient::new(PLAIN);
    for number in [0, 2, 6] {
        client.state.now = client.world.start();
        let first = chain(&client, number);
        let (_, mut link) = client.round(&first, IMMUTABLE);
        let mut changed: HashMap<String, Value> = HashMap::new();
        for _ in 0..10 {
            client.days(1);
            let (items, next) = client.round(&link, IMMUTABLE);
            link = next;
            changed.extend(items.into_iter().map(|item| (id(&item), item)));
        }
        let (whole, _) = client.round(&first, IMMUTABLE);
        let whole: HashMap<String, Value> =
            whole.into_iter().map(|item| (id(&item), item)).collect();
        assert!(changed.len() > 50);
        for (id, item) in changed {
            if item.get("@removed").is_some() {
                let now = whole.get(&id).filter(|one| one.get("@removed").is_none());
                assert!(now.is_none(), "{item}");
            }
        }
    }
    assert!(client.state.now > Timestamp(0).plus(DAY));
}
