//! Folders on disk: what lies in them, in order of names.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::source::archive::error::ArchiveError;

/// Folders nested deeper than this are not followed: no mail program makes them.
pub(super) const DEPTH_MAX: usize = 64;

/// What lies in a folder. Symbolic links to files are files; those to folders are left out, since
/// they may lead in a circle.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub folders: Vec<(String, PathBuf)>,
    pub files: Vec<(String, PathBuf)>,
}

/// The entries of a folder, by bytes of their names, hidden ones among them.
pub(super) fn entries(path: &Path) -> Result<Entries, ArchiveError> {
    let mut entries = Entries::default();
    let listing = fs::read_dir(path).map_err(|e| ArchiveError::io(path, e))?;
    for entry in listing {
        let entry = entry.map_err(|e| ArchiveError::io(path, e))?;
        let kind = entry.file_type().map_err(|e| ArchiveError::io(path, e))?;
        let named = (name_of(&entry), entry.path());
        if kind.is_dir() {
            entries.folders.push(named);
        } else if kind.is_file() || (kind.is_symlink() && named.1.is_file()) {
            entries.files.push(named);
        } else if kind.is_symlink() {
            // Folders are named like the mailboxes: no name belongs into a log.
            tracing::warn!(
                "a link to a folder of an archive is not followed; find -type l finds it"
            );
        }
    }
    entries.folders.sort();
    entries.files.sort();
    Ok(entries)
}

/// The name of an entry; bytes that are no UTF-8 stay distinct from each other.
fn name_of(entry: &fs::DirEntry) -> String {
    let name = entry.file_name();
    match name.to_str() {
        Some(text) => text.to_owned(),
        None => name.as_encoded_bytes().escape_ascii().to_string(),
    }
}

/// Hidden names begin with a full stop.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// A name below a folder; the top folder has none.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// Whether a file name has this extension, in any case.
pub(super) fn has_extension(name: &str, extension: &str) -> bool {
    let found = Path::new(name).extension();
    found.is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
