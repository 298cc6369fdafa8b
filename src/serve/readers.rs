//! Who reads: found by an access token, by what a proxy says, or not at all.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

use crate::config::readers::ReaderToken;
use crate::config::serve::Serve;
use crate::config::serve::Visibility;
use crate::model::address::Address;

/// Somebody whose requests are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reader {
    /// Their address, where it is known.
    pub(super) address: Option<Address>,
}

/// How readers are identified.
#[derive(Debug)]
pub(super) struct Readers {
    tokens: Vec<ReaderToken>,
    proxy: Option<Proxy>,
}

/// A proxy that signs readers in.
#[derive(Debug)]
struct Proxy {
    header: HeaderName,
    addresses: Vec<IpAddr>,
}

/// Why pages are not served with these settings.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadersError {
    /// Anybody in the network could read.
    #[error(
        "{0} is not a loopback address, and anybody could read there: name a token_file, or the \
         proxy_header of a proxy that signs readers in, in [serve]"
    )]
    Open(IpAddr),
    /// It is unknown which mailboxes are a reader's own.
    #[error(
        "visibility = \"own\" must know who reads: name a token_file with an address before each \
         token, or the proxy_header of a proxy that signs readers in, in [serve]"
    )]
    Unknown,
    /// The name of the header.
    #[error("proxy_header in [serve] is not the name of a header")]
    Header,
}

impl Readers {
    /// How the readers of an address are identified.
    ///
    /// # Errors
    /// Anybody could read, or `own` mailboxes are to be shown to readers without an address.
    pub(super) fn new(
        settings: &Serve,
        tokens: Vec<ReaderToken>,
        address: IpAddr,
    ) -> Result<Self, ReadersError> {
        let proxy = match &settings.proxy_header {
            None => None,
            Some(name) => Some(Proxy {
                header: name.parse().map_err(|_| ReadersError::Header)?,
                addresses: settings.proxies.clone(),
            }),
        };
        let is_open = tokens.is_empty() && proxy.is_none();
        if is_open && !address.is_loopback() {
            return Err(ReadersError::Open(address));
        }
        let is_unknown = is_open || tokens.iter().any(|token| token.reader.is_none());
        if settings.visibility == Visibility::Own && is_unknown {
            return Err(ReadersError::Unknown);
        }
        Ok(Self { tokens, proxy })
    }

    /// The reader of a request from an address; `None`: it shows no token, and no proxy says who reads.
    pub(super) fn of(&self, headers: &HeaderMap, peer: IpAddr) -> Option<Reader> {
        if self.tokens.is_empty() && self.proxy.is_none() {
            return Some(Reader { address: None });
        }
        self.by_proxy(headers, peer)
            .or_else(|| self.by_token(headers))
    }

    /// Whether a browser may be challenged to send a token.
    pub(super) fn take_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    fn by_proxy(&self, headers: &HeaderMap, peer: IpAddr) -> Option<Reader> {
        let proxy = self.proxy.as_ref()?;
        if !proxy.addresses.contains(&peer.to_canonical()) {
            return None;
        }
        // With several it is unclear which of them the proxy wrote.
        let mut named = headers.get_all(&proxy.header).iter();
        let (Some(name), None) = (named.next(), named.next()) else {
            return None;
        };
        let address = Address::parse(name.to_str().ok()?)?;
        Some(Reader {
            address: Some(address),
        })
    }

    fn by_token(&self, headers: &HeaderMap) -> Option<Reader> {
        let shown = shown_token(headers)?;
        // Digests compare in constant time.
        let digest = |text: &str| blake3::hash(text.as_bytes());
        let shown = digest(&shown);
        let known = self.tokens.iter();
        let mut known = known.filter(|known| digest(known.token.expose_secret()) == shown);
        let address = known.next()?.reader.clone();
        Some(Reader { address })
    }
}

/// The token of a program, or the password that a browser sends (RFC 6750, RFC 7617).
fn shown_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(rest.trim().to_owned()),
        "basic" => {
            let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
            let (_, password) = pair.split_once(':')?;
            Some(password.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const TOKEN: &str = "0123456789abcdef0123";

    fn token(reader: Option<&str>) -> Vec<ReaderToken> {
        let reader = reader.and_then(Address::parse);
        vec![ReaderToken {
            reader,
            token: TOKEN.into(),
        }]
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn beyond_loopback_and_for_own_mailboxes_readers_must_be_known() {
        let all = Serve::default();
        let own = Serve {
            visibility: Visibility::Own,
            ..Serve::default()
        };
        let new = |settings: &Serve, tokens, address| Readers::new(settings, tokens, address).err();
        assert_eq!(new(&all, Vec::new(), HERE), None);
        assert_eq!(
            new(&all, Vec::new(), ELSEWHERE),
            Some(ReadersError::Open(ELSEWHERE))
        );
        assert_eq!(new(&all, token(None), ELSEWHERE), None);
        assert_eq!(new(&own, Vec::new(), HERE), Some(ReadersError::Unknown));
        assert_eq!(new(&own, token(None), HERE), Some(ReadersError::Unknown));
        assert_eq!(new(&own, token(Some("ann@contoso.com")), HERE), None);
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_password() {
        let readers =
            Readers::new(&Serve::default(), token(Some("ann@contoso.com")), HERE).unwrap();
        let of = |value: &str| readers.of(&headers(&[("authorization", value)]), ELSEWHERE);
        let ann = Some(Reader {
            address: Address::parse("ann@contoso.com"),
        });
        assert_eq!(of(&format!("Bearer {TOKEN}")), ann);
        assert_eq!(
            of(&format!(
                "Basic {}",
                STANDARD.encode(format!("any:{TOKEN}"))
            )),
            ann
        );
        assert_eq!(of(&format!("Bearer {TOKEN}x")), None);
        assert_eq!(of(TOKEN), None);
        assert_eq!(readers.of(&HeaderMap::new(), HERE), None);
    }

    #[test]
    fn a_header_is_believed_from_the_proxy_alone() {
        let settings = Serve {
            proxy_header: Some("x-forwarded-email".to_owned()),
            ..Serve::default()
        };
        let readers = Readers::new(&settings, Vec::new(), ELSEWHERE).unwrap();
        let named = headers(&[("x-forwarded-email", "Ann@contoso.com")]);
        let ann = Some(Reader {
            address: Address::parse("ann@contoso.com"),
        });
        assert_eq!(readers.of(&named, HERE), ann);
        assert_eq!(readers.of(&named, ELSEWHERE), None);
        assert_eq!(readers.of(&HeaderMap::new(), HERE), None);
        let twice = headers(&[
            ("x-forwarded-email", "a@b.org"),
            ("x-forwarded-email", "c@d.org"),
        ]);
        assert_eq!(readers.of(&twice, HERE), None);
    }
}
