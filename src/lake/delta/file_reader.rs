//! Reading Parquet files: some columns, some rows, a bounded number at a time.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::BooleanArray;
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::Schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowPredicateFn;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_reader::RowFilter;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::SchemaDescriptor;

use crate::lake::error::LakeError;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::conform;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::model::id::Id128;

/// Rows of a file that are decoded at a time at most.
const ROWS_PER_READ: usize = 8_192;
/// Bytes that they may have by the size that the file states: bounds the memory of a reader.
const BYTES_PER_READ: u64 = 32 << 20;
/// Where the rows of a read are more than one column of a batch can hold (2 GiB of text), this many
/// times fewer are read at a time.
const SMALLER_READ: usize = 16;
/// The batches of one file, with the wanted columns in the wanted types.
pub(crate) struct FileReader {
    path: PathBuf,
    wanted: Arc<Schema>,
    only: Option<OnlyRows>,
    rows_per_read: usize,
    rows_read: usize,
    reader: ParquetRecordBatchReader,
}

impl FileReader {
    /// Opens a file; of its columns only the wanted ones are read.
    pub(crate) fn open(path: &Path, wanted: Arc<Schema>) -> Result<Self, LakeError> {
        Self::open_only(path, wanted, None)
    }

    /// Opens a file; of its rows only some are read.
    pub(crate) fn open_only(
        path: &Path,
        wanted: Arc<Schema>,
        only: Option<&OnlyRows>,
    ) -> Result<Self, LakeError> {
        let (reader, rows_per_read) = Self::reader(path, &wanted, only, None)?;
        Ok(Self {
            path: path.to_owned(),
            wanted,
            only: only.cloned(),
            rows_per_read,
            rows_read: 0,
            reader,
        })
    }

    /// Opens the file; gives the reader and the number of rows in its batches. `from`: how many
    /// rows to skip, and the batch size to use instead of the computed one.
    fn reader(
        path: &Path,
        wanted: &Schema,
        only: Option<&OnlyRows>,
        from: Option<(usize, usize)>,
    ) -> Result<(ParquetRecordBatchReader, usize), LakeError> {
        let file = File::open(path).map_err(LakeError::io("read", path))?;
        let fail = LakeError::bad_file(path);
        // Where only some rows are wanted, the index of pages shows which need not be unpacked.
        let policy = match only {
            Some(_) => PageIndexPolicy::Optional,
            None => PageIndexPolicy::Skip,
        };
        let options = ArrowReaderOptions::new().with_page_index_policy(policy);
        let mut builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
            .map_err(|e| fail(&e))?;
        if let Some(only) = only {
            let filter = only.filter(builder.parquet_schema());
            builder = builder.with_row_filter(filter);
        }
        let (rows_read, rows_per_read) =
            from.unwrap_or_else(|| (0, rows_per_read(builder.metadata())));
        let mask = mask_of(builder.parquet_schema(), wanted);
        let reader = builder
            .with_projection(mask)
            .with_offset(rows_read)
            .with_batch_size(rows_per_read)
            .build()
            .map_err(|e| fail(&e))?;
        Ok((reader, rows_per_read))
    }

    /// Continues with fewer rows at a time.
    fn read_fewer(&mut self) -> Result<(), LakeError> {
        let fewer = (self.rows_per_read / SMALLER_READ).max(1);
        let from = Some((self.rows_read, fewer));
        (self.reader, self.rows_per_read) =
            Self::reader(&self.path, &self.wanted, self.only.as_ref(), from)?;
        Ok(())
    }
}

/// Rows that are read at a time, by the unpacked size of the group with the longest. (A file stores repeated texts once, so the
/// size it states may be too small.)
fn rows_per_read(file: &ParquetMetaData) -> usize {
    let row_bytes = file.row_groups().iter().map(|group| {
        let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
        u64::try_from(group.total_byte_size()).unwrap_or(0) / rows
    });
    let rows = BYTES_PER_READ / row_bytes.max().unwrap_or(0).max(1);
    usize::try_from(rows)
        .unwrap_or(ROWS_PER_READ)
        .clamp(1, ROWS_PER_READ)
}

/// Rows that are wanted of a file, by one column of it.
#[derive(Debug, Clone)]
pub(crate) enum OnlyRows {
    /// Later revisions than the first.
    Revised,
    /// Those of some interactions.
    Of(Arc<HashSet<Id128>>),
    /// Those of interactions whose ids begin with some hex digits in lower case.
    Beginning(Arc<str>),
    /// Those of a table with one of some texts in a column.
    With(TableName, &'static str, Arc<HashSet<String>>),
}

impl OnlyRows {
    fn filter(&self, file: &SchemaDescriptor) -> RowFilter {
        let wanted = match self {
            Self::Revised => project(TableName::Interactions, &["revision"]),
            Self::Of(_) | Self::Beginning(_) => {
                project(TableName::Interactions, &["interaction_id"])
            }
            Self::With(table, column, _) => project(*table, &[column]),
        };
        let (only, mask) = (self.clone(), mask_of(file, &wanted));
        let test = move |batch: RecordBatch| only.test(&conform(&batch, &wanted)?);
        RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, test))])
    }

    fn test(&self, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
        let cells = Cells::new(batch);
        match self {
            Self::Revised => {
                let revisions = cells.ints("revision").map_err(ArrowError::SchemaError)?;
                Ok(revisions
                    .iter()
                    .map(|r| Some(r.is_some_and(|r| r > 1)))
                    .collect())
            }
            Self::Of(wanted) => {
                let ids = cells
                    .texts("interaction_id")
                    .map_err(ArrowError::SchemaError)?;
                let is_wanted = |id: &str| Id128::parse(id).is_some_and(|id| wanted.contains(&id));
                Ok(ids
                    .iter()
                    .map(|id| Some(id.is_some_and(is_wanted)))
                    .collect())
            }
            Self::Beginning(digits) => {
                let ids = cells
                    .texts("interaction_id")
                    .map_err(ArrowError::SchemaError)?;
                Ok(ids
                    .iter()
                    .map(|id| Some(id.is_some_and(|id| id.starts_with(&**digits))))
                    .collect())
            }
            Self::With(_, column, wanted) => {
                let texts = cells.texts(column).map_err(ArrowError::SchemaError)?;
                let is_wanted = |text: &str| wanted.contains(text);
                Ok(texts
                    .iter()
                    .map(|text| Some(text.is_some_and(is_wanted)))
                    .collect())
            }
        }
    }
}

/// The columns of a file that are wanted; of lists of people, the fields that are wanted, however
/// the program that wrote the file called the levels between.
fn mask_of(file: &SchemaDescriptor, wanted: &Schema) -> ProjectionMask {
    let is_wanted = |parts: &[String]| {
        let root = parts
            .first()
            .and_then(|root| wanted.field_with_name(root).ok());
        match root.map(Field::data_type) {
            Some(DataType::List(element)) => match (element.data_type(), parts.last()) {
                (DataType::Struct(fields), Some(leaf)) => fields.find(leaf).is_some(),
                _ => true,
            },
            root => root.is_some(),
        }
    };
    let leaves = file.columns().iter().enumerate();
    let leaves = leaves.filter(|(_, leaf)| is_wanted(leaf.path().parts()));
    ProjectionMask::leaves(file, leaves.map(|(at, _)| at))
}

impl Iterator for FileReader {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = self.reader.next()?;
        while batch.is_err() && self.rows_per_read > 1 {
            if let Err(error) = self.read_fewer() {
                return Some(Err(error));
            }
            batch = self.reader.next()?;
        }
        let fail = LakeError::bad_file(&self.path);
        let batch = batch.and_then(|batch| conform(&batch, &self.wanted));
        if let Ok(batch) = &batch {
            self.rows_read += batch.num_rows();
        }
        Some(batch.map_err(|e| fail(&e)))
    }
}
