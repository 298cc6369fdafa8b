//! A small company and one mail, for the tests of this room.

use std::sync::Arc;

use crate::model::address::Address;
use crate::model::directory::Directory;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::mail::Mail;
use crate::model::mail::MailClass;
use crate::model::mail::RawParticipant;
use crate::model::mail::Sensitivity;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::time::Micros;

/// Contoso, and Ann's name in its old mail system.
pub fn directory() -> Directory {
    let ann = Address::parse("ann@contoso.com").unwrap();
    let legacy = "/o=contoso/ou=eu/cn=recipients/cn=ann".to_owned();
    Directory {
        domains: ["contoso.com".to_owned()].into_iter().collect(),
        addresses: [ann.clone()].into_iter().collect(),
        legacy_names: [(legacy, ann)].into_iter().collect(),
    }
}

/// `<name>@contoso.com`, also known as `<name>.lee@contoso.com`.
pub fn mailbox(name: &str) -> Arc<Mailbox> {
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
pub fn mail() -> Mail {
    let person = |role, address: &str| RawParticipant {
        role,
        name: None,
        address: address.to_owned(),
    };
    Mail {
        source_id: "item".into(),
        container: "inbox".into(),
        message_id: Some("1@acme.com".into()),
        sent: Micros::parse_rfc3339("2026-03-01T10:00:00Z"),
        received: Micros::parse_rfc3339("2026-03-01T10:00:05Z"),
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
        content_key: None,
    }
}

/// Somebody else, as a recipient.
pub fn outsider(address: &str) -> Participant {
    Participant {
        address: address.to_owned(),
        is_address: true,
        name: None,
        role: Role::To,
        response: None,
        internal: false,
    }
}
