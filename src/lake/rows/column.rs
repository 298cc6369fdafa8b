//! What is said of a column: its name, its type and its meaning; and what it holds of a row.

use std::collections::HashMap;

use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::TimeUnit;

use crate::lake::rows::participants;
use crate::model::id::Id128;
use crate::model::interaction::Participant;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Text, UTF-8.
    Text,
    /// 32-bit integer.
    Int,
    /// 64-bit integer.
    Long,
    /// 64-bit floating point number.
    Double,
    /// True or false.
    Flag,
    /// UTC, microseconds.
    Instant,
    /// List of people: address, name, role, response, internal.
    Participants,
}

impl ColumnType {
    /// The type in the words of the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int32",
            Self::Long => "int64",
            Self::Double => "double",
            Self::Flag => "bool",
            Self::Instant => "timestamp",
            Self::Participants => "list<struct<address, name, role, response, internal>>",
        }
    }

    /// The type in the files.
    pub(crate) fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Flag => DataType::Boolean,
            // Microseconds in UTC: what Delta calls `TIMESTAMP`.
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Participants => DataType::List(participants::element()),
        }
    }
}

/// A column of a table, as it is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name; public, never changed.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether it may be null. (In the files and the log every column may: columns that must not
    /// be null are a Delta table feature, at which other programs' `optimize` may refuse.)
    pub nullable: bool,
    /// Whether Delta keeps minimum and maximum per file: time and low-cardinality columns only,
    /// because statistics lie open in the log.
    pub has_stats: bool,
    /// What it means, in a sentence.
    pub doc: &'static str,
}

impl Column {
    /// The column as a field of the files.
    pub(crate) fn field(&self) -> Field {
        let comment = HashMap::from([("comment".to_owned(), self.doc.to_owned())]);
        Field::new(self.name, self.kind.arrow(), true).with_metadata(comment)
    }
}

/// Name and meaning of a column, which several tables may share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    /// The name.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub doc: &'static str,
    /// Whether Delta keeps statistics.
    pub has_stats: bool,
}

impl Label {
    /// A name and what it means.
    pub(crate) const fn new(name: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            has_stats: false,
        }
    }

    /// The same with Delta statistics.
    pub(crate) const fn with_stats(self) -> Self {
        Self {
            has_stats: true,
            ..self
        }
    }
}

/// The value of a row in a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    /// None.
    Null,
    /// A text.
    Text(&'a str),
    /// An id, which is a text of hex digits in the table.
    Id(Id128),
    /// An integer or an instant.
    Number(i64),
    /// A floating point number.
    Double(f64),
    /// A flag.
    Flag(bool),
    /// A list of people.
    Participants(&'a [Participant]),
}

impl Value<'_> {
    /// A value that may be null.
    pub(crate) fn or_null<T>(value: Option<T>, not_null: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, not_null)
    }
}
