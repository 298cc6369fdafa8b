//! Everything that can be refused before anything is read or written: files, secrets, archives.

use crate::access::input::TenantInput;
use crate::config::Config;
use crate::config::archive::Archive;
use crate::config::archive::Format;
use crate::config::crm;
use crate::config::crm::LoadedCrm;
use crate::config::crm::Size;
use crate::config::crm::Trust;
use crate::pipeline::error::RunError;
use crate::source::archive::spec;
use crate::sync::archive::open::open;
use crate::sync::job::FileMailbox;

/// What the files and the environment say, checked.
#[derive(Debug)]
pub struct Inputs {
    /// The CRM snapshot.
    pub snapshot: LoadedCrm,
    /// The tenants.
    pub tenants: Vec<TenantInput>,
    /// The archives and their mailboxes.
    pub archives: Vec<ArchiveInput>,
}

/// An archive that was found to be one.
#[derive(Debug)]
pub struct ArchiveInput {
    /// As configured.
    pub config: Archive,
    /// Its mailboxes, in order.
    pub(crate) mailboxes: Vec<FileMailbox>,
}

impl Inputs {
    /// Reads and checks everything that the configuration names.
    pub fn read(config: &Config, trust: Trust) -> Result<Self, RunError> {
        let snapshot = crm::load(&config.crm)?;
        if trust == Trust::Checked {
            // What an export that failed lacks altogether is seen before anybody is asked anything.
            crm::check(&config.crm, Size::of(&snapshot.snapshot), Size::default())?;
        }
        let tenants = config
            .tenants
            .iter()
            .map(|tenant| TenantInput::read(tenant, &config.run));
        let archives = config.archives.iter().map(archive_input);
        let tenants = tenants.collect::<Result<_, _>>()?;
        let archives = archives.collect::<Result<_, _>>()?;
        Ok(Self {
            snapshot,
            tenants,
            archives,
        })
    }
}

/// Finds the mailboxes of an archive.
pub fn archive_input(archive: &Archive) -> Result<ArchiveInput, RunError> {
    let mailboxes = match archive.format {
        Format::Mbox => open(archive, spec::Format::Mbox),
        Format::Maildir => open(archive, spec::Format::Maildir),
        Format::Eml => open(archive, spec::Format::Eml),
        #[cfg(test)]
        Format::JsonLines => crate::sync::json_lines::open(archive),
    };
    Ok(ArchiveInput {
        config: archive.clone(),
        mailboxes: mailboxes?,
    })
}
