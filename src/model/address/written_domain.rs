//! Parses a domain as people write it: alone, after `@` or `*.`, or as a web address.

use crate::model::address::domain;
use crate::model::address::is_domain;
use crate::model::address::surroundings::cleaned;
use crate::model::address::surroundings::is_quote;

/// A domain, and whether it was extracted from a web address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadDomain {
    /// In the normalised form that addresses use.
    pub domain: String,
    /// Whether a scheme, `www.`, a path or a user name was removed.
    pub was_web_address: bool,
}

/// Parses a text that contains one domain; for a web address or a mail address, its host without
/// `www.`. `None` if there is none.
pub fn read(text: &str) -> Option<ReadDomain> {
    let text = cleaned(text);
    let is_around = |c: char| c.is_whitespace() || is_quote(c) || matches!(c, ',' | ';' | '=');
    let text = text.trim_matches(is_around);
    let bare = text.trim_start_matches('@').trim_start_matches("*.");
    if let Some(domain) =
        plain(bare.trim_start_matches('.')).filter(|_| without_www(bare).is_none())
    {
        return Some(ReadDomain {
            domain,
            was_web_address: false,
        });
    }
    let behind_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = behind_scheme.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split(':').next()?;
    let host = without_www(host).unwrap_or(host);
    let domain = plain(host).filter(|domain| domain.contains('.'))?;
    Some(ReadDomain {
        domain,
        was_web_address: true,
    })
}

/// The host without `www.`, if anything remains.
fn without_www(host: &str) -> Option<&str> {
    let www = host.get(..4)?;
    let rest = host.get(4..)?;
    (www.eq_ignore_ascii_case("www.") && rest.contains('.')).then_some(rest)
}

fn plain(text: &str) -> Option<String> {
    let is_odd = |c: char| {
        let is_host = c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        (c.is_ascii() && !is_host) || c.is_whitespace() || c.is_control() || is_quote(c)
    };
    let domain = domain(text);
    (!text.contains(is_odd) && is_domain(&domain)).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_of_a_domain_is_parsed() {
        for (text, was_web_address) in [
            ("fabrikam.com", false),
            (" FABRIKAM.com. ", false),
            ("@fabrikam.com", false),
            ("*.fabrikam.com", false),
            (".fabrikam.com", false),
            ("\"fabrikam.com\";", false),
            ("=\"fabrikam.com\"", false),
            ("\u{201c}fabrikam\u{200b}.com\u{201d}", false),
            ("\u{a0}fabrikam.com", false),
            ("www.fabrikam.com", true),
            ("http://fabrikam.com", true),
            ("HTTPS://www.fabrikam.com:8080/en?x#y", true),
            ("fabrikam.com/", true),
            ("eva@fabrikam.com", true),
        ] {
            let read = read(text).unwrap();
            let found = (&*read.domain, read.was_web_address);
            assert_eq!(found, ("fabrikam.com", was_web_address), "{text}");
        }
        for text in [
            "",
            "@",
            "fabrikam com",
            "a,b.com",
            "a..b",
            "http://",
            "(fabrikam.com",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
