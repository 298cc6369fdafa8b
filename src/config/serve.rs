//! `[serve]`: where the pages are served, and who sees what of them.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

use crate::config::text;

/// The port where none is stated.
const PORT: u16 = 8470;

/// `[serve]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Address and port. Beyond loopback only with a token file or a proxy header.
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// Further names under which readers reach it; others are refused.
    #[serde(deserialize_with = "hosts")]
    pub hosts: Vec<String>,
    /// What a reader sees of interactions.
    pub visibility: Visibility,
    /// The file with the readers' access tokens.
    #[serde(deserialize_with = "text::optional_path")]
    pub token_file: Option<PathBuf>,
    /// The header in which a proxy names the reader whom it signed in.
    #[serde(deserialize_with = "header")]
    pub proxy_header: Option<String>,
    /// The addresses of that proxy: the header is believed from no other.
    #[serde(deserialize_with = "proxies")]
    pub proxies: Vec<IpAddr>,
    /// The file to which each access to details is appended.
    #[serde(deserialize_with = "text::path")]
    pub access_log: PathBuf,
}

/// What a reader sees of interactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everything that the lake holds.
    All,
    /// Interactions of the reader's own mailboxes; of others only counts.
    Own,
    /// All interactions without subject, preview and text.
    Metadata,
}

impl Default for Serve {
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            listen: SocketAddr::new(loopback, PORT),
            hosts: Vec::new(),
            visibility: Visibility::All,
            token_file: None,
            proxy_header: None,
            proxies: vec![loopback],
            access_log: "access.log".into(),
        }
    }
}

impl Serve {
    /// The paths, to be resolved against the folder of the configuration.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.access_log).chain(&mut self.token_file)
    }
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let typed = String::deserialize(deserializer)?;
    let error = |_| format!("`{typed}` is no address and port; write it like 127.0.0.1:8470");
    typed.parse().map_err(error).map_err(D::Error::custom)
}

/// Addresses of proxies, in the form in which those of connections are compared.
fn proxies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpAddr>, D::Error> {
    let all = Vec::<IpAddr>::deserialize(deserializer)?;
    if all.is_empty() {
        let why = "there is no address in it; write that of the proxy, such as 127.0.0.1";
        return Err(D::Error::custom(why));
    }
    Ok(all.iter().map(IpAddr::to_canonical).collect())
}

/// Host names without port, in lower case.
fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    // As browsers send them: other letters are in their ASCII form there (`xn--…`).
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let is_name =
        |name: &String| !name.is_empty() && !name.ends_with('.') && name.chars().all(is_letter);
    if let Some(wrong) = all.iter().find(|name| !is_name(name)) {
        return Err(D::Error::custom(format!(
            "`{wrong}` is no host name; write it like touchpoint.contoso.com, in ASCII, without \
             scheme and port"
        )));
    }
    Ok(all.iter().map(|name| name.to_ascii_lowercase()).collect())
}

fn header<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = text::text(deserializer)?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_used = ["authorization", "cookie", "host"].contains(&name.to_ascii_lowercase().as_str());
    if is_used || !name.chars().all(is_token) {
        return Err(D::Error::custom(
            "not the name of a header that a proxy adds; write it like X-Forwarded-Email",
        ));
    }
    Ok(Some(name.to_ascii_lowercase()))
}
