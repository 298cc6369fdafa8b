//! Maildir, trees of plain files like one, and trees of `.eml` files.

use std::path::Path;
use std::path::PathBuf;

use crate::source::archive::ArchiveSpec;
use crate::source::archive::Format;
use crate::source::archive::Layout;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::tree;
use crate::source::archive::tree::Entries;

/// The mailboxes of the archive: name and folders.
pub(super) fn mailboxes(spec: &ArchiveSpec) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = &spec.path;
    let meta = std::fs::metadata(path).map_err(|e| ArchiveError::io(path, e))?;
    if !meta.is_dir() {
        return Err(ArchiveError::NotAFolder { path: path.clone() });
    }
    let mailboxes = match &spec.layout {
        Layout::One { .. } => vec![(String::new(), folders(path, spec.format))],
        Layout::Subfolders { .. } => subfolders(path, spec.format)?,
    };
    for folder in mailboxes.iter().flat_map(|(_, folders)| folders) {
        // One that cannot be listed is told when its mailbox is read.
        if files(folder, spec.format).map_or(true, |files| !files.is_empty()) {
            return Ok(mailboxes);
        }
    }
    Err(ArchiveError::NoMessage {
        path: path.clone(),
        expected: match spec.format {
            Format::Eml => "files named *.eml",
            Format::Mbox | Format::Maildir => "files in folders, or in cur and new",
        },
    })
}

fn subfolders(path: &Path, format: Format) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let entries = tree::entries(path)?;
    if format == Format::Maildir && is_maildir(&entries) {
        return Err(ArchiveError::IsOneMaildir {
            path: path.to_path_buf(),
        });
    }
    let strays = entries.files.iter();
    let strays = strays.filter(|(name, _)| is_message(name, format)).count();
    if strays > 0 {
        tracing::warn!(path = %path.display(), files = strays,
            "files beside the mailboxes' folders belong to no mailbox and are not read");
    }
    let children = entries.folders.into_iter();
    Ok(children
        .filter(|(name, _)| !tree::is_hidden(name))
        .map(|(name, path)| (name, folders(&path, format)))
        .collect())
}

/// All folders of a mailbox that can hold messages, itself among them.
fn folders(top: &Path, format: Format) -> Vec<Folder> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), top.to_path_buf(), 0_usize)];
    while let Some((name, path, depth)) = open.pop() {
        // One that cannot be listed costs its mailbox: reading it tells why.
        let entries = tree::entries(&path).unwrap_or_default();
        let is_maildir = format == Format::Maildir && is_maildir(&entries);
        for (child, child_path) in entries.folders {
            if (is_maildir && matches!(child.as_str(), "cur" | "new" | "tmp"))
                || !is_folder(&child, &child_path, format)
            {
                continue;
            }
            if depth == tree::DEPTH_MAX {
                tracing::warn!(
                    depth,
                    "a folder of an archive lies too deep and is not read"
                );
                continue;
            }
            open.push((tree::join(&name, &child), child_path, depth + 1));
        }
        found.push(Folder::new(&name, path));
    }
    found
}

/// A hidden folder counts only where Maildir++ makes one: it holds `cur` or `new`.
fn is_folder(name: &str, path: &Path, format: Format) -> bool {
    if !tree::is_hidden(name) {
        return true;
    }
    format == Format::Maildir && tree::entries(path).is_ok_and(|entries| is_maildir(&entries))
}

fn is_maildir(entries: &Entries) -> bool {
    let mut names = entries.folders.iter();
    names.any(|(name, _)| matches!(name.as_str(), "cur" | "new"))
}

/// The messages of a folder in the order in which they are read: by file name without flags, so
/// that reading or flagging a mail does not move it.
pub(super) fn files(
    folder: &Folder,
    format: Format,
) -> Result<Vec<(String, PathBuf)>, ArchiveError> {
    let entries = tree::entries(&folder.path)?;
    let mut files = entries.files;
    if format == Format::Maildir {
        for (name, path) in entries.folders {
            if matches!(name.as_str(), "cur" | "new") {
                files.extend(tree::entries(&path)?.files);
            }
        }
    }
    files.retain(|(name, _)| is_message(name, format));
    files.sort_by(|(a, _), (b, _)| (base_name(a), a).cmp(&(base_name(b), b)));
    Ok(files)
}

fn is_message(name: &str, format: Format) -> bool {
    !tree::is_hidden(name) && (format == Format::Maildir || tree::has_extension(name, "eml"))
}

/// A Maildir file name without its flags.
pub(super) fn base_name(name: &str) -> &str {
    name.split_once(":2,").map_or(name, |(base, _)| base)
}

/// Whether a Maildir file name has the flag `D`.
pub(super) fn is_flagged_draft(name: &str) -> bool {
    name.split_once(":2,")
        .is_some_and(|(_, flags)| flags.contains('D'))
}
