//! A hash over the columns of a row of `interactions`, to prove that what was committed is there.
//!
//! The columns are taken in the order of the table. Each is written as one byte (0: null, 1: not
//! null) and, where not null, its bytes: texts with their length in front (8 bytes, little endian),
//! numbers and instants as 8 bytes little endian, flags as one byte, participants as their number
//! and the fields of each. A column that was added later is left out where it is null, so that the
//! hashes of older rows stay what they are, and else written with its name in front. The hash is the
//! first 8 bytes of BLAKE3 over all of it, little endian. Sums of hashes wrap, so that the order of
//! rows does not matter and files may be merged.

use crate::lake::rows::column::Value;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::model::interaction::Interaction;
use crate::model::interaction::Participant;

/// The hash of a row.
pub(crate) fn of(row: &Interaction) -> u64 {
    of_columns(&INTERACTIONS.all, row)
}

fn of_columns<R: 'static>(columns: &[TableColumn<R>], row: &R) -> u64 {
    let mut hash = RowHash(blake3::Hasher::new());
    for column in columns {
        let value = column.value(row);
        if column.is_added_later {
            if value == Value::Null {
                continue;
            }
            hash.text(column.column.name);
        }
        hash.value(value);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.0.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

struct RowHash(blake3::Hasher);

impl RowHash {
    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.null(),
            Value::Text(text) => self.text(text),
            Value::Id(id) => self.text(&id.to_string()),
            Value::Number(number) => self.number(number),
            Value::Double(number) => self.number(number.to_bits().cast_signed()),
            Value::Flag(flag) => self.flag(flag),
            Value::Participants(people) => self.participants(people),
        }
    }

    fn null(&mut self) {
        self.0.update(&[0]);
    }

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

    fn maybe_text(&mut self, text: Option<&str>) {
        self.value(Value::or_null(text, Value::Text));
    }

    fn participants(&mut self, people: &[Participant]) {
        self.number(i64::try_from(people.len()).unwrap_or(i64::MAX));
        for person in people {
            self.text(&person.address);
            self.maybe_text(person.name.as_deref());
            self.text(person.role.as_str());
            self.maybe_text(person.response.as_deref());
            self.flag(person.internal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::rows::column::Label;

    type Row = (&'static str, Option<&'static str>, Option<&'static str>);

    fn column(name: &'static str, get: fn(&Row) -> Option<&str>) -> TableColumn<Row> {
        TableColumn::maybe_text(Label::new(name, "A text."), get, |_, _| {})
    }

    #[test]
    fn a_later_column_changes_no_hash_where_it_is_null() {
        let first = || column("first", |row| Some(row.0));
        let second = || column("second", |row| row.1).added_later();
        let third = || column("third", |row| row.2).added_later();
        let old = |row: &Row| of_columns(&[first()], row);
        let new = |row: &Row| of_columns(&[first(), second(), third()], row);
        assert_eq!(old(&("a", None, None)), new(&("a", None, None)));
        let rows = [
            ("a", None, None),
            ("a", Some("x"), None),
            ("a", None, Some("x")),
            ("a", Some(""), None),
            ("a", Some("x"), Some("x")),
            ("b", None, None),
        ];
        let hashes: std::collections::BTreeSet<u64> = rows.iter().map(new).collect();
        assert_eq!(hashes.len(), rows.len());
    }
}
