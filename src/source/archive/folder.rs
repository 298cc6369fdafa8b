//! Folders of a mailbox: their order, and what their names say.

use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::source::archive::Links;
use crate::source::archive::open::is_link;
use crate::source::archive::open::open;
use crate::source::archive::tree::Tree;

/// Names under which mail programs keep what was sent. Compared in lower case, with `_` and `-` as
/// blanks, and so are the other lists.
const SENT: &[&str] = &[
    "sent",
    "sent items",
    "sent mail",
    "sent messages",
    "sent objects",
    "gesendet",
    "gesendete elemente",
    "gesendete objekte",
    "gesendete nachrichten",
    "éléments envoyés",
    "messages envoyés",
    "envoyés",
    "elementos enviados",
    "enviados",
    "posta inviata",
    "verzonden items",
];

/// Folders of what is not sent yet.
const DRAFTS: &[&str] = &[
    "draft",
    "drafts",
    "outbox",
    "entwurf",
    "entwürfe",
    "postausgang",
    "brouillons",
    "borradores",
    "rascunhos",
    "bozze",
    "concepten",
];

/// Folders of what was sorted out as unwanted.
const JUNK: &[&str] = &[
    "junk",
    "junk mail",
    "junk e mail",
    "junk email",
    "bulk mail",
    "spam",
    "courrier indésirable",
    "correo no deseado",
    "posta indesiderata",
    "ongewenste e mail",
    "unerwünschte werbung",
];

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
    pub fn new(name: &str, path: PathBuf, tree: &Arc<Tree>) -> Self {
        let words: Vec<String> = name.split('/').flat_map(components).collect();
        let is_any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        Self {
            name: name.into(),
            path,
            tree: Arc::clone(tree),
            is_sent: is_any(SENT),
            is_draft: is_any(DRAFTS),
            is_junk: is_any(JUNK),
        }
    }

    /// Opens an mbox file, or a file in the folder.
    pub fn open(&self, file: &Path) -> io::Result<File> {
        open(file, self.tree.links)
    }

    /// Whether opening failed because a link is not followed.
    pub fn is_refused_link(&self, error: &io::Error) -> bool {
        self.tree.links == Links::Inside && is_link(error)
    }

    /// Sent first, so that of several copies the one that has Bcc is recorded; then by bytes.
    pub fn order(&self) -> (bool, &str) {
        (!self.is_sent, &self.name)
    }

    /// Its name in the table.
    pub fn container(&self) -> Arc<str> {
        if self.name.is_empty() {
            TOP.into()
        } else {
            Arc::clone(&self.name)
        }
    }
}

/// The names in a path's component: Maildir++ writes `.Archive.Sent` for `Archive/Sent`.
fn components(component: &str) -> Vec<String> {
    let plain = |name: &str| {
        name.to_lowercase()
            .replace(['_', '-'], " ")
            .trim()
            .to_owned()
    };
    match component.strip_prefix('.') {
        Some(nested) => nested.split('.').map(plain).collect(),
        None => vec![plain(component)],
    }
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
        assert!(folder("Entwürfe").is_draft);
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
