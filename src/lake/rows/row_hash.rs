//! A hash over the columns of a row of `interactions`, to prove that what was committed is there.
//!
//! The columns are taken in the order of the schema. Each is written as one byte (0: null, 1: not
//! null) and, where not null, its bytes: texts with their length in front (8 bytes, little endian),
//! numbers and instants as 8 bytes little endian, flags as one byte, participants as their number
//! and the fields of each. The hash is the first 8 bytes of BLAKE3 over all of it, little endian.
//! Sums of hashes wrap, so that the order of rows does not matter and files may be merged.

use crate::model::interaction::Interaction;
use crate::model::interaction::Role;

/// The hash of a row.
pub(crate) fn of(row: &Interaction) -> u64 {
    let mut columns = Columns(blake3::Hasher::new());
    columns.text(&row.interaction_id.to_string());
    columns.text(&row.mailbox.id);
    columns.text(&row.mailbox.address);
    columns.text(row.mailbox.kind.as_str());
    columns.text(&row.mailbox.tenant);
    columns.text(row.source.as_str());
    columns.text(&row.source_id);
    columns.text(&row.container);
    columns.text(row.kind.as_str());
    columns.number(i64::from(row.revision));
    columns.text(row.state.as_str());
    columns.number(row.occurred_at.0);
    columns.maybe(row.ended_at, |columns, at| columns.number(at.0));
    columns.text(row.direction.as_str());
    columns.maybe_text(row.subject.as_deref());
    columns.maybe_text(row.preview.as_deref());
    columns.maybe_text(row.body_text.as_deref());
    columns.flag(row.sensitivity_known);
    columns.maybe_text(row.thread_id.as_deref());
    columns.maybe_text(row.series_id.as_deref());
    columns.number(i64::try_from(row.participants.len()).unwrap_or(i64::MAX));
    for person in &row.participants {
        columns.text(&person.address);
        columns.maybe_text(person.name.as_deref());
        columns.text(person.role.as_str());
        columns.maybe_text(person.response.as_deref());
        columns.flag(person.internal);
    }
    columns.flag(row.is_bulk);
    columns.maybe_text(row.bulk_reason.as_deref());
    columns.maybe(row.is_online_meeting, Columns::flag);
    columns.maybe_text(row.online_provider.as_deref());
    columns.maybe(row.is_recurring, Columns::flag);
    columns.maybe(row.is_all_day, Columns::flag);
    columns.number(row.fingerprint);
    columns.number(row.captured_at.0);
    columns.text(&row.run_id);
    columns.maybe_text(row.user_role.map(Role::as_str));
    let mut first = [0; 8];
    first.copy_from_slice(&columns.0.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

struct Columns(blake3::Hasher);

impl Columns {
    fn text(&mut self, text: &str) {
        self.0.update(&[1]);
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: i64) {
        self.0.update(&[1]);
        self.0.update(&number.to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.0.update(&[1, u8::from(flag)]);
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => {
                self.0.update(&[0]);
            }
        }
    }

    fn maybe_text(&mut self, text: Option<&str>) {
        self.maybe(text, Self::text);
    }
}
