//! The contents of the disk: logs, data files, cursor files, caches, and what is synced.

use std::rc::Rc;

use crate::world::Cursor;
use crate::world::Known;
use crate::world::Row;
use crate::world::SLOTS;
use crate::world::Version;
use crate::world::ViewRow;

/// The two tables whose commits belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    Rows,
    View,
}

/// Both, in the order of a commit.
pub(crate) const TABLES: [Table; 2] = [Table::Rows, Table::View];

/// A Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DataFile {
    /// Represents the file name, which is unique to the attempt.
    pub id: u8,
    pub table: Table,
    /// The version in its name; `None` if it contains rows of several commits.
    pub version: Option<Version>,
    pub rows: Vec<Row>,
    pub view: Vec<ViewRow>,
    pub is_durable: bool,
    /// Older than 24 hours.
    pub is_old: bool,
    /// Taken out of its table less than 24 hours ago.
    pub is_removed_lately: bool,
    /// Whether it has a name of the program's: what other tools wrote is left to their vacuum.
    pub is_ours: bool,
}

/// The content of a cursor file for a slot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SlotRecord {
    pub slot: u8,
    /// The files before it, newest first, back to the last full one.
    pub before: Vec<Version>,
    /// The version before it, of a full one as well.
    pub previous: Option<Version>,
    /// Rows of the slot so far.
    pub rows: u8,
    pub snapshot: u8,
    /// `None`: unchanged since the file before.
    pub cursor: Option<Cursor>,
    /// The runs that counted something, a bit each.
    pub runs: u8,
}

/// A cursor file, which only the version of a commit points to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CursorFile {
    pub version: Version,
    pub records: Vec<SlotRecord>,
    pub is_durable: bool,
    pub is_old: bool,
}

/// A commit of a table's log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub adds: Vec<u8>,
    pub removes: Vec<u8>,
    pub steps: Vec<(u8, Version)>,
}

/// A table's log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Log {
    pub entries: Vec<Rc<Entry>>,
    /// The number that survives a power loss.
    pub durable: usize,
}

/// What the state cache holds of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SlotState {
    pub version: Version,
    pub cursor: Option<Cursor>,
    pub known: Known,
}

/// A document of the index: revision, month, and whether it shows a contact.
pub(crate) type Doc = Option<(u8, u8, bool)>;

/// What the index holds of a slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct SlotIndex {
    pub version: Option<Version>,
    pub docs: [Doc; 2],
}

/// The lake: what a backup of its folder would hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lake {
    pub files: Vec<Rc<DataFile>>,
    pub cursors: Vec<Rc<CursorFile>>,
    pub logs: [Log; 2],
    /// Rows of `mailboxes`: run, slot, and whether it is reported as interrupted.
    pub reported: Vec<(u8, u8, bool)>,
}

/// The disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Disk {
    pub lake: Rc<Lake>,
    pub state: [Option<SlotState>; 2],
    pub index: [SlotIndex; 2],
}

/// A file that a commit names is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

impl Lake {
    /// The log of a table.
    pub(crate) fn log(&self, table: Table) -> &Log {
        &self.logs[table as usize]
    }

    /// The log of a table, to be written.
    pub(crate) fn log_mut(&mut self, table: Table) -> &mut Log {
        &mut self.logs[table as usize]
    }

    /// The files that the first `seen` commits of a log leave.
    pub(crate) fn live(&self, table: Table, seen: usize) -> Vec<u8> {
        let mut live: Vec<u8> = Vec::new();
        for entry in &self.log(table).entries[..seen] {
            live.retain(|id| !entry.removes.contains(id));
            let new = entry.adds.iter().filter(|id| !live.contains(id));
            let new: Vec<u8> = new.copied().collect();
            live.extend(new);
        }
        live
    }

    /// The live files themselves.
    pub(crate) fn live_files(&self, table: Table, seen: usize) -> Result<Vec<&DataFile>, Gone> {
        let find = |id: u8| {
            let file = self.files.iter().find(|file| file.id == id);
            file.map(|file| &**file).ok_or(Gone)
        };
        self.live(table, seen).into_iter().map(find).collect()
    }

    /// The version of a slot after `seen` commits.
    pub(crate) fn version(&self, table: Table, slot: u8, seen: usize) -> Option<Version> {
        let entries = self.log(table).entries[..seen].iter().rev();
        let mut steps = entries.flat_map(|entry| &entry.steps);
        steps
            .find(|(of, _)| *of == slot)
            .map(|(_, version)| *version)
    }

    /// The version of a slot now.
    pub(crate) fn newest(&self, table: Table, slot: u8) -> Option<Version> {
        self.version(table, slot, self.log(table).entries.len())
    }

    /// Rows of `interactions` after `seen` commits.
    pub(crate) fn rows(&self, seen: usize) -> Result<Vec<Row>, Gone> {
        let files = self.live_files(Table::Rows, seen)?.into_iter();
        Ok(files.flat_map(|file| file.rows.iter().copied()).collect())
    }

    /// Rows of `contact_activity` after `seen` commits.
    pub(crate) fn view(&self, seen: usize) -> Result<Vec<ViewRow>, Gone> {
        let files = self.live_files(Table::View, seen)?.into_iter();
        Ok(files.flat_map(|file| file.view.iter().copied()).collect())
    }

    /// The content of the cursor file of a version for a slot.
    pub(crate) fn record(&self, version: Version, slot: u8) -> Result<&SlotRecord, Gone> {
        let file = self.cursors.iter().find(|file| file.version == version);
        let records = file.map(|file| &file.records).ok_or(Gone)?;
        records
            .iter()
            .find(|record| record.slot == slot)
            .ok_or(Gone)
    }

    /// A slot's chain of records, newest first.
    pub(crate) fn chain(&self, version: Version, slot: u8) -> Result<Vec<&SlotRecord>, Gone> {
        let newest = self.record(version, slot)?;
        let before = newest
            .before
            .iter()
            .map(|version| self.record(*version, slot));
        std::iter::once(Ok(newest)).chain(before).collect()
    }

    /// Whether a slot has had a version before, according to its chain of cursor files.
    pub(crate) fn has_passed(
        &self,
        version: Version,
        slot: u8,
        before: Version,
    ) -> Result<bool, Gone> {
        let chain = self.chain(version, slot)?;
        let has_passed = |record: &&SlotRecord| record.previous == Some(before);
        Ok(version == before || chain.iter().any(has_passed))
    }

    /// Where the chain of a slot's mailbox continues.
    pub(crate) fn cursor(&self, version: Version, slot: u8) -> Result<Option<Cursor>, Gone> {
        let chain = self.chain(version, slot)?;
        Ok(chain.iter().find_map(|record| record.cursor))
    }

    /// Data files and cursor files that commits up to `seen` do not name.
    pub(crate) fn unnamed(&self, seen: [usize; 2]) -> Result<(Vec<u8>, Vec<Version>), Gone> {
        let live: Vec<u8> = (TABLES.iter())
            .flat_map(|table| self.live(*table, seen[*table as usize]))
            .collect();
        let files = self.files.iter().map(|file| file.id);
        let files = files.filter(|id| !live.contains(id)).collect();
        let mut named = Vec::new();
        for slot in 0..SLOTS {
            if let Some(version) = self.version(Table::Rows, slot, seen[0]) {
                named.push(version);
                named.extend(&self.record(version, slot)?.before);
            }
        }
        let cursors = self.cursors.iter().map(|file| file.version);
        Ok((
            files,
            cursors.filter(|version| !named.contains(version)).collect(),
        ))
    }

    /// Notes that a commit has just taken files out of their table.
    pub(crate) fn note_removal(&mut self, olds: &[u8]) {
        for file in &mut self.files {
            if olds.contains(&file.id) {
                Rc::make_mut(file).is_removed_lately = true;
            }
        }
    }

    /// A day passes.
    pub(crate) fn grow_old(&mut self) {
        for file in &mut self.files {
            let file = Rc::make_mut(file);
            file.is_old = true;
            file.is_removed_lately = false;
        }
        for file in &mut self.cursors {
            Rc::make_mut(file).is_old = true;
        }
    }

    /// Loses what was not synced: of each log the commits beyond `kept`.
    pub(crate) fn lose_power(&mut self, kept: [usize; 2]) {
        for (log, kept) in self.logs.iter_mut().zip(kept) {
            log.entries.truncate(kept);
            log.durable = kept;
        }
        self.files.retain(|file| file.is_durable);
        self.cursors.retain(|file| file.is_durable);
    }
}
