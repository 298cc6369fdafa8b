//! URLs: how requests are addressed, and which links may be followed with the token.

use std::borrow::Cow;
use std::iter;

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::percent_decode_str;
use percent_encoding::utf8_percent_encode;
use url::Host;
use url::Url;

use crate::source::graph::error::GraphError;

/// All but what RFC 3986 calls unreserved: ids hold `+`, `/` and `=` (facts 1.8).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An id or a value for use in a path or a query.
pub fn escaped(raw: &str) -> String {
    utf8_percent_encode(raw, ESCAPED).to_string()
}

/// A text for use between quotes in an `OData` expression, ready for a query.
pub fn quoted(raw: &str) -> String {
    escaped(&format!("'{}'", raw.replace('\'', "''")))
}

/// Where the service lies: scheme, host, port and path prefix.
#[derive(Debug, Clone)]
pub struct Base {
    url: Url,
    origin: String,
    prefix: String,
}

impl Base {
    /// Reads a base URL: https, or http on loopback only.
    pub fn parse(which: &'static str, text: &str) -> Result<Self, GraphError> {
        let refused = |why| GraphError::Settings { which, why };
        let url = Url::parse(text).map_err(|_| refused("write a whole URL with https://"))?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if !is_safe {
            return Err(refused("use https (plain http is for this machine only)"));
        }
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_plain {
            return Err(refused("leave out user, password, query and fragment"));
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        let origin = url.origin().ascii_serialization();
        Ok(Self {
            url,
            origin,
            prefix,
        })
    }

    /// Whether it lies on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// `https://host:port`, which names the resource when signing in (facts 4.7).
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address of something below the base; `path` begins with a slash and is escaped already.
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.prefix)
    }

    /// The path of something below the base, as its URL has it.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// A link of a page, where it leads to more of what was first requested at a path: a service
    /// that errs must not lead into another mailbox, another folder or another kind of resource.
    pub fn follow_from(&self, link: &str, first: &str) -> Result<Url, GraphError> {
        let url = self.follow(link)?;
        let prefix = self.prefix.split('/').filter(|part| !part.is_empty());
        if is_same_resource(url.path(), first, prefix.count()) {
            Ok(url)
        } else {
            Err(GraphError::ForeignLink)
        }
    }

    /// A link of a page, where it stays within scheme, host, port and path prefix (facts 4.7).
    pub fn follow(&self, link: &str) -> Result<Url, GraphError> {
        let url = Url::parse(link).map_err(|_| GraphError::ForeignLink)?;
        let is_below = url
            .path()
            .strip_prefix(&self.prefix)
            .is_some_and(|rest| rest.starts_with('/'));
        let is_same = url.scheme() == self.url.scheme()
            && url.host() == self.url.host()
            && url.port_or_known_default() == self.url.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none();
        if is_below && is_same {
            Ok(url)
        } else {
            Err(GraphError::ForeignLink)
        }
    }
}

/// Whether two links differ in their queries alone, so that they ask for the same: what precedes a
/// query is read without it.
pub fn differ_in_query(one: &str, other: &str) -> bool {
    match (one.split_once('?'), other.split_once('?')) {
        (Some((one, _)), Some((other, _))) => one == other,
        _ => false,
    }
}

/// What the path of a URL asks for: names and ids, whether they are written as `users/a` or as
/// `users('a')` (facts 1.1).
fn resource(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    path.split('/').flat_map(|segment| {
        let (name, key) = parts_of(percent_decode_str(segment).decode_utf8_lossy());
        iter::once(name).chain(key)
    })
}

/// The name in a segment of a path, and the key that belongs to it.
fn parts_of(segment: Cow<'_, str>) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    let keyed = segment.split_once("('").and_then(|(name, key)| {
        let key = key.strip_suffix("')")?;
        Some((name.to_owned(), key.replace("''", "'")))
    });
    if let Some((name, key)) = keyed {
        return (name.into(), Some(key.into()));
    }
    let bare = segment.strip_suffix("()").unwrap_or(&segment);
    let bare = bare.strip_prefix("microsoft.graph.").unwrap_or(bare);
    if bare.len() == segment.len() {
        (segment, None)
    } else {
        (bare.to_owned().into(), None)
    }
}

/// Whether two paths ask for the same: ids of folders differ in case alone (facts 1.8), all else may
/// be written in any.
fn is_same_resource(one: &str, other: &str, prefix: usize) -> bool {
    let (mut one, mut other) = (resource(one), resource(other));
    // Nothing before the first slash, `v1.0`, `users`, the user, `mailFolders`, the folder.
    let folder = prefix + 5;
    for at in 0.. {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other))
                if one == other || (at != folder && one.eq_ignore_ascii_case(&other)) => {}
            _ => return false,
        }
    }
    false
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Base {
        Base::parse("graph_url", text).unwrap()
    }

    /// Facts 4.7.
    #[test]
    fn a_link_is_followed_only_on_the_configured_origin_and_prefix() {
        let base = base("https://graph.example.com/tenant");
        assert!(
            base.follow("https://graph.example.com/tenant/v1.0/users('a')/messages/delta?$x=1")
                .is_ok()
        );
        assert!(
            base.follow("https://GRAPH.example.com:443/tenant/x")
                .is_ok()
        );
        for foreign in [
            "http://graph.example.com/tenant/x",
            "https://graph.example.com:8443/tenant/x",
            "https://graph.example.com.evil.org/tenant/x",
            "https://graph.example.com@evil.org/tenant/x",
            "https://user@graph.example.com/tenant/x",
            "https://graph.example.com/other/x",
            "https://graph.example.com/tenantx/x",
            "https://graph.example.com/tenant/../other/x",
            "https://graph.example.com/tenant/%2e%2e/other/x",
            "//evil.org/tenant/x",
            "/tenant/x",
            "",
        ] {
            assert!(base.follow(foreign).is_err(), "{foreign}");
        }
    }

    #[test]
    fn a_link_is_followed_only_to_more_of_the_same() {
        let base = base("https://graph.example.com/tenant");
        let first = base.path("/v1.0/users/u-1/mailFolders/AAMk%2Ba/messages/delta");
        for same in [
            "/v1.0/users/u-1/mailFolders/AAMk%2Ba/messages/delta?$skiptoken=x",
            "/v1.0/users('U-1')/mailfolders('AAMk+a')/messages/delta?$deltatoken=x",
            "/v1.0/users('u-1')/mailFolders('AAMk%2Ba')/messages/microsoft.graph.delta()?$skiptoken=x",
        ] {
            assert!(base.follow_from(&base.join(same), &first).is_ok(), "{same}");
        }
        for other in [
            "/v1.0/users/u-2/mailFolders/AAMk%2Ba/messages/delta?$skiptoken=x",
            "/v1.0/users('u-2')/mailFolders('AAMk+a')/messages/delta?$skiptoken=x",
            "/v1.0/users/u-1/mailFolders/aamk%2Ba/messages/delta?$skiptoken=x",
            "/v1.0/users/u-1/mailFolders/other/messages/delta?$skiptoken=x",
            "/v1.0/users/u-1/messages/delta?$skiptoken=x",
            "/v1.0/users/u-1/calendarView/delta?$skiptoken=x",
            "/v1.0/users/u-1/mailFolders/AAMk%2Ba/messages?$skip=1",
            "/v1.0/users/u-1/mailFolders/AAMk%2Ba/messages/delta/../../../../u-2/messages",
            "/beta/users/u-1/mailFolders/AAMk%2Ba/messages/delta",
        ] {
            assert!(
                base.follow_from(&base.join(other), &first).is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn links_that_differ_in_their_queries_alone_ask_for_the_same() {
        let link = "https://graph.example.com/v1.0/users('a')/messages/delta?$deltatoken=1";
        assert!(differ_in_query(link, link));
        assert!(differ_in_query(link, &link.replace("=1", "=2?/../x")));
        for other in [
            "https://graph.example.com/v1.0/users('a')/messages/delta",
            "https://graph.example.com/v1.0/users('b')/messages/delta?$deltatoken=1",
            "https://graph.example.org/v1.0/users('a')/messages/delta?$deltatoken=1",
            "",
        ] {
            assert!(!differ_in_query(link, other), "{other}");
            assert!(!differ_in_query(other, link), "{other}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for fine in [
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost:1/a",
        ] {
            assert!(Base::parse("graph_url", fine).is_ok(), "{fine}");
        }
        for refused in [
            "http://graph.example.com",
            "http://127.0.0.1.evil.org",
            "ftp://127.0.0.1",
            "graph.example.com",
            "https://user:secret@graph.example.com",
            "https://graph.example.com?x=1",
        ] {
            assert!(Base::parse("graph_url", refused).is_err(), "{refused}");
        }
    }

    /// Facts 1.8.
    #[test]
    fn ids_are_escaped_and_quotes_doubled() {
        assert_eq!(escaped("AAMk+a/b=="), "AAMk%2Ba%2Fb%3D%3D");
        assert_eq!(quoted("o'hara@x.org"), "%27o%27%27hara%40x.org%27");
    }

    #[test]
    fn a_base_with_and_without_trailing_slash_is_the_same() {
        assert_eq!(
            base("http://127.0.0.1:8080/a/").join("/v1.0/users"),
            "http://127.0.0.1:8080/a/v1.0/users"
        );
        assert_eq!(
            base("https://graph.microsoft.com").join("/v1.0/users"),
            "https://graph.microsoft.com/v1.0/users"
        );
    }
}
