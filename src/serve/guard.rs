//! What every request passes and every answer carries: the host that was meant, who reads, and what a
//! browser may do with a page.

use std::net::IpAddr;
use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;

/// Headers of every answer. No script runs on a page, nothing is loaded from elsewhere, no other page
/// may frame it or use what is loaded from it, and nothing is kept by a cache.
pub(super) const HEADERS: [(HeaderName, HeaderValue); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// Names under which the pages may be requested. A page of somebody else whose name was made to lead
/// to this machine (DNS rebinding) sends its own name, and is refused.
#[derive(Debug)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// The address itself, `localhost` where it is a loopback address, and further names.
    pub(super) fn new(address: SocketAddr, further: &[String]) -> Self {
        let mut names = further.to_vec();
        names.push(match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            names.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        }
        Self(names)
    }

    /// Whether a request names one of them, on any port: a proxy may listen on another.
    pub(super) fn have(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let Ok(host) = host.to_str() else {
            return false;
        };
        let name = without_port(host).to_ascii_lowercase();
        self.0.contains(&name)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Why a request is refused before anybody looks at what it asks; `None`: it is not.
pub(super) fn refusal(
    method: &Method,
    headers: &HeaderMap,
    hosts: &Hosts,
) -> Option<(StatusCode, &'static str)> {
    if !hosts.have(headers) {
        let why = "this name is not served here; add it to hosts in [serve]";
        return Some((StatusCode::MISDIRECTED_REQUEST, why));
    }
    if method != Method::GET && method != Method::HEAD {
        return Some((
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET and HEAD are served",
        ));
    }
    // A link of another page may be followed; its scripts and pictures load nothing from here.
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_foreign = matches!(value("sec-fetch-site"), Some("cross-site" | "same-site"));
    let is_whole_page = value("sec-fetch-mode") == Some("navigate")
        && value("sec-fetch-dest").is_none_or(|what| what == "document");
    if is_foreign && !is_whole_page {
        return Some((
            StatusCode::FORBIDDEN,
            "requests of other pages are not answered",
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_names_of_this_machine_and_of_the_configuration_are_served() {
        let loopback = Hosts::new("127.0.0.1:8470".parse().unwrap(), &[]);
        let named = Hosts::new(
            "192.0.2.7:80".parse().unwrap(),
            &["tp.contoso.com".to_owned()],
        );
        let host = |hosts: &Hosts, host| hosts.have(&headers(&[("host", host)]));
        for served in ["127.0.0.1:8470", "localhost", "LocalHost:1", "[::1]:8470"] {
            assert!(host(&loopback, served), "{served}");
        }
        for refused in ["evil.example", "127.0.0.1.evil.example:8470", "", "[::2]"] {
            assert!(!host(&loopback, refused), "{refused}");
        }
        assert!(host(&named, "TP.contoso.com:443") && host(&named, "192.0.2.7"));
        assert!(!host(&named, "localhost"));
        assert!(!loopback.have(&HeaderMap::new()));
    }

    #[test]
    fn nothing_but_reading_is_served_and_nothing_to_other_pages() {
        let hosts = Hosts::new("127.0.0.1:1".parse().unwrap(), &[]);
        let refused = |method: Method, pairs: &[(&'static str, &'static str)]| {
            let mut all = vec![("host", "localhost")];
            all.extend(pairs);
            refusal(&method, &headers(&all), &hosts).map(|(status, _)| status.as_u16())
        };
        assert_eq!(refused(Method::GET, &[]), None);
        assert_eq!(refused(Method::HEAD, &[]), None);
        assert_eq!(refused(Method::POST, &[]), Some(405));
        let foreign = ("sec-fetch-site", "cross-site");
        assert_eq!(
            refused(Method::GET, &[foreign, ("sec-fetch-mode", "no-cors")]),
            Some(403)
        );
        assert_eq!(
            refused(Method::GET, &[foreign, ("sec-fetch-mode", "navigate")]),
            None
        );
        let frame = ("sec-fetch-dest", "iframe");
        assert_eq!(
            refused(
                Method::GET,
                &[foreign, ("sec-fetch-mode", "navigate"), frame]
            ),
            Some(403)
        );
        let own = ("sec-fetch-site", "same-origin");
        assert_eq!(
            refused(Method::GET, &[own, ("sec-fetch-mode", "cors")]),
            None
        );
    }
}
