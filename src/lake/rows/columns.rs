//! What a column is: one definition, from which schema, documentation, writing, reading and
//! comparing follow.
//!
//! A table is a list of [`TableColumn`]s (`interaction`, `activity`, `coverage`). Names and types only
//! ever grow: a new column goes to the end of its list, may be null, and is marked
//! [`added_later`](TableColumn::added_later). A lake that lacks it gets it when it is next opened for
//! writing.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use arrow_schema::Schema;
use arrow_schema::SchemaRef;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::column::Column;
use crate::lake::rows::column::ColumnType;
use crate::lake::rows::column::Label;
use crate::lake::rows::column::Value;

/// Rows that are read column by column at a time: few enough to stay in the processor's cache.
const ROWS_PER_SLICE: usize = 256;

type GetValue<R> = Box<dyn Fn(&R) -> Value<'_> + Send + Sync>;
type Write<R> = Box<dyn Fn(&[&R]) -> Result<ArrayRef, ArrowError> + Send + Sync>;
type Read<R> = Box<dyn Fn(&Cells<'_>, &[usize], &mut [R]) -> Result<(), BadCell> + Send + Sync>;

/// A column of a table whose rows are `R`. It works on whole columns, so that the loops over rows
/// are compiled for each of them.
pub(crate) struct TableColumn<R> {
    /// Name, type and meaning.
    pub column: Column,
    /// Whether rows that differ in it are different results.
    pub is_compared: bool,
    /// Whether lakes exist that were made without it.
    pub is_added_later: bool,
    value: GetValue<R>,
    write: Write<R>,
    read: Read<R>,
}

impl<R: 'static> TableColumn<R> {
    /// A column from its three closures.
    pub(crate) fn new(
        name: Label,
        kind: ColumnType,
        nullable: bool,
        value: impl Fn(&R) -> Value<'_> + Send + Sync + 'static,
        write: impl Fn(&[&R]) -> Result<ArrayRef, ArrowError> + Send + Sync + 'static,
        read: impl Fn(&Cells<'_>, &[usize], &mut [R]) -> Result<(), BadCell> + Send + Sync + 'static,
    ) -> Self {
        Self {
            column: Column {
                name: name.name,
                kind,
                nullable,
                has_stats: name.has_stats,
                doc: name.doc,
            },
            is_compared: true,
            is_added_later: false,
            value: Box::new(value),
            write: Box::new(write),
            read: Box::new(read),
        }
    }

    /// Reads the column in another way, together with others.
    pub(crate) fn read_by(
        mut self,
        read: impl Fn(&Cells<'_>, &[usize], &mut [R]) -> Result<(), BadCell> + Send + Sync + 'static,
    ) -> Self {
        self.read = Box::new(read);
        self
    }

    /// Equal results may differ in the column.
    pub(crate) fn not_compared(mut self) -> Self {
        self.is_compared = false;
        self
    }

    /// Marks a column that lakes of format 1 may lack: hashes of rows in which it is null are what
    /// they were without it.
    pub(crate) fn added_later(mut self) -> Self {
        self.is_added_later = true;
        self
    }

    /// The value of a row.
    pub(crate) fn value<'a>(&self, row: &'a R) -> Value<'a> {
        (self.value)(row)
    }
}

/// All columns of a table, in order.
pub(crate) struct TableColumns<R> {
    /// The columns.
    pub all: Vec<TableColumn<R>>,
    schema: SchemaRef,
    blank: R,
}

impl<R: Clone + 'static> TableColumns<R> {
    /// The columns of a table; `blank` is a row in which nothing was read yet.
    pub(crate) fn new(all: Vec<TableColumn<R>>, blank: R) -> Self {
        let fields = all.iter().map(|column| column.column.field());
        Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            all,
            blank,
        }
    }

    /// The schema of its batches.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The columns as they are documented.
    pub(crate) fn documented(&self) -> Vec<Column> {
        self.all.iter().map(|column| column.column).collect()
    }

    /// Puts rows into a batch.
    pub(crate) fn to_batch(&self, rows: &[&R]) -> Result<RecordBatch, ArrowError> {
        let arrays = self.all.iter().map(|column| (column.write)(rows));
        RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect::<Result<_, _>>()?)
    }

    /// Reads all rows of a batch.
    pub(crate) fn read_all(&self, batch: &RecordBatch) -> Result<Vec<R>, BadCell> {
        let rows: Vec<usize> = (0..batch.num_rows()).collect();
        let mut read = Vec::with_capacity(rows.len());
        self.read(batch, &rows, |row| read.push(row))?;
        Ok(read)
    }

    /// Calls `take` with some rows of a batch, in order. Columns that the batch does not have stay
    /// blank.
    pub(crate) fn read(
        &self,
        batch: &RecordBatch,
        rows: &[usize],
        mut take: impl FnMut(R),
    ) -> Result<(), BadCell> {
        let schema = batch.schema_ref();
        let columns = self.all.iter();
        let columns: Vec<_> = columns
            .filter(|column| schema.field_with_name(column.column.name).is_ok())
            .collect();
        let cells = Cells::new(batch);
        for rows in rows.chunks(ROWS_PER_SLICE) {
            let mut out = vec![self.blank.clone(); rows.len()];
            for column in &columns {
                (column.read)(&cells, rows, &mut out)?;
            }
            out.into_iter().for_each(&mut take);
        }
        Ok(())
    }
}
