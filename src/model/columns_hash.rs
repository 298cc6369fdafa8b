//! What of a row of `interactions` makes a further revision where it changes (design section 4).

use crate::model::interaction::Interaction;
use crate::model::interaction::Role;

/// A hash over all that makes a revision where it changes: every column but `captured_at`,
/// `run_id`, `source_id`, `fingerprint` and the revision itself.
pub fn of(row: &Interaction) -> i64 {
    let mut columns = Columns(blake3::Hasher::new());
    columns.bytes(&row.interaction_id.0);
    for text in [&row.mailbox.id, &row.mailbox.address, &row.mailbox.tenant] {
        columns.text(Some(text));
    }
    columns.text(Some(row.mailbox.kind.as_str()));
    columns.text(Some(row.source.as_str()));
    columns.text(Some(&row.container));
    columns.text(Some(row.kind.as_str()));
    columns.text(Some(row.state.as_str()));
    columns.number(Some(row.occurred_at.0));
    columns.number(row.ended_at.map(|at| at.0));
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
        columns.number(flag.map(i64::from));
    }
    for person in &row.participants {
        columns.text(Some(&person.address));
        columns.text(person.name.as_deref());
        columns.text(Some(person.role.as_str()));
        columns.text(person.response.as_deref());
        columns.number(Some(i64::from(person.internal)));
    }
    columns.text(row.user_role.map(Role::as_str));
    let hash = columns.0.finalize();
    let first = hash.as_bytes().first_chunk::<8>();
    first.map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

struct Columns(blake3::Hasher);

impl Columns {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// A mark comes first, so that null and empty differ.
    fn text(&mut self, text: Option<&str>) {
        self.0.update(&[u8::from(text.is_some())]);
        self.bytes(text.unwrap_or_default().as_bytes());
    }

    fn number(&mut self, number: Option<i64>) {
        self.0.update(&[u8::from(number.is_some())]);
        self.bytes(&number.unwrap_or_default().to_le_bytes());
    }
}
