//! Folders of a mailbox: their order, and what their names say.

use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::folder_names;
use crate::model::folder_names::FolderUse;
use crate::model::unicode::composed;
use crate::source::archive::modified_utf7;
use crate::source::archive::open::is_link;
use crate::source::archive::open::open;
use crate::source::archive::spec::Links;
use crate::source::archive::tree::Tree;

/// The name of a mailbox's top folder in the column `container`.
const TOP: &str = "INBOX";

/// A folder of files, or an mbox file.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// Path below the mailbox, `/` between names; empty at the top.
    pub name: Arc<str>,
    /// Where it lies.
    pub path: PathBuf,
    /// The mailbox's folder.
    pub tree: Arc<Tree>,
    is_sent: bool,
    pub is_draft: bool,
    pub is_junk: bool,
}

impl Folder {
    pub(super) fn new(name: &str, path: PathBuf, tree: &Arc<Tree>) -> Self {
        let names = || name.split('/').flat_map(components);
        let uses: Vec<FolderUse> = names()
            .filter_map(|name| folder_names::used_for(&modified_utf7::decoded(name)))
            .collect();
        Self {
            name: name.into(),
            path,
            tree: Arc::clone(tree),
            is_sent: uses.contains(&FolderUse::Sent),
            is_draft: uses.contains(&FolderUse::Drafts) || uses.contains(&FolderUse::Waiting),
            is_junk: uses.contains(&FolderUse::Junk),
        }
    }

    /// Opens an mbox file, or a file in the folder.
    pub(super) fn open(&self, file: &Path) -> io::Result<File> {
        open(file, self.tree.links)
    }

    /// Whether opening failed because a link is not followed.
    pub(super) fn is_refused_link(&self, error: &io::Error) -> bool {
        self.tree.links == Links::Inside && is_link(error)
    }

    /// Sent first, so that of several copies the one that has Bcc is recorded; then by bytes.
    pub(super) fn order(&self) -> (bool, &str) {
        (!self.is_sent, &self.name)
    }

    /// Its name in the table, in composed form.
    pub(super) fn container(&self) -> Arc<str> {
        if self.name.is_empty() {
            return TOP.into();
        }
        let names = self.name.split('/').map(modified_utf7::decoded);
        let name: Vec<_> = names.collect();
        composed(&name.join("/")).into()
    }
}

/// The names in a path's component: Maildir++ writes `.Archive.Sent` for `Archive/Sent`, Apple Mail
/// `Sent.mbox`, Thunderbird `Sent.sbd` for the folder of its folders.
fn components(component: &str) -> impl Iterator<Item = &str> {
    let ends = [".mbox", ".sbd"];
    let bare = ends.into_iter().find_map(|end| component.strip_suffix(end));
    let bare = bare.unwrap_or(component);
    let nested = bare.strip_prefix('.').or(bare.strip_prefix("INBOX."));
    let separator = nested.map_or('/', |_| '.');
    nested.unwrap_or(bare).split(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> Folder {
        let tree = Tree::new(Path::new("mails"), Links::Inside);
        Folder::new(name, PathBuf::new(), &Arc::new(tree))
    }

    #[test]
    fn names_tell_sent_drafts_and_junk_wherever_they_stand() {
        for name in ["Sent", "_sent_mail", "Sent Items/2001", ".INBOX.Sent"] {
            assert!(folder(name).is_sent, "{name}");
        }
        for name in [
            "Entwürfe",
            ".Entw&APw-rfe",
            ".INBOX.Entwu\u{308}rfe",
            "Local/Templates",
            "Drafts.mbox",
            "Drafts.sbd/old",
            "INBOX.Drafts",
        ] {
            assert!(folder(name).is_draft, "{name}");
        }
        assert_eq!(&*folder(".Entw&APw-rfe").container(), ".Entwürfe");
        assert_eq!(&*folder("R&D/Entwu\u{308}rfe").container(), "R&D/Entwürfe");
        assert!(folder("[Gmail]/Spam").is_junk);
        assert!(!folder("presented").is_sent);
        assert!(!folder("archive.sent").is_sent);
    }

    #[test]
    fn the_sent_folder_is_read_first() {
        let mut names = ["inbox", "Archive", "sent", ""].map(folder);
        names.sort_by(|a, b| a.order().cmp(&b.order()));
        let order: Vec<&str> = names.iter().map(|folder| &*folder.name).collect();
        assert_eq!(order, ["sent", "", "Archive", "inbox"]);
    }
}
