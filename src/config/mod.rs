//! What did the user request? The one TOML file and the files that it names, validated when they
//! are read, so that all other rooms can rely on them.

pub mod actor;
pub mod archive;
pub mod assertion_file;
pub mod capture;
mod charset;
pub mod confirm;
pub mod credential;
pub mod crm;
pub mod crm_columns;
pub mod crm_notes;
mod crm_table;
mod crm_values;
mod csv;
pub mod environment;
pub mod error;
pub mod files;
pub mod limits;
pub mod members;
pub mod pem;
mod placeholders;
pub mod readers;
mod records;
pub mod run;
pub mod secret;
mod secret_file;
pub mod serve;
pub mod starter;
mod stated;
pub mod tenant;
mod text;
pub mod users_file;
pub mod window;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;

use crate::config::archive::Archive;
use crate::config::capture::ActivityContent;
use crate::config::capture::Capture;
use crate::config::crm_columns::CrmColumns;
use crate::config::error::ConfigError;
use crate::config::run::Run;
use crate::config::serve::Serve;
use crate::config::tenant::Scope;
use crate::config::tenant::Tenant;
use crate::model::formula::Formula;

/// The whole configuration (design section 9). Paths are absolute or relative to the process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the tables are stored.
    #[serde(default)]
    pub lake: Lake,
    /// Where the search index is stored.
    #[serde(default)]
    pub index: Index,
    /// Where the state cache is stored.
    #[serde(default)]
    pub state: State,
    /// Memory, threads and requests.
    #[serde(default)]
    pub run: Run,
    /// What of the lake is shown.
    #[serde(default)]
    pub view: View,
    /// Where pages are served, and who sees what of them.
    #[serde(default)]
    pub serve: Serve,
    /// Weights and limits of relationships.
    #[serde(default)]
    pub insight: Formula,
    /// The tenant-wide policy.
    #[serde(default)]
    pub capture: Capture,
    /// The CRM files.
    pub crm: Crm,
    /// Tenants to read.
    #[serde(default)]
    pub tenants: Vec<Tenant>,
    /// Archives to read.
    #[serde(default)]
    pub archives: Vec<Archive>,
    /// What the file states of what is read and shown, as text, by key.
    #[serde(skip)]
    pub stated: BTreeMap<String, String>,
}

/// `[view]`: what search and pages show; the lake is not changed by it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct View {
    /// Whether activity from mail is shown.
    pub mail_activity: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            mail_activity: true,
        }
    }
}

/// `[lake]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lake {
    /// Folder of the tables.
    #[serde(deserialize_with = "text::path")]
    pub path: PathBuf,
    /// What `contact_activity` repeats of an interaction.
    pub activity_content: ActivityContent,
    /// Whether the group of the folders may read lake and index; else only their owner may.
    pub group_readable: bool,
}

/// `[index]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Index {
    /// Folder of the search index.
    #[serde(deserialize_with = "text::path")]
    pub path: PathBuf,
}

/// `[state]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct State {
    /// Folder of the cache.
    #[serde(deserialize_with = "text::path")]
    pub path: PathBuf,
}

/// `[crm]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crm {
    /// `contacts.csv`.
    #[serde(deserialize_with = "text::path")]
    pub contacts: PathBuf,
    /// `accounts.csv`.
    #[serde(default, deserialize_with = "text::optional_path")]
    pub accounts: Option<PathBuf>,
    /// Which columns of these files are read, where they have their own headings.
    #[serde(default)]
    pub columns: CrmColumns,
    /// The percentage of the previous run's entries that may be missing without `--accept-crm`.
    #[serde(default = "max_shrink_percent", deserialize_with = "percent")]
    pub max_shrink_percent: u8,
    /// The percentage of rows that may be skipped.
    #[serde(default = "max_passed_over_percent", deserialize_with = "percent")]
    pub max_passed_over_percent: u8,
}

fn max_shrink_percent() -> u8 {
    limits::CRM_SHRINK_PERCENT_DEFAULT
}

fn max_passed_over_percent() -> u8 {
    limits::CRM_PASSED_OVER_PERCENT_DEFAULT
}

fn percent<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let percent = u8::deserialize(deserializer)?;
    if percent > 100 {
        let message = "a share of the rows is 0 to 100 percent";
        return Err(serde::de::Error::custom(message));
    }
    Ok(percent)
}

impl Default for Lake {
    fn default() -> Self {
        Self {
            path: "lake".into(),
            activity_content: ActivityContent::Subject,
            group_readable: false,
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self {
            path: "index".into(),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            path: "state".into(),
        }
    }
}

impl Config {
    /// The names of all tenants and archives.
    pub fn names(&self) -> Vec<String> {
        let tenants = self.tenants.iter().map(|tenant| &tenant.name);
        let archives = self.archives.iter().map(|archive| &archive.name);
        tenants.chain(archives).cloned().collect()
    }

    /// Reads and checks the file. Relative paths in it are taken from the file's own folder.
    ///
    /// Nothing that it names is read yet: neither secrets nor CRM files nor lists of people.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::parse(&Self::text(path)?, path)?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// The text of the file.
    fn text(path: &Path) -> Result<String, ConfigError> {
        std::fs::read_to_string(path).map_err(|source| ConfigError::NoConfig {
            path: path.to_owned(),
            source,
        })
    }

    /// Checks the text of a configuration; `path` is named in errors only.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config = Self::of_text(text, path)?;
        match config.problems(text, path).into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(config),
        }
    }

    /// Each section by itself, before they are compared with each other.
    fn of_text(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self =
            toml::from_str(text).map_err(|error| ConfigError::from_toml(&error, text, path))?;
        config.stated = stated::settings(text);
        Ok(config)
    }

    /// What is wrong with the sections as a whole.
    fn problems(&self, text: &str, path: &Path) -> Vec<ConfigError> {
        let nothing = self.tenants.is_empty() && self.archives.is_empty();
        let checks = [
            self.check_names(text, path),
            self.check_folders(path),
            self.check_open_scopes(text, path),
            self.check_credentials(text, path),
            if nothing {
                Err(ConfigError::File {
                    path: path.to_owned(),
                    message:
                        "there is nothing to read: add a [[tenants]] or an [[archives]] section"
                            .into(),
                })
            } else {
                Ok(())
            },
        ];
        checks.into_iter().filter_map(Result::err).collect()
    }

    /// Names are stored in the tables and distinguish mailboxes, so they must be unique.
    fn check_names(&self, text: &str, path: &Path) -> Result<(), ConfigError> {
        let tenants = self.tenants.iter().map(|tenant| &tenant.name);
        let archives = self.archives.iter().map(|archive| &archive.name);
        let mut seen = Vec::new();
        for name in tenants.chain(archives) {
            if seen.contains(&name) {
                return Err(ConfigError::Key {
                    path: path.to_owned(),
                    line: error::last_line_with(text, "name", name),
                    key: "name".into(),
                    message: format!(
                        "`{name}` is taken by another tenant or archive; give each its own name"
                    ),
                });
            }
            seen.push(name);
        }
        Ok(())
    }

    /// Every mailbox of a company is read only where it is said that this is meant.
    fn check_open_scopes(&self, text: &str, path: &Path) -> Result<(), ConfigError> {
        let is_unmeant = |tenant: &&Tenant| {
            tenant.scope == Scope::All && !tenant.i_understand_this_reads_every_mailbox
        };
        let Some(tenant) = self.tenants.iter().find(is_unmeant) else {
            return Ok(());
        };
        Err(ConfigError::Key {
            path: path.to_owned(),
            line: error::last_line_with(text, "name", &tenant.name),
            key: "scope".into(),
            message: "all reads every mailbox of the company; name a group instead, or add \
                      i_understand_this_reads_every_mailbox = true to this tenant"
                .into(),
        })
    }

    /// With several credentials it would be unclear which one a sign-in used.
    fn check_credentials(&self, text: &str, path: &Path) -> Result<(), ConfigError> {
        for tenant in &self.tenants {
            if let Err(error) = tenant.credential() {
                return Err(ConfigError::Key {
                    path: path.to_owned(),
                    line: error::last_line_with(text, "name", &tenant.name),
                    key: "tenants".into(),
                    message: error.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Index and state may be thrown away at any time; the lake never.
    fn check_folders(&self, path: &Path) -> Result<(), ConfigError> {
        let (lake, index, state) = (&self.lake.path, &self.index.path, &self.state.path);
        if lake != index && lake != state && index != state {
            return Ok(());
        }
        Err(ConfigError::File {
            path: path.to_owned(),
            message: "lake, index and state share a folder; give each its own path".into(),
        })
    }

    fn resolve(&mut self, folder: &Path) {
        let places = [
            &mut self.lake.path,
            &mut self.index.path,
            &mut self.state.path,
            &mut self.crm.contacts,
        ];
        let tenants = self.tenants.iter_mut().flat_map(Tenant::paths_mut);
        let archives = self.archives.iter_mut().flat_map(Archive::paths_mut);
        let places = places.into_iter().chain(&mut self.crm.accounts);
        let served = self.serve.paths_mut();
        for place in places.chain(tenants).chain(archives).chain(served) {
            *place = folder.join(&*place);
        }
    }
}

#[cfg(test)]
mod tests;
