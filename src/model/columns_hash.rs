//! Which columns of `interactions` create a new revision when they change (design section 4).

use crate::model::content_hash::ContentHash;
use crate::model::interaction::Interaction;
use crate::model::interaction::Role;

/// A hash over all columns whose change creates a revision: every column except `captured_at`,
/// `run_id`, `source_id`, `fingerprint` and the revision itself.
pub fn of(row: &Interaction) -> i64 {
    let mut columns = ContentHash::default();
    columns.text(Some(&row.interaction_id.to_string()));
    for text in [&row.mailbox.id, &row.mailbox.address, &row.mailbox.tenant] {
        columns.text(Some(text));
    }
    columns.text(Some(row.mailbox.kind.as_str()));
    columns.text(Some(row.source.as_str()));
    columns.text(Some(&row.container));
    columns.text(Some(row.kind.as_str()));
    columns.text(Some(row.state.as_str()));
    columns.number(row.occurred_at.0);
    columns.number(row.ended_at.map_or(i64::MIN, |at| at.0));
    columns.text(Some(row.direction.as_str()));
    for text in [
        &row.subject,
        &row.preview,
        &row.body_text,
        &row.thread_id,
        &row.series_id,
        &row.bulk_reason,
        &row.online_provider,
    ] {
        columns.text(text.as_deref());
    }
    for flag in [
        Some(row.sensitivity_known),
        Some(row.is_bulk),
        row.is_online_meeting,
        row.is_recurring,
        row.is_all_day,
    ] {
        columns.number(flag.map_or(-1, i64::from));
    }
    for person in &row.participants {
        columns.text(Some(&person.address));
        columns.text(person.name.as_deref());
        columns.text(Some(person.role.as_str()));
        columns.text(person.response.as_deref());
        columns.flags([person.internal]);
    }
    columns.text(row.user_role.map(Role::as_str));
    columns.finish()
}
