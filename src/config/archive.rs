//! `[[archives]]`: mail stored in files.

use std::path::PathBuf;

use serde::Deserialize;

use crate::config::text;
use crate::config::window::Window;
use crate::model::address::Address;

/// An archive (design section 4.1).
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Shape")]
pub struct Archive {
    /// Its name in reports, tables and mailbox ids.
    pub name: String,
    /// The format of its files.
    pub format: Format,
    /// File or folder.
    pub path: PathBuf,
    /// One mailbox or one for each child.
    pub mailboxes: Mailboxes,
    /// Internal domains, in the normalised form that addresses use.
    pub domains: Vec<String>,
    /// How copies of a mail are recognised.
    pub identity: Identity,
    /// How far back it is read; archives have no window unless one is configured.
    pub window: Window,
    /// Which symbolic links are followed.
    pub links: Links,
}

/// Which symbolic links of an archive are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Links {
    /// Links to files within the mailbox's own folder: a link made by its owner cannot lead to the
    /// mail of others.
    #[default]
    Inside,
    /// All, including links to folders.
    All,
}

/// The format of an archive's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Maildir, or a tree of plain files like one.
    Maildir,
    /// mbox files.
    Mbox,
    /// Folders of `.eml` files.
    Eml,
    /// A folder of JSON lines.
    #[cfg(test)]
    JsonLines,
}

/// Which mailboxes an archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mailboxes {
    /// Each child folder or mbox file is one.
    Subfolders {
        /// `addresses.csv`: the owner of each.
        addresses: Option<PathBuf>,
    },
    /// The whole archive is one.
    One {
        /// Whose it is.
        address: Address,
    },
}

/// How copies of a mail are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// Message-ID and day.
    #[default]
    MessageId,
    /// Date, author, subject and text, where an archive gave every copy a new Message-ID.
    Content,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[serde(deserialize_with = "text::name")]
    name: String,
    format: Format,
    #[serde(deserialize_with = "text::path")]
    path: PathBuf,
    mailboxes: Option<MailboxesWord>,
    #[serde(default, deserialize_with = "text::optional_address")]
    address: Option<Address>,
    #[serde(default, deserialize_with = "text::domains")]
    domains: Vec<String>,
    #[serde(default)]
    identity: Identity,
    #[serde(default, deserialize_with = "text::optional_path")]
    addresses: Option<PathBuf>,
    window: Option<Window>,
    #[serde(default)]
    links: Links,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MailboxesWord {
    Subfolders,
    One,
}

impl TryFrom<Shape> for Archive {
    type Error = &'static str;

    fn try_from(shape: Shape) -> Result<Self, &'static str> {
        let mailboxes = match (shape.mailboxes, shape.address, shape.addresses) {
            (Some(MailboxesWord::One) | None, Some(address), None) => Mailboxes::One { address },
            (Some(MailboxesWord::Subfolders), None, addresses) => {
                Mailboxes::Subfolders { addresses }
            }
            (Some(MailboxesWord::One), None, _) => {
                return Err("mailboxes = \"one\" needs address = \"…\": whose mailbox it is");
            }
            (Some(MailboxesWord::Subfolders), Some(_), _) => {
                return Err(
                    "address requires mailboxes = \"one\"; name each folder's address \
                            in the file that addresses names",
                );
            }
            (_, Some(_), Some(_)) => {
                return Err("addresses requires mailboxes = \"subfolders\"; remove it or address");
            }
            (None, None, _) => {
                return Err("add mailboxes = \"subfolders\", or mailboxes = \"one\" with address");
            }
        };
        Ok(Self {
            name: shape.name,
            format: shape.format,
            path: shape.path,
            mailboxes,
            domains: shape.domains,
            identity: shape.identity,
            window: shape.window.unwrap_or(Window::None),
            links: shape.links,
        })
    }
}

impl Archive {
    /// The paths that the section names.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let addresses = match &mut self.mailboxes {
            Mailboxes::Subfolders { addresses } => addresses.as_mut(),
            Mailboxes::One { .. } => None,
        };
        [&mut self.path].into_iter().chain(addresses)
    }
}
