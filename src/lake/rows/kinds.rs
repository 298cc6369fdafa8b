//! The kinds of columns: each is made from what a row has in it, and from how a cell gets into a row.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::ArrayRef;
use arrow_array::BooleanArray;
use arrow_array::Float64Array;
use arrow_array::Int32Array;
use arrow_array::Int64Array;
use arrow_array::StringArray;
use arrow_array::TimestampMicrosecondArray;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::flag;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::instant_at;
use crate::lake::rows::cells::text;
use crate::lake::rows::cells::word;
use crate::lake::rows::column::ColumnType;
use crate::lake::rows::column::Label;
use crate::lake::rows::column::Value;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::participants;
use crate::model::id::Id128;
use crate::model::interaction::Participant;
use crate::model::time::Timestamp;

impl<R: 'static> TableColumn<R> {
    /// A text that is never null.
    pub(crate) fn text(
        name: Label,
        get: impl Fn(&R) -> &str + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, &str) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.texts(name.name)?;
            each(rows, out, |row, out| set(out, array.value(row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let texts = rows.iter().map(|row| get(row));
            Ok(array(StringArray::from_iter_values(texts)))
        };
        Self::new(
            name,
            ColumnType::Text,
            false,
            move |row| Value::Text(get(row)),
            write,
            read,
        )
    }

    /// A text that may be null.
    pub(crate) fn maybe_text(
        name: Label,
        get: impl Fn(&R) -> Option<&str> + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Option<&str>) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.texts(name.name)?;
            each(rows, out, |row, out| set(out, text(array, row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let texts = rows.iter().map(|row| get(row));
            Ok(array(texts.collect::<StringArray>()))
        };
        Self::new(
            name,
            ColumnType::Text,
            true,
            move |row| Value::or_null(get(row), Value::Text),
            write,
            read,
        )
    }

    /// One of some words.
    pub(crate) fn word<T: 'static>(
        name: Label,
        get: impl Fn(&R) -> &'static str + Send + Sync + Copy + 'static,
        parse: impl Fn(&str) -> Option<T> + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, T) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.texts(name.name)?;
            try_each(rows, out, |row, out| {
                set(out, word(array, row, parse, name.name)?);
                Ok(())
            })
        };
        Self::text(name, move |row| get(row), |_, _| {}).read_by(read)
    }

    /// An id.
    pub(crate) fn id(
        name: Label,
        get: impl Fn(&R) -> Id128 + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Id128) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.texts(name.name)?;
            try_each(rows, out, |row, out| {
                set(out, word(array, row, Id128::parse, name.name)?);
                Ok(())
            })
        };
        let write = move |rows: &[&R]| {
            let ids = rows.iter().map(|row| get(row).to_string());
            Ok(array(StringArray::from_iter_values(ids)))
        };
        Self::new(
            name,
            ColumnType::Text,
            false,
            move |row| Value::Id(get(row)),
            write,
            read,
        )
    }

    /// A 32-bit integer that is never null.
    pub(crate) fn int(
        name: Label,
        get: impl Fn(&R) -> i32 + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, i32) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.ints(name.name)?;
            each(rows, out, |row, out| set(out, array.value(row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let ints = rows.iter().map(|row| get(row));
            Ok(array(Int32Array::from_iter_values(ints)))
        };
        Self::new(
            name,
            ColumnType::Int,
            false,
            move |row| Value::Number(i64::from(get(row))),
            write,
            read,
        )
    }

    /// A 64-bit integer that is never null.
    pub(crate) fn long(
        name: Label,
        get: impl Fn(&R) -> i64 + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, i64) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.longs(name.name)?;
            each(rows, out, |row, out| set(out, array.value(row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let longs = rows.iter().map(|row| get(row));
            Ok(array(Int64Array::from_iter_values(longs)))
        };
        Self::new(
            name,
            ColumnType::Long,
            false,
            move |row| Value::Number(get(row)),
            write,
            read,
        )
    }

    /// A 64-bit integer that may be null.
    pub(crate) fn maybe_long(
        name: Label,
        get: impl Fn(&R) -> Option<i64> + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Option<i64>) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.longs(name.name)?;
            let value = |row| array.is_valid(row).then(|| array.value(row));
            each(rows, out, |row, out| set(out, value(row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let longs = rows.iter().map(|row| get(row));
            Ok(array(longs.collect::<Int64Array>()))
        };
        Self::new(
            name,
            ColumnType::Long,
            true,
            move |row| Value::or_null(get(row), Value::Number),
            write,
            read,
        )
    }

    /// A number of things.
    pub(crate) fn count(
        name: Label,
        get: impl Fn(&R) -> u64 + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, u64) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.longs(name.name)?;
            try_each(rows, out, |row, out| {
                let count = u64::try_from(array.value(row));
                set(
                    out,
                    count.map_err(|_| format!("column {} is negative", name.name))?,
                );
                Ok(())
            })
        };
        let get = move |row: &R| i64::try_from(get(row)).unwrap_or(i64::MAX);
        Self::long(name, get, |_, _| {}).read_by(read)
    }

    /// A floating point number that is never null.
    pub(crate) fn double(
        name: Label,
        get: impl Fn(&R) -> f64 + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, f64) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.doubles(name.name)?;
            each(rows, out, |row, out| set(out, array.value(row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let doubles = rows.iter().map(|row| get(row));
            Ok(array(Float64Array::from_iter_values(doubles)))
        };
        Self::new(
            name,
            ColumnType::Double,
            false,
            move |row| Value::Double(get(row)),
            write,
            read,
        )
    }

    /// A floating point number that may be null.
    pub(crate) fn maybe_double(
        name: Label,
        get: impl Fn(&R) -> Option<f64> + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Option<f64>) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.doubles(name.name)?;
            let value = |row| array.is_valid(row).then(|| array.value(row));
            each(rows, out, |row, out| set(out, value(row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let doubles = rows.iter().map(|row| get(row));
            Ok(array(doubles.collect::<Float64Array>()))
        };
        Self::new(
            name,
            ColumnType::Double,
            true,
            move |row| Value::or_null(get(row), Value::Double),
            write,
            read,
        )
    }

    /// A flag that is never null.
    pub(crate) fn flag(
        name: Label,
        get: impl Fn(&R) -> bool + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, bool) + Send + Sync + 'static,
    ) -> Self {
        let set = move |row: &mut R, flag: Option<bool>| set(row, flag.unwrap_or_default());
        let mut column = Self::maybe_flag(name, move |row| Some(get(row)), set);
        column.column.nullable = false;
        column
    }

    /// A flag that may be null.
    pub(crate) fn maybe_flag(
        name: Label,
        get: impl Fn(&R) -> Option<bool> + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Option<bool>) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.flags(name.name)?;
            each(rows, out, |row, out| set(out, flag(array, row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let flags = rows.iter().map(|row| get(row));
            Ok(array(flags.collect::<BooleanArray>()))
        };
        Self::new(
            name,
            ColumnType::Flag,
            true,
            move |row| Value::or_null(get(row), Value::Flag),
            write,
            read,
        )
    }

    /// An instant that is never null.
    pub(crate) fn instant(
        name: Label,
        get: impl Fn(&R) -> Timestamp + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Timestamp) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.instants(name.name)?;
            try_each(rows, out, |row, out| {
                set(out, instant_at(array, row, name.name)?);
                Ok(())
            })
        };
        let mut column = Self::maybe_instant(name, move |row| Some(get(row)), |_, _| {});
        column.column.nullable = false;
        column.read_by(read)
    }

    /// An instant that may be null.
    pub(crate) fn maybe_instant(
        name: Label,
        get: impl Fn(&R) -> Option<Timestamp> + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Option<Timestamp>) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let array = cells.instants(name.name)?;
            each(rows, out, |row, out| set(out, instant(array, row)));
            Ok(())
        };
        let write = move |rows: &[&R]| {
            let instants = rows.iter().map(|row| get(row).map(|at| at.0));
            let instants = instants.collect::<TimestampMicrosecondArray>();
            Ok(array(instants.with_timezone("UTC")))
        };
        Self::new(
            name,
            ColumnType::Instant,
            true,
            move |row| Value::or_null(get(row), |at| Value::Number(at.0)),
            write,
            read,
        )
    }

    /// A list of people.
    pub(crate) fn participants(
        name: Label,
        get: impl Fn(&R) -> &[Participant] + Send + Sync + Copy + 'static,
        set: impl Fn(&mut R, Vec<Participant>) + Send + Sync + 'static,
    ) -> Self {
        let read = move |cells: &Cells<'_>, rows: &[usize], out: &mut [R]| {
            let lists = participants::ParticipantLists::new(cells, name.name)?;
            try_each(rows, out, |row, out| {
                set(out, lists.of(row)?);
                Ok(())
            })
        };
        let write = move |rows: &[&R]| participants::to_array(rows.iter().map(|row| get(row)));
        Self::new(
            name,
            ColumnType::Participants,
            false,
            move |row| Value::Participants(get(row)),
            write,
            read,
        )
    }
}

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn each<R>(rows: &[usize], out: &mut [R], mut read: impl FnMut(usize, &mut R)) {
    for (row, out) in rows.iter().zip(out) {
        read(*row, out);
    }
}

fn try_each<R>(
    rows: &[usize],
    out: &mut [R],
    mut read: impl FnMut(usize, &mut R) -> Result<(), BadCell>,
) -> Result<(), BadCell> {
    for (row, out) in rows.iter().zip(out) {
        read(*row, out)?;
    }
    Ok(())
}
