//! What is made of events: of this project's pages, of generated ones, and of other people's.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

use super::*;

const SERIES: &str = include_str!("../../../fixtures/graph/events-series.json");
const SINGLE: &str = include_str!("../../../fixtures/graph/events-single.json");

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
}

fn items(page: &str, content: ContentLevel) -> Vec<DecodedEvent> {
    let page: Page<'_> = serde_json::from_str(page).unwrap();
    let read = |raw: &&RawValue| item(raw.get().as_bytes(), content);
    page.value.iter().map(read).collect()
}

fn event_of(decoded: &DecodedEvent) -> Event {
    match decoded {
        DecodedEvent::Event(event) => (**event).clone(),
        other => panic!("no event: {other:?}"),
    }
}

fn decoded(value: &Value) -> DecodedEvent {
    item(value.to_string().as_bytes(), ContentLevel::Full)
}

/// An event with one member put in (or in place of another).
fn with(member: &str, value: Value) -> Event {
    let mut whole = json!({
        "id": "a", "subject": "s", "type": "singleInstance",
        "start": {"dateTime": "2026-01-02T03:04:05.0000000", "timeZone": "UTC"},
    });
    whole[member] = value;
    event_of(&decoded(&whole))
}

fn rfc3339(time: Option<EventTime>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.at.rfc3339())
}

#[test]
fn a_series_is_read_with_all_it_says() {
    let master = event_of(&items(SERIES, ContentLevel::Full)[0]);
    assert_eq!(master.event_type, EventType::Master);
    assert_eq!(master.master_id, None);
    assert_eq!(master.subject.as_deref(), Some("Halle 4 – weekly"));
    assert_eq!(master.preview.as_deref(), Some("Agenda as always"));
    let body: Vec<&str> = master
        .body_text
        .as_deref()
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(body, ["Agenda", "as", "always"]);
    let organizer = master.organizer.unwrap();
    assert_eq!(organizer.name.as_deref(), Some("Jana Nováková"));
    assert_eq!(
        (organizer.address.as_str(), organizer.response),
        ("jana@fabrikam.example", None)
    );
    let attendees = master.attendees.unwrap();
    let listed: Vec<_> = attendees
        .iter()
        .map(|a| (a.kind, a.address.as_str(), a.response.as_deref().unwrap()))
        .collect();
    assert_eq!(
        listed,
        [
            (AttendeeKind::Required, "ann.lee@contoso.example", "none"),
            (
                AttendeeKind::Optional,
                "/O=CONTOSO/OU=EU/CN=RECIPIENTS/CN=BOB",
                "tentativelyAccepted"
            ),
            (AttendeeKind::Resource, "room4@contoso.example", "accepted"),
        ]
    );
    assert_eq!(master.response.as_deref(), Some("accepted"));
    assert_eq!(master.is_all_day, Some(false));
    assert_eq!(master.is_private, Some(false));
    assert_eq!(master.is_online, Some(true));
    assert_eq!(master.online_provider.as_deref(), Some("teamsForBusiness"));
    let modified = master.modified.map(Timestamp::rfc3339);
    assert_eq!(modified.as_deref(), Some("2026-03-01T08:00:00.123456Z"));
}

/// Facts 2.3.
#[test]
fn the_recurrence_zone_takes_precedence_over_the_start_zone() {
    let master = event_of(&items(SERIES, ContentLevel::Full)[0]);
    assert_eq!(master.zone.as_deref(), Some("W. Europe Standard Time"));
    let zone_of = |range: &str, start: &str| {
        let event = decoded(&json!({
            "id": "a", "type": "seriesMaster", "originalStartTimeZone": start,
            "recurrence": {"range": {"recurrenceTimeZone": range}},
        }));
        event_of(&event).zone
    };
    let custom = "tzone://Microsoft/Custom";
    for (range, start, expected) in [
        ("Asia/Tokyo", "UTC", Some("Asia/Tokyo")),
        ("", "Asia/Tokyo", Some("Asia/Tokyo")),
        (custom, "Asia/Tokyo", Some("Asia/Tokyo")),
        (custom, "", Some(custom)),
        ("", "", None),
    ] {
        assert_eq!(
            zone_of(range, start).as_deref(),
            expected,
            "{range} {start}"
        );
    }
}

/// Facts 2.2.
#[test]
fn a_slim_occurrence_inherits_everything_except_its_times() {
    let read = items(SERIES, ContentLevel::Full);
    let (master, occurrence) = (event_of(&read[0]), event_of(&read[1]));
    assert_eq!(occurrence.event_type, EventType::Occurrence);
    assert_eq!((&occurrence.subject, &occurrence.attendees), (&None, &None));
    let whole = occurrence.clone().over(&master);
    assert_eq!(whole.source_id, "AAMkOccurrence");
    assert_eq!(whole.event_type, EventType::Occurrence);
    assert_eq!(rfc3339(whole.start), "2026-03-03T08:30:00Z");
    assert_eq!(rfc3339(whole.end), "2026-03-03T09:00:00Z");
    assert_eq!(whole.original_start, None);
    assert_eq!(whole.subject, master.subject);
    assert_eq!(whole.attendees, master.attendees);
    assert_eq!(whole.ical_uid, master.ical_uid);
    assert_eq!(whole.zone, master.zone);
    assert_ne!(whole.fingerprint, occurrence.fingerprint);
    // Without times of its own it has none: the master's are the first occurrence's.
    let bare = decoded(&json!({"id": "o", "type": "occurrence", "seriesMasterId": "AAMkSeries"}));
    let bare = event_of(&bare).over(&master);
    assert_eq!((bare.start, bare.end), (None, None));
}

/// Facts 2.2.
#[test]
fn an_exception_keeps_its_own_properties() {
    let read = items(SERIES, ContentLevel::Full);
    let (master, exception) = (event_of(&read[0]), event_of(&read[2]));
    assert_eq!(exception.event_type, EventType::Exception);
    let whole = exception.clone().over(&master);
    assert_eq!(whole.subject.as_deref(), Some("Halle 4 – moved"));
    // An empty list of attendees differs from a missing one.
    assert_eq!(whole.attendees.as_deref(), Some(&[][..]));
    assert_eq!(whole.preview, master.preview);
    assert_eq!(whole.ical_uid, exception.ical_uid);
    assert_eq!(
        whole.original_start.unwrap().rfc3339(),
        "2026-03-10T08:30:00Z"
    );
    assert_eq!(rfc3339(whole.start), "2026-03-11T09:00:00Z");
}

#[test]
fn the_fingerprint_covers_event_and_master_without_metadata() {
    let read = items(SERIES, ContentLevel::Full);
    let (master, occurrence) = (event_of(&read[0]), event_of(&read[1]));
    let laid = |occurrence: &Event, master: &Event| occurrence.clone().over(master).fingerprint;
    let before = laid(&occurrence, &master);
    let mut renamed = master.clone();
    renamed.subject = Some("other".into());
    assert_ne!(laid(&occurrence, &renamed), before);
    let mut moved = occurrence.clone();
    moved.end = None;
    assert_ne!(laid(&moved, &master), before);
    let mut touched = master.clone();
    touched.modified = None;
    assert_eq!(laid(&occurrence, &touched), before);

    let plain = with("etag", json!("1")).fingerprint;
    for (member, value) in [
        ("@odata.etag", json!("2")),
        ("changeKey", json!("2")),
        ("lastModifiedDateTime", json!("2026-01-02T03:04:05Z")),
        ("categories", json!(["red"])),
        ("showAs", json!("free")),
        ("id", json!("b")),
    ] {
        assert_eq!(with(member, value).fingerprint, plain, "{member}");
    }
    for (member, value) in [
        ("subject", json!("other")),
        ("bodyPreview", json!("text")),
        ("body", json!({"contentType": "text", "content": "text"})),
        ("iCalUId", json!("x")),
        (
            "start",
            json!({"dateTime": "2026-01-02T03:04:06", "timeZone": "UTC"}),
        ),
        (
            "end",
            json!({"dateTime": "2026-01-02T03:04:06", "timeZone": "UTC"}),
        ),
        ("originalStart", json!("2026-01-02T03:04:05Z")),
        ("originalStartTimeZone", json!("UTC")),
        ("organizer", json!({"emailAddress": {"address": "a@x.org"}})),
        ("attendees", json!([])),
        (
            "attendees",
            json!([{"emailAddress": {"address": "a@x.org"}}]),
        ),
        ("responseStatus", json!({"response": "accepted"})),
        ("isCancelled", json!(true)),
        ("isDraft", json!(true)),
        ("isAllDay", json!(true)),
        ("isOrganizer", json!(true)),
        ("isOnlineMeeting", json!(true)),
        ("onlineMeetingProvider", json!("teamsForBusiness")),
        ("sensitivity", json!("private")),
        ("type", json!("exception")),
    ] {
        assert_ne!(with(member, value).fingerprint, plain, "{member}");
    }
}

/// Facts 2.2.
#[test]
fn a_removal_has_only_an_id() {
    let expected = DecodedEvent::Removed {
        source_id: "AAMkElsewhere".into(),
    };
    assert_eq!(items(SERIES, ContentLevel::Full)[3], expected);
}

/// Facts 2.3.
#[test]
fn a_whole_day_keeps_the_day_as_written() {
    let event = event_of(&items(SINGLE, ContentLevel::Full)[0]);
    assert_eq!(event.is_all_day, Some(true));
    assert_eq!(rfc3339(event.start), "2026-03-02T15:00:00Z");
    let day = Timestamp::parse_rfc3339("2026-03-03T00:00:00Z")
        .unwrap()
        .day();
    assert_eq!(event.start.unwrap().day, day);
    assert_eq!(event.end.unwrap().day, day + 1);
    assert_eq!(event.is_private, Some(true));
    assert_eq!(
        (event.subject.as_deref(), event.attendees),
        (Some(""), None)
    );
    assert_eq!(event.online_provider, None);
    assert_eq!(event.response.as_deref(), Some("organizer"));
}

#[test]
fn what_cannot_be_read_says_why() {
    let read = items(SINGLE, ContentLevel::Full);
    let unreadable = |source_id: Option<&str>, code: &'static str| DecodedEvent::Unreadable {
        source_id: source_id.map(str::to_owned),
        reason: code.into(),
    };
    assert_eq!(read[1], unreadable(Some("AAMkNoStart"), "no_date"));
    assert_eq!(read[2], unreadable(None, "no_id"));
    assert_eq!(
        item(b"[]", ContentLevel::Full),
        unreadable(None, "malformed")
    );
    let orphan = json!({"id": "o", "type": "occurrence", "seriesMasterId": null});
    assert_eq!(decoded(&orphan), unreadable(Some("o"), "no_date"));
}

#[test]
fn an_event_with_malformed_members_is_read_partly() {
    let event = event_of(&items(SINGLE, ContentLevel::Full)[3]);
    assert_eq!(event.event_type, EventType::Single);
    assert_eq!(
        (event.is_cancelled, event.is_draft),
        (Some(true), Some(false))
    );
    // In the hour that spring leaves out, clocks show one more.
    assert_eq!(rfc3339(event.start), "2026-03-29T01:30:00Z");
    assert_eq!(rfc3339(event.end), "2026-03-29T03:30:00Z");
    assert_eq!(event.organizer.unwrap().address, "Conference desk");
    let attendees = event.attendees.unwrap();
    assert_eq!(attendees.len(), 1);
    assert_eq!(
        (&*attendees[0].address, &attendees[0].name),
        ("bob@fabrikam.example", &None)
    );
}

#[test]
fn a_missing_type_is_inferred_from_the_members() {
    let start = json!({"dateTime": "2026-01-02T03:04:05", "timeZone": "UTC"});
    for (mut value, expected) in [
        (json!({}), EventType::Single),
        (json!({"type": "SERIESMASTER"}), EventType::Master),
        (json!({"type": "new", "recurrence": {}}), EventType::Master),
        (json!({"seriesMasterId": "m"}), EventType::Occurrence),
        (
            json!({"seriesMasterId": "m", "subject": ""}),
            EventType::Exception,
        ),
        (
            json!({"type": "occurrence", "seriesMasterId": "m", "subject": ""}),
            EventType::Occurrence,
        ),
    ] {
        value["id"] = json!("a");
        value["start"] = start.clone();
        assert_eq!(event_of(&decoded(&value)).event_type, expected, "{value}");
    }
}

/// Facts 2.3.
#[test]
fn times_have_seven_digits_and_a_zone_or_offset() {
    for (date_time, zone, at, day) in [
        (
            "2020-06-02T20:00:00.1234567",
            "UTC",
            "2020-06-02T20:00:00.123456Z",
            "2020-06-02",
        ),
        (
            "2020-06-02T20:00:00",
            "Pacific Standard Time",
            "2020-06-03T03:00:00Z",
            "2020-06-02",
        ),
        (
            "2020-06-02T01:00:00",
            "Europe/Vienna",
            "2020-06-01T23:00:00Z",
            "2020-06-02",
        ),
        (
            "2020-06-02T20:00:00",
            "tzone://Microsoft/Custom",
            "2020-06-02T20:00:00Z",
            "2020-06-02",
        ),
        (
            "2020-06-02T20:00:00Z",
            "Pacific Standard Time",
            "2020-06-02T20:00:00Z",
            "2020-06-02",
        ),
        (
            "2020-06-02T20:00:00-07:00",
            "",
            "2020-06-03T03:00:00Z",
            "2020-06-02",
        ),
        ("2020-06-02", "UTC", "2020-06-02T00:00:00Z", "2020-06-02"),
        // Autumn has the hour twice; the first counts.
        (
            "2026-10-25T02:30:00",
            "W. Europe Standard Time",
            "2026-10-25T00:30:00Z",
            "2026-10-25",
        ),
    ] {
        let time = with("end", json!({"dateTime": date_time, "timeZone": zone}))
            .end
            .unwrap();
        let midnight = Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z")).unwrap();
        assert_eq!(
            (time.at.rfc3339().as_str(), time.day),
            (at, midnight.day()),
            "{date_time}"
        );
    }
}

/// Facts 2.3.
#[test]
fn the_year_1_and_impossible_days_are_rejected() {
    for date_time in [
        "0001-01-01T00:00:00.0000000",
        "0001-01-01T00:00:00Z",
        "",
        "soon",
        "2020-02-30T00:00:00",
    ] {
        let end = with(
            "end",
            json!({"dateTime": date_time, "timeZone": "Pacific Standard Time"}),
        )
        .end;
        assert_eq!(end, None, "{date_time}");
    }
    assert_eq!(
        with("originalStart", json!("0001-01-01T00:00:00Z")).original_start,
        None
    );
}

/// Facts 2.3.
#[test]
fn every_sensitivity_except_normal_is_private() {
    for (word, expected) in [
        (json!("normal"), Some(false)),
        (json!("Normal"), Some(false)),
        (json!("personal"), Some(true)),
        (json!("private"), Some(true)),
        (json!("confidential"), Some(true)),
        (json!("unknownFutureValue"), Some(true)),
        (json!(null), None),
    ] {
        assert_eq!(
            with("sensitivity", word.clone()).is_private,
            expected,
            "{word}"
        );
    }
}

#[test]
fn the_content_level_says_how_much_text_is_read() {
    for (level, preview, body) in [
        (ContentLevel::Envelope, false, false),
        (ContentLevel::Preview, true, false),
        (ContentLevel::Full, true, true),
    ] {
        let master = event_of(&items(SERIES, level)[0]);
        let found = (master.preview.is_some(), master.body_text.is_some());
        assert_eq!(found, (preview, body), "{level:?}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("-009999-01-01T00:00:00")),
        Just(Value::from("9999-12-31T23:59:59.9999999")),
        Just(Value::from("Hawaiian Standard Time")),
    ];
    let members = vec![
        "dateTime",
        "timeZone",
        "emailAddress",
        "address",
        "status",
        "range",
    ];
    let member = prop::sample::select(members).prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(member.clone(), inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn both_readers_agree_on_any_members(
        members in prop::collection::btree_map(prop::sample::select(vec![
            "id", "@removed", "type", "seriesMasterId", "iCalUId", "start", "end",
            "originalStart", "originalStartTimeZone", "recurrence", "isAllDay", "subject",
            "bodyPreview", "body", "organizer", "attendees", "responseStatus", "isOrganizer",
            "isCancelled", "isDraft", "sensitivity", "isOnlineMeeting", "onlineMeetingProvider",
            "lastModifiedDateTime", "x",
        ]), any_json(), 0..12),
    ) {
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
        let value: Value = members.collect();
        let text = value.to_string();
        let mut mended = Vec::new();
        let ours = lenient::parse::<RawEvent<'_>>(text.as_bytes(), &mut mended).unwrap();
        prop_assert_eq!(&ours, &RawEvent::deserialize(&value).unwrap());
        let _ = decoded(&value);
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..64), cut in 0_usize..4000) {
        let _ = item(&bytes, ContentLevel::Full);
        let page = SERIES.as_bytes();
        let _ = item(&page[cut.min(page.len())..], ContentLevel::Full);
    }
}

/// The folder of other people's mail, where it is.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads the location of its input"
)]
fn corpora() -> PathBuf {
    let stated = std::env::var("TOUCHPOINT_CORPORA").ok().map(PathBuf::from);
    stated.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"))
}

#[test]
fn published_events_are_decoded_or_rejected_with_a_reason() {
    let path = corpora().join("mail-fixtures.tar.zst");
    let Ok(file) = std::fs::File::open(&path) else {
        println!("skipped: no {}", path.display());
        return;
    };
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let mut counts = BTreeMap::<String, usize>::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if !(name.contains("graph/") && name.to_lowercase().ends_with(".json")) {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let is_json = serde_json::from_str::<Value>(&text).is_ok();
        let read = match serde_json::from_str::<Page<'_>>(&text) {
            Ok(_) => items(&text, ContentLevel::Full),
            Err(_) => vec![item(text.as_bytes(), ContentLevel::Full)],
        };
        let is_event = ["event-", "events", "calendarview", "event__"]
            .iter()
            .any(|part| name.contains(part));
        for decoded in read {
            let kind = match &decoded {
                DecodedEvent::Event(event) => format!("{:?}", event.event_type),
                DecodedEvent::Removed { .. } => "removed".into(),
                DecodedEvent::Unreadable { reason, .. } => reason.as_str().into(),
            };
            assert!(kind != "malformed" || !is_json, "{name}");
            let of = if is_event { "event" } else { "other" };
            *counts.entry(format!("{of} {kind}")).or_default() += 1;
        }
    }
    println!("{counts:?}");
    assert!(
        counts
            .get("event Single")
            .is_some_and(|events| *events > 20),
        "{counts:?}"
    );
}
