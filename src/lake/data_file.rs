//! Parquet files of the tables: their names, how they are written and how they are read.

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
use delta_kernel::FileMeta;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::transaction::BoundWriteContext;
use delta_kernel_default_engine::build_add_file_metadata;
use delta_kernel_default_engine::parquet::DataFileMetadata;
use delta_kernel_default_engine::stats::FileStatsAccumulator;
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowPredicateFn;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_reader::RowFilter;
use parquet::basic::Compression;
use parquet::basic::ZstdLevel;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::SchemaDescriptor;

use crate::lake::cells::Cells;
use crate::lake::cells::conform;
use crate::lake::disk::NewFile;
use crate::lake::error::LakeError;
use crate::lake::narrow::narrow;
use crate::lake::schema::TableName;
use crate::lake::schema::arrow_schema;
use crate::lake::table::delta;
use crate::model::id::Id128;
use crate::runtime::clock;
use crate::runtime::random;

/// Rows of a file that are decoded at a time at most.
const ROWS_PER_READ: usize = 8_192;
/// Bytes that they may have by the file's own account: bounds the memory of a reader.
const BYTES_PER_READ: u64 = 32 << 20;
/// Where the rows of a read are more than one column of a batch can hold (2 GiB of text), so many
/// times fewer are read at a time.
const SMALLER_READ: usize = 16;
/// Bytes of the rows of a group, as they lie in memory: a reader unpacks a page of each column of a
/// group, and other programs read a group as a whole.
const BYTES_PER_GROUP: usize = 128 << 20;
/// What the names of data files end with.
const ENDING: &str = ".zstd.parquet";

/// The name of a data file: which commit wrote it, in which run, and its number there.
pub(super) fn name(version: i64, run_id: &str, number: usize) -> String {
    let run = run_id.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    });
    let run: String = run.collect();
    format!("part-{version}-{run}-{number}{ENDING}")
}

/// The version in the name of a file of ours; `None` for files that somebody else wrote.
pub(super) fn version_in(path: &str) -> Option<i64> {
    let name = path.rsplit('/').next()?;
    let stem = name.strip_prefix("part-")?.strip_suffix(ENDING)?;
    let mut parts = stem.split('-');
    let version = parts.next()?.parse().ok()?;
    let rest = parts.collect::<Vec<_>>();
    let [_run, number] = rest.as_slice() else {
        return None;
    };
    number.parse::<usize>().ok().map(|_| version)
}

/// The name of a file that other files were merged into: rows of many commits lie in it.
pub(super) fn merged_name() -> String {
    format!("merged-{:016x}{ENDING}", random::bits())
}

/// Whether a file has a name of ours.
pub(super) fn is_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    version_in(name).is_some() || (name.starts_with("merged-") && name.ends_with(ENDING))
}

/// Settings of every Parquet file of the lake.
pub(super) fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .build()
}

/// Encodes and writes one file, synced; gives the action that adds it to the table.
pub(super) fn write(
    table: TableName,
    context: &BoundWriteContext,
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
    name: &str,
) -> Result<RecordBatch, LakeError> {
    let broken = |why: &dyn std::fmt::Display| LakeError::Encode {
        table: table.as_str(),
        why: why.to_string(),
    };
    let url = context.write_dir().join(name).map_err(|e| broken(&e))?;
    let path = url
        .to_file_path()
        .map_err(|()| broken(&"its folder is not on this disk"))?;
    let file = NewFile::create(&path)?;
    let mut writer = ArrowWriter::try_new(file, arrow_schema(table), Some(properties()))
        .map_err(|e| broken(&e))?;
    let fail = delta("describe a file of", table);
    let schema = context.physical_data_schema();
    let mut stats = FileStatsAccumulator::new(context.stats_columns(), schema);
    let mut group_bytes = 0;
    for batch in batches {
        let batch = batch?;
        let unwritten = |e| LakeError::unwritten(&path, e, broken);
        let bytes = batch.get_array_memory_size();
        if group_bytes > 0 && group_bytes + bytes > BYTES_PER_GROUP {
            writer.flush().map_err(unwritten)?;
            group_bytes = 0;
        }
        group_bytes += bytes;
        writer.write(&batch).map_err(unwritten)?;
        stats.merge(&batch).map_err(&fail)?;
    }
    writer
        .finish()
        .map_err(|e| LakeError::unwritten(&path, e, broken))?;
    let size = writer.inner().finish()?;
    let stats = stats.finish().map_err(&fail)?;
    let stats = stats.ok_or_else(|| broken(&"a file without rows"))?;
    let meta = FileMeta::new(url, clock::now().0 / 1_000, size);
    let add = build_add_file_metadata(DataFileMetadata::new(meta, stats), context)
        .and_then(ArrowEngineData::try_from_engine_data)
        .map_err(&fail)?;
    Ok(add.record_batch().clone())
}

/// The batches of one file, with the wanted columns in the wanted types.
pub(super) struct FileReader {
    path: PathBuf,
    wanted: Arc<Schema>,
    only: Option<OnlyRows>,
    rows_per_read: usize,
    rows_read: usize,
    reader: ParquetRecordBatchReader,
}

impl FileReader {
    /// Opens a file; of its columns only the wanted ones are read.
    pub fn open(path: &Path, wanted: Arc<Schema>) -> Result<Self, LakeError> {
        Self::open_only(path, wanted, None)
    }

    /// Opens a file; of its rows only some are read.
    pub fn open_only(
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
        // Where only some rows are wanted, the index of pages tells which need not be unpacked.
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

    /// Goes on with fewer rows at a time.
    fn read_fewer(&mut self) -> Result<(), LakeError> {
        let fewer = (self.rows_per_read / SMALLER_READ).max(1);
        let from = Some((self.rows_read, fewer));
        (self.reader, self.rows_per_read) =
            Self::reader(&self.path, &self.wanted, self.only.as_ref(), from)?;
        Ok(())
    }
}

/// Rows that are read at a time, by the unpacked size of the group with the longest. (Texts that
/// are repeated lie in a file but once, and it may have told too little.)
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
pub(super) enum OnlyRows {
    /// Later revisions than the first.
    Revised,
    /// Those of some interactions.
    Of(Arc<HashSet<Id128>>),
}

impl OnlyRows {
    fn filter(&self, file: &SchemaDescriptor) -> RowFilter {
        let column = match self {
            Self::Revised => "revision",
            Self::Of(_) => "interaction_id",
        };
        let wanted = narrow(TableName::Interactions, &[column]);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_which_commit_wrote_it_and_foreign_files_do_not() {
        let name = name(42, "2026-11-24 night", 3);
        assert_eq!(version_in(&format!("month=2026-11/{name}")), Some(42));
        assert_eq!(
            version_in("month=2026-11/part-00001-4c1b-c000.zstd.parquet"),
            None
        );
        assert_eq!(version_in("part-7.parquet"), None);
    }
}
