//! Opens an archive as it is configured.

use std::collections::BTreeMap;

use crate::config::archive::Archive;
use crate::config::archive::Mailboxes;
use crate::config::error::ConfigError;
use crate::config::users_file;
use crate::model::interaction::Source;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::mailbox;
use crate::source::archive::spec::ArchiveSpec;
use crate::source::archive::spec::Format;
use crate::source::archive::spec::Layout;
use crate::sync::archive::ArchiveSource;
use crate::sync::job::FileMailbox;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file that the configuration names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It is not there, or is none.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// The mailboxes of an archive. Blocking; reads names of folders and files, and the beginning of mbox
/// files.
///
/// # Errors
/// The archive, or the file with the addresses of its folders, cannot be read.
pub(crate) fn open(archive: &Archive, format: Format) -> Result<Vec<FileMailbox>, OpenError> {
    let spec = ArchiveSpec {
        name: archive.name.clone(),
        format,
        path: archive.path.clone(),
        layout: layout(&archive.mailboxes)?,
        links: archive.links,
    };
    let mailboxes = mailbox::Archive::open(&spec)?.into_iter();
    let mailboxes = mailboxes.map(|messages| FileMailbox {
        id: messages.id.clone(),
        address: messages.address.clone(),
        source: Box::new(ArchiveSource {
            messages,
            format: source(format),
            identity: archive.identity,
            window: archive.window,
        }),
    });
    Ok(mailboxes.collect())
}

/// The value of the column `source`.
fn source(format: Format) -> Source {
    match format {
        Format::Maildir => Source::Maildir,
        Format::Mbox => Source::Mbox,
        Format::Eml => Source::Eml,
    }
}

fn layout(mailboxes: &Mailboxes) -> Result<Layout, ConfigError> {
    Ok(match mailboxes {
        Mailboxes::One { address } => Layout::One {
            address: address.as_str().to_owned(),
        },
        Mailboxes::Subfolders { addresses } => {
            let stated = match addresses {
                Some(path) => users_file::read_folder_addresses(path)?,
                None => BTreeMap::new(),
            };
            let stated = stated.into_iter();
            Layout::Subfolders {
                addresses: stated
                    .map(|(name, address)| (name, address.to_string()))
                    .collect(),
            }
        }
    })
}
