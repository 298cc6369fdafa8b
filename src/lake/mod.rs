//! What is true? Delta tables of Parquet files, and beside them the cursors of the same commits.
//!
//! ```text
//! interactions/         the truth: one row for each mail or meeting in each mailbox
//! contact_activity/     view: one row for each of those and each contact in it
//! mailboxes/            coverage: one row for each mailbox and run
//! audit/                who changed what is read
//! _touchpoint/
//!   format.json         the number of this layout; a newer one is refused
//!   cursors/            <version>.parquet: where reading continues, counts, sums of row hashes
//!   crm/                <digest>.parquet: the CRM snapshots that were asked
//!   own_domains.json    the domains that no account of a CRM snapshot has
//!   tenants.json        the tenants whose domains are among them
//!   locks/              one file for each slot, locked while a process writes it
//! ```
//!
//! The only room that knows Arrow, Parquet and Delta: it takes and gives rows of `model`. Of its
//! folders, `delta` has the tables, `storage` the disk, `rows` the columns, `cursors` the cursor
//! files, and `view` all that keeps `contact_activity` up to date.

pub mod audit;
pub mod batch;
pub mod crm_snapshots;
mod crm_tables;
pub mod error;
pub mod export;
pub mod head;
pub mod mailboxes;
pub mod mails;
pub mod own_domains;
pub mod packed;
pub mod read;
pub mod recorded;
pub mod rows;
pub mod settings;
pub mod single;
mod sizes;
pub mod touches;
pub mod verify;
pub mod view;

mod append;
mod commit;
mod compaction;
mod cursors;
mod delta;
mod format;
mod generations;
mod parallel;
mod reported;
mod storage;
mod taking_part;
mod version;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::runtime::Handle;

use crate::lake::cursors::chain::CursorFolder;
use crate::lake::cursors::chain::cursors_of;
use crate::lake::cursors::record::SlotRecord;
use crate::lake::delta::engine::engine;
use crate::lake::delta::log::has_log;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::format::check_format;
use crate::lake::format::format_file;
use crate::lake::format::write_format;
use crate::lake::reported::Reported;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::columns;
use crate::lake::settings::LakeSettings;
use crate::lake::storage::disk::absolute;
use crate::lake::storage::disk::create_folder;
use crate::lake::storage::disk::sync_folder;
use crate::lake::storage::lock::SlotLocks;
use crate::model::cursor::CursorRecord;
use crate::model::mailbox::SLOTS;
use crate::runtime::cpu::CpuPool;

/// A lake: tables, cursors and CRM snapshots.
pub struct Lake {
    settings: LakeSettings,
    root: PathBuf,
    id: String,
    cursors: CursorFolder,
    interactions: Table,
    activities: Table,
    mailboxes: Table,
    /// None where an older program made the lake and it is open for reading.
    audit: Option<Table>,
    /// The same.
    contacts: Option<Table>,
    /// The same.
    accounts: Option<Table>,
    cpu: Arc<CpuPool>,
    handle: Handle,
    locks: Option<SlotLocks>,
    /// Runs that `mailboxes` reports, once they were looked up, and those reported since.
    reported: Mutex<Option<Reported>>,
    commit_lock: Mutex<()>,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
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

    /// Opens a lake for reading, if there is one.
    pub fn open_if_any(
        settings: LakeSettings,
        cpu: Arc<CpuPool>,
        handle: Handle,
    ) -> Result<Option<Self>, LakeError> {
        let is_there = format_file(&absolute(&settings.path)?).exists();
        is_there
            .then(|| Self::open(settings, cpu, handle))
            .transpose()
    }

    /// Opens a lake for writing: creates it where there is none, takes the locks of its slots, adds
    /// the columns that a lake of an older program lacks, and deletes what abandoned attempts left.
    pub fn open_for_write(
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
        // Before anything is deleted that a repair may need.
        lake.check_order()?;
        lake.tables().try_for_each(Table::check_known)?;
        for table in lake.tables() {
            table.add_columns(&columns(table.name))?;
        }
        lake.delete_orphans()?;
        Ok(lake)
    }

    /// Opens a lake for writing that must exist: one that is not there is an error, and is not made.
    pub fn open_existing_for_write(
        settings: LakeSettings,
        cpu: Arc<CpuPool>,
        handle: Handle,
    ) -> Result<Self, LakeError> {
        drop(Self::open(settings.clone(), cpu.clone(), handle.clone())?);
        Self::open_for_write(settings, cpu, handle)
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
        let if_any = |name: TableName| {
            let is_there = has_log(&root.join(name.as_str()));
            is_there.then(|| table(name)).transpose()
        };
        Ok(Self {
            cursors: CursorFolder::new(root.join("_touchpoint/cursors")),
            interactions: table(TableName::Interactions)?,
            activities: table(TableName::ContactActivity)?,
            mailboxes: table(TableName::Mailboxes)?,
            audit: if_any(TableName::Audit)?,
            contacts: if_any(TableName::Contacts)?,
            accounts: if_any(TableName::Accounts)?,
            settings,
            root,
            id,
            cpu,
            handle,
            locks,
            reported: Mutex::default(),
            commit_lock: Mutex::new(()),
        })
    }

    /// The id of this lake.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The threads that encode and decode.
    pub fn cpu(&self) -> &CpuPool {
        &self.cpu
    }

    /// Reads what other processes have committed since.
    pub fn refresh(&self) -> Result<(), LakeError> {
        self.tables().try_for_each(Table::refresh)
    }

    /// All tables.
    fn tables(&self) -> impl Iterator<Item = &Table> {
        let always = [&self.interactions, &self.activities, &self.mailboxes];
        always
            .into_iter()
            .chain(&self.audit)
            .chain(&self.contacts)
            .chain(&self.accounts)
    }

    /// Commits of this process happen one after the other.
    fn lock_commits(&self) -> MutexGuard<'_, ()> {
        self.commit_lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// An error where this process does not hold the slot.
    fn check_held(&self, slot: u8) -> Result<(), LakeError> {
        match &self.locks {
            Some(locks) if locks.holds(slot) => Ok(()),
            _ => Err(LakeError::ReadOnly),
        }
    }

    /// Whether this process holds every slot, so that no other process can be writing.
    fn holds_all(&self) -> bool {
        (0..SLOTS).all(|slot| self.check_held(slot).is_ok())
    }

    /// The versions of `interactions`, by slot.
    pub fn interaction_versions(&self) -> Result<BTreeMap<u8, i64>, LakeError> {
        self.interactions.slot_versions()
    }

    /// The versions that `contact_activity` has reached, by slot.
    pub fn activity_versions(&self) -> Result<BTreeMap<u8, i64>, LakeError> {
        self.activities.slot_versions()
    }

    /// Whether a slot of `interactions` has had a version on its way to the one it has, as far back
    /// as its cursor files record. A lake that was restored from a backup does not know what was
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
        Ok(Box::new(cursors_of(merged)))
    }

    /// The cursors of all slots, each slot as [`Self::cursors`] has it.
    pub fn all_cursors(&self) -> impl Iterator<Item = Result<CursorRecord, LakeError>> {
        (0..SLOTS).flat_map(|slot| {
            let (cursors, failed) = match self.cursors(slot) {
                Ok(cursors) => (Some(cursors), None),
                Err(error) => (None, Some(Err(error))),
            };
            failed.into_iter().chain(cursors.into_iter().flatten())
        })
    }

    /// The digest of the current CRM snapshot, by slot.
    pub fn current_snapshots(&self) -> Result<BTreeMap<u8, String>, LakeError> {
        let records = self.slot_records()?;
        let snapshots = records.into_iter();
        Ok(snapshots
            .map(|(slot, record)| (slot, record.snapshot))
            .collect())
    }

    /// What the newest cursor files say of the slots.
    fn slot_records(&self) -> Result<BTreeMap<u8, SlotRecord>, LakeError> {
        let mut records = BTreeMap::new();
        for (slot, version) in self.interaction_versions()? {
            records.insert(slot, self.cursors.slot_record(version, slot)?);
        }
        Ok(records)
    }
}
