//! `[[tenants]]`: a directory of people, how to sign in to it, and whose mailboxes to read.

use std::path::PathBuf;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;
use url::Host;
use url::Url;

use crate::config::assertion_file::AssertionFile;
use crate::config::confirm::Confirm;
use crate::config::credential::CertificateFiles;
use crate::config::credential::Credential;
use crate::config::csv;
use crate::config::error::ConfigError;
use crate::config::secret::Secret;
use crate::config::text;
use crate::model::address::Address;

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its name in reports and tables.
    #[serde(deserialize_with = "text::name")]
    pub name: String,
    /// GUID or verified domain.
    #[serde(deserialize_with = "tenant_id")]
    pub tenant_id: String,
    /// The app registration.
    #[serde(deserialize_with = "text::text")]
    pub client_id: String,
    /// The app registration's secret, or
    #[serde(default)]
    client_secret: Option<Secret>,
    /// a certificate that is registered with it, or
    #[serde(default)]
    certificate: Option<CertificateFiles>,
    /// an assertion of a platform that is registered with it.
    #[serde(default)]
    assertion_file: Option<AssertionFile>,
    /// Where tokens come from.
    #[serde(default = "login_url", deserialize_with = "base_url")]
    pub login_url: Url,
    /// Where Graph is, without the version.
    #[serde(default = "graph_url", deserialize_with = "base_url")]
    pub graph_url: Url,
    /// PEM file of further certificate authorities: those of a proxy that looks into the traffic.
    #[serde(default, deserialize_with = "text::optional_path")]
    pub ca_file: Option<PathBuf>,
    /// Whose mailboxes are read.
    pub scope: Scope,
    /// Whose mailboxes are not read although they are in scope.
    #[serde(default)]
    pub deny: Deny,
    /// How many new mailboxes are read without `--confirm`; `None`: the standard rule.
    #[serde(default)]
    pub confirm: Option<Confirm>,
    /// Mailboxes by which it is tried what the service lets the application read.
    #[serde(default)]
    pub probe: ProbeList,
    /// Whether shared mailboxes in scope are read.
    #[serde(default)]
    pub shared_mailboxes: bool,
    /// That `scope = { all = true }` is meant.
    #[serde(default)]
    pub i_understand_this_reads_every_mailbox: bool,
    /// `members.csv`.
    #[serde(default, deserialize_with = "text::optional_path")]
    pub members: Option<PathBuf>,
    /// `teams.csv`.
    #[serde(default, deserialize_with = "text::optional_path")]
    pub teams: Option<PathBuf>,
}

/// Whose mailboxes of a tenant are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ScopeShape")]
pub enum Scope {
    /// Members of a group, of nested groups too: its mail address or object id.
    Group(String),
    /// Users directly in an administrative unit: its name or object id.
    AdminUnit(String),
    /// These people, by any of their addresses.
    Users(Vec<Address>),
    /// The people of a file, one address in a line.
    UsersFile(PathBuf),
    /// All users.
    All,
}

/// Whose mailboxes are not read although they are in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    /// These people, by any of their addresses.
    #[serde(default, deserialize_with = "text::addresses")]
    pub users: Vec<Address>,
    /// Members of a group, of nested groups too: its mail address or object id.
    #[serde(default, deserialize_with = "group")]
    pub group: Option<String>,
    /// The people of a file, one address in a line.
    #[serde(default, deserialize_with = "text::optional_path")]
    pub file: Option<PathBuf>,
}

/// Mailboxes by which it is tried what the service lets the application read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeList {
    /// These must be readable.
    #[serde(default, deserialize_with = "text::addresses")]
    pub granted: Vec<Address>,
    /// These must be refused.
    #[serde(default, deserialize_with = "text::addresses")]
    pub denied: Vec<Address>,
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "one of { group = \"…\" }, { admin_unit = \"…\" }, { users = […] }, { users_file = \"…\" }, { all = true }"
)]
struct ScopeShape {
    #[serde(default, deserialize_with = "group")]
    group: Option<String>,
    #[serde(default, deserialize_with = "group")]
    admin_unit: Option<String>,
    #[serde(default, deserialize_with = "some_addresses")]
    users: Option<Vec<Address>>,
    #[serde(default, deserialize_with = "text::optional_path")]
    users_file: Option<PathBuf>,
    all: Option<bool>,
}

fn group<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let group = text::text(deserializer)?;
    Ok(Some(group.trim().to_owned()))
}

fn some_addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Address>>, D::Error> {
    text::addresses(deserializer).map(Some)
}

impl TryFrom<ScopeShape> for Scope {
    type Error = String;

    fn try_from(shape: ScopeShape) -> Result<Self, String> {
        if shape.users.as_ref().is_some_and(Vec::is_empty) {
            return Err("users is empty, so no one is in scope; name at least one user".into());
        }
        if shape.all == Some(false) {
            return Err("all = false selects no one; name a group or users".into());
        }
        let named = [
            shape.group.map(Self::Group),
            shape.admin_unit.map(Self::AdminUnit),
            shape.users.map(Self::Users),
            shape.users_file.map(Self::UsersFile),
            shape.all.map(|_| Self::All),
        ];
        let mut named = named.into_iter().flatten();
        match (named.next(), named.next()) {
            (Some(scope), None) => Ok(scope),
            _ => Err("write exactly one of group, admin_unit, users, users_file and all".into()),
        }
    }
}

impl std::fmt::Display for Scope {
    /// What puts somebody into the scope, for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Group(group) => write!(f, "group {group}"),
            Self::AdminUnit(unit) => write!(f, "admin_unit {unit}"),
            Self::Users(_) => f.write_str("users"),
            Self::UsersFile(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                write!(f, "users_file {}", name.display())
            }
            Self::All => f.write_str("all"),
        }
    }
}

impl Tenant {
    /// How the application signs in.
    ///
    /// # Errors
    /// Not exactly one way is configured; [`crate::config::Config::parse`] has refused that.
    pub fn credential(&self) -> Result<Credential<'_>, ConfigError> {
        let secret = self.client_secret.as_ref().map(Credential::Secret);
        let certificate = self.certificate.as_ref().map(Credential::Certificate);
        let assertion = self.assertion_file.as_ref().map(Credential::AssertionFile);
        match (secret, certificate, assertion) {
            (Some(only), None, None) | (None, Some(only), None) | (None, None, Some(only)) => {
                Ok(only)
            }
            (None, None, None) => Err(ConfigError::Credentials {
                found: "the tenant has no credential".into(),
            }),
            (secret, certificate, assertion) => {
                let keys = [
                    secret.map(|_| "client_secret"),
                    certificate.map(|_| "certificate"),
                    assertion.map(|_| "assertion_file"),
                ];
                let keys: Vec<&str> = keys.into_iter().flatten().collect();
                Err(ConfigError::Credentials {
                    found: format!("the tenant has several credentials ({})", keys.join(", ")),
                })
            }
        }
    }

    /// The further certificate authorities, as the PEM text of their file.
    pub fn authorities(&self) -> Result<Option<String>, ConfigError> {
        let Some(path) = &self.ca_file else {
            return Ok(None);
        };
        let text = csv::read_text(path)?;
        if text.contains("-----BEGIN CERTIFICATE-----") {
            return Ok(Some(text));
        }
        Err(ConfigError::File {
            path: path.clone(),
            message: "no certificate in it; ca_file takes certificates in PEM form".into(),
        })
    }

    /// The paths that the section names.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let secret = match &mut self.client_secret {
            Some(Secret::File(path)) => Some(path),
            Some(Secret::Env(_)) | None => None,
        };
        let certificate = self.certificate.as_mut();
        let certificate = certificate
            .into_iter()
            .flat_map(CertificateFiles::paths_mut);
        let assertion = self.assertion_file.as_mut().map(AssertionFile::path_mut);
        let credential = secret.into_iter().chain(certificate).chain(assertion);
        let users = match &mut self.scope {
            Scope::UsersFile(path) => Some(path),
            Scope::Group(_) | Scope::AdminUnit(_) | Scope::Users(_) | Scope::All => None,
        };
        let members = self.members.as_mut().into_iter().chain(&mut self.teams);
        let lists = users.into_iter().chain(&mut self.deny.file);
        members
            .chain(credential)
            .chain(lists)
            .chain(&mut self.ca_file)
    }
}

fn tenant_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = text::text(deserializer)?;
    let shared = ["common", "organizations", "consumers"];
    if shared.contains(&id.to_lowercase().as_str()) {
        // Facts 4.1: these do not work for an app without a user.
        return Err(D::Error::custom(
            "name the tenant itself: its id or one of its verified domains",
        ));
    }
    Ok(id)
}

#[expect(clippy::expect_used, reason = "a constant that a test reads")]
fn login_url() -> Url {
    Url::parse("https://login.microsoftonline.com").expect("a URL")
}

#[expect(clippy::expect_used, reason = "a constant that a test reads")]
fn graph_url() -> Url {
    Url::parse("https://graph.microsoft.com").expect("a URL")
}

fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = text::text(deserializer)?;
    check_url(&text).map_err(D::Error::custom)
}

fn check_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "not a URL; write it like https://example.com")?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("the URL names no host; write it like https://example.com".into()),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err("plain http is for this machine only; write https".into()),
        _ => return Err("write an https URL".into()),
    }
    let is_bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_bare {
        Ok(url)
    } else {
        Err("write the URL without user, password, query and fragment".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [
            "https://graph.microsoft.us",
            "http://127.0.0.1:8080",
            "http://127.8.8.8/x",
            "http://localhost:1",
            "http://[::1]:80",
        ] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://graph.microsoft.com",
            "http://127.0.0.1.evil.org",
            "http://localhost.evil.org",
            "http://10.0.0.1",
            "ftp://localhost",
            "graph.microsoft.com",
            "https://user:secret@graph.microsoft.com",
            "https://graph.microsoft.com?x=1",
        ] {
            let message = check_url(bad).unwrap_err();
            assert!(!message.contains("secret"), "{bad}");
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_global_cloud() {
        assert_eq!(login_url().host_str(), Some("login.microsoftonline.com"));
        assert_eq!(graph_url().host_str(), Some("graph.microsoft.com"));
    }
}
