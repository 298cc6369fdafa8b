//! Cells of the CRM files as people and programs fill them in.

use crate::config::text;
use crate::model::address;
use crate::model::address::Address;

/// A domain, and whether it was taken out of a web address.
pub struct ReadDomain {
    pub domain: String,
    pub was_web_address: bool,
}

/// The address in a cell: alone, behind `mailto:`, in angle brackets behind a name, or in the
/// quotes of a formula (`="ann@example.com"`); `None` where there is none.
pub fn address(cell: &str) -> Option<Address> {
    let visible: String = cell.chars().filter(|c| !is_invisible(*c)).collect();
    let mut bare = visible.trim();
    if let Some(formula) = bare.strip_prefix('=') {
        bare = formula.trim().trim_matches('"');
    }
    if let Some((_, behind)) = bare.rsplit_once('<') {
        bare = behind.split('>').next().unwrap_or_default();
    }
    bare = bare.trim();
    let scheme = bare
        .get(..7)
        .filter(|text| text.eq_ignore_ascii_case("mailto:"));
    if scheme.is_some() {
        bare = bare.get(7..).unwrap_or_default();
        bare = bare.split('?').next().unwrap_or_default();
    }
    let address = Address::parse(bare)?;
    // What no mail has in its address would match nobody.
    let is_odd =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '=' | '(' | ')' | ',');
    (!address.as_str().contains(is_odd)).then_some(address)
}

/// The domain in a cell; of a web address, its host without `www.`. `None` where there is none.
pub fn domain(cell: &str) -> Option<ReadDomain> {
    let visible: String = cell.chars().filter(|c| !is_invisible(*c)).collect();
    let cell = visible.trim();
    let is_plain = |domain: &String| address::is_domain(domain) && without_www(domain).is_none();
    if let Some(domain) = text::domain(cell).filter(is_plain) {
        return Some(ReadDomain {
            domain,
            was_web_address: false,
        });
    }
    let behind_scheme = cell.split_once("://").map_or(cell, |(_, rest)| rest);
    let host = behind_scheme.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split(':').next()?;
    let host = without_www(host).unwrap_or(host);
    let is_host = |domain: &String| domain.contains('.') && address::is_domain(domain);
    let domain = text::domain(host).filter(is_host)?;
    Some(ReadDomain {
        domain,
        was_web_address: true,
    })
}

/// No mail is addressed to a web server.
fn without_www(host: &str) -> Option<&str> {
    let www = host.get(..4)?;
    let rest = host.get(4..)?;
    (www.eq_ignore_ascii_case("www.") && rest.contains('.')).then_some(rest)
}

/// Characters that take no room, as copied text holds them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_what_people_copy() {
        for cell in [
            "ann@x.org",
            " Ann@X.org ",
            "mailto:ann@x.org",
            "MAILTO:ann@x.org?subject=hello",
            "Ann Lee <ann@x.org>",
            "\"Lee, Ann\" <mailto:ann@x.org>",
            "\u{200b}ann@x.org\u{feff}",
            "=\"ann@x.org\"",
            "<ann@x.org>",
        ] {
            let found = address(cell);
            assert_eq!(
                found.as_ref().map(Address::as_str),
                Some("ann@x.org"),
                "{cell}"
            );
        }
        for cell in [
            "",
            "n/a",
            "not-an-address",
            "Ann Lee ann@x.org",
            "ann@x.org, bob@x.org",
            "<>",
        ] {
            assert!(address(cell).is_none(), "{cell}");
        }
    }

    #[test]
    fn domains_are_taken_out_of_web_addresses() {
        for (cell, expected, was_web_address) in [
            ("Acme.com", "acme.com", false),
            ("@acme.com", "acme.com", false),
            ("https://www.acme.com", "acme.com", true),
            ("http://acme.com/en/?x#y", "acme.com", true),
            ("HTTPS://ann@WWW.acme.com:8080/", "acme.com", true),
            ("www.acme.com/en", "acme.com", true),
            ("www.acme.com", "acme.com", true),
            ("www.com", "www.com", false),
            ("acme.com/", "acme.com", true),
        ] {
            let read = domain(cell).unwrap();
            assert_eq!(
                (&*read.domain, read.was_web_address),
                (expected, was_web_address),
                "{cell}"
            );
        }
        let long = format!("{}.com", "x".repeat(64));
        for cell in ["", "acme com", "https://", "n/a", "a..b", &long] {
            assert!(domain(cell).is_none(), "{cell}");
        }
    }
}
