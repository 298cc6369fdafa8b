//! Mail addresses, normalised once into a type of their own.

pub mod addr_spec;
pub mod surroundings;
pub mod visible;
pub mod written;
pub mod written_domain;

use std::borrow::Borrow;
use std::fmt;

use hashbrown::HashSet;

use crate::model::limits;

/// A mail address in the one form in which addresses are compared.
///
/// Lower case, the domain in IDNA ASCII (UTS 46, non-transitional; an invalid label is left
/// unchanged), the local part quoted only where necessary. It contains exactly one `@` with text on
/// both sides, and the domain contains no space and is not longer than a domain can be
/// ([`limits::DOMAIN_BYTES`], [`limits::LABEL_BYTES`]).
///
/// `Debug` and `Display` show the address, so never log it or put it into an error message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Box<str>);

impl Address {
    /// An address as stored in the lake. This rule must not change: lakes store no flag, so it
    /// alone decides whether a participant's text is an address. It accepts what [`Address::parse`]
    /// would never produce: a space before the `@`, any character in the domain.
    pub fn stored(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let is_one = !local.is_empty()
            && !domain.is_empty()
            && text.len() <= limits::ADDRESS_BYTES
            && !domain.contains('@')
            && !text.chars().any(char::is_control)
            && !domain.contains(char::is_whitespace)
            && text.to_lowercase() == text
            && ascii(domain) == domain
            && fits(domain);
        is_one.then(|| Self(text.into()))
    }

    /// Normalises a local part and a domain.
    fn of_parts(local: &str, domain: &str) -> Option<Self> {
        // Checked first: the cost of normalising a domain grows with its length.
        if local.len() + domain.len() >= limits::ADDRESS_BYTES {
            return None;
        }
        let domain = Some(ascii(domain)).filter(|domain| is_domain(domain))?;
        Some(Self(format!("{}@{domain}", local.to_lowercase()).into()))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether it is the principal name of a guest (`ann_x.org#EXT#@tenant.onmicrosoft.com`):
    /// someone who was invited into the directory and has no address of that company (facts 3.1).
    pub fn is_guest_name(&self) -> bool {
        self.local().contains(GUEST_MARK)
    }

    /// The address without a plus-tag (`ann+news@x.org` as `ann@x.org`); `None` if it has none.
    pub fn without_tag(&self) -> Option<Self> {
        let (local, domain) = self.0.split_once('@')?;
        let (name, _tag) = local.split_once('+')?;
        (!name.is_empty()).then(|| Self(format!("{name}@{domain}").into()))
    }
}

/// The suffix of the name in a guest's principal name.
pub(crate) const GUEST_MARK: &str = "#ext#";

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Address {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Address {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A domain in the normalised form that [`Address`] uses.
pub fn domain(raw: &str) -> String {
    ascii(raw.trim().trim_start_matches('@').trim_end_matches('.'))
}

/// Whether a domain equals one of some domains or is a subdomain of one of them.
pub fn is_within(domain: &str, domains: &HashSet<String>) -> bool {
    let mut rest = Some(domain);
    while let Some(candidate) = rest {
        if domains.contains(candidate) {
            return true;
        }
        rest = candidate.split_once('.').map(|(_, parent)| parent);
    }
    false
}

/// Whether a text can be a domain: non-empty labels, none too long.
pub fn is_domain(text: &str) -> bool {
    fits(text) && text.split('.').all(|label| !label.is_empty())
}

/// Whether a domain and each of its labels are within the length limits.
pub fn fits(domain: &str) -> bool {
    let mut labels = domain.split('.');
    domain.len() <= limits::DOMAIN_BYTES && labels.all(|label| label.len() <= limits::LABEL_BYTES)
}

/// IDNA label by label, so that one invalid label does not prevent the others from being converted.
fn ascii(domain: &str) -> String {
    let lower = domain.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    let labels = lower.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
    let ascii = labels.map(|label| {
        // UTS 46 maps some characters to a space, an `@` or a dot, which no label may contain.
        let is_usable = |ascii: &String| !ascii.contains([' ', '@', '.']);
        let ascii = idna::domain_to_ascii(label).ok().filter(is_usable);
        ascii.unwrap_or_else(|| label.into())
    });
    ascii.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests;
