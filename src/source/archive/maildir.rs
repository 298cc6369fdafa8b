//! Maildir, trees of plain files like one, and trees of `.eml` files.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::maildir_name::base_name;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::folder::Folder;
use crate::source::archive::spec::ArchiveSpec;
use crate::source::archive::spec::Format;
use crate::source::archive::spec::Layout;
use crate::source::archive::tree;
use crate::source::archive::tree::Entries;
use crate::source::archive::tree::Tree;

/// The mailboxes of the archive: name and folders.
pub(super) fn mailboxes(spec: &ArchiveSpec) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = &spec.path;
    let meta = std::fs::metadata(path).map_err(|e| ArchiveError::io(path, e))?;
    if !meta.is_dir() {
        return Err(ArchiveError::NotAFolder { path: path.clone() });
    }
    let mailboxes = match &spec.layout {
        Layout::One { .. } => vec![(String::new(), folders(path, spec))],
        Layout::Subfolders { .. } => subfolders(spec)?,
    };
    for folder in mailboxes.iter().flat_map(|(_, folders)| folders) {
        // One that cannot be listed is reported when its mailbox is read.
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

fn subfolders(spec: &ArchiveSpec) -> Result<Vec<(String, Vec<Folder>)>, ArchiveError> {
    let path = &spec.path;
    let entries = Tree::new(path, spec.links).entries(path)?;
    if spec.format == Format::Maildir && is_maildir(&entries) {
        return Err(ArchiveError::IsOneMaildir { path: path.clone() });
    }
    let strays = entries.files.iter();
    let strays = strays.filter(|(name, _)| is_message(name, spec.format));
    let strays = strays.count();
    if strays > 0 {
        tracing::warn!(path = %path.display(), files = strays,
            "files beside the mailboxes' folders belong to no mailbox and are not read");
    }
    entries.tell_links_left();
    let children = entries.folders.into_iter().chain(entries.linked_folders);
    Ok(children
        .filter(|(name, _)| !tree::is_hidden(name))
        .map(|(name, path)| (name, folders(&path, spec)))
        .collect())
}

/// All folders of a mailbox that can hold messages, itself among them. One that cannot be listed
/// costs its mailbox: reading it tells why.
fn folders(top: &Path, spec: &ArchiveSpec) -> Vec<Folder> {
    let tree = Arc::new(Tree::new(top, spec.links));
    let enters = |entries: &Entries, child: &str, path: &Path| {
        let is_maildir = spec.format == Format::Maildir && is_maildir(entries);
        !(is_maildir && matches!(child, "cur" | "new" | "tmp"))
            && is_folder(&tree, child, path, spec.format)
    };
    let mut found = Vec::new();
    tree.walk(enters, |visit| {
        found.push(Folder::new(&visit.name, visit.path, &tree));
    });
    found
}

/// A hidden folder counts only where Maildir++ makes one: it holds `cur` or `new`.
fn is_folder(tree: &Tree, name: &str, path: &Path, format: Format) -> bool {
    if !tree::is_hidden(name) {
        return true;
    }
    // One that cannot be listed costs its mailbox: it may be one.
    let is_one = || {
        tree.entries(path)
            .map_or(true, |entries| is_maildir(&entries))
    };
    format == Format::Maildir && is_one()
}

fn is_maildir(entries: &Entries) -> bool {
    let mut names = entries.folders.iter();
    names.any(|(name, _)| matches!(name.as_str(), "cur" | "new"))
}

/// A file that is a message.
#[derive(Debug)]
pub(super) struct MessageFile {
    pub name: String,
    pub path: PathBuf,
    /// Another file of the folder has its name without flags.
    pub is_name_shared: bool,
}

/// The messages of a folder in the order in which they are read: by file name without flags, so
/// that reading or flagging a mail does not move it.
pub(super) fn files(folder: &Folder, format: Format) -> Result<Vec<MessageFile>, ArchiveError> {
    let entries = folder.tree.entries(&folder.path)?;
    let mut files = entries.files;
    files.retain(|(name, _)| !is_of_server(name));
    if format == Format::Maildir {
        for (name, path) in entries.folders {
            if matches!(name.as_str(), "cur" | "new") {
                files.extend(folder.tree.entries(&path)?.files);
            }
        }
    }
    files.retain(|(name, _)| is_message(name, format));
    files.sort_by(|(a, _), (b, _)| (base_name(a), a).cmp(&(base_name(b), b)));
    let mut messages: Vec<MessageFile> = Vec::with_capacity(files.len());
    for (name, path) in files {
        let last = messages.last_mut();
        let twin = last.filter(|last| base_name(&last.name) == base_name(&name));
        let is_name_shared = twin.map(|twin| twin.is_name_shared = true).is_some();
        messages.push(MessageFile {
            name,
            path,
            is_name_shared,
        });
    }
    Ok(messages)
}

fn is_message(name: &str, format: Format) -> bool {
    !tree::is_hidden(name) && (format == Format::Maildir || tree::has_extension(name, "eml"))
}

/// Whether a file beside `cur` and `new` is one in which a server keeps what it knows of the
/// folder.
fn is_of_server(name: &str) -> bool {
    let is_of = |server: &str| {
        let rest = name.strip_prefix(server);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    };
    SERVER_FILES.contains(&name) || SERVERS.into_iter().any(is_of)
}

/// Files of Maildir++ (Courier, Dovecot), and of mail programs that keep folders as files.
const SERVER_FILES: [&str; 14] = [
    "maildirfolder",
    "maildirsize",
    "subscriptions",
    "courierimapuiddb",
    "courierimapacl",
    "courierimapsubscribed",
    "shared-maildirs",
    "courierimaphieracl",
    "courierpop3dsizelist",
    "maildirfilter",
    "quotawarn",
    "sieve.log",
    "Thumbs.db",
    "desktop.ini",
];

/// Beginnings of further ones: `dovecot.index.cache`, `dovecot-uidlist`, `cyrus.header`.
const SERVERS: [&str; 2] = ["dovecot", "cyrus"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_servers_are_known_by_their_names() {
        for name in [
            "dovecot-uidlist",
            "dovecot.index.log",
            "cyrus.header",
            "maildirsize",
        ] {
            assert!(is_of_server(name), "{name}");
        }
        for name in ["1.dovecot", "dovecotte", "1.", "subscriptions.eml"] {
            assert!(!is_of_server(name), "{name}");
        }
    }
}
