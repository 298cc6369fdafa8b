//! Which mbox files an archive has, by mailbox.

use std::io;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::mail_shape;
use crate::source::archive::mbox::HEAD_BYTES;
use crate::source::archive::open::is_link;
use crate::source::archive::separator::FROM;
use crate::source::archive::spec::ArchiveSpec;
use crate::source::archive::spec::Layout;
use crate::source::archive::tree;
use crate::source::archive::tree::Entries;
use crate::source::archive::tree::Tree;

/// The mailboxes of the archive: name and mbox files.
pub(super) fn mailboxes(spec: &ArchiveSpec) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = &spec.path;
    let meta = std::fs::metadata(path).map_err(|e| ArchiveError::io(path, e))?;
    let tree = Arc::new(match &spec.layout {
        Layout::One { .. } => Tree::new(path, spec.links),
        Layout::Subfolders { .. } => Tree::of_owners(path, spec.links),
    });
    if meta.is_file() {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = stem(name.unwrap_or_default()).to_owned();
        // A link that the configuration names is followed.
        let file = path.canonicalize().unwrap_or_else(|_| path.clone());
        return checked(
            path,
            vec![(name.clone(), vec![Folder::new(&name, file, &tree)])],
        );
    }
    let mailboxes = match &spec.layout {
        Layout::One { .. } => vec![(String::new(), files_below(&tree))],
        Layout::Subfolders { .. } => subfolders(&tree, spec)?,
    };
    checked(path, mailboxes)
}

fn subfolders(
    tree: &Arc<Tree>,
    spec: &ArchiveSpec,
) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = &spec.path;
    let entries = tree.entries(path)?;
    entries.tell_links_left();
    let (mut mailboxes, mut strays) = (Vec::new(), 0_usize);
    for (name, file) in entries.files {
        if tree::is_hidden(&name) {
            continue;
        }
        if tree::has_extension(&name, "mbox") {
            let folder = Folder::new(stem(&name), file, tree);
            mailboxes.push((stem(&name).to_owned(), vec![folder]));
        } else {
            strays += 1;
        }
    }
    if strays > 0 {
        tracing::warn!(path = %path.display(), files = strays,
            "files that are not named *.mbox are not read");
    }
    for (name, folder) in entries.folders.into_iter().chain(entries.linked_folders) {
        if !tree::is_hidden(&name) {
            let tree = Arc::new(Tree::new(&folder, spec.links));
            mailboxes.push((stem(&name).to_owned(), files_below(&tree)));
        }
    }
    // `ann.mbox` beside `ann/`, as some programs make for a folder that has folders: one mailbox.
    mailboxes.sort_by(|(a, _), (b, _)| a.cmp(b));
    mailboxes.dedup_by(|(later, more), (name, folders)| {
        let is_same = later == name;
        if is_same {
            folders.append(more);
        }
        is_same
    });
    Ok(mailboxes)
}

/// All mbox files in a tree: those named so, and those without extension that begin like one.
fn files_below(tree: &Arc<Tree>) -> Vec<Folder> {
    let mut found = Vec::new();
    let enters = |_: &Entries, child: &str, _: &Path| !tree::is_hidden(child);
    tree.walk(enters, |visit| {
        let Ok(entries) = visit.entries else {
            // It costs its mailbox: reading it tells why.
            found.push(Folder::new(&visit.name, visit.path, tree));
            return;
        };
        for (name, file) in entries.files {
            let is_named = tree::has_extension(&name, "mbox");
            let is_bare = Path::new(&name).extension().is_none();
            let folder = Folder::new(&tree::join(&visit.name, stem(&name)), file, tree);
            // What a link that is not followed leads to, and is not named so, may be anything.
            let begins_so = || begins_like_mbox(&folder).unwrap_or_else(|error| !is_link(&error));
            if !tree::is_hidden(&name) && (is_named || (is_bare && begins_so())) {
                found.push(folder);
            }
        }
    });
    found
}

/// Refuses an archive without any mbox file; one that is none among others is read as unreadable.
fn checked(
    path: &Path,
    mailboxes: Vec<(String, Vec<Folder>)>,
) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = path.to_path_buf();
    let mut files = mailboxes.iter().flat_map(|(_, folders)| folders).peekable();
    if files.peek().is_none() {
        return Err(ArchiveError::NoMessage {
            path,
            expected: "files named *.mbox",
        });
    }
    for file in files {
        if begins_like_mbox(file).unwrap_or(true) {
            return Ok(mailboxes);
        }
    }
    Err(ArchiveError::NotMbox { path })
}

/// Whether a file begins with a `From ` line; an empty one is an mbox without messages.
fn begins_like_mbox(folder: &Folder) -> io::Result<bool> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let file = folder.open(&folder.path)?;
    file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let begin = mail_shape::without_blank_lines(&head);
    Ok(begin.is_empty() || begin.starts_with(FROM))
}

fn stem(name: &str) -> &str {
    if tree::has_extension(name, "mbox") {
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    } else {
        name
    }
}
