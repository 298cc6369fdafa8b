//! Reading rows back, batch by batch, so that memory does not grow with the lake.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use crate::lake::Lake;
use crate::lake::delta::data_file;
use crate::lake::delta::file_reader::FileReader;
use crate::lake::delta::table::LiveFile;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::model::activity::Activity;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;

/// Which rows are wanted; the default is all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// First month, `YYYY-MM`.
    pub from_month: Option<String>,
    /// Last month, `YYYY-MM`.
    pub to_month: Option<String>,
    /// Only these slots.
    pub slots: Option<Vec<u8>>,
}

impl Filter {
    /// The rows of some slots.
    pub fn of_slots(slots: &[u8]) -> Self {
        Self {
            slots: Some(slots.to_vec()),
            ..Self::default()
        }
    }

    fn has_month(&self, month: &str) -> bool {
        self.from_month.as_deref().is_none_or(|from| from <= month)
            && self.to_month.as_deref().is_none_or(|to| month <= to)
    }

    pub(super) fn has_mailbox(&self, mailbox_id: &str) -> bool {
        let slots = self.slots.as_ref();
        slots.is_none_or(|slots| slots.contains(&slot(mailbox_id)))
    }
}

/// Rows as a stream.
pub type Rows<T> = Box<dyn Iterator<Item = Result<T, LakeError>> + Send>;

/// The rows that were committed after some versions, if they can still be distinguished.
pub enum Since<T> {
    /// The rows.
    Rows(Rows<T>),
    /// Another program merged files since: compare everything instead.
    Unknown,
}

impl Lake {
    /// The rows of `interactions`, all revisions, in no particular order.
    pub fn interactions(&self, filter: &Filter) -> Result<Rows<Interaction>, LakeError> {
        let files = paths(&self.interactions, filter)?;
        let filter = filter.clone();
        let rows = read(files, TableName::Interactions, |batch| {
            INTERACTIONS.read_all(batch)
        });
        Ok(Box::new(rows.filter(move |row| {
            row.as_ref()
                .map_or(true, |row| filter.has_mailbox(&row.mailbox.id))
        })))
    }

    /// The rows of `contact_activity`, all generations, in no particular order.
    pub fn activities(&self, filter: &Filter) -> Result<Rows<Activity>, LakeError> {
        let files = paths(&self.activities, filter)?;
        let filter = filter.clone();
        let rows = read(files, TableName::ContactActivity, |batch| {
            ACTIVITIES.read_all(batch)
        });
        Ok(Box::new(rows.filter(move |row| {
            row.as_ref()
                .map_or(true, |row| filter.has_mailbox(&row.mailbox.id))
        })))
    }

    /// The rows of `interactions` that came after the given version of their slot, those of a slot
    /// in the order of its commits. Slots that are not named are left out; `None`: all rows of the
    /// slot.
    pub fn interactions_since(
        &self,
        reached: &BTreeMap<u8, Option<i64>>,
    ) -> Result<Since<Interaction>, LakeError> {
        let Some(files) = files_since(&self.interactions, reached)? else {
            return Ok(Since::Unknown);
        };
        let reached = reached.clone();
        let folder = self.interactions.folder.clone();
        let rows = files.into_iter().flat_map(move |(version, file)| {
            let reached = reached.clone();
            let rows = read(
                vec![folder.join(file.path)],
                TableName::Interactions,
                |batch| INTERACTIONS.read_all(batch),
            );
            rows.filter(move |row| {
                row.as_ref()
                    .map_or(true, |row| is_after(&reached, &row.mailbox.id, version))
            })
        });
        Ok(Since::Rows(Box::new(rows)))
    }

    /// The rows of `contact_activity` that came after the given version of their slot, as
    /// [`Lake::interactions_since`]; they carry their version, so merged files do no harm.
    pub fn activities_since(
        &self,
        reached: &BTreeMap<u8, Option<i64>>,
    ) -> Result<Rows<Activity>, LakeError> {
        let oldest = reached.values().copied().min().flatten();
        let files = self.activities.live_files()?.into_iter();
        let files = files.filter(|file| match data_file::version_in(&file.path) {
            Some(version) => oldest.is_none_or(|oldest| version > oldest),
            None => true,
        });
        let files = files.map(|file| self.activities.folder.join(file.path));
        let rows = read(files.collect(), TableName::ContactActivity, |batch| {
            ACTIVITIES.read_all(batch)
        });
        let reached = reached.clone();
        Ok(Box::new(rows.filter(move |row| {
            row.as_ref().map_or(true, |row| {
                is_after(&reached, &row.mailbox.id, row.generation)
            })
        })))
    }
}

fn is_after(reached: &BTreeMap<u8, Option<i64>>, mailbox_id: &str, version: i64) -> bool {
    match reached.get(&slot(mailbox_id)) {
        Some(reached) => reached.is_none_or(|reached| version > reached),
        None => false,
    }
}

/// The files with rows after the given versions, in the order of their versions; `None` where a
/// name does not show it.
pub(super) fn files_since(
    table: &Table,
    reached: &BTreeMap<u8, Option<i64>>,
) -> Result<Option<Vec<(i64, LiveFile)>>, LakeError> {
    let oldest = reached.values().copied().min().flatten();
    let mut files = Vec::new();
    for file in table.live_files()? {
        match data_file::version_in(&file.path) {
            Some(version) if oldest.is_none_or(|oldest| version > oldest) => {
                files.push((version, file));
            }
            Some(_) => {}
            None => return Ok(None),
        }
    }
    files.sort_by_key(|(version, _)| *version);
    Ok(Some(files))
}

/// The files of the months that are wanted.
pub(super) fn paths(table: &Table, filter: &Filter) -> Result<Vec<PathBuf>, LakeError> {
    let files = table.live_files()?.into_iter();
    let files = files.filter(|file| filter.has_month(&file.month));
    Ok(files.map(|file| table.folder.join(file.path)).collect())
}

/// The rows of some files, one batch in memory at a time.
pub(super) fn read<T: Send + 'static>(
    files: Vec<PathBuf>,
    table: TableName,
    from_batch: fn(&RecordBatch) -> Result<Vec<T>, String>,
) -> impl Iterator<Item = Result<T, LakeError>> + Send {
    let wanted = arrow_schema(table);
    batches(files, wanted).flat_map(move |batch| {
        let rows = batch.and_then(|(path, batch)| {
            from_batch(&batch).map_err(|why| LakeError::bad_file(&path)(&why))
        });
        match rows {
            Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }
    })
}

/// The batches of some files, each with the path of its file.
pub(super) fn batches(
    files: Vec<PathBuf>,
    wanted: Arc<Schema>,
) -> impl Iterator<Item = Result<(PathBuf, RecordBatch), LakeError>> + Send {
    files.into_iter().flat_map(move |path| {
        let (reader, failed) = match FileReader::open(&path, Arc::clone(&wanted)) {
            Ok(reader) => (Some(reader), None),
            Err(error) => (None, Some(Err(error))),
        };
        let batches = reader.into_iter().flatten();
        let batches = batches.map(move |batch| batch.map(|batch| (path.clone(), batch)));
        failed.into_iter().chain(batches)
    })
}
