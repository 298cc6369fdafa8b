//! Reading the cells of a record batch by column name, whichever program wrote the file.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::ArrayRef;
use arrow_array::BooleanArray;
use arrow_array::Float64Array;
use arrow_array::Int32Array;
use arrow_array::Int64Array;
use arrow_array::ListArray;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_array::TimestampMicrosecondArray;
use arrow_array::new_null_array;
use arrow_schema::ArrowError;
use arrow_schema::Schema;

use crate::model::id::Id128;
use crate::model::time::Timestamp;

/// Gives a batch the columns and types that this program expects.
///
/// Another program that merged files may have chosen wider types (large or dictionary strings);
/// a column that a file does not have yet is null.
pub(crate) fn conform(batch: &RecordBatch, wanted: &Schema) -> Result<RecordBatch, ArrowError> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(wanted.fields().len());
    for field in wanted.fields() {
        arrays.push(match batch.column_by_name(field.name()) {
            Some(array) if array.data_type() == field.data_type() => Arc::clone(array),
            Some(array) => arrow_cast::cast(array, field.data_type())?,
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
    }
    RecordBatch::try_new(Arc::new(wanted.clone()), arrays)
}

/// The columns of a batch that has the expected types.
pub(crate) struct Cells<'a> {
    batch: &'a RecordBatch,
}

/// A cell that does not hold what its column promises.
pub(crate) type BadCell = String;

impl<'a> Cells<'a> {
    pub(crate) fn new(batch: &'a RecordBatch) -> Self {
        Self { batch }
    }

    fn column<A: 'static>(&self, name: &str) -> Result<&'a A, BadCell> {
        let array = self.batch.column_by_name(name);
        array
            .and_then(|array| array.as_any().downcast_ref::<A>())
            .ok_or_else(|| format!("column {name} is missing or of another type"))
    }

    pub(crate) fn texts(&self, name: &str) -> Result<&'a StringArray, BadCell> {
        self.column(name)
    }

    pub(crate) fn ints(&self, name: &str) -> Result<&'a Int32Array, BadCell> {
        self.column(name)
    }

    pub(crate) fn longs(&self, name: &str) -> Result<&'a Int64Array, BadCell> {
        self.column(name)
    }

    pub(crate) fn doubles(&self, name: &str) -> Result<&'a Float64Array, BadCell> {
        self.column(name)
    }

    pub(crate) fn flags(&self, name: &str) -> Result<&'a BooleanArray, BadCell> {
        self.column(name)
    }

    pub(crate) fn instants(&self, name: &str) -> Result<&'a TimestampMicrosecondArray, BadCell> {
        self.column(name)
    }

    pub(crate) fn lists(&self, name: &str) -> Result<&'a ListArray, BadCell> {
        self.column(name)
    }
}

/// The text of a cell; `None` where it is null.
pub(crate) fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

/// The text of a cell, owned; `None` where it is null.
pub(crate) fn owned(array: &StringArray, row: usize) -> Option<String> {
    text(array, row).map(str::to_owned)
}

/// The flag of a cell; `None` where it is null.
pub(crate) fn flag(array: &BooleanArray, row: usize) -> Option<bool> {
    array.is_valid(row).then(|| array.value(row))
}

/// The instant of a cell; `None` where it is null.
pub(crate) fn instant(array: &TimestampMicrosecondArray, row: usize) -> Option<Timestamp> {
    array.is_valid(row).then(|| Timestamp(array.value(row)))
}

/// Reads a word that a column holds.
pub(crate) fn word<T>(
    array: &StringArray,
    row: usize,
    parse: impl Fn(&str) -> Option<T>,
    column: &str,
) -> Result<T, BadCell> {
    text(array, row)
        .and_then(parse)
        .ok_or_else(|| format!("column {column} holds a word that this version does not know"))
}

/// Reads the id of a cell.
pub(crate) fn id_at(array: &StringArray, row: usize, column: &str) -> Result<Id128, BadCell> {
    word(array, row, Id128::parse, column)
}

/// Reads an instant that is never null.
pub(crate) fn instant_at(
    array: &TimestampMicrosecondArray,
    row: usize,
    column: &str,
) -> Result<Timestamp, BadCell> {
    instant(array, row).ok_or_else(|| format!("column {column} is null"))
}
