//! Folders on disk: what lies in them, in order of names.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::source::archive::error::ArchiveError;
use crate::source::archive::spec::Links;

/// A folder of an archive, with the rule for links in it.
#[derive(Debug)]
pub(super) struct Tree {
    top: PathBuf,
    /// Which links are followed.
    pub links: Links,
    /// `top` without links; `None`: no link leads to a file within.
    root: Option<PathBuf>,
}

/// What lies in a folder.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub folders: Vec<(String, PathBuf)>,
    pub files: Vec<(String, PathBuf)>,
    /// Links to folders that are followed.
    pub linked_folders: Vec<(String, PathBuf)>,
    /// Links to folders that are not followed.
    links_left: usize,
}

/// A folder that a walk comes to.
#[derive(Debug)]
pub(super) struct Visit {
    /// Path below the top, `/` between names; empty at the top.
    pub name: String,
    pub path: PathBuf,
    /// What lies in it, where it can be listed.
    pub entries: Result<Entries, ArchiveError>,
}

impl Entries {
    pub(super) fn tell_links_left(&self) {
        if self.links_left > 0 {
            // Folders are named like the mailboxes: no name belongs into a log.
            tracing::warn!(
                links = self.links_left,
                "links to folders of an archive are not followed (find -type l finds them); \
                 links = \"all\" follows them"
            );
        }
    }
}

impl Tree {
    pub(super) fn new(top: &Path, links: Links) -> Self {
        Self {
            top: top.to_owned(),
            links,
            root: top.canonicalize().ok(),
        }
    }

    /// A folder whose files are mailboxes of different owners: no link leads to a file within.
    pub(super) fn of_owners(top: &Path, links: Links) -> Self {
        Self {
            root: None,
            ..Self::new(top, links)
        }
    }

    /// The entries of a folder in this tree, by bytes of their names, hidden ones among them.
    pub(super) fn entries(&self, folder: &Path) -> Result<Entries, ArchiveError> {
        let mut entries = Entries::default();
        let listing = fs::read_dir(folder).map_err(|e| ArchiveError::io(folder, e))?;
        for entry in listing {
            let entry = entry.map_err(|e| ArchiveError::io(folder, e))?;
            let kind = entry.file_type().map_err(|e| ArchiveError::io(folder, e))?;
            let (name, path) = (name_of(&entry), entry.path());
            if kind.is_dir() {
                entries.folders.push((name, path));
            } else if kind.is_file() {
                entries.files.push((name, path));
            } else if kind.is_symlink() {
                self.add_link(&mut entries, name, path);
            }
        }
        entries.folders.sort();
        entries.linked_folders.sort();
        entries.files.sort();
        Ok(entries)
    }

    /// A link to a file that lies in the tree stands for that file. Any other is kept as it is:
    /// opening it is refused and reported, unless links are followed.
    fn add_link(&self, entries: &mut Entries, name: String, path: PathBuf) {
        let is_folder = path.is_dir();
        if is_folder && self.links == Links::All {
            entries.linked_folders.push((name, path));
        } else if is_folder {
            entries.links_left += 1;
        } else {
            let inside = path.canonicalize().ok().filter(|target| {
                let root = self.root.as_ref();
                target.is_file() && root.is_some_and(|root| target.starts_with(root))
            });
            entries.files.push((name, inside.unwrap_or(path)));
        }
    }

    /// Walks over the tree's folders, the top among them; `enters` says into which of a folder's
    /// children it goes. However deep they lie; where links are followed, each folder once.
    pub(super) fn walk(
        &self,
        enters: impl Fn(&Entries, &str, &Path) -> bool,
        mut visit: impl FnMut(Visit),
    ) {
        let mut seen = HashSet::new();
        let mut open = vec![(String::new(), self.top.clone())];
        // A folder goes by its own name, and not by that of a link to it.
        let mut linked = Vec::new();
        while let Some((name, path)) = open.pop().or_else(|| linked.pop()) {
            if self.links == Links::All
                && let Ok(folder) = path.canonicalize()
                && !seen.insert(folder)
            {
                tracing::warn!("links lead to a folder of an archive twice; it is read once");
                continue;
            }
            let entries = self.entries(&path);
            if let Ok(entries) = &entries {
                entries.tell_links_left();
                let is_entered = |(child, path): &&(String, PathBuf)| enters(entries, child, path);
                let named = |(child, path): &(String, PathBuf)| (join(&name, child), path.clone());
                open.extend(entries.folders.iter().filter(is_entered).map(named));
                let links = entries.linked_folders.iter().filter(is_entered);
                linked.extend(links.map(named));
            }
            visit(Visit {
                name,
                path,
                entries,
            });
        }
    }
}

/// The name of an entry. Bytes that are no UTF-8 are escaped (`\xff`), and so are names that look
/// like such a name: no two entries have one name.
fn name_of(entry: &fs::DirEntry) -> String {
    let name = entry.file_name();
    match name.to_str() {
        Some(text) if !text.contains("\\x") => text.to_owned(),
        _ => name.as_encoded_bytes().escape_ascii().to_string(),
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
