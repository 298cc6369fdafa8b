//! A small company, one mail and one meeting, for the tests of this room.

use std::sync::Arc;

use crate::model::address::Address;
use crate::model::directory::Directory;
use crate::model::event::Attendee;
use crate::model::event::AttendeeKind;
use crate::model::event::Event;
use crate::model::event::EventTime;
use crate::model::event::EventType;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::mail::Mail;
use crate::model::mail::MailClass;
use crate::model::mail::RawParticipant;
use crate::model::mail::Sensitivity;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::time::Timestamp;

/// Contoso, and Ann's legacy name.
pub(crate) fn directory() -> Directory {
    let ann = Address::parse("ann@contoso.com").unwrap();
    let legacy = "/o=contoso/ou=eu/cn=recipients/cn=ann".to_owned();
    Directory {
        domains: ["contoso.com".to_owned()].into_iter().collect(),
        addresses: [ann.clone()].into_iter().collect(),
        guests: [].into_iter().collect(),
        legacy_names: [(legacy, ann)].into_iter().collect(),
    }
}

/// `<name>@contoso.com`, also known as `<name>.lee@contoso.com`.
pub(crate) fn mailbox(name: &str) -> Arc<Mailbox> {
    let own = [
        format!("{name}@contoso.com"),
        format!("{name}.lee@contoso.com"),
    ];
    Arc::new(Mailbox {
        id: format!("id of {name}").into(),
        address: own[0].as_str().into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: own.iter().filter_map(|own| Address::parse(own)).collect(),
    })
}

/// Bob of Acme writes to Ann.
pub(crate) fn mail() -> Mail {
    let person = |role, address: &str| RawParticipant {
        role,
        name: None,
        address: address.to_owned(),
    };
    Mail {
        source_id: "item".into(),
        former_ids: Vec::new(),
        container: "inbox".into(),
        message_id: Some("1@acme.com".into()),
        sent: Timestamp::parse_rfc3339("2026-03-01T10:00:00Z"),
        received: Timestamp::parse_rfc3339("2026-03-01T10:00:05Z"),
        subject: Some("Offer".into()),
        preview: Some("Dear Ann".into()),
        body_text: Some("Dear Ann, here it is".into()),
        participants: vec![
            person(Role::From, "bob@acme.com"),
            person(Role::To, "ann@contoso.com"),
        ],
        is_draft: false,
        sensitivity: Sensitivity::Normal,
        class: MailClass::Plain,
        bulk_reason: None,
        thread_id: Some("thread".into()),
        fingerprint: 7,
        labels: Vec::new(),
        bytes_key: None,
        content_key: None,
        is_shortened: false,
    }
}

/// Another recipient.
pub(crate) fn outsider(address: &str) -> Participant {
    Participant {
        address: address.to_owned(),
        is_address: true,
        name: None,
        role: Role::To,
        response: None,
        internal: false,
    }
}

/// An attendee.
pub(crate) fn attendee(kind: AttendeeKind, address: &str, response: &str) -> Attendee {
    Attendee {
        name: None,
        address: address.to_owned(),
        kind,
        response: Some(response.to_owned()),
    }
}

/// A time in UTC.
pub(crate) fn event_time(text: &str) -> EventTime {
    let at = Timestamp::parse_rfc3339(text).unwrap();
    EventTime { at, day: at.day() }
}

/// Bob of Acme meets Ann and Zoe online: Ann's copy.
pub(crate) fn event() -> Event {
    Event {
        source_id: "event".into(),
        event_type: EventType::Single,
        master_id: None,
        ical_uid: Some("1@acme.com".into()),
        start: Some(event_time("2026-03-01T10:00:00Z")),
        end: Some(event_time("2026-03-01T11:00:00Z")),
        original_start: None,
        zone: Some("W. Europe Standard Time".into()),
        recurrence: None,
        series: None,
        original_day: None,
        is_all_day: Some(false),
        subject: Some("Offer".into()),
        preview: Some("Dear Ann".into()),
        body_text: Some("Dear Ann, let us meet".into()),
        organizer: Some(Attendee {
            response: None,
            ..attendee(AttendeeKind::Required, "bob@acme.com", "")
        }),
        attendees: Some(vec![
            attendee(AttendeeKind::Optional, "zoe@contoso.com", "none"),
            attendee(AttendeeKind::Required, "Ann@contoso.com", "none"),
        ]),
        is_organizer: Some(false),
        is_cancelled: Some(false),
        is_draft: Some(false),
        is_private: Some(false),
        response: Some("accepted".into()),
        is_online: Some(true),
        online_provider: Some("teamsForBusiness".into()),
        modified: None,
        is_shortened: false,
        fingerprint: 9,
    }
}
