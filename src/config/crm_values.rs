//! Parses cells of the CRM files as people and programs write them.

use crate::model::address::Address;
use crate::model::address::visible::visible;
pub(super) use crate::model::address::written_domain::ReadDomain;
use crate::model::address::written_domain::read;

/// The address in a cell, in any form of [`crate::model::address::written`]; a guest's principal
/// name is replaced by the address from which it was derived. `None` if there is no address, or
/// more than one.
pub(super) fn address(cell: &str) -> Option<Address> {
    Address::parse(cell).map(Address::at_home)
}

/// The addresses in a multi-valued cell; `None` if any of them is malformed.
pub(super) fn addresses(cell: &str) -> Option<Vec<Address>> {
    if let Some(address) = address(cell) {
        return Some(vec![address]);
    }
    let seen = visible(cell);
    let is_whole = !seen.has_rest && !seen.found.is_empty();
    let found = seen.found.into_iter().map(|one| one.address.at_home());
    is_whole.then(|| found.collect())
}

/// The domain in a cell; for a web address or a mail address, its host. `None` if there is none.
pub(super) fn domain(cell: &str) -> Option<ReadDomain> {
    read(cell)
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
