//! Every outcome of a meeting, their order of precedence, and the row.

use std::sync::Arc;

use super::*;
use crate::config::capture::Capture;
use crate::config::capture::Recorded;
use crate::model::address::Address;
use crate::model::columns_hash;
use crate::model::event::EventTime;
use crate::model::interaction::Direction;
use crate::model::interaction::Source;
use crate::policy::capture_policy::Rules;
use crate::policy::capture_policy::fixtures;
use crate::policy::capture_policy::fixtures::attendee;

fn capture() -> Capture {
    let mut capture = Capture::default();
    capture.exclude.addresses = vec![Address::parse("spy@acme.com").unwrap()];
    capture.exclude.domains = vec!["clinic.example".into()];
    capture.exclude.subjects = vec!["salary".into()];
    capture
}

/// Ann's policy, under which meetings are captured until a day after the fixture's start.
fn policy_under(capture: &Capture) -> CapturePolicy {
    let start = fixtures::event().start.unwrap().at;
    CapturePolicy {
        rules: Arc::new(Rules::new(capture)),
        directory: Arc::new(fixtures::directory()),
        mailbox: fixtures::mailbox("ann"),
        source: Source::Graph,
        history: Vec::new(),
        meetings: vec![
            (start.plus(-30 * DAY), Meetings::All),
            (start.plus(DAY), Meetings::None),
        ],
        window_start: None,
        meeting_window_start: Some(start.plus(-20 * DAY)),
        captured_at: Timestamp(1),
        run_id: "run".into(),
    }
}

fn policy() -> CapturePolicy {
    policy_under(&capture())
}

fn kept(decision: Decision) -> Interaction {
    match decision {
        Decision::Keep(interaction) => *interaction,
        Decision::Skip { outcome, reason } => panic!("{outcome:?} {reason}"),
    }
}

fn row(change: impl FnOnce(&mut Event)) -> Interaction {
    let mut event = fixtures::event();
    change(&mut event);
    kept(policy().evaluate_meeting(&event))
}

fn invite(event: &mut Event, kind: AttendeeKind, address: &str) {
    let attendees = event.attendees.as_mut().unwrap();
    attendees.push(attendee(kind, address, "accepted"));
}

fn move_by(event: &mut Event, micros: i64) {
    let moved = |time: EventTime| EventTime {
        at: time.at.plus(micros),
        day: time.at.plus(micros).day(),
    };
    event.start = event.start.map(moved);
    event.end = event.end.map(moved);
}

/// `role address (+ internal) (= response)` of each participant.
fn show(row: &Interaction) -> Vec<String> {
    let line = |p: &Participant| {
        let internal = if p.internal { " +" } else { "" };
        let response = p.response.as_ref().map(|word| format!(" ={word}"));
        let response = response.unwrap_or_default();
        format!("{} {}{internal}{response}", p.role.as_str(), p.address)
    };
    row.participants.iter().map(line).collect()
}

/// A modification of an event, and the resulting outcome.
type Modification = (fn(&mut Event), Outcome, &'static str);

/// In order of precedence.
const MODIFIED: &[Modification] = &[
    (|event| event.start = None, Outcome::Unreadable, "no_date"),
    (|event| event.is_draft = Some(true), Outcome::Draft, ""),
    (
        |event| move_by(event, -20 * DAY - 1),
        Outcome::OutsideWindow,
        "",
    ),
    (|event| move_by(event, DAY), Outcome::NotCaptured, ""),
    (|event| event.is_private = Some(true), Outcome::Private, ""),
    (
        |event| invite(event, AttendeeKind::Optional, "Spy@acme.com"),
        Outcome::Excluded,
        "address",
    ),
    (
        |event| invite(event, AttendeeKind::Required, "x@eu.clinic.example"),
        Outcome::Excluded,
        "domain",
    ),
    (
        |event| event.subject = Some("Your SALARY".into()),
        Outcome::Excluded,
        "subject",
    ),
    (
        |event| event.organizer = event.attendees.as_ref().map(|listed| listed[0].clone()),
        Outcome::InternalOnly,
        "",
    ),
];

#[test]
fn of_several_outcomes_the_first_applies() {
    let moves = [
        Outcome::Unreadable,
        Outcome::OutsideWindow,
        Outcome::NotCaptured,
    ];
    for (position, (first, outcome, reason)) in MODIFIED.iter().enumerate() {
        let expected = skipped(*outcome, reason);
        let mut event = fixtures::event();
        first(&mut event);
        assert_eq!(policy().evaluate_meeting(&event), expected);
        for (later, later_outcome, _) in MODIFIED.iter().skip(position + 1) {
            // Both set the start, to different values.
            if moves.contains(outcome) && moves.contains(later_outcome) {
                continue;
            }
            let mut event = fixtures::event();
            later(&mut event);
            first(&mut event);
            assert_eq!(
                policy().evaluate_meeting(&event),
                expected,
                "{later_outcome:?}"
            );
        }
    }
}

#[test]
fn a_series_is_no_meeting_by_itself() {
    let mut event = fixtures::event();
    event.event_type = EventType::Master;
    event.start = None;
    assert_eq!(
        policy().evaluate_meeting(&event),
        skipped(Outcome::Series, "")
    );
}

#[test]
fn recorded_only_requires_online_by_the_settings_at_start() {
    let start = fixtures::event().start.unwrap().at;
    let both = vec![(start, Meetings::Recorded), (start.plus(1), Meetings::All)];
    for (history, of_tenant, online, is_kept) in [
        (vec![], Meetings::All, false, true),
        (vec![], Meetings::Recorded, true, true),
        (vec![], Meetings::Recorded, false, false),
        (vec![], Meetings::None, true, false),
        (vec![(start, Meetings::All)], Meetings::None, false, true),
        (both.clone(), Meetings::All, false, false),
        (both, Meetings::All, true, true),
    ] {
        let mut policy = policy_under(&Capture {
            meetings: of_tenant,
            recorded: Recorded {
                organizer_internal: false,
                external_min: 0,
                ..Recorded::default()
            },
            ..capture()
        });
        policy.meetings = history;
        let mut event = fixtures::event();
        event.is_online = online.then_some(true);
        let decision = policy.evaluate_meeting(&event);
        let is_skipped = [
            skipped(Outcome::NotCaptured, ""),
            skipped(Outcome::NotCaptured, "recorded"),
        ]
        .contains(&decision);
        assert_eq!(
            is_skipped, !is_kept,
            "{:?} {of_tenant:?} {online}",
            policy.meetings
        );
    }
}

/// An online meeting.
fn meeting_of(organizer: &str, attendees: &[(AttendeeKind, &str)]) -> Event {
    let mut event = fixtures::event();
    event.organizer = Some(fixtures::attendee(AttendeeKind::Required, organizer, ""));
    let attendees = attendees.iter();
    let attendees = attendees.map(|(kind, address)| fixtures::attendee(*kind, address, "none"));
    event.attendees = Some(attendees.collect());
    event
}

#[test]
fn a_meeting_is_taken_for_recorded_if_every_condition_holds() {
    let [required, resource] = [AttendeeKind::Required, AttendeeKind::Resource];
    let (ann, zoe) = ((required, "ann@contoso.com"), (required, "zoe@contoso.com"));
    let (bob, eve) = ((required, "bob@acme.com"), (required, "eve@eu.acme.com"));
    let room = (resource, "room@hotel.example");
    let standard = Recorded::default();
    let [two, inside] = [2, 0].map(|external_min| Recorded {
        external_min,
        ..Recorded::default()
    });
    let anybody = Recorded {
        organizer_internal: false,
        ..Recorded::default()
    };
    let of_acme = Recorded {
        domains: vec!["acme.com".into()],
        ..anybody.clone()
    };
    for (rule, organizer, attendees, is_kept) in [
        (&standard, zoe.1, vec![ann, bob], true),
        (&standard, zoe.1, vec![ann], false),
        (&standard, zoe.1, vec![ann, room], false),
        (&standard, bob.1, vec![ann], false),
        (&two, zoe.1, vec![ann, bob], false),
        // The same person in two roles is one.
        (
            &two,
            zoe.1,
            vec![bob, (AttendeeKind::Optional, bob.1)],
            false,
        ),
        (&two, zoe.1, vec![bob, eve], true),
        (&inside, zoe.1, vec![ann], true),
        (&inside, bob.1, vec![ann], false),
        (&anybody, bob.1, vec![ann], true),
        (&of_acme, bob.1, vec![ann], true),
        (&of_acme, zoe.1, vec![ann, eve], true),
        (
            &of_acme,
            zoe.1,
            vec![ann, (required, "x@other.example")],
            false,
        ),
        (
            &of_acme,
            zoe.1,
            vec![ann, (required, "x@notacme.com")],
            false,
        ),
    ] {
        let mut policy = policy_under(&Capture {
            meetings: Meetings::Recorded,
            recorded: rule.clone(),
            internal_only: InternalOnly::Record,
            ..Capture::default()
        });
        policy.meetings.clear();
        let event = meeting_of(organizer, &attendees);
        let decision = policy.evaluate_meeting(&event);
        let expected = skipped(Outcome::NotCaptured, "recorded");
        assert_eq!(
            decision != expected,
            is_kept,
            "{rule:?} {organizer} {attendees:?}"
        );
        let offline = Event {
            is_online: Some(false),
            ..event
        };
        assert_eq!(policy.evaluate_meeting(&offline), expected);
    }
}

#[test]
fn what_is_kept_has_every_column() {
    let row = row(|_| ());
    let mut event = fixtures::event();
    let id = meeting_id(&event, &fixtures::mailbox("ann"));
    assert_eq!(row.interaction_id, id.interaction_id);
    assert_eq!(row.series_id, Some(id.series_id.to_string()));
    assert_eq!(
        (row.kind, row.revision, row.state),
        (Kind::Meeting, 1, State::Active)
    );
    assert_eq!((&*row.source_id, &*row.container), ("event", "calendar"));
    assert_eq!(Some(row.occurred_at), event.start.map(|start| start.at));
    assert_eq!(row.ended_at, event.end.map(|end| end.at));
    assert_eq!(row.direction, Direction::Inbound);
    assert_eq!((row.sensitivity_known, row.is_bulk), (true, false));
    assert_eq!((&row.thread_id, &row.bulk_reason), (&None, &None));
    assert_eq!(row.user_role, Some(Role::Required));
    assert_eq!(row.is_online_meeting, Some(true));
    assert_eq!(row.online_provider, event.online_provider);
    assert_eq!(
        (row.is_recurring, row.is_all_day),
        (Some(false), Some(false))
    );
    assert_eq!(
        (row.fingerprint, row.captured_at, &*row.run_id),
        (9, Timestamp(1), "run")
    );
    for event_type in [EventType::Occurrence, EventType::Exception] {
        event.event_type = event_type;
        assert_eq!(
            kept(policy().evaluate_meeting(&event)).is_recurring,
            Some(true)
        );
    }
}

#[test]
fn an_offline_exception_of_an_online_series_has_no_provider() {
    let row = row(|event| event.is_online = Some(false));
    assert_eq!(
        (row.is_online_meeting, row.online_provider),
        (Some(false), None)
    );
}

#[test]
fn the_organizer_comes_first_and_others_by_role() {
    let row = row(|event| {
        invite(event, AttendeeKind::Resource, "room4@contoso.com");
        invite(event, AttendeeKind::Required, "BOB@acme.com");
        invite(
            event,
            AttendeeKind::Required,
            "/o=Contoso/ou=EU/cn=Recipients/cn=Ann",
        );
        invite(event, AttendeeKind::Optional, "ann@contoso.com");
        invite(event, AttendeeKind::Required, "Sales");
    });
    assert_eq!(
        show(&row),
        [
            "organizer bob@acme.com",
            "required ann@contoso.com + =accepted",
            "required sales",
            "optional zoe@contoso.com +",
            "optional ann@contoso.com + =accepted",
            "resource room4@contoso.com +",
        ]
    );
}

/// Facts 2.3.
#[test]
fn responses_of_others_count_in_the_organizers_copy_only() {
    let guest = row(|event| {
        event.response = Some("tentativelyAccepted".into());
        invite(event, AttendeeKind::Required, "eve@acme.com");
    });
    let of_guest = [
        "organizer bob@acme.com",
        "required ann@contoso.com + =tentativelyAccepted",
        "required eve@acme.com",
        "optional zoe@contoso.com +",
    ];
    assert_eq!(show(&guest), of_guest);
    let organize = |event: &mut Event| {
        event.organizer = Some(attendee(AttendeeKind::Required, "ann@contoso.com", "x"));
        event.response = Some("organizer".into());
        let bob = attendee(AttendeeKind::Required, "bob@acme.com", "declined");
        event.attendees = Some(vec![bob]);
        invite(event, AttendeeKind::Required, "ann@contoso.com");
    };
    let of_organizer = [
        "organizer ann@contoso.com +",
        "required bob@acme.com =declined",
    ];
    for is_organizer in [Some(true), None] {
        let row = row(|event| {
            organize(event);
            event.is_organizer = is_organizer;
        });
        assert_eq!(show(&row), of_organizer);
        assert_eq!(row.direction, Direction::Outbound);
        assert_eq!(
            (row.state, row.user_role),
            (State::Active, Some(Role::Organizer))
        );
    }
}

#[test]
fn a_meeting_without_organizer_or_attendees_is_kept() {
    let row = row(|event| {
        event.organizer = None;
        event.attendees = None;
    });
    assert!(row.participants.is_empty());
    assert_eq!((row.direction, row.user_role), (Direction::Inbound, None));
}

#[test]
fn cancelled_outranks_declined_and_only_owners_decline() {
    for (cancelled, response, expected) in [
        (None, None, State::Active),
        (Some(false), Some("accepted"), State::Active),
        (Some(false), Some("none"), State::Active),
        (Some(false), Some("declined"), State::Declined),
        (Some(true), Some("declined"), State::Cancelled),
        (Some(true), None, State::Cancelled),
    ] {
        let row = row(|event| {
            event.is_cancelled = cancelled;
            event.response = response.map(str::to_owned);
            let zoe = &mut event.attendees.as_mut().unwrap()[0];
            zoe.response = Some("declined".into());
        });
        assert_eq!(row.state, expected, "{cancelled:?} {response:?}");
    }
}

#[test]
fn a_whole_day_is_the_day_as_written_in_utc() {
    let row = row(|event| {
        event.is_all_day = Some(true);
        let day = |text: &str, at: &str| EventTime {
            at: fixtures::event_time(at).at,
            day: fixtures::event_time(text).day,
        };
        // As Tokyo writes it.
        event.start = Some(day("2026-02-27T00:00:00Z", "2026-02-26T15:00:00Z"));
        event.end = Some(day("2026-02-28T00:00:00Z", "2026-02-27T15:00:00Z"));
    });
    assert_eq!(row.occurred_at.rfc3339(), "2026-02-27T00:00:00Z");
    assert_eq!(row.ended_at.unwrap().rfc3339(), "2026-02-28T00:00:00Z");
    assert_eq!(row.is_all_day, Some(true));
}

#[test]
fn a_meeting_without_a_sound_end_ends_at_once() {
    for end in [None, Some(fixtures::event_time("2026-02-01T00:00:00Z"))] {
        let row = row(|event| event.end = end);
        assert_eq!(row.ended_at, Some(row.occurred_at));
    }
}

#[test]
fn the_content_level_trims_text_and_empty_text_is_none() {
    for (content, preview, body) in [
        (Content::Envelope, false, false),
        (Content::Preview, true, false),
        (Content::Full, true, true),
    ] {
        let policy = policy_under(&Capture {
            content,
            ..capture()
        });
        let row = kept(policy.evaluate_meeting(&fixtures::event()));
        let found = [&row.subject, &row.preview, &row.body_text].map(Option::is_some);
        assert_eq!(found, [true, preview, body], "{content:?}");
    }
    let row = row(|event| {
        event.subject = Some(String::new());
        event.preview = Some(String::new());
    });
    assert_eq!((row.subject, row.preview), (None, None));
}

#[test]
fn the_policy_can_keep_internal_meetings() {
    let policy = policy_under(&Capture {
        internal_only: InternalOnly::Record,
        ..capture()
    });
    let mut event = fixtures::event();
    event.organizer = Some(attendee(AttendeeKind::Required, "zoe@contoso.com", ""));
    let row = kept(policy.evaluate_meeting(&event));
    assert_eq!(row.direction, Direction::Internal);
}

#[test]
fn withdrawn_rows_have_neither_content_nor_participants() {
    let last = row(|_| ());
    let expected = Interaction {
        subject: None,
        preview: None,
        body_text: None,
        participants: Vec::new(),
        user_role: None,
        state: State::Withdrawn,
        ..last.clone()
    };
    assert_eq!(withdrawn(&last), expected);
}

/// A difference between two rows.
type Difference = fn(&mut Interaction);

#[test]
fn all_columns_except_provenance_create_revisions() {
    let before = row(|_| ());
    let hash = |change: Difference| {
        let mut row = before.clone();
        change(&mut row);
        columns_hash::of(&row)
    };
    let unchanged: &[Difference] = &[
        |row| row.captured_at = Timestamp(2),
        |row| row.run_id = "other".into(),
        |row| row.source_id = "other".into(),
        |row| row.fingerprint = 0,
        |row| row.revision = 2,
    ];
    for change in unchanged {
        assert_eq!(hash(*change), columns_hash::of(&before));
    }
    let changed: &[Difference] = &[
        |row| row.state = State::Cancelled,
        |row| row.occurred_at = row.occurred_at.plus(1),
        |row| row.ended_at = None,
        |row| row.direction = Direction::Outbound,
        |row| row.subject = None,
        |row| row.subject = Some(String::new()),
        |row| row.preview = row.subject.take(),
        |row| row.body_text = Some(String::new()),
        |row| row.series_id = None,
        |row| row.is_online_meeting = Some(false),
        |row| row.online_provider = None,
        |row| row.is_recurring = Some(true),
        |row| row.is_all_day = None,
        |row| row.user_role = None,
        |row| row.participants.reverse(),
        |row| row.participants[0].role = Role::Required,
        |row| row.participants[0].name = Some("Bob".into()),
        |row| row.participants[1].response = None,
        |row| row.participants[1].internal = false,
        |row| drop(row.participants.pop()),
        |row| row.mailbox = fixtures::mailbox("bob"),
    ];
    let mut hashes: Vec<i64> = changed.iter().map(|change| hash(*change)).collect();
    hashes.push(columns_hash::of(&before));
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count, "two differences have one hash");
}
