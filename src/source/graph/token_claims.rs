//! What an access token says of the permissions granted in Entra (facts 4.5).
//!
//! The token is opaque to a client: what it says serves to explain what was found, and decides
//! nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::source::graph::auth::Token;
use crate::source::graph::client::Client;
use crate::source::graph::error::GraphError;

/// Roles of a token: an application has some dozens of permissions at most.
const ROLES_MAX: usize = 500;

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    roles: Vec<String>,
}

impl Client {
    /// The application permissions that the token names, sorted; `None` where it cannot be read. What
    /// RBAC for Applications assigns never shows here.
    pub async fn granted_roles(&self) -> Result<Option<Vec<String>>, GraphError> {
        Ok(roles(&self.token().await?))
    }
}

fn roles(token: &Token) -> Option<Vec<String>> {
    let text = token.header.to_str().ok()?.strip_prefix("Bearer ")?;
    let packed = text.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(packed.trim_end_matches('=')).ok()?;
    let Claims { mut roles } = serde_json::from_slice(&claims).ok()?;
    roles.retain(|role| is_name(role));
    roles.truncate(ROLES_MAX);
    roles.sort();
    roles.dedup();
    Some(roles)
}

/// Names of permissions are words; anything else is not repeated in a report.
fn is_name(role: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !role.is_empty() && role.len() <= 100 && role.bytes().all(is_plain)
}
