//! One interaction, for programs.

use serde_json::Value;
use serde_json::json;

use crate::model::activity::Activity;
use crate::model::interaction::Interaction;
use crate::model::interaction::Participant;
use crate::model::opened::Opened;
use crate::model::opened::Related;
use crate::model::time::Timestamp;
use crate::report::outlook;
use crate::report::show;
use crate::report::show::Level;

/// An interaction as one JSON object.
pub fn json(opened: &Opened, level: Level) -> Value {
    let Some(row) = opened.shown() else {
        return Value::Null;
    };
    let people: Vec<Value> = row.participants.iter().map(participant).collect();
    json!({
        "interaction_id": row.interaction_id.to_string(),
        "kind": row.kind.as_str(),
        "state": state(row, level.now),
        "direction": row.direction.as_str(),
        "occurred_at": row.occurred_at.rfc3339(),
        "ended_at": row.ended_at.map(Timestamp::rfc3339),
        "subject": row.subject,
        "preview": row.preview,
        "body_text": row.body_text,
        "content_missing": show::missing(opened, row, level),
        "sensitivity_known": row.sensitivity_known,
        "is_bulk": row.is_bulk,
        "bulk_reason": row.bulk_reason,
        "is_online_meeting": row.is_online_meeting,
        "online_provider": row.online_provider,
        "is_recurring": row.is_recurring,
        "is_all_day": row.is_all_day,
        "thread_id": row.thread_id,
        "series_id": row.series_id,
        "participants": people,
        "matches": opened.activities.iter().filter_map(matched).collect::<Vec<_>>(),
        "mailboxes": opened.current().map(mailbox).collect::<Vec<_>>(),
        "related": opened.related.iter().map(related).collect::<Vec<_>>(),
        "revisions": opened.rows.iter().map(revision).collect::<Vec<_>>(),
    })
}

fn state(row: &Interaction, now: Timestamp) -> &'static str {
    match show::standing(row, now) {
        "" => row.state.as_str(),
        word => word,
    }
}

fn participant(one: &Participant) -> Value {
    json!({
        "address": one.address,
        "name": one.name,
        "role": one.role.as_str(),
        "response": one.response,
        "internal": one.internal,
    })
}

fn matched(row: &Activity) -> Option<Value> {
    let one = row.contact_match.as_ref()?;
    let (contact, account) = (one.contact.as_ref(), one.account.as_ref());
    Some(json!({
        "mailbox_id": &*row.mailbox.id,
        "contact_id": contact.map(|(id, _)| &**id),
        "contact_name": contact.map(|(_, name)| &**name),
        "account_id": account.map(|(id, _)| &**id),
        "account_name": account.and_then(|(_, name)| name.as_deref()),
        "address": one.address,
        "role": one.role.as_str(),
        "rule": one.rule.as_str(),
    }))
}

fn mailbox(row: &Interaction) -> Value {
    json!({
        "mailbox_id": &*row.mailbox.id,
        "address": &*row.mailbox.address,
        "container": &*row.container,
        "role": row.user_role.map(crate::model::interaction::Role::as_str),
        "state": row.state.as_str(),
        "source": row.source.as_str(),
        "source_id": row.source_id,
        "outlook_link": outlook::link(row),
    })
}

fn related(one: &Related) -> Value {
    json!({
        "interaction_id": one.id.to_string(),
        "occurred_at": one.occurred_at.rfc3339(),
        "kind": one.kind.as_str(),
        "state": one.state.as_str(),
        "subject": one.subject,
    })
}

fn revision(row: &Interaction) -> Value {
    json!({
        "mailbox_id": &*row.mailbox.id,
        "revision": row.revision,
        "state": row.state.as_str(),
        "occurred_at": row.occurred_at.rfc3339(),
        "ended_at": row.ended_at.map(Timestamp::rfc3339),
        "subject": row.subject,
        "captured_at": row.captured_at.rfc3339(),
        "run_id": &*row.run_id,
    })
}
