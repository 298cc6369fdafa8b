//! The fingerprint of a row of `contact_activity`: a hash of all that is compared. Rows that say the
//! same have equal fingerprints, whether they were just derived or read back.

use std::hash::DefaultHasher;
use std::hash::Hasher;

use arrow_array::Array as _;
use arrow_array::BooleanArray;
use arrow_array::Int32Array;
use arrow_array::Int64Array;
use arrow_array::StringArray;
use arrow_array::TimestampMicrosecondArray;

use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::flag;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::text;
use crate::lake::rows::column::ColumnType;
use crate::lake::rows::column::Value;
use crate::model::activity::Activity;

/// The columns by which a row is compared.
pub(crate) fn columns() -> impl Iterator<Item = &'static str> {
    let columns = ACTIVITIES.all.iter().filter(|column| column.is_compared);
    columns.map(|column| column.column.name)
}

/// The fingerprint of a row; `buffer` is used and may be used again.
pub(crate) fn of(row: &Activity, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    for column in ACTIVITIES.all.iter().filter(|column| column.is_compared) {
        push(column.value(row), buffer);
    }
    hash(buffer)
}

/// The columns of a batch of the view by which a row is compared.
pub(crate) struct FingerprintColumns<'a>(Vec<Compared<'a>>);

/// One of them.
enum Compared<'a> {
    Text(&'a StringArray),
    Int(&'a Int32Array),
    Long(&'a Int64Array),
    Flag(&'a BooleanArray),
    Instant(&'a TimestampMicrosecondArray),
}

impl<'a> FingerprintColumns<'a> {
    pub(crate) fn new(cells: &Cells<'a>) -> Result<Self, BadCell> {
        let columns = ACTIVITIES.all.iter().filter(|column| column.is_compared);
        let columns = columns.map(|column| {
            let name = column.column.name;
            Ok(match column.column.kind {
                ColumnType::Text => Compared::Text(cells.texts(name)?),
                ColumnType::Int => Compared::Int(cells.ints(name)?),
                ColumnType::Long => Compared::Long(cells.longs(name)?),
                ColumnType::Flag => Compared::Flag(cells.flags(name)?),
                ColumnType::Instant => Compared::Instant(cells.instants(name)?),
                ColumnType::Double | ColumnType::Participants => {
                    return Err(format!("column {name} cannot be compared"));
                }
            })
        });
        Ok(Self(columns.collect::<Result<_, BadCell>>()?))
    }

    /// The fingerprint of a row.
    pub(crate) fn hash(&self, row: usize, buffer: &mut Vec<u8>) -> u64 {
        buffer.clear();
        for column in &self.0 {
            push(column.value(row), buffer);
        }
        hash(buffer)
    }
}

impl Compared<'_> {
    fn value(&self, row: usize) -> Value<'_> {
        match self {
            Self::Text(array) => Value::or_null(text(array, row), Value::Text),
            Self::Int(array) => {
                let number = array.is_valid(row).then(|| i64::from(array.value(row)));
                Value::or_null(number, Value::Number)
            }
            Self::Long(array) => {
                let number = array.is_valid(row).then(|| array.value(row));
                Value::or_null(number, Value::Number)
            }
            Self::Flag(array) => Value::or_null(flag(array, row), Value::Flag),
            Self::Instant(array) => Value::or_null(instant(array, row), |at| Value::Number(at.0)),
        }
    }
}

/// Adds a value so that no two lists of values run together.
fn push(value: Value<'_>, buffer: &mut Vec<u8>) {
    match value {
        Value::Null => buffer.push(0),
        Value::Text(text) => push_text(text, buffer),
        // In the table an id is a text.
        Value::Id(id) => push_text(&id.to_string(), buffer),
        Value::Number(number) => push_number(number, buffer),
        Value::Flag(flag) => push_number(i64::from(flag), buffer),
        Value::Double(number) => push_number(number.to_bits().cast_signed(), buffer),
        Value::Participants(people) => {
            for person in people {
                push_text(&person.address, buffer);
            }
        }
    }
}

fn push_text(text: &str, buffer: &mut Vec<u8>) {
    buffer.push(1);
    buffer.extend_from_slice(&(text.len() as u64).to_le_bytes());
    buffer.extend_from_slice(text.as_bytes());
}

fn push_number(number: i64, buffer: &mut Vec<u8>) {
    buffer.push(1);
    buffer.extend_from_slice(&number.to_le_bytes());
}

fn hash(buffer: &[u8]) -> u64 {
    // It is compared within this process only, so it need not stay the same.
    let mut hasher = DefaultHasher::new();
    hasher.write(buffer);
    hasher.finish()
}
