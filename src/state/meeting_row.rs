//! A whole row of a meeting as the state keeps it: what the lake stores, as JSON.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::address::Address;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::interaction::State;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::time::Timestamp;

/// Address, name, role, response, internal.
type Person<'a> = (
    Cow<'a, str>,
    Option<Cow<'a, str>>,
    Cow<'a, str>,
    Option<Cow<'a, str>>,
    bool,
);

/// The columns of `interactions`, and nothing that the lake would not give back.
#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    interaction_id: Cow<'a, str>,
    /// Id, address, kind, tenant.
    mailbox: [Cow<'a, str>; 4],
    source: Cow<'a, str>,
    source_id: Cow<'a, str>,
    container: Cow<'a, str>,
    kind: Cow<'a, str>,
    revision: i32,
    state: Cow<'a, str>,
    occurred_at: Timestamp,
    ended_at: Option<Timestamp>,
    direction: Cow<'a, str>,
    subject: Option<Cow<'a, str>>,
    preview: Option<Cow<'a, str>>,
    body_text: Option<Cow<'a, str>>,
    sensitivity_known: bool,
    thread_id: Option<Cow<'a, str>>,
    series_id: Option<Cow<'a, str>>,
    participants: Vec<Person<'a>>,
    is_bulk: bool,
    bulk_reason: Option<Cow<'a, str>>,
    is_online_meeting: Option<bool>,
    online_provider: Option<Cow<'a, str>>,
    is_recurring: Option<bool>,
    is_all_day: Option<bool>,
    fingerprint: i64,
    captured_at: Timestamp,
    run_id: Cow<'a, str>,
    user_role: Option<Cow<'a, str>>,
}

/// Writes a row.
pub(crate) fn write(row: &Interaction) -> String {
    json(&columns_of(row))
}

/// Reads what [`write()`] wrote, without the mailbox's further addresses, as the lake does. Rows of
/// one mailbox that follow each other share it. `None`: damaged.
pub(crate) fn read(json: &str, last_mailbox: &mut Option<Arc<Mailbox>>) -> Option<Interaction> {
    let columns: Columns<'static> = serde_json::from_str(json).ok()?;
    let mailbox = mailbox(&columns.mailbox, last_mailbox)?;
    let people = columns.participants.into_iter().map(participant);
    let owned = |text: Option<Cow<'static, str>>| text.map(Cow::into_owned);
    Some(Interaction {
        interaction_id: Id128::parse(&columns.interaction_id)?,
        mailbox,
        source: Source::parse(&columns.source)?,
        source_id: columns.source_id.into_owned(),
        container: columns.container.into(),
        kind: Kind::parse(&columns.kind)?,
        revision: columns.revision,
        state: State::parse(&columns.state)?,
        occurred_at: columns.occurred_at,
        ended_at: columns.ended_at,
        direction: Direction::parse(&columns.direction)?,
        subject: owned(columns.subject),
        preview: owned(columns.preview),
        body_text: owned(columns.body_text),
        sensitivity_known: columns.sensitivity_known,
        thread_id: owned(columns.thread_id),
        series_id: owned(columns.series_id),
        participants: people.collect::<Option<_>>()?,
        is_bulk: columns.is_bulk,
        bulk_reason: owned(columns.bulk_reason),
        is_online_meeting: columns.is_online_meeting,
        online_provider: owned(columns.online_provider),
        is_recurring: columns.is_recurring,
        is_all_day: columns.is_all_day,
        fingerprint: columns.fingerprint,
        captured_at: columns.captured_at,
        run_id: columns.run_id.into(),
        user_role: match columns.user_role {
            Some(role) => Some(Role::parse(&role)?),
            None => None,
        },
    })
}

fn json(columns: &Columns<'_>) -> String {
    // Strings, numbers, flags and lists of them always have a JSON form.
    serde_json::to_string(columns).unwrap_or_default()
}

fn columns_of(row: &Interaction) -> Columns<'_> {
    let mailbox = &row.mailbox;
    Columns {
        interaction_id: row.interaction_id.to_string().into(),
        mailbox: [
            (&*mailbox.id).into(),
            (&*mailbox.address).into(),
            mailbox.kind.as_str().into(),
            (&*mailbox.tenant).into(),
        ],
        source: row.source.as_str().into(),
        source_id: row.source_id.as_str().into(),
        container: (&*row.container).into(),
        kind: row.kind.as_str().into(),
        revision: row.revision,
        state: row.state.as_str().into(),
        occurred_at: row.occurred_at,
        ended_at: row.ended_at,
        direction: row.direction.as_str().into(),
        subject: row.subject.as_deref().map(Cow::from),
        preview: row.preview.as_deref().map(Cow::from),
        body_text: row.body_text.as_deref().map(Cow::from),
        sensitivity_known: row.sensitivity_known,
        thread_id: row.thread_id.as_deref().map(Cow::from),
        series_id: row.series_id.as_deref().map(Cow::from),
        participants: row.participants.iter().map(person).collect(),
        is_bulk: row.is_bulk,
        bulk_reason: row.bulk_reason.as_deref().map(Cow::from),
        is_online_meeting: row.is_online_meeting,
        online_provider: row.online_provider.as_deref().map(Cow::from),
        is_recurring: row.is_recurring,
        is_all_day: row.is_all_day,
        fingerprint: row.fingerprint,
        captured_at: row.captured_at,
        run_id: (&*row.run_id).into(),
        user_role: row.user_role.map(|role| role.as_str().into()),
    }
}

fn person(participant: &Participant) -> Person<'_> {
    (
        participant.address.as_str().into(),
        participant.name.as_deref().map(Cow::from),
        participant.role.as_str().into(),
        participant.response.as_deref().map(Cow::from),
        participant.internal,
    )
}

fn participant((address, name, role, response, internal): Person<'static>) -> Option<Participant> {
    Some(Participant {
        is_address: Address::stored(&address).is_some(),
        address: address.into_owned(),
        name: name.map(Cow::into_owned),
        role: Role::parse(&role)?,
        response: response.map(Cow::into_owned),
        internal,
    })
}

fn mailbox(
    [id, address, kind, tenant]: &[Cow<'static, str>; 4],
    last: &mut Option<Arc<Mailbox>>,
) -> Option<Arc<Mailbox>> {
    let read = Mailbox {
        id: (&**id).into(),
        address: (&**address).into(),
        kind: MailboxKind::parse(kind)?,
        tenant: (&**tenant).into(),
        own_addresses: Vec::new(),
    };
    let shared = match last.take() {
        Some(last) if *last == read => last,
        _ => Arc::new(read),
    };
    *last = Some(Arc::clone(&shared));
    Some(shared)
}
