//! What an administrator opens to give consent, and what the redirect afterwards says (facts 4.4).

use url::Url;

use crate::config::tenant::Tenant;
use crate::runtime::random;

/// Where the administrator ends up who opens the link on another machine: a page that shows that it is
/// done. The application registers it, or the loopback address, as a redirect.
const NATIVE_CLIENT: &str = "/common/oauth2/nativeclient";

/// How the administrator decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Consent was given.
    Given,
    /// It was not, for this reason.
    Refused(String),
    /// The answer belongs to another request.
    Foreign,
}

/// A text that cannot be guessed.
pub fn state() -> String {
    format!("{:016x}{:016x}", random::bits(), random::bits())
}

/// The link for a tenant. `state` comes back with the redirect; `redirect` is a loopback address where
/// somebody listens.
pub fn link(tenant: &Tenant, state: &str, redirect: Option<&str>) -> Url {
    let mut url = tenant.login_url.clone();
    let base = url.path().trim_end_matches('/').to_owned();
    let native = {
        let mut native = url.clone();
        native.set_path(&format!("{base}{NATIVE_CLIENT}"));
        native
    };
    url.set_path(&format!("{base}/{}/v2.0/adminconsent", tenant.tenant_id));
    let graph = tenant.graph_url.as_str().trim_end_matches('/');
    url.query_pairs_mut()
        .append_pair("client_id", &tenant.client_id)
        .append_pair("scope", &format!("{graph}/.default"))
        .append_pair("redirect_uri", redirect.unwrap_or(native.as_str()))
        .append_pair("state", state);
    url
}

/// Reads the query of a redirect. A refusal contains `admin_consent=True` as well, so the error is
/// looked at first (facts 4.4).
pub fn decision(query: &str, state: &str) -> Decision {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let of = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    if of("state") != Some(state) {
        return Decision::Foreign;
    }
    match (of("error"), of("admin_consent")) {
        (Some(error), _) => Decision::Refused(word(error)),
        (None, Some(given)) if given.eq_ignore_ascii_case("true") => Decision::Given,
        (None, _) => Decision::Refused("no consent".to_owned()),
    }
}

/// The error as far as it is one word: what a redirect brings is not to be trusted.
fn word(error: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    error.chars().filter(|c| is_word(*c)).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts 4.4.
    #[test]
    fn an_error_counts_before_the_consent_that_stands_beside_it() {
        let refused = "admin_consent=True&error=access_denied&tenant=t&state=s1";
        let word = "access_denied".to_owned();
        assert_eq!(decision(refused, "s1"), Decision::Refused(word));
        assert_eq!(
            decision("admin_consent=True&state=s1", "s1"),
            Decision::Given
        );
        assert_eq!(
            decision("admin_consent=True&state=s2", "s1"),
            Decision::Foreign
        );
        assert_eq!(decision("admin_consent=True", "s1"), Decision::Foreign);
        let none = Decision::Refused("no consent".to_owned());
        assert_eq!(decision("state=s1", "s1"), none);
    }
}
