//! Parquet files of the tables: their names, how they are written and how they are read.

use arrow_array::RecordBatch;
use bytes::Bytes;
use delta_kernel::FileMeta;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::transaction::BoundWriteContext;
use delta_kernel_default_engine::build_add_file_metadata;
use delta_kernel_default_engine::parquet::DataFileMetadata;
use delta_kernel_default_engine::stats::FileStatsAccumulator;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::basic::ZstdLevel;
use parquet::file::properties::EnabledStatistics;
use parquet::file::properties::WriterProperties;

use crate::lake::error::LakeError;
use crate::lake::rows::cells::conform;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::lake::storage::disk::NewFile;
use crate::runtime::clock;
use crate::runtime::random;

/// Bytes of the rows of a group, as they lie in memory: a reader unpacks a page of each column of a
/// group, and other programs read a group as a whole.
const BYTES_PER_GROUP: usize = 128 << 20;
/// Rows of a page: a writer holds them unpacked for each of its columns, and so does a reader.
const ROWS_PER_PAGE: usize = 4_096;
/// What the names of data files end with.
const ENDING: &str = ".zstd.parquet";

/// The name of a data file: which commit wrote it, in which run, and its number there.
pub(crate) fn name(version: i64, run_id: &str, number: usize) -> String {
    let run = run_in_names(run_id);
    format!("part-{version}-{run}-{number}{ENDING}")
}

fn run_in_names(run_id: &str) -> String {
    let run = run_id.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    });
    run.collect()
}

/// Whether a commit of a run wrote the file.
pub(crate) fn is_of_run(path: &str, run_id: &str) -> bool {
    version_in(path).is_some() && path.split('-').rev().nth(1) == Some(&run_in_names(run_id))
}

/// The version in the name of a file of ours; `None` for files that another program wrote.
pub(crate) fn version_in(path: &str) -> Option<i64> {
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
pub(crate) fn merged_name() -> String {
    format!("merged-{:016x}{ENDING}", random::bits())
}

/// Whether a file has a name of ours.
pub(crate) fn is_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    version_in(name).is_some() || (name.starts_with("merged-") && name.ends_with(ENDING))
}

/// Settings of every Parquet file of the lake.
pub(crate) fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_data_page_row_count_limit(ROWS_PER_PAGE)
        .build()
}

/// Encodes rows that stay in memory, in the form of a file.
pub(crate) fn pack(table: TableName, batch: &RecordBatch) -> Result<Bytes, LakeError> {
    let broken = |e| LakeError::encode(table.as_str(), &e);
    let properties = properties().into_builder();
    let properties = properties.set_statistics_enabled(EnabledStatistics::None);
    let options = ArrowWriterOptions::new()
        .with_properties(properties.build())
        .with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).map_err(broken)?;
    writer.write(batch).map_err(broken)?;
    let mut packed = writer.into_inner().map_err(broken)?;
    packed.shrink_to_fit();
    Ok(packed.into())
}

/// The rows that [`pack`] has encoded.
pub(crate) fn unpack(
    table: TableName,
    packed: Result<Bytes, LakeError>,
) -> impl Iterator<Item = Result<RecordBatch, LakeError>> + Send {
    let broken = move |e: &dyn std::fmt::Display| LakeError::encode(table.as_str(), e);
    let open = |packed| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(packed)?;
        let rows = builder.metadata().file_metadata().num_rows();
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        builder.with_batch_size(rows.max(1)).build()
    };
    let reader = packed.and_then(|packed| open(packed).map_err(|e| broken(&e)));
    let (reader, failed) = match reader {
        Ok(reader) => (Some(reader), None),
        Err(error) => (None, Some(Err(error))),
    };
    let schema = arrow_schema(table);
    let batches = reader.into_iter().flatten().map(move |batch| {
        batch
            .and_then(|batch| conform(&batch, &schema))
            .map_err(|e| broken(&e))
    });
    failed.into_iter().chain(batches)
}

/// Encodes and writes one file, synced; gives the action that adds it to the table.
pub(crate) fn write(
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
    let fail = LakeError::delta("describe a file of", table.as_str());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_names_of_ours_only() {
        let name = name(42, "2026-11-24 night", 3);
        assert_eq!(version_in(&format!("month=2026-11/{name}")), Some(42));
        assert_eq!(
            version_in("month=2026-11/part-00001-4c1b-c000.zstd.parquet"),
            None
        );
        assert_eq!(version_in("part-7.parquet"), None);
    }
}
