//! Writes the index: batches of changes, and commits that record which lake they follow and up to
//! which version.

use std::collections::BTreeMap;
use std::fs;
use std::panic;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tantivy::Directory;
use tantivy::Index;
use tantivy::IndexReader;
use tantivy::IndexSettings;
use tantivy::IndexWriter;
use tantivy::ReloadPolicy;
use tantivy::TantivyDocument;
use tantivy::TantivyError;
use tantivy::Term;
use tantivy::directory::MmapDirectory;
use tantivy::indexer::IndexWriterOptions;
use tantivy::indexer::UserOperation;
use tantivy::schema::Document;

use crate::index::doc::IndexDoc;
use crate::index::error::IndexError;
use crate::index::read_by_parts::ReadByParts;
use crate::index::read_only::ReadOnly;
use crate::index::schema::FORMAT;
use crate::index::schema::Fields;
use crate::runtime::failpoint;
use crate::runtime::memory::Memory;
use crate::runtime::memory::Taken;
use crate::runtime::private;

/// The subfolder of the configured folder that only this program uses: it is emptied when the index
/// is rebuilt, which must never happen to a folder named by the user.
const FOLDER_NAME: &str = "interactions";
/// tantivy rejects less per thread.
const THREAD_BYTES_MIN: usize = 15 << 20;
/// Above this a thread's buffer outgrows the 32-bit addresses that tantivy uses in it.
const THREAD_BYTES_MAX: usize = 2 << 30;
/// Changes passed on at a time: few enough that every thread gets a share of a batch.
const HANDED_OVER: usize = 64;

/// The location of the index and the resources for writing it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its folder, created if missing.
    pub folder: PathBuf,
    /// Bytes of what is indexed and not on disk yet, for all threads together.
    pub memory_bytes: usize,
    /// Bytes of documents that wait for these threads, or are being indexed.
    pub waiting_bytes: usize,
    /// Threads that index.
    pub threads: usize,
}

/// Whether there was an index of this lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// It was created: all rows are to be added.
    Fresh,
    /// It holds each slot up to the version that [`Indexer::reached`] gives.
    Known,
}

/// Whether documents with the same keys may already exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// No, except those of earlier revisions: nothing else is searched for.
    New,
    /// They may be, and are replaced.
    Known,
}

/// The metadata of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload {
    pub(crate) format: u32,
    pub(crate) lake_id: String,
    pub(crate) versions: BTreeMap<u8, i64>,
}

/// The writer. Only one process can have it. Dropping it discards uncommitted changes.
pub struct Indexer {
    folder: PathBuf,
    writer: IndexWriter<WaitingDoc>,
    /// tantivy bounds its queue by a number of changes, however large they are.
    waiting: Memory,
    payload: Payload,
    has_changes: bool,
}

impl Indexer {
    /// Opens the index of a lake. An index that is damaged, of another format or of another lake is
    /// rebuilt from scratch, since everything in it comes from the lake.
    pub fn open(settings: &Settings, lake_id: &str) -> Result<(Self, CacheStatus), IndexError> {
        let folder = folder(&settings.folder);
        let path = folder.clone();
        // tantivy panics on some damaged files, and a view must not end a run.
        let attempt = panic::catch_unwind(move || {
            let (index, payload) = open_index(&path, by_parts)?;
            // Missing or truncated files are detected now, not in the middle of a run.
            open_reader(&index)?;
            Ok((index, payload))
        });
        match attempt.unwrap_or(Err(IndexError::Damaged)) {
            Ok((index, payload)) if payload.lake_id == lake_id => {
                return Ok((Self::over(&index, settings, payload)?, CacheStatus::Known));
            }
            Ok((index, payload)) => {
                // An index that another lake's run is writing is left alone.
                drop(Self::over(&index, settings, payload)?);
                tracing::warn!("the index belongs to another lake: rebuilding it");
            }
            Err(IndexError::Missing { .. }) => {}
            Err(error) => tracing::warn!(%error, "the index cannot be read: rebuilding it"),
        }
        Ok((Self::create(settings, lake_id)?, CacheStatus::Fresh))
    }

    /// Rebuilds the index from scratch: it is ahead of a lake that was restored from a backup.
    pub fn make_again(self, settings: &Settings) -> Result<Self, IndexError> {
        let lake_id = self.payload.lake_id.clone();
        drop(self);
        Self::create(settings, &lake_id)
    }

    fn create(settings: &Settings, lake_id: &str) -> Result<Self, IndexError> {
        let index = create_index(&folder(&settings.folder))?;
        let payload = Payload {
            format: FORMAT,
            lake_id: lake_id.to_owned(),
            versions: BTreeMap::new(),
        };
        let mut indexer = Self::over(&index, settings, payload)?;
        indexer.write_commit()?;
        Ok(indexer)
    }

    fn over(index: &Index, settings: &Settings, payload: Payload) -> Result<Self, IndexError> {
        let threads = settings.threads.max(1);
        let bytes = settings.memory_bytes / threads;
        let bytes = bytes.clamp(THREAD_BYTES_MIN, THREAD_BYTES_MAX);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(threads)
            // A merge takes memory in proportion to its segments, which no setting bounds.
            .num_merge_threads(1)
            .memory_budget_per_thread(bytes)
            .build();
        Ok(Self {
            writer: index.writer_with_options(options)?,
            folder: folder(&settings.folder),
            waiting: Memory::new(settings.waiting_bytes),
            payload,
            has_changes: false,
        })
    }

    /// The lake version that each slot has reached with the last commit.
    pub fn reached(&self) -> &BTreeMap<u8, i64> {
        &self.payload.versions
    }

    /// Accepts changes; they become visible with the next commit. Blocks while the threads are
    /// busy.
    pub fn add(&mut self, docs: Vec<IndexDoc>, keys: Keys) -> Result<(), IndexError> {
        self.has_changes |= !docs.is_empty();
        let mut docs = docs.into_iter().peekable();
        while docs.peek().is_some() {
            let some: Vec<IndexDoc> = docs.by_ref().take(HANDED_OVER).collect();
            let bytes = some.iter().map(IndexDoc::bytes).sum();
            let taken = Arc::new(self.waiting.take_blocking(bytes));
            let changes = some.into_iter();
            let changes = changes.flat_map(|doc| operations(doc, keys, &taken));
            self.writer.run(changes.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Makes all changes visible, together with the versions that these slots have reached.
    pub fn commit(&mut self, versions: &BTreeMap<u8, i64>) -> Result<(), IndexError> {
        let mut reached = self.payload.versions.clone();
        reached.extend(versions);
        if !self.has_changes && reached == self.payload.versions {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.payload.versions, reached);
        let result = self.write_commit();
        if result.is_err() {
            self.payload.versions = before;
        }
        result
    }

    /// Discards the changes since the last commit.
    pub fn discard(&mut self) -> Result<(), IndexError> {
        self.writer.rollback()?;
        self.has_changes = false;
        Ok(())
    }

    /// Waits for the merges started by the commits.
    pub fn close(self) -> Result<(), IndexError> {
        Ok(self.writer.wait_merging_threads()?)
    }

    fn write_commit(&mut self) -> Result<(), IndexError> {
        // Numbers and one string always have a JSON form.
        let payload = serde_json::to_string(&self.payload).unwrap_or_default();
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&payload);
        failpoint::hit(|| "index prepared".to_owned());
        prepared.commit()?;
        // tantivy writes some files with access for their owner only, whatever is configured.
        private::limit_tree(&self.folder, private::readers_of(&self.folder));
        failpoint::hit(|| "index committed".to_owned());
        self.has_changes = false;
        Ok(())
    }
}

impl std::fmt::Debug for Indexer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Indexer").finish_non_exhaustive()
    }
}

fn operations(
    doc: IndexDoc,
    keys: Keys,
    taken: &Arc<Taken>,
) -> impl Iterator<Item = UserOperation<WaitingDoc>> {
    let replaces = keys == Keys::Known || doc.replaces || doc.document.is_none();
    let delete = replaces.then(|| Term::from_field_text(Fields::KEY, &doc.key));
    let delete = delete.map(UserOperation::Delete);
    let waiting = doc.document.map(|document| WaitingDoc {
        document,
        _taken: Arc::clone(taken),
    });
    delete.into_iter().chain(waiting.map(UserOperation::Add))
}

/// A document with the memory that is reserved for it and those handed over with it, until a thread
/// has indexed all of them.
struct WaitingDoc {
    document: TantivyDocument,
    _taken: Arc<Taken>,
}

impl Document for WaitingDoc {
    type Value<'a> = <TantivyDocument as Document>::Value<'a>;
    type FieldsValuesIter<'a> = <TantivyDocument as Document>::FieldsValuesIter<'a>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        self.document.iter_fields_and_values()
    }
}

/// The folder of the files themselves.
fn folder(configured: &Path) -> PathBuf {
    configured.join(FOLDER_NAME)
}

/// Opens the index in a configured folder and reads what its last commit says.
pub(crate) fn open_in(configured: &Path) -> Result<(Index, Payload), IndexError> {
    open_index(&folder(configured), |_, folder| folder.into()).map_err(|error| match error {
        IndexError::Missing { .. } => IndexError::Missing {
            path: configured.to_owned(),
        },
        IndexError::Denied { .. } => IndexError::Denied {
            path: configured.to_owned(),
        },
        other => other,
    })
}

/// The folder as the writer reads it.
fn by_parts(folder: &Path, inner: MmapDirectory) -> Box<dyn Directory> {
    ReadByParts::new(folder, inner).into()
}

fn open_index(
    folder: &Path,
    directory: fn(&Path, MmapDirectory) -> Box<dyn Directory>,
) -> Result<(Index, Payload), IndexError> {
    let path = folder.to_owned();
    match fs::metadata(folder.join("meta.json")) {
        Ok(meta) if meta.is_file() => {}
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(IndexError::Denied { path });
        }
        _ => return Err(IndexError::Missing { path }),
    }
    let inner = MmapDirectory::open(folder).map_err(TantivyError::from)?;
    let mut index = Index::open(directory(folder, inner))?;
    if index.schema() != Fields::schema() {
        return Err(IndexError::Damaged);
    }
    index.set_tokenizers(Fields::tokenizers());
    let payload = index.load_metas()?.payload.unwrap_or_default();
    let payload: Payload = serde_json::from_str(&payload).map_err(|_| IndexError::Damaged)?;
    if payload.format != FORMAT {
        return Err(IndexError::Damaged);
    }
    Ok((index, payload))
}

/// The index in a configured folder, opened read-only.
pub(crate) fn only_read(configured: &Path) -> Result<Index, IndexError> {
    let folder = MmapDirectory::open(folder(configured)).map_err(TantivyError::from)?;
    let mut index = Index::open(ReadOnly(folder))?;
    index.set_tokenizers(Fields::tokenizers());
    Ok(index)
}

/// A reader of the current commit; later commits need a new reader.
pub(crate) fn open_reader(index: &Index) -> Result<IndexReader, IndexError> {
    let builder = index.reader_builder().reload_policy(ReloadPolicy::Manual);
    Ok(builder.try_into()?)
}

fn create_index(folder: &Path) -> Result<Index, IndexError> {
    let failed = |source| IndexError::Folder {
        path: folder.to_owned(),
        source,
    };
    if folder.is_dir() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    make_private_folder(folder).map_err(failed)?;
    let inner = MmapDirectory::open(folder).map_err(TantivyError::from)?;
    let settings = IndexSettings::default();
    let mut index = Index::create(by_parts(folder, inner), Fields::schema(), settings)?;
    index.set_tokenizers(Fields::tokenizers());
    Ok(index)
}

/// Only the readers configured in `runtime::private` have access: the index contains mail text.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::search::Searcher;

    #[test]
    fn a_killed_commit_leaves_the_previous_one() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            folder: folder.path().join("alive"),
            memory_bytes: 0,
            waiting_bytes: 0,
            threads: 1,
        };
        let doc = |key: &str| {
            let mut document = tantivy::TantivyDocument::new();
            document.add_text(Fields::KEY, key);
            let (key, document) = (key.to_owned(), Some(document));
            IndexDoc {
                key,
                document,
                replaces: false,
            }
        };
        let (mut indexer, _) = Indexer::open(&settings, "lake").unwrap();
        indexer.add(vec![doc("a")], Keys::Known).unwrap();
        indexer.commit(&BTreeMap::from([(0, 1)])).unwrap();
        indexer.add(vec![doc("a"), doc("b")], Keys::Known).unwrap();
        let prepared = indexer.writer.prepare_commit().unwrap();

        // The disk is now in the state that a killed process leaves.
        let killed = folder.path().join("killed");
        fs::create_dir_all(killed.join(FOLDER_NAME)).unwrap();
        for file in fs::read_dir(settings.folder.join(FOLDER_NAME)).unwrap() {
            let file = file.unwrap();
            let copy = killed.join(FOLDER_NAME).join(file.file_name());
            fs::copy(file.path(), copy).unwrap();
        }
        drop(prepared);
        assert_eq!(Searcher::open(&killed).unwrap().count(), 1);
        let settings = Settings {
            folder: killed.clone(),
            ..settings
        };
        let (mut indexer, status) = Indexer::open(&settings, "lake").unwrap();
        assert_eq!(status, CacheStatus::Known);
        assert_eq!(indexer.reached(), &BTreeMap::from([(0, 1)]));
        indexer.add(vec![doc("a"), doc("b")], Keys::Known).unwrap();
        indexer.commit(&BTreeMap::from([(0, 2)])).unwrap();
        assert_eq!(Searcher::open(&killed).unwrap().count(), 2);
    }
}
