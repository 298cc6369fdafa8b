//! Mail addresses, normalised once into a type of their own.

use std::borrow::Borrow;
use std::fmt;

use hashbrown::HashSet;

use crate::model::limits;

/// A mail address in the one form in which addresses are compared.
///
/// Lower case, the domain in IDNA ASCII (UTS 46, non-transitional; a label that is invalid stays
/// as it is), without `smtp:` prefix, angle brackets and quotes. It holds exactly one `@` with
/// something on both sides and no blank in the domain, which is no longer than a domain can be
/// ([`limits::DOMAIN_BYTES`], [`limits::LABEL_BYTES`]).
///
/// `Debug` and `Display` show the address: it must not reach a log or an error text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Box<str>);

impl Address {
    /// Normalises what a header, a directory or a file holds; `None` where it is no address.
    pub fn parse(raw: &str) -> Option<Self> {
        let bare = strip_decoration(raw);
        // Before anything is made of it: the forms of a domain cost what it is long.
        if bare.len() > limits::ADDRESS_BYTES {
            return None;
        }
        let (local, domain) = bare.split_once('@')?;
        let well_formed = !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !bare.chars().any(char::is_control)
            && !domain.contains(char::is_whitespace);
        let domain = well_formed.then(|| ascii(domain)).filter(|d| fits(d))?;
        Some(Self(format!("{}@{domain}", local.to_lowercase()).into()))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address without a plus-tag (`ann+news@x.org` as `ann@x.org`); `None` where it has none.
    pub fn without_tag(&self) -> Option<Self> {
        let (local, domain) = self.0.split_once('@')?;
        let (name, _tag) = local.split_once('+')?;
        (!name.is_empty()).then(|| Self(format!("{name}@{domain}").into()))
    }
}

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

/// A domain in the form in which [`Address`] holds it.
pub fn domain(raw: &str) -> String {
    ascii(raw.trim().trim_start_matches('@').trim_end_matches('.'))
}

/// Whether a domain is one of some domains or lies below one of them.
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

/// What stands for an address and may hold more, taken apart: the name before `<ann@example.org>`,
/// and the address in the brackets, or the whole text; without `mailto:` and what follows a `?` behind
/// it (facts 13).
pub fn parted(raw: &str) -> (Option<&str>, &str) {
    let raw = raw.trim();
    let in_brackets = || {
        let (name, behind) = raw.split_once('<')?;
        let inside = behind.strip_suffix('>')?;
        inside.contains('@').then_some((name, inside))
    };
    let (name, inside) = in_brackets().unwrap_or(("", raw));
    let name = name.trim().trim_matches(['"', '\'']).trim();
    (
        Some(name).filter(|name| !name.is_empty()),
        without_scheme(inside.trim()),
    )
}

fn without_scheme(text: &str) -> &str {
    let scheme = text.get(..MAILTO.len());
    if scheme.is_none_or(|scheme| !scheme.eq_ignore_ascii_case(MAILTO)) {
        return text;
    }
    let address = text.get(MAILTO.len()..).unwrap_or_default();
    address.split('?').next().unwrap_or_default().trim()
}

const MAILTO: &str = "mailto:";

/// Takes away white space, angle brackets, quotes and an `smtp:` prefix, in any nesting.
fn strip_decoration(raw: &str) -> &str {
    let mut bare = raw;
    loop {
        let before = bare.len();
        bare = bare.trim().trim_matches(['<', '>', '"', '\'']);
        if bare
            .get(..5)
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case("smtp:"))
        {
            bare = bare.get(5..).unwrap_or_default();
        }
        if bare.len() == before {
            return bare;
        }
    }
}

/// Whether a text can be a domain: labels with something in them, none too long.
pub fn is_domain(text: &str) -> bool {
    fits(text) && text.split('.').all(|label| !label.is_empty())
}

/// Whether a domain is no longer than one can be, as a whole and in each label.
pub fn fits(domain: &str) -> bool {
    let mut labels = domain.split('.');
    domain.len() <= limits::DOMAIN_BYTES && labels.all(|label| label.len() <= limits::LABEL_BYTES)
}

/// IDNA label by label, so that one invalid label does not keep the others as they are.
fn ascii(domain: &str) -> String {
    let lower = domain.to_lowercase();
    if lower.is_ascii() {
        return lower;
    }
    let labels = lower.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
    let ascii = labels.map(|label| {
        // UTS 46 maps some characters to a blank, an `@` or a dot, which no label may hold.
        let is_usable = |ascii: &String| !ascii.contains([' ', '@', '.']);
        let ascii = idna::domain_to_ascii(label).ok().filter(is_usable);
        ascii.unwrap_or_else(|| label.into())
    });
    ascii.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: Option<&str>) {
        assert_eq!(
            Address::parse(raw).as_ref().map(Address::as_str),
            expected,
            "{raw:?}"
        );
    }

    #[test]
    fn fact_13_an_address_may_stand_behind_a_name_or_a_scheme() {
        for (raw, expected) in [
            ("ann@x.org", (None, "ann@x.org")),
            (" Ann Lee <ann@x.org> ", (Some("Ann Lee"), "ann@x.org")),
            ("\"Lee, Ann\" <ann@x.org>", (Some("Lee, Ann"), "ann@x.org")),
            ("<ann@x.org>", (None, "ann@x.org")),
            ("Ann <mailto:ann@x.org>", (Some("Ann"), "ann@x.org")),
            ("MAILTO:ann@x.org?subject=a@b", (None, "ann@x.org")),
            ("mailto:", (None, "")),
            ("Ann Lee", (None, "Ann Lee")),
            ("Ann <ann>", (None, "Ann <ann>")),
            ("Ann <ann@x.org", (None, "Ann <ann@x.org")),
            ("\"a<b\"@x.org", (None, "\"a<b\"@x.org")),
            ("/o=Contoso/cn=Ann", (None, "/o=Contoso/cn=Ann")),
            ("ü", (None, "ü")),
        ] {
            assert_eq!(parted(raw), expected, "{raw}");
        }
    }

    #[test]
    fn decoration_and_case_are_taken_away() {
        check(" <Ann.Lee@Example.COM> ", Some("ann.lee@example.com"));
        check("SMTP:ann@x.org", Some("ann@x.org"));
        check("'ann@x.org'", Some("ann@x.org"));
        check("\"smtp:<ann@x.org>\"", Some("ann@x.org"));
    }

    #[test]
    fn odd_but_usable_addresses_are_kept() {
        check("root@localhost", Some("root@localhost"));
        check("m..presto@enron.com", Some("m..presto@enron.com"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for raw in [
            "",
            "ann",
            "@x.org",
            "ann@",
            "a@b@c",
            "a@b c",
            "undisclosed-recipients:;",
        ] {
            check(raw, None);
        }
        check("/o=Exchange/ou=First/cn=Recipients/cn=ann", None);
        check("ann\u{7}@x.org", None);
    }

    #[test]
    fn a_domain_longer_than_one_can_be_is_none() {
        let of_labels = |label: &str, count: usize| {
            let domain = vec![label; count].join(".");
            Address::parse(&format!("a@{domain}")).is_some()
        };
        assert!(of_labels(&"x".repeat(63), 1));
        assert!(!of_labels(&"x".repeat(64), 1));
        assert!(of_labels("x", 127));
        assert!(!of_labels("x", 128));
        // As ASCII, `ä` has eight bytes and more.
        assert!(of_labels("ä", 30));
        assert!(!of_labels("ä", 40));
        assert!(!of_labels("ä", 33_000));
        let local = "x".repeat(limits::ADDRESS_BYTES);
        assert!(Address::parse(&format!("{local}@x.org")).is_none());
    }

    #[test]
    fn domains_go_to_ascii_label_by_label() {
        check("ann@Bücher.example", Some("ann@xn--bcher-kva.example"));
        check("ann@straße.de", Some("ann@xn--strae-oqa.de"));
        // A macron would become a blank, a wide at sign a second `@`.
        check("ann@a\u{af}.de", Some("ann@a\u{af}.de"));
        check("ann@x.a\u{ff20}b", Some("ann@x.a\u{ff20}b"));
    }

    #[test]
    fn a_plus_tag_is_dropped_on_request_only() {
        let tagged = Address::parse("ann+news@x.org").unwrap();
        assert_eq!(tagged.as_str(), "ann+news@x.org");
        assert_eq!(tagged.without_tag().unwrap().as_str(), "ann@x.org");
        assert_eq!(Address::parse("+1@x.org").unwrap().without_tag(), None);
        assert_eq!(Address::parse("ann@x.org").unwrap().without_tag(), None);
    }
}
