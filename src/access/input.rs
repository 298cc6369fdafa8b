//! A tenant as configured, with what its files say, before it is asked anything.

use std::path::Path;
use std::sync::Arc;

use crate::access::error::AccessError;
use crate::config::members::Members;
use crate::config::run::Run;
use crate::config::tenant::Scope;
use crate::config::tenant::Tenant;
use crate::config::users_file;
use crate::model::address::Address;
use crate::source;

/// A tenant before it is asked anything.
#[derive(Debug)]
pub struct TenantInput {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Its section.
    pub config: Tenant,
    /// Ready to sign in.
    pub source: source::tenant::Tenant,
    /// Members and teams.
    pub members: Members,
    /// Whose mailboxes are requested.
    pub wanted: WantedInput,
    /// These people's are not read.
    pub denied_people: Vec<Address>,
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
    /// Those of the users in an administrative unit.
    AdminUnit(String),
}

impl TenantInput {
    /// Reads and checks everything that the tenant's section names; nothing is requested.
    ///
    /// # Errors
    /// A file, a secret or an address cannot be used.
    pub fn read(tenant: &Tenant, run: &Run) -> Result<Self, AccessError> {
        let name: Arc<str> = tenant.name.as_str().into();
        let connected = source::tenant::Tenant::connect(tenant, run);
        let source = connected.map_err(|error| AccessError::connect(&name, error))?;
        let wanted = match &tenant.scope {
            Scope::All => WantedInput::All,
            Scope::Users(users) => WantedInput::People(users.clone()),
            Scope::UsersFile(path) => WantedInput::People(read_users(&name, path)?),
            Scope::Group(group) => WantedInput::Group(group.clone()),
            Scope::AdminUnit(unit) => WantedInput::AdminUnit(unit.clone()),
        };
        let mut denied_people = tenant.deny.users.clone();
        if let Some(path) = &tenant.deny.file {
            denied_people.extend(read_users(&name, path)?);
        }
        let members = Members::load(tenant);
        let members = members.map_err(|error| AccessError::config(&name, error))?;
        Ok(Self {
            name,
            source,
            config: tenant.clone(),
            members,
            wanted,
            denied_people,
        })
    }
}

fn read_users(tenant: &Arc<str>, path: &Path) -> Result<Vec<Address>, AccessError> {
    users_file::read_users(path).map_err(|error| AccessError::config(tenant, error))
}
