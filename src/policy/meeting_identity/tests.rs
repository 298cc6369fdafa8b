//! All copies of a meeting share one id, whatever happens to the series.

use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::Time;
use proptest::prelude::*;

use super::*;
use crate::model::event::EventTime;
use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::model::zone::zone;
use crate::policy::capture_policy::fixtures;

const HOUR: i64 = 3600 * SECOND;
/// Fixed bytes before the date of a Global Object ID, and creation time and data after it.
const HEAD: &str = "040000008200E00074C5B7101A82E008";
const TAIL: &str = "20F4E3B1A2C3DA01000000000000000010000000AABBCCDDEEFF00112233445566778899";
/// The data of an id from another system, wrapped (MS-OXOCAL 2.2.1.27).
const WRAPPED: &str = "00000000000000000000000000000000110000007643616C2D55696401000000784000";

fn goid(date: Option<Date>) -> String {
    let date = date.map_or_else(
        || "00000000".to_owned(),
        |date| format!("{:04X}{:02X}{:02X}", date.year(), date.month(), date.day()),
    );
    format!("{HEAD}{date}{TAIL}")
}

fn at(local: DateTime, zone_name: &str) -> Timestamp {
    let zoned = local.to_zoned(zone(zone_name).unwrap());
    zoned.unwrap().timestamp().into()
}

fn time(at: Timestamp) -> EventTime {
    EventTime { at, day: at.day() }
}

/// An occurrence as stored in a mailbox, merged with its master.
fn occurrence(uid: &str, start: Timestamp, zone: &str) -> Event {
    Event {
        event_type: EventType::Occurrence,
        master_id: Some("series".into()),
        ical_uid: Some(uid.to_owned()),
        start: Some(time(start)),
        zone: Some(zone.to_owned()),
        ..fixtures::event()
    }
}

fn id_of(event: &Event) -> MeetingId {
    meeting_id(event, &fixtures::mailbox("ann"))
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn instant(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

#[test]
fn ids_never_change() {
    // A change here would record every meeting of every lake a second time.
    let id = |event: &Event| {
        let id = id_of(event);
        (id.interaction_id.to_string(), id.series_id.to_string())
    };
    let single = id(&fixtures::event());
    let start = instant("2026-03-03T08:30:00Z");
    let of_series = id(&occurrence(&goid(None), start, "Europe/Berlin"));
    let mut bare = fixtures::event();
    bare.ical_uid = None;
    let expected = |interaction: &str, series: &str| (interaction.into(), series.into());
    assert_eq!(
        single,
        expected(
            "4f599c4ef94137b48de25a3ab1ea46b6",
            "8f4b328f801640ad0b701917e9344c5f"
        )
    );
    assert_eq!(
        of_series,
        expected(
            "7ea5b4ab0b8a4d4dbc72ae0fe47597d1",
            "f9ce87d1e25d7c92f278a25b6db5d888"
        )
    );
    let item = "556a948af0c9a40820b84071b8a0b907";
    assert_eq!(id(&bare), expected(item, item));
}

/// Facts 2.3.
#[test]
fn a_guest_of_one_occurrence_shares_meeting_and_series() {
    let day = date("2026-03-03");
    let start = instant("2026-03-03T08:30:00Z");
    let regular = occurrence(&goid(None), start, "W. Europe Standard Time");
    let mut guest = regular.clone();
    guest.event_type = EventType::Single;
    guest.master_id = None;
    guest.zone = None;
    guest.source_id = "other".into();
    guest.ical_uid = Some(goid(Some(day)).to_lowercase());
    let bob = fixtures::mailbox("bob");
    assert_eq!(meeting_id(&guest, &bob), id_of(&regular));
    // The date in the id takes precedence over the new date.
    guest.start = Some(time(start.plus(9 * DAY)));
    assert_eq!(meeting_id(&guest, &bob), id_of(&regular));
}

#[test]
fn a_single_event_has_no_date_and_may_move() {
    for uid in [goid(None), "1@acme.com".to_owned()] {
        let mut event = fixtures::event();
        event.ical_uid = Some(uid);
        let before = id_of(&event);
        event.start = Some(fixtures::event_time("2026-05-01T10:00:00Z"));
        event.original_start = Some(instant("2026-05-01T10:00:00Z"));
        event.subject = None;
        event.source_id = "other".into();
        assert_eq!(id_of(&event), before);
        assert_eq!(meeting_id(&event, &fixtures::mailbox("bob")), before);
    }
}

#[test]
fn an_exception_is_identified_by_its_original_day() {
    let start = instant("2026-03-03T08:30:00Z");
    let slim = occurrence(&goid(None), start, "Europe/Berlin");
    let mut exception = slim.clone();
    exception.event_type = EventType::Exception;
    exception.start = Some(time(start.plus(5 * DAY)));
    exception.original_start = Some(start);
    assert_eq!(id_of(&exception), id_of(&slim));
    exception.original_start = Some(start.plus(7 * DAY));
    exception.ical_uid = Some(goid(Some(date("2026-03-03"))));
    assert_eq!(
        id_of(&exception),
        id_of(&slim),
        "the bytes take precedence over originalStart"
    );
}

#[test]
fn an_occurrence_does_not_inherit_the_original_start() {
    let master = Event {
        event_type: EventType::Master,
        ical_uid: Some(goid(None)),
        original_start: Some(instant("2026-01-13T08:30:00Z")),
        ..fixtures::event()
    };
    let slim = |start: &str| {
        let event = Event {
            event_type: EventType::Occurrence,
            ical_uid: None,
            zone: None,
            start: Some(fixtures::event_time(start)),
            ..fixtures::event()
        };
        id_of(&event.over(&master))
    };
    let (one, other) = (slim("2026-03-03T08:30:00Z"), slim("2026-03-10T08:30:00Z"));
    assert_ne!(one.interaction_id, other.interaction_id);
    assert_eq!(one.series_id, other.series_id);
    assert_eq!(id_of(&master).series_id, one.series_id);
}

#[test]
fn the_date_is_that_of_the_series_own_zone() {
    // In Auckland it is the next day already.
    let start = instant("2026-03-02T20:00:00Z");
    for (zone, day) in [
        ("New Zealand Standard Time", "2026-03-03"),
        ("Pacific/Auckland", "2026-03-03"),
        ("Pacific Standard Time", "2026-03-02"),
        ("tzone://Microsoft/Custom", "2026-03-02"),
    ] {
        let mut named = occurrence("x", start, zone);
        named.ical_uid = Some(goid(Some(date(day))));
        assert_eq!(
            id_of(&occurrence(&goid(None), start, zone)),
            id_of(&named),
            "{zone}"
        );
    }
}

#[test]
fn a_whole_day_is_the_written_day_in_any_zone() {
    let expected = id_of(&occurrence(
        &goid(Some(date("2026-03-03"))),
        Timestamp(0),
        "UTC",
    ));
    for (zone, original) in [
        ("Hawaiian Standard Time", None),
        ("Tokyo Standard Time", None),
        ("Hawaiian Standard Time", Some("2026-03-03T00:00:00Z")),
        ("Tokyo Standard Time", Some("2026-03-03T00:00:00Z")),
        // The midnight of a zone, as an instant.
        ("Tokyo Standard Time", Some("2026-03-02T15:00:00Z")),
        ("Hawaiian Standard Time", Some("2026-03-03T10:00:00Z")),
    ] {
        let mut event = occurrence(&goid(None), instant("2026-03-02T15:00:00Z"), zone);
        event.is_all_day = Some(true);
        let day = instant("2026-03-03T00:00:00Z").day();
        event.start = event.start.map(|start| EventTime { day, ..start });
        event.original_start = original.map(instant);
        assert_eq!(id_of(&event), expected, "{zone} {original:?}");
    }
}

#[test]
fn uids_of_other_systems_are_taken_as_they_are() {
    let start = instant("2026-03-03T08:30:00Z");
    let of = |uid: &str| id_of(&occurrence(uid, start, "UTC"));
    let texts = [
        "abc@google.example",
        "ABC@google.example",
        "040000008200E00074C5B7101A82E008",
        "040000008200E00074C5B7101A82E00",
        &goid(None).replace("8200E000", "8200E001"),
    ];
    for (position, text) in texts.iter().enumerate() {
        for other in &texts[position + 1..] {
            assert_ne!(of(text).series_id, of(other).series_id, "{text} {other}");
        }
        let mut other_day = occurrence(text, start.plus(DAY), "UTC");
        assert_ne!(id_of(&other_day).interaction_id, of(text).interaction_id);
        assert_eq!(id_of(&other_day).series_id, of(text).series_id);
        other_day.original_start = Some(start);
        assert_eq!(id_of(&other_day), of(text));
    }
    // An id that Exchange wrapped has the date of its occurrence at the same offset.
    let wrapped = |date: &str| format!("{HEAD}{date}{WRAPPED}");
    assert_eq!(of(&wrapped("07EA0303")), of(&wrapped("00000000")));
}

#[test]
fn bytes_that_are_no_date_are_none() {
    let start = instant("2026-03-03T08:30:00Z");
    let expected = id_of(&occurrence(&goid(None), start, "UTC"));
    for odd in ["07EA0D03", "07EA0300", "07EA02FF", "FFFFFFFF"] {
        let uid = format!("{HEAD}{odd}{TAIL}");
        assert_eq!(id_of(&occurrence(&uid, start, "UTC")), expected, "{odd}");
    }
}

#[test]
fn without_a_uid_the_source_id_identifies_an_event() {
    let mut event = occurrence("x", Timestamp(0), "UTC");
    event.ical_uid = None;
    let ann = id_of(&event);
    assert_ne!(meeting_id(&event, &fixtures::mailbox("bob")), ann);
    event.start = None;
    assert_eq!(id_of(&event), ann);
    event.source_id = "next".into();
    assert_ne!(id_of(&event).interaction_id, ann.interaction_id);
    assert_eq!(id_of(&event).series_id, ann.series_id);
}

const ZONES: [&str; 8] = [
    "W. Europe Standard Time",
    "Pacific Standard Time",
    "New Zealand Standard Time",
    "India Standard Time",
    "Lord Howe Standard Time",
    "America/Santiago",
    "Asia/Tokyo",
    "UTC",
];

proptest! {
    /// Any day within many years, so that most zones have clock changes in between.
    #[test]
    fn all_copies_stay_one_meeting_when_the_series_moves(
        zone in prop::sample::select(&ZONES[..]),
        day in 0_i32..20_000,
        minute in 240_i32..1_140,
        days_later in -40_i64..40,
        is_text_uid in any::<bool>(),
    ) {
        let day = date("1990-01-01").checked_add(jiff::Span::new().days(day)).unwrap();
        let clock = Time::midnight().wrapping_add(jiff::Span::new().minutes(minute));
        let start = at(day.to_datetime(clock), zone);
        let uid = if is_text_uid { "abc@google.example".to_owned() } else { goid(None) };
        let organizers = occurrence(&uid, start, zone);
        let expected = id_of(&organizers);

        let mut copy = organizers.clone();
        copy.source_id = "copy".into();
        copy.subject = Some("Accepted: x".into());
        prop_assert_eq!(meeting_id(&copy, &fixtures::mailbox("bob")), expected);
        for shift in [-HOUR, HOUR] {
            let moved = occurrence(&uid, start.plus(shift), zone);
            prop_assert_eq!(id_of(&moved), expected);
        }
        let mut exception = occurrence(&uid, start.plus(days_later * DAY), zone);
        exception.event_type = EventType::Exception;
        exception.original_start = Some(start);
        prop_assert_eq!(id_of(&exception), expected);
        if !is_text_uid {
            let mut guest = occurrence(&goid(Some(day)), start.plus(days_later * DAY), "UTC");
            guest.event_type = EventType::Single;
            prop_assert_eq!(meeting_id(&guest, &fixtures::mailbox("guest")), expected);
        }
        let next = occurrence(&uid, start.plus(2 * DAY), zone);
        prop_assert_ne!(id_of(&next).interaction_id, expected.interaction_id);
        prop_assert_eq!(id_of(&next).series_id, expected.series_id);
    }

    #[test]
    fn no_uid_makes_it_fail(uid in "(04000000|8200E00074C5B710|1A82E008|07EA0303|[0-9A-Fg ]{0,9}){0,8}") {
        let _ = id_of(&occurrence(&uid, Timestamp(i64::MIN), "Tokyo Standard Time"));
        let _ = id_of(&occurrence(&uid, Timestamp(i64::MAX), "Tokyo Standard Time"));
    }
}
