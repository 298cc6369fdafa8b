//! Everything that can be refused before anything is read or written: files, secrets, archives.

use std::sync::Arc;

use crate::config::Config;
use crate::config::archive::Archive;
use crate::config::archive::Format;
use crate::config::crm;
use crate::config::crm::LoadedCrm;
use crate::config::crm::Size;
use crate::config::crm::Trust;
use crate::config::members::Members;
use crate::config::tenant::Scope;
use crate::config::tenant::Tenant;
use crate::config::users_file;
use crate::model::address::Address;
use crate::pipeline::error::RunError;
use crate::source;
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

/// A tenant before it is asked anything.
#[derive(Debug)]
pub struct TenantInput {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Ready to sign in.
    pub source: source::tenant::Tenant,
    /// Members and teams.
    pub members: Members,
    /// Whose mailboxes are requested.
    pub wanted: WantedInput,
    /// What puts them into the scope, for the plan.
    pub scope: String,
    /// These people's are not read.
    pub denied_people: Vec<Address>,
    /// Nor those of the members of this group.
    pub denied_group: Option<String>,
}

/// Whose mailboxes are requested.
#[derive(Debug)]
pub enum WantedInput {
    /// Everybody's.
    All,
    /// These people's.
    People(Vec<Address>),
    /// The members' of a group.
    Group(String),
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
            .map(|tenant| tenant_input(config, tenant));
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

fn tenant_input(config: &Config, tenant: &Tenant) -> Result<TenantInput, RunError> {
    let name: Arc<str> = tenant.name.as_str().into();
    let connected = source::tenant::Tenant::connect(tenant, &config.run);
    let tenant_source = connected.map_err(|error| RunError::connect(&name, error))?;
    let wanted = match &tenant.scope {
        Scope::All => WantedInput::All,
        Scope::Users(users) => WantedInput::People(users.clone()),
        Scope::UsersFile(path) => WantedInput::People(users_file::read_users(path)?),
        Scope::Group(group) => WantedInput::Group(group.clone()),
    };
    let mut denied_people = tenant.deny.users.clone();
    if let Some(path) = &tenant.deny.file {
        denied_people.extend(users_file::read_users(path)?);
    }
    Ok(TenantInput {
        name,
        source: tenant_source,
        members: Members::load(tenant)?,
        wanted,
        scope: tenant.scope.to_string(),
        denied_people,
        denied_group: tenant.deny.group.clone(),
    })
}

fn archive_input(archive: &Archive) -> Result<ArchiveInput, RunError> {
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
