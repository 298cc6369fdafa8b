//! Tables for people without a Delta reader: current rows only, as Parquet or row by row.

use std::collections::BTreeMap;
use std::io::Write;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;

use crate::lake::Lake;
use crate::lake::delta::data_file::properties;
use crate::lake::delta::table::LiveFile;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::generations;
use crate::lake::generations::Generations;
use crate::lake::read::batches;
use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::text;
use crate::lake::rows::column::ColumnType;
use crate::lake::rows::column::Value;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::columns::TableColumns;
use crate::lake::rows::crm::ACCOUNTS;
use crate::lake::rows::crm::CONTACTS;
use crate::lake::rows::relationship::RELATIONSHIPS;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::lake::rows::schema::project;
use crate::model::interaction::Kind;
use crate::model::interaction::State;
use crate::model::relationship::Relationship;
use crate::model::time::Timestamp;

/// Rows of a Parquet file that are encoded at a time.
const ROWS_PER_BATCH: usize = 8_192;

/// Where the rows of an export go.
pub enum Output<W: Write + Send> {
    /// A Parquet file; each column has its meaning in its metadata.
    Parquet(W),
    /// One row after the other, as texts; the first has the names of the columns.
    Rows(Box<dyn RowSink>),
}

/// What takes rows of texts.
pub trait RowSink {
    /// Takes a row.
    ///
    /// # Errors
    /// It cannot be written.
    fn put(&mut self, cells: &[String]) -> std::io::Result<()>;

    /// Writes what was not written yet.
    ///
    /// # Errors
    /// It cannot be written.
    fn end(&mut self) -> std::io::Result<()>;
}

/// The rows of `contact_activity` that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportedActivity {
    /// Of mails and meetings.
    All,
    /// Of meetings alone.
    Meetings,
}

impl Lake {
    /// Exports the contacts of the CRM that the last run used; gives the number of rows.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn export_contacts<W: Write + Send>(&self, output: Output<W>) -> Result<u64, LakeError> {
        export_table(self.contacts.as_ref(), &CONTACTS, output)
    }

    /// Exports its accounts.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn export_accounts<W: Write + Send>(&self, output: Output<W>) -> Result<u64, LakeError> {
        export_table(self.accounts.as_ref(), &ACCOUNTS, output)
    }

    /// Exports the current rows of `contact_activity`, month by month: an interaction and what was said
    /// of it earlier lie in the same month, whose generations are held in memory.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn export_activity<W: Write + Send>(
        &self,
        wanted: ExportedActivity,
        output: Output<W>,
    ) -> Result<u64, LakeError> {
        let mut export = Export::begin(&ACTIVITIES, output)?;
        let mut months: BTreeMap<String, Vec<LiveFile>> = BTreeMap::new();
        for file in self.activities.live_files()? {
            months.entry(file.month.clone()).or_default().push(file);
        }
        for files in months.into_values() {
            let generations = self.generations_of(&files)?;
            let schema = arrow_schema(TableName::ContactActivity);
            for batch in batches(self.activities.paths(&files), schema) {
                let (path, batch) = batch?;
                let fail = LakeError::bad_file(&path);
                let rows = current(&batch, &generations, wanted).map_err(|why| fail(&why))?;
                let mut read = Vec::with_capacity(rows.len());
                let taken = ACTIVITIES.read(&batch, &rows, |row| read.push(row));
                taken.map_err(|why| fail(&why))?;
                export.put(&read)?;
            }
        }
        export.end()
    }

    /// The highest generations in some files.
    fn generations_of(&self, files: &[LiveFile]) -> Result<Generations, LakeError> {
        let wanted = project(TableName::ContactActivity, &generations::COLUMNS);
        let each = |_: &_, batch: &RecordBatch| generations::keys(batch);
        let found = self.in_parallel(&self.activities, files, &wanted, None, each)?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// Exports relationships; gives the number of rows.
///
/// # Errors
/// The file cannot be written, or `rows` fails.
pub fn export_relationships<W: Write + Send>(
    rows: impl Iterator<Item = Result<Vec<Relationship>, LakeError>>,
    output: Output<W>,
) -> Result<u64, LakeError> {
    let mut export = Export::begin(&RELATIONSHIPS, output)?;
    for part in rows {
        export.put(&part?)?;
    }
    export.end()
}

fn export_table<R: Clone + 'static, W: Write + Send>(
    table: Option<&Table>,
    columns: &TableColumns<R>,
    output: Output<W>,
) -> Result<u64, LakeError> {
    let mut export = Export::begin(columns, output)?;
    if let Some(table) = table {
        let files = table.live_files()?;
        for batch in batches(table.paths(&files), arrow_schema(table.name)) {
            let (path, batch) = batch?;
            let rows = columns.read_all(&batch);
            let rows = rows.map_err(|why| LakeError::bad_file(&path)(&why))?;
            export.put(&rows)?;
        }
    }
    export.end()
}

/// The rows of a batch that are current.
fn current(
    batch: &RecordBatch,
    generations: &Generations,
    wanted: ExportedActivity,
) -> Result<Vec<usize>, BadCell> {
    let cells = Cells::new(batch);
    let (states, kinds) = (cells.texts("state")?, cells.texts("kind")?);
    let is_wanted = |row: usize| {
        let is_shown =
            wanted == ExportedActivity::All || text(kinds, row) == Some(Kind::Meeting.as_str());
        is_shown && text(states, row) == Some(State::Active.as_str())
    };
    let rows = generations::keys(batch)?.into_iter().enumerate();
    let rows = rows.filter(|(_, (key, generation))| generations.is_highest(*key, *generation));
    Ok(rows
        .map(|(row, _)| row)
        .filter(|row| is_wanted(*row))
        .collect())
}

/// An export that has begun.
struct Export<'a, R, W: Write + Send> {
    columns: &'a TableColumns<R>,
    sink: Sink<W>,
    rows: u64,
}

enum Sink<W: Write + Send> {
    Parquet(Box<ArrowWriter<W>>),
    Rows(Box<dyn RowSink>),
}

impl<'a, R: Clone + 'static, W: Write + Send> Export<'a, R, W> {
    fn begin(columns: &'a TableColumns<R>, output: Output<W>) -> Result<Self, LakeError> {
        let sink = match output {
            Output::Parquet(file) => {
                let writer = ArrowWriter::try_new(file, columns.schema(), Some(properties()));
                Sink::Parquet(Box::new(writer.map_err(not_written)?))
            }
            Output::Rows(mut rows) => {
                let names = columns.all.iter();
                let names = names.map(|column| column.column.name.to_owned());
                let names: Vec<String> = names.collect();
                rows.put(&names).map_err(not_written)?;
                Sink::Rows(rows)
            }
        };
        Ok(Self {
            columns,
            sink,
            rows: 0,
        })
    }

    fn put(&mut self, rows: &[R]) -> Result<(), LakeError> {
        self.rows += rows.len() as u64;
        match &mut self.sink {
            Sink::Parquet(writer) => {
                for part in rows.chunks(ROWS_PER_BATCH) {
                    let part: Vec<&R> = part.iter().collect();
                    let batch = self.columns.to_batch(&part);
                    let batch = batch.map_err(|error| LakeError::encode("export", &error))?;
                    writer.write(&batch).map_err(not_written)?;
                }
                Ok(())
            }
            Sink::Rows(sink) => rows.iter().try_for_each(|row| {
                let cells = self.columns.all.iter().map(|column| cell(column, row));
                sink.put(&cells.collect::<Vec<_>>()).map_err(not_written)
            }),
        }
    }

    fn end(self) -> Result<u64, LakeError> {
        match self.sink {
            Sink::Parquet(mut writer) => drop(writer.finish().map_err(not_written)?),
            Sink::Rows(mut rows) => rows.end().map_err(not_written)?,
        }
        Ok(self.rows)
    }
}

fn not_written(error: impl std::error::Error + Send + Sync + 'static) -> LakeError {
    LakeError::Io {
        doing: "write",
        path: "the export".into(),
        source: std::io::Error::other(error),
    }
}

/// A value as text; none is empty.
fn cell<R: 'static>(column: &TableColumn<R>, row: &R) -> String {
    match column.value(row) {
        Value::Null | Value::Participants(_) => String::new(),
        Value::Text(text) => text.to_owned(),
        Value::Id(id) => id.to_string(),
        Value::Number(number) if column.column.kind == ColumnType::Instant => {
            Timestamp(number).rfc3339()
        }
        Value::Number(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
    }
}
