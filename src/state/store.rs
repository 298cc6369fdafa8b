//! The state file: opening it, validating it, and committing a batch.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::panic;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use redb::Database;
use redb::ReadableDatabase;
use redb::WriteTransaction;

use crate::model::cursor::CursorRecord;
use crate::model::id::Id128;
use crate::model::mailbox;
use crate::model::outcome::Outcome;
use crate::runtime::failpoint;
use crate::state::calendar;
use crate::state::error::StateError;
use crate::state::key::Key;
use crate::state::meetings;
use crate::state::packed;
use crate::state::packed::PackedDecisions;
use crate::state::rebuild::Rebuild;
use crate::state::records::MeetingRecord;
use crate::state::records::WaitingSeries;
use crate::state::tables;
use crate::state::tables::CURSORS;
use crate::state::tables::ITEMS;
use crate::state::tables::META;
use crate::state::tables::RECORDED;
use crate::state::tables::VERSIONS;
use crate::state::uncommitted::Uncommitted;
use crate::state::view::View;

/// Raised when keys or values change their meaning: an older file is then rebuilt.
const FORMAT: u32 = 3;
const FILE_NAME: &str = "state.redb";

/// Where the state is stored and how much memory it may use.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its folder, made where it is missing.
    pub folder: PathBuf,
    /// Bytes for the page cache, and as many again for sorting during a rebuild.
    pub memory_bytes: usize,
}

/// Whether the file knew this lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// There was no valid file: everything is to be rebuilt.
    Fresh,
    /// It holds each slot up to its version.
    Known,
}

/// A state that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The state.
    pub state: State,
    /// Whether there was one for this lake.
    pub status: CacheStatus,
}

/// The open state file. Only one process can hold it.
pub struct State {
    database: Database,
    settings: Settings,
}

impl State {
    /// Opens the state of a lake. A file that is truncated, damaged, of another format or of
    /// another lake is removed with a warning, since everything in it can be rebuilt.
    pub fn open(settings: Settings, lake_id: &str) -> Result<Opened, StateError> {
        make_private_folder(&settings.folder)?;
        let path = settings.folder.join(FILE_NAME);
        let existed = path.is_file();
        match open_and_believe(&path, &settings, lake_id) {
            Ok(Some(database)) => return Ok(opened(database, settings, CacheStatus::Known)),
            Ok(None) if existed => {
                tracing::warn!("the state file is of another lake or format: rebuilding it");
            }
            Ok(None) => {}
            Err(StateError::InUse) => return Err(StateError::InUse),
            Err(error @ StateError::Folder { .. }) => return Err(error),
            Err(error) => tracing::warn!(%error, "the state file cannot be read: rebuilding it"),
        }
        remove(&path)?;
        let database = create(&path, &settings, lake_id)?;
        Ok(opened(database, settings, CacheStatus::Fresh))
    }

    /// The lake version up to which a slot is known; `None`: nothing of it is.
    pub fn version(&self, slot: u8) -> Result<Option<i64>, StateError> {
        let table = self.read()?.open_table(VERSIONS).map_err(StateError::of)?;
        let version = table.get(slot).map_err(StateError::of)?;
        Ok(version.map(|version| version.value()))
    }

    /// Takes a view for the lookups of one decision, below what its mailbox has decided before.
    /// What was committed may have left `uncommitted`, which therefore is read first.
    pub fn view(&self, uncommitted: Uncommitted) -> Result<View, StateError> {
        let transaction = self.read()?;
        Ok(View {
            uncommitted,
            items: transaction.open_table(ITEMS).map_err(StateError::of)?,
            recorded: transaction.open_table(RECORDED).map_err(StateError::of)?,
        })
    }

    /// Writes the decisions of a batch, in their order, where its chains continue, and the lake
    /// versions that its slots have reached: all of it or nothing.
    pub fn commit(
        &self,
        decided: &[Arc<PackedDecisions>],
        cursors: &[CursorRecord],
        versions: &BTreeMap<u8, i64>,
    ) -> Result<(), StateError> {
        let transaction = self.write()?;
        packed::write(&transaction, decided.iter().map(|one| &**one))?;
        write_cursors(&transaction, cursors)?;
        tables::write_versions(&transaction, versions)?;
        failpoint::hit(|| "state written".to_owned());
        transaction.commit().map_err(StateError::of)?;
        failpoint::hit(|| "state committed".to_owned());
        Ok(())
    }

    /// Forgets a slot: its items, recorded interactions, calendars, cursors and version.
    pub fn reset_slot(&self, slot: u8) -> Result<(), StateError> {
        let transaction = self.write()?;
        forget_slot(&transaction, slot)?;
        transaction.commit().map_err(StateError::of)
    }

    /// Starts to rebuild some slots from the lake; nothing changes before [`Rebuild::finish`].
    pub fn rebuild(&self, slots: &[u8]) -> Result<Rebuild, StateError> {
        let transaction = self.write()?;
        for slot in slots {
            forget_slot(&transaction, *slot)?;
        }
        Ok(Rebuild::new(
            transaction,
            &self.settings.folder,
            self.settings.memory_bytes,
        ))
    }

    /// The cursors of one mailbox, in order of key.
    pub fn cursors(&self, mailbox_id: &str) -> Result<Vec<CursorRecord>, StateError> {
        let start = (mailbox::slot(mailbox_id), mailbox_id, "");
        let table = self.read()?.open_table(CURSORS).map_err(StateError::of)?;
        let rows = table.range(start..).map_err(StateError::of)?;
        rows.map(cursor_record)
            .take_while(|record| record.as_ref().map_or(true, |r| r.mailbox_id == mailbox_id))
            .collect()
    }

    /// Those cursors of a mailbox that have certain keys.
    pub fn cursors_at(
        &self,
        mailbox_id: &str,
        keys: &[&str],
    ) -> Result<Vec<CursorRecord>, StateError> {
        let slot = mailbox::slot(mailbox_id);
        let table = self.read()?.open_table(CURSORS).map_err(StateError::of)?;
        let mut cursors = Vec::new();
        for key in keys {
            let value = table
                .get((slot, mailbox_id, *key))
                .map_err(StateError::of)?;
            cursors.extend(value.map(|value| CursorRecord {
                mailbox_id: mailbox_id.to_owned(),
                key: (*key).to_owned(),
                value: Some(value.value().to_owned()),
            }));
        }
        Ok(cursors)
    }

    /// All cursors as a stream in order of slot, mailbox and key.
    pub fn all_cursors(
        &self,
    ) -> Result<impl Iterator<Item = Result<CursorRecord, StateError>> + use<>, StateError> {
        let table = self.read()?.open_table(CURSORS).map_err(StateError::of)?;
        let start = (0, "", "");
        Ok(table
            .range(start..)
            .map_err(StateError::of)?
            .map(cursor_record))
    }

    /// The cursors of one slot as a stream in order of mailbox and key.
    pub fn slot_cursors(
        &self,
        slot: u8,
    ) -> Result<impl Iterator<Item = Result<CursorRecord, StateError>> + use<>, StateError> {
        let table = self.read()?.open_table(CURSORS).map_err(StateError::of)?;
        let rows = table
            .range((slot, "", "")..(slot.saturating_add(1), "", ""))
            .map_err(StateError::of)?;
        Ok(rows.map(cursor_record))
    }

    /// All meetings that a mailbox has recorded, as they were committed, in order of id.
    pub fn meetings(&self, mailbox_id: &str) -> Result<Vec<(Id128, MeetingRecord)>, StateError> {
        meetings::of_mailbox(&self.read()?, mailbox_id)
    }

    /// The waiting series of a mailbox as they were committed, each with the provider's id of its
    /// master, in order of that.
    pub fn series(&self, mailbox_id: &str) -> Result<Vec<(String, WaitingSeries)>, StateError> {
        calendar::series(&self.read()?, mailbox_id)
    }

    /// The link up to which meetings and waiting series of a mailbox are complete. `None`: they are
    /// not, and the calendar is to be read from its beginning; a rebuild from the lake does not
    /// restore the link.
    pub fn calendar_mark(&self, mailbox_id: &str) -> Result<Option<String>, StateError> {
        calendar::mark(&self.read()?, mailbox_id)
    }

    fn read(&self) -> Result<redb::ReadTransaction, StateError> {
        self.database.begin_read().map_err(StateError::of)
    }

    fn write(&self) -> Result<WriteTransaction, StateError> {
        let mut transaction = self.database.begin_write().map_err(StateError::of)?;
        // A killed run must not cost the next one a walk over the whole file.
        transaction.set_quick_repair(true);
        Ok(transaction)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

/// Of several links of a chain the last one counts; a record without value deletes the cursor.
fn write_cursors(
    transaction: &WriteTransaction,
    cursors: &[CursorRecord],
) -> Result<(), StateError> {
    let mut table = transaction.open_table(CURSORS).map_err(StateError::of)?;
    let mut sorted = BTreeMap::new();
    for cursor in cursors {
        let slot = mailbox::slot(&cursor.mailbox_id);
        sorted.insert((slot, &*cursor.mailbox_id, &*cursor.key), &cursor.value);
    }
    for (key, value) in sorted {
        match value {
            Some(value) => table.insert(key, value.as_str()),
            None => table.remove(key),
        }
        .map_err(StateError::of)?;
    }
    Ok(())
}

fn forget_slot(transaction: &WriteTransaction, slot: u8) -> Result<(), StateError> {
    let mut first: Key = [0; 16];
    let mut last: Key = [u8::MAX; 16];
    (first[0], last[0]) = (slot, slot);
    let mut items = transaction.open_table(ITEMS).map_err(StateError::of)?;
    items
        .retain_in(first..=last, |_, _| false)
        .map_err(StateError::of)?;
    let mut recorded = transaction.open_table(RECORDED).map_err(StateError::of)?;
    recorded
        .retain_in(first..=last, |_, _| false)
        .map_err(StateError::of)?;
    let mut cursors = transaction.open_table(CURSORS).map_err(StateError::of)?;
    cursors
        .retain_in((slot, "", "")..(slot.saturating_add(1), "", ""), |_, _| {
            false
        })
        .map_err(StateError::of)?;
    let mut versions = transaction.open_table(VERSIONS).map_err(StateError::of)?;
    versions.remove(slot).map_err(StateError::of)?;
    meetings::forget_slot(transaction, slot)?;
    calendar::forget_slot(transaction, slot)
}

type CursorRow = (
    redb::AccessGuard<'static, (u8, &'static str, &'static str)>,
    redb::AccessGuard<'static, &'static str>,
);

fn cursor_record(row: Result<CursorRow, redb::StorageError>) -> Result<CursorRecord, StateError> {
    let (key, value) = row.map_err(StateError::of)?;
    let (_, mailbox_id, key) = key.value();
    Ok(CursorRecord {
        mailbox_id: mailbox_id.to_owned(),
        key: key.to_owned(),
        value: Some(value.value().to_owned()),
    })
}

fn opened(database: Database, settings: Settings, status: CacheStatus) -> Opened {
    let state = State { database, settings };
    Opened { state, status }
}

/// The open file, if it is there and says that it is of this lake and of today's format.
fn open_and_believe(
    path: &Path,
    settings: &Settings,
    lake_id: &str,
) -> Result<Option<Database>, StateError> {
    if !path.is_file() {
        return Ok(None);
    }
    let lake = lake_id.to_owned();
    let (file, memory_bytes) = (path.to_owned(), settings.memory_bytes);
    // The store panics on some damaged files, and a cache must not end a run.
    let attempt = panic::catch_unwind(move || {
        let mut builder = Database::builder();
        let database = builder.set_cache_size(memory_bytes).open(&file);
        let database = database.map_err(|error| open_error(error, &file))?;
        Ok(is_of(&database, &lake)?.then_some(database))
    });
    attempt.unwrap_or(Err(StateError::Damaged))
}

fn is_of(database: &Database, lake_id: &str) -> Result<bool, StateError> {
    let transaction = database.begin_read().map_err(StateError::of)?;
    let table = transaction.open_table(META).map_err(StateError::of)?;
    for (key, expected) in [("format", format().as_str()), ("lake", lake_id)] {
        let value = table.get(key).map_err(StateError::of)?;
        if value.is_none_or(|value| value.value() != expected) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn create(path: &Path, settings: &Settings, lake_id: &str) -> Result<Database, StateError> {
    make_private_file(path)?;
    let mut builder = Database::builder();
    let database = builder.set_cache_size(settings.memory_bytes).create(path);
    let database = database.map_err(|error| open_error(error, path))?;
    let transaction = database.begin_write().map_err(StateError::of)?;
    tables::create(&transaction)?;
    {
        let mut meta = transaction.open_table(META).map_err(StateError::of)?;
        meta.insert("format", format().as_str())
            .map_err(StateError::of)?;
        meta.insert("lake", lake_id).map_err(StateError::of)?;
    }
    transaction.commit().map_err(StateError::of)?;
    Ok(database)
}

/// The format number, and the outcomes in the order in which their codes count them.
fn format() -> String {
    let outcomes = Outcome::ALL.map(Outcome::as_str).join(",");
    format!("{FORMAT}:{outcomes}")
}

fn open_error(error: redb::DatabaseError, path: &Path) -> StateError {
    match error {
        redb::DatabaseError::Storage(redb::StorageError::Io(source))
            if matches!(
                source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            folder_error(path, source)
        }
        other => StateError::of(other),
    }
}

fn folder_error(path: &Path, source: io::Error) -> StateError {
    let path = path.to_owned();
    StateError::Folder { path, source }
}

fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(folder_error(path, error)),
        _ => Ok(()),
    }
}

/// Only the owner may look in: the cursors hold links into mailboxes.
fn make_private_folder(folder: &Path) -> Result<(), StateError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| folder_error(folder, error))
}

fn make_private_file(path: &Path) -> Result<(), StateError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path);
    made.map(drop).map_err(|error| folder_error(path, error))
}
