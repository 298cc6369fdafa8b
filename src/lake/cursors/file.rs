//! One cursor file: slots, cursors and counts of one commit, sorted, a row group for each slot.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use arrow_array::ArrayRef;
use arrow_array::Int32Array;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::basic::Encoding;
use parquet::basic::ZstdLevel;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::EnabledStatistics;
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;

use crate::lake::cursors::counted_runs::CountedRuns;
use crate::lake::cursors::entry::Entry;
use crate::lake::cursors::entry::EntryKind;
use crate::lake::cursors::record::Count;
use crate::lake::cursors::record::from_json;
use crate::lake::error::LakeError;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::owned;
use crate::lake::storage::disk::NewFile;

/// Rows that are encoded or decoded at a time: bounds the memory of a merge of many files.
const ROWS_PER_BATCH: usize = 1_024;

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        Field::new("slot", DataType::Int32, false),
        Field::new("kind", DataType::Int32, false),
        Field::new("mailbox_id", DataType::Utf8, false),
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]))
}

/// Statistics of the slots only, by which readers pass over row groups; everything else would
/// make footers long, of which there are many. Columns that are short by their encoding are not
/// compressed: to prepare a compressor takes longer than to write one of them, row group by row
/// group.
fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_dictionary_enabled(false)
        .set_column_encoding("slot".into(), Encoding::DELTA_BINARY_PACKED)
        .set_column_compression("slot".into(), Compression::UNCOMPRESSED)
        .set_column_encoding("kind".into(), Encoding::DELTA_BINARY_PACKED)
        .set_column_compression("kind".into(), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled("mailbox_id".into(), true)
        .set_column_compression("mailbox_id".into(), Compression::UNCOMPRESSED)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_statistics_enabled("slot".into(), EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .build()
}

/// Writes a cursor file as a stream of entries in order.
pub(crate) struct CursorWriter {
    path: PathBuf,
    writer: ArrowWriter<NewFile>,
    pending: Vec<Entry>,
    counted: CountedRuns,
}

impl CursorWriter {
    pub(crate) fn create(path: &Path) -> Result<Self, LakeError> {
        // Its links lead into mailboxes.
        let file = NewFile::create_private(path)?;
        let writer = ArrowWriter::try_new(file, schema(), Some(properties()))
            .map_err(|e| LakeError::bad_file(path)(&e))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            pending: Vec::new(),
            counted: CountedRuns::default(),
        })
    }

    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), LakeError> {
        if entry.kind == EntryKind::Count {
            let started_at = || Ok(from_json::<Count>(&entry, &self.path)?.started_at);
            self.counted.note(&entry.key, entry.slot, started_at)?;
        }
        let changes_slot = self.pending.last().is_some_and(|e| e.slot != entry.slot);
        if changes_slot {
            self.write_pending()?;
            self.writer.flush().map_err(|e| self.unwritten(e))?;
        } else if self.pending.len() >= ROWS_PER_BATCH {
            self.write_pending()?;
        }
        self.pending.push(entry);
        Ok(())
    }

    fn write_pending(&mut self) -> Result<(), LakeError> {
        let fail = LakeError::bad_file(&self.path);
        let entries = std::mem::take(&mut self.pending);
        let slots = entries.iter().map(|e| i32::from(e.slot));
        let kinds = entries.iter().map(|e| e.kind as i32);
        let mailboxes = entries.iter().map(|e| e.mailbox_id.as_str());
        let keys = entries.iter().map(|e| e.key.as_str());
        let values = entries.iter().map(|e| e.value.as_deref());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from_iter_values(slots)),
            Arc::new(Int32Array::from_iter_values(kinds)),
            Arc::new(StringArray::from_iter_values(mailboxes)),
            Arc::new(StringArray::from_iter_values(keys)),
            Arc::new(values.collect::<StringArray>()),
        ];
        let batch = RecordBatch::try_new(schema(), columns).map_err(|e| fail(&e))?;
        self.writer.write(&batch).map_err(|e| self.unwritten(e))
    }

    fn unwritten(&self, error: ParquetError) -> LakeError {
        LakeError::unwritten(&self.path, error, LakeError::bad_file(&self.path))
    }

    /// Ends the file; when this returns, it survives a loss of power.
    pub(crate) fn finish(mut self) -> Result<(), LakeError> {
        self.write_pending()?;
        let counted = self.counted.to_footer();
        let counted = counted.map_err(|e| LakeError::bad_file(&self.path)(&e))?;
        self.writer.append_key_value_metadata(counted);
        self.writer.finish().map_err(|e| self.unwritten(e))?;
        self.writer.inner().finish().map(drop)
    }
}

/// How many footers are kept: the longest chain that a slot can have.
const FOOTERS_MAX: usize = 130;

/// The footers of cursor files that were read lately: all slots of a file share one.
#[derive(Default)]
pub(crate) struct Footers(Mutex<BTreeMap<i64, Footer>>);

/// What the footer of a cursor file says.
#[derive(Clone)]
struct Footer {
    metadata: ArrowReaderMetadata,
    /// `None`: it is of an older program, and lists none.
    counted: Option<Arc<CountedRuns>>,
}

impl Footer {
    fn read(path: &Path) -> Result<Self, LakeError> {
        let fail = LakeError::bad_file(path);
        let file = File::open(path).map_err(LakeError::io("read", path))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let metadata = metadata.map_err(|e| fail(&e))?;
        let counted = CountedRuns::of_footer(metadata.metadata().file_metadata());
        let counted = counted.map_err(|e| fail(&e))?.map(Arc::new);
        Ok(Self { metadata, counted })
    }
}

impl Footers {
    /// The runs that a file counts; `None`: its footer does not list them.
    pub(crate) fn counted(
        &self,
        path: &Path,
        version: i64,
    ) -> Result<Option<Arc<CountedRuns>>, LakeError> {
        Ok(self.get(path, version)?.counted)
    }

    fn get(&self, path: &Path, version: i64) -> Result<Footer, LakeError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(footer) = known.get(&version) {
            return Ok(footer.clone());
        }
        drop(known);
        let footer = Footer::read(path)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= FOOTERS_MAX {
            known.pop_first();
        }
        known.insert(version, footer.clone());
        Ok(footer)
    }
}

/// The entries of one slot of a cursor file, in order.
pub(crate) struct CursorReader {
    path: PathBuf,
    slot: u8,
    reader: ParquetRecordBatchReader,
    batch: std::vec::IntoIter<Entry>,
}

impl CursorReader {
    pub(crate) fn open(
        path: &Path,
        version: i64,
        slot: u8,
        footers: &Footers,
    ) -> Result<Self, LakeError> {
        let fail = LakeError::bad_file(path);
        let footer = footers.get(path, version)?;
        let file = File::open(path).map_err(LakeError::io("read", path))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.metadata);
        let groups = builder.metadata().row_groups().iter().enumerate();
        let groups = groups
            .filter(|(_, group)| may_hold(group, slot))
            .map(|(number, _)| number)
            .collect();
        let reader = builder
            .with_row_groups(groups)
            .with_batch_size(ROWS_PER_BATCH)
            .build()
            .map_err(|e| fail(&e))?;
        Ok(Self {
            path: path.to_owned(),
            slot,
            reader,
            batch: Vec::new().into_iter(),
        })
    }
}

impl Iterator for CursorReader {
    type Item = Result<Entry, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.batch.next() {
                if entry.slot == self.slot {
                    return Some(Ok(entry));
                }
                continue;
            }
            let fail = LakeError::bad_file(&self.path);
            let entries = match self.reader.next()? {
                Ok(batch) => entries(&batch).map_err(|e| fail(&e)),
                Err(error) => Err(fail(&error)),
            };
            match entries {
                Ok(entries) => self.batch = entries.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Whether a row group can hold rows of a slot, by its statistics.
fn may_hold(group: &RowGroupMetaData, slot: u8) -> bool {
    match group
        .columns()
        .first()
        .and_then(|column| column.statistics())
    {
        Some(Statistics::Int32(stats)) => {
            let slot = i32::from(slot);
            stats.min_opt().is_none_or(|min| *min <= slot)
                && stats.max_opt().is_none_or(|max| *max >= slot)
        }
        _ => true,
    }
}

fn entries(batch: &RecordBatch) -> Result<Vec<Entry>, String> {
    let cells = Cells::new(batch);
    let (slots, kinds) = (cells.ints("slot")?, cells.ints("kind")?);
    let (mailboxes, keys) = (cells.texts("mailbox_id")?, cells.texts("key")?);
    let values = cells.texts("value")?;
    let entry = |row| {
        let kind = match kinds.value(row) {
            0 => EntryKind::Slot,
            1 => EntryKind::Cursor,
            2 => EntryKind::Count,
            other => return Err(format!("rows of kind {other} are not known")),
        };
        Ok(Entry {
            slot: u8::try_from(slots.value(row)).map_err(|_| "a slot is out of range")?,
            kind,
            mailbox_id: mailboxes.value(row).to_owned(),
            key: keys.value(row).to_owned(),
            value: owned(values, row),
        })
    };
    (0..slots.len()).map(entry).collect()
}
