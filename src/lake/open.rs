//! Opening a lake, for reading or for writing.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use serde::Deserialize;
use serde::Serialize;
use tokio::runtime::Handle;

use crate::lake::activities::ActivityContent;
use crate::lake::cursor_file::Entry;
use crate::lake::cursor_file::EntryKind;
use crate::lake::cursors;
use crate::lake::cursors::CursorFolder;
use crate::lake::cursors::SlotRecord;
use crate::lake::disk::Place;
use crate::lake::disk::create_folder;
use crate::lake::disk::publish_file;
use crate::lake::disk::sync_folder;
use crate::lake::error::LakeError;
use crate::lake::lock::SlotLocks;
use crate::lake::mailboxes::Reported;
use crate::lake::schema::TableName;
use crate::lake::table::Table;
use crate::lake::table::engine;
use crate::lake::table::has_log;
use crate::model::cursor::CursorRecord;
use crate::model::mailbox::SLOTS;
use crate::runtime::cpu::CpuPool;
use crate::runtime::random;

/// The format of lakes that this program writes; newer ones are refused.
const FORMAT: u32 = 1;

/// Where the lake lies and how it is written.
#[derive(Debug, Clone)]
pub struct LakeSettings {
    /// Its folder.
    pub path: PathBuf,
    /// What `contact_activity` repeats of the content.
    pub activity_content: ActivityContent,
    /// The slots that this process writes.
    pub slots: Vec<u8>,
}

impl LakeSettings {
    /// Settings of a process that writes all slots.
    pub fn new(path: PathBuf, activity_content: ActivityContent) -> Self {
        Self {
            path,
            activity_content,
            slots: (0..SLOTS).collect(),
        }
    }
}

/// A lake: tables, cursors and contact books.
pub struct Lake {
    pub(super) settings: LakeSettings,
    pub(super) root: PathBuf,
    id: String,
    pub(super) cursors: CursorFolder,
    pub(super) interactions: Table,
    pub(super) activities: Table,
    pub(super) mailboxes: Table,
    pub(super) cpu: Arc<CpuPool>,
    pub(super) handle: Handle,
    locks: Option<SlotLocks>,
    /// Runs of which `mailboxes` tells, once they were looked up, and those told of since.
    pub(super) reported: Mutex<Option<Reported>>,
    turn: Mutex<()>,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// What `_touchpoint/format.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct FormatFile {
    /// The format of cursor files, books and file names.
    format: u32,
    /// Tells this lake from all others, so that no view of another one is believed.
    lake_id: String,
}

impl Lake {
    /// Opens a lake that exists, for reading.
    ///
    /// `handle` must be that of a multi-threaded runtime. Like all methods of the lake this blocks
    /// on the disk: call it from a blocking thread.
    pub fn open(
        settings: LakeSettings,
        cpu: Arc<CpuPool>,
        handle: Handle,
    ) -> Result<Self, LakeError> {
        let root = absolute(&settings.path)?;
        let id = check_format(&root)?;
        Self::open_tables(settings, root, id, cpu, handle, None)
    }

    /// Opens a lake for writing: creates it where there is none, takes the locks of its slots and
    /// clears away what earlier attempts left and nobody committed.
    pub fn open_to_write(
        settings: LakeSettings,
        cpu: Arc<CpuPool>,
        handle: Handle,
    ) -> Result<Self, LakeError> {
        let path = absolute(&settings.path)?;
        match path.parent() {
            // A folder that may not be read was not made by a run that died.
            Some(parent) if path.is_dir() => drop(sync_folder(parent)),
            _ => create_folder(&path)?,
        }
        let root = absolute(&settings.path)?;
        let locks = SlotLocks::take(&root.join("_touchpoint/locks"), &settings.slots)?;
        if !format_file(&root).exists() && !has_log(&root.join(TableName::Interactions.as_str())) {
            write_format(&root)?;
        }
        let id = check_format(&root)?;
        let engine = engine(handle.clone());
        for table in TableName::ALL {
            let folder = root.join(table.as_str());
            Table::create(table, &folder, &engine)?;
            Table::sync_log(&folder)?;
        }
        let lake = Self::open_tables(settings, root, id, cpu, handle, Some(locks))?;
        // Before anything is cleared away that may be needed to mend it.
        lake.check_order()?;
        lake.clean_up()?;
        Ok(lake)
    }

    fn open_tables(
        settings: LakeSettings,
        root: PathBuf,
        id: String,
        cpu: Arc<CpuPool>,
        handle: Handle,
        locks: Option<SlotLocks>,
    ) -> Result<Self, LakeError> {
        let engine = engine(handle.clone());
        let table = |name: TableName| Table::open(name, &root.join(name.as_str()), &engine);
        Ok(Self {
            cursors: CursorFolder::new(root.join("_touchpoint/cursors")),
            interactions: table(TableName::Interactions)?,
            activities: table(TableName::ContactActivity)?,
            mailboxes: table(TableName::Mailboxes)?,
            settings,
            root,
            id,
            cpu,
            handle,
            locks,
            reported: Mutex::default(),
            turn: Mutex::new(()),
        })
    }

    /// Tells this lake from all others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sees what other processes have committed since.
    pub fn refresh(&self) -> Result<(), LakeError> {
        self.interactions.refresh()?;
        self.activities.refresh()?;
        self.mailboxes.refresh()
    }

    /// Lets one commit after the other happen.
    pub(super) fn take_turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error where this process does not hold the slot.
    pub(super) fn check_held(&self, slot: u8) -> Result<(), LakeError> {
        match &self.locks {
            Some(locks) if locks.holds(slot) => Ok(()),
            _ => Err(LakeError::ReadOnly),
        }
    }

    /// Whether this process holds every slot, so that nobody else can be writing.
    pub(super) fn holds_all(&self) -> bool {
        (0..SLOTS).all(|slot| self.check_held(slot).is_ok())
    }

    /// The versions of `interactions`, by slot.
    pub fn interaction_versions(&self) -> Result<BTreeMap<u8, i64>, LakeError> {
        versions(&self.interactions)
    }

    /// The versions that `contact_activity` has reached, by slot.
    pub fn activity_versions(&self) -> Result<BTreeMap<u8, i64>, LakeError> {
        versions(&self.activities)
    }

    /// Whether a slot of `interactions` has had a version on its way to the one it has, as far back
    /// as its cursor files tell. A lake that was restored from a backup does not know what was
    /// committed after it, though later versions may be higher.
    pub fn has_passed(&self, slot: u8, version: i64) -> Result<bool, LakeError> {
        match self.interactions.slot_version(slot)? {
            Some(newest) => self.cursors.has_passed(newest, slot, version),
            None => Ok(false),
        }
    }

    /// The cursors of a slot, in order of mailbox and key, as a stream.
    pub fn cursors(
        &self,
        slot: u8,
    ) -> Result<Box<dyn Iterator<Item = Result<CursorRecord, LakeError>> + Send>, LakeError> {
        let Some(version) = self.interactions.slot_version(slot)? else {
            return Ok(Box::new(std::iter::empty()));
        };
        let merged = self.cursors.merged(version, slot)?;
        Ok(Box::new(cursors::cursors_of(merged)))
    }

    /// The digest of the book in force, by slot.
    pub fn books_in_force(&self) -> Result<BTreeMap<u8, String>, LakeError> {
        let records = self.slot_records()?;
        let books = records.into_iter();
        Ok(books.map(|(slot, record)| (slot, record.book)).collect())
    }

    /// What the newest cursor files say of the slots.
    pub(super) fn slot_records(&self) -> Result<BTreeMap<u8, SlotRecord>, LakeError> {
        let mut records = BTreeMap::new();
        for (slot, version) in self.interaction_versions()? {
            records.insert(slot, self.cursors.slot_record(version, slot)?);
        }
        Ok(records)
    }

    /// Everything a slot's chain holds and this commit adds, as one full list in order, but for
    /// the counts of runs that `mailboxes` tells of.
    pub(super) fn merge_slot(
        &self,
        before: &SlotRecord,
        slot: u8,
        added: Vec<Entry>,
        reported: &Reported,
    ) -> Result<Vec<Entry>, LakeError> {
        let mut entries = BTreeMap::new();
        for entry in self.cursors.merged(before.version, slot)? {
            let entry = entry?;
            let is_told = entry.kind == EntryKind::Count && reported.contains(&entry.key, slot);
            if !is_told {
                let place = (entry.kind, entry.mailbox_id.clone(), entry.key.clone());
                entries.insert(place, entry);
            }
        }
        for entry in added {
            let place = (entry.kind, entry.mailbox_id.clone(), entry.key.clone());
            let old = entries.remove(&place);
            if let Some(entry) = cursors::newest(old, entry)? {
                entries.insert(place, entry);
            }
        }
        Ok(entries.into_values().collect())
    }
}

pub(super) fn versions(table: &Table) -> Result<BTreeMap<u8, i64>, LakeError> {
    let mut versions = BTreeMap::new();
    for slot in 0..SLOTS {
        if let Some(version) = table.slot_version(slot)? {
            versions.insert(slot, version);
        }
    }
    Ok(versions)
}

fn format_file(root: &Path) -> PathBuf {
    root.join("_touchpoint/format.json")
}

fn write_format(root: &Path) -> Result<(), LakeError> {
    let path = format_file(root);
    let lake_id = format!("{:016x}{:016x}", random::bits(), random::bits());
    let text = cursors::to_json(
        &FormatFile {
            format: FORMAT,
            lake_id,
        },
        &path,
    )?;
    // Of two processes that make the lake at once, one gives it its name.
    publish_file(&path, text.as_bytes(), Place::Free)
}

/// Gives the id of a lake whose format this program knows.
pub(super) fn check_format(root: &Path) -> Result<String, LakeError> {
    let refuse = |why: String| LakeError::NoLake {
        path: root.to_owned(),
        why,
    };
    let path = format_file(root);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| refuse(format!("_touchpoint/format.json: {error}")))?;
    let found: FormatFile = serde_json::from_str(&text)
        .map_err(|error| refuse(format!("_touchpoint/format.json: {error}")))?;
    if found.format > FORMAT {
        return Err(refuse(format!(
            "it has format {}, this program knows formats up to {FORMAT}; use a newer touchpoint",
            found.format
        )));
    }
    Ok(found.lake_id)
}

/// The lake's folder as an absolute path: the Delta library takes URLs only.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, LakeError> {
    std::path::absolute(path)
        .map_err(LakeError::io("find", path))
        .map(|path| path.canonicalize().unwrap_or(path))
}
