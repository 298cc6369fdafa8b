//! Deleting files that no commit names, left by abandoned attempts: at start, never while committing.

use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::lake::Lake;
use crate::lake::delta::data_file;
use crate::lake::delta::log::history;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::storage::disk;
use crate::runtime::clock;

/// Without all locks, an orphan is kept for this long: another process may be about
/// to commit it.
const ORPHANS_KEPT: Duration = Duration::from_hours(24);

impl Lake {
    /// Deletes files that the newest snapshot does not name. Where this process holds every slot,
    /// no process can be about to commit one; else they must be old.
    pub(crate) fn delete_orphans(&self) -> Result<(), LakeError> {
        let holds_all = self.holds_all();
        // A process that has not seen a merge yet may be reading what was merged away.
        let merged = if holds_all {
            HashSet::new()
        } else {
            self.removed_files()?
        };
        for file in self.orphaned_files()? {
            let is_kept = merged.contains(&file) || !is_older_than(&file, ORPHANS_KEPT);
            if holds_all || !is_kept {
                disk::remove(&file).map_err(LakeError::io("delete", &file))?;
                tracing::info!(file = %file.display(), "deleted a file of an abandoned commit");
            }
        }
        Ok(())
    }

    /// Data files that a commit has taken out, as far back as the logs go.
    pub(crate) fn removed_files(&self) -> Result<HashSet<PathBuf>, LakeError> {
        let mut removed = HashSet::new();
        for table in self.tables() {
            removed.extend(history(&table.folder)?.removed);
        }
        Ok(removed)
    }

    /// Data files and cursor files that no commit names, and drafts of small files.
    pub(crate) fn orphaned_files(&self) -> Result<Vec<PathBuf>, LakeError> {
        let mut unnamed = Vec::new();
        for table in self.tables() {
            orphaned_data_files(table, &mut unnamed)?;
        }
        for folder in self.folders_of_drafts() {
            let files = files_in(&folder)?.into_iter();
            unnamed.extend(files.filter(|file| disk::is_draft(file)));
        }
        let mut named = HashSet::new();
        for (slot, version) in self.interaction_versions()? {
            named.extend(self.cursors.chain(version, slot)?);
        }
        for file in files_in(&self.cursors.path)? {
            let version = file.file_stem().and_then(|stem| stem.to_str());
            let version = version.and_then(|stem| stem.parse::<i64>().ok());
            if version.is_some_and(|version| !named.contains(&version)) {
                unnamed.push(file);
            }
        }
        Ok(unnamed)
    }

    /// Where small files are written under one name to get another.
    fn folders_of_drafts(&self) -> Vec<PathBuf> {
        let logs = self.tables().map(|table| table.folder.join("_delta_log"));
        let own = self.root.join("_touchpoint");
        let mut folders = vec![own.join("crm"), own];
        folders.extend(logs);
        folders
    }
}

/// Only files under names of ours: what other programs wrote is left to their `vacuum`.
fn orphaned_data_files(table: &Table, unnamed: &mut Vec<PathBuf>) -> Result<(), LakeError> {
    let live: HashSet<PathBuf> = (table.live_files()?.into_iter())
        .map(|file| table.folder.join(file.path))
        .collect();
    for month in files_in(&table.folder)? {
        let is_month = month
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("month="));
        if !is_month {
            continue;
        }
        for file in files_in(&month)? {
            let name = file.to_string_lossy();
            let is_ours = data_file::is_ours(&name);
            if is_ours && !live.contains(&file) {
                unnamed.push(file);
            }
        }
    }
    Ok(())
}

/// What lies in a folder; nothing where there is no such folder.
pub(crate) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, LakeError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(LakeError::io("list", folder))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths
        .collect::<Result<Vec<_>, _>>()
        .map_err(LakeError::io("list", folder))?;
    paths.sort();
    Ok(paths)
}

/// Whether a file was last written so long ago; not where that is unknown.
pub(crate) fn is_older_than(file: &Path, age: Duration) -> bool {
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    let Ok(since_epoch) = modified.map(|at| at.duration_since(std::time::UNIX_EPOCH)) else {
        return false;
    };
    let modified = since_epoch.unwrap_or_default();
    let now = Duration::from_micros(u64::try_from(clock::now().0).unwrap_or_default());
    now.saturating_sub(modified) > age
}
