//! What the files say that a configuration names, with every problem instead of the first.

use std::path::Path;

use crate::config::Config;
use crate::config::Crm;
use crate::config::credential::Credential;
use crate::config::crm;
use crate::config::crm::LoadedCrm;
use crate::config::crm::Size;
use crate::config::error::ConfigError;
use crate::config::members::Members;
use crate::config::placeholders::Filled;
use crate::config::tenant::Scope;
use crate::config::tenant::Tenant;
use crate::config::users_file;

/// A configuration file and what is wrong with it.
#[derive(Debug)]
pub struct Parsed {
    /// As far as it can be read, with stand-ins for what is not filled in yet.
    pub config: Option<Config>,
    /// What is wrong.
    pub problems: Vec<ConfigError>,
}

/// Reads a configuration with all of its problems.
///
/// # Errors
///
/// There is no such file.
pub fn parse(path: &Path) -> Result<Parsed, ConfigError> {
    let text = Config::text(path)?;
    let mut filled = Filled::of(&text, path);
    let mut problems = std::mem::take(&mut filled.problems);
    let config = match Config::of_text(&filled.text, path) {
        Ok(mut config) => {
            problems.extend(config.problems(&filled.text, path));
            config.resolve(path.parent().unwrap_or(Path::new("")));
            Some(config)
        }
        Err(error) => {
            problems.extend(Some(error).filter(|error| !filled.explains(error)));
            None
        }
    };
    Ok(Parsed { config, problems })
}

/// What is wrong with the text of a configuration, but for what is still to be filled in.
pub fn refused(text: &str, path: &Path) -> Option<ConfigError> {
    let filled = Filled::of(text, path);
    match Config::of_text(&filled.text, path) {
        Ok(config) => config.problems(&filled.text, path).into_iter().next(),
        Err(error) => Some(error).filter(|error| !filled.explains(error)),
    }
}

/// Reads the CRM files; both are tried.
pub fn crm(files: &Crm) -> Result<LoadedCrm, Vec<ConfigError>> {
    let error = match crm::load(files) {
        Ok(read) => {
            let empty = crm::check(files, Size::of(&read.snapshot), Size::default());
            return empty.map(|()| read).map_err(|error| vec![error]);
        }
        Err(error) => error,
    };
    // The accounts are read first: what is wrong with the contacts shows without them.
    let contacts = Crm {
        accounts: None,
        ..files.clone()
    };
    let other = crm::load(&contacts).err();
    let other = other.filter(|other| other.to_string() != error.to_string());
    Err(std::iter::once(error).chain(other).collect())
}

/// What the files of a tenant hold.
#[derive(Debug, Default)]
pub struct TenantFiles {
    /// Rows of the members file.
    pub members: usize,
    /// People that are in scope by name.
    pub users: Option<usize>,
    /// People that are denied by name.
    pub denied: usize,
    /// What cannot be used.
    pub problems: Vec<ConfigError>,
}

/// Reads members, teams, lists of people and credentials of a tenant.
pub fn tenant(tenant: &Tenant) -> TenantFiles {
    let mut found = TenantFiles::default();
    let mut problems = Vec::new();
    match Members::load(tenant) {
        Ok(members) => found.members = members.rows().len(),
        Err(error) => problems.push(error),
    }
    match &tenant.scope {
        Scope::Users(users) => found.users = Some(users.len()),
        Scope::UsersFile(path) => match users_file::read_users(path) {
            Ok(users) => found.users = Some(users.len()),
            Err(error) => problems.push(error),
        },
        Scope::Group(_) | Scope::AdminUnit(_) | Scope::All => {}
    }
    found.denied = tenant.deny.users.len();
    if let Some(path) = &tenant.deny.file {
        match users_file::read_users(path) {
            Ok(users) => found.denied += users.len(),
            Err(error) => problems.push(error),
        }
    }
    let credential = match tenant.credential() {
        Ok(Credential::Secret(secret)) => secret.read().err(),
        Ok(Credential::Certificate(files)) => files.read().err(),
        Ok(Credential::AssertionFile(file)) => file.read().err(),
        // The configuration as a whole says so.
        Err(_) => None,
    };
    problems.extend(credential);
    problems.extend(tenant.authorities().err());
    found.problems = problems;
    found
}
