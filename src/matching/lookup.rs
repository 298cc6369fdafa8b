//! Looks up an address in the CRM snapshot by the first rule that matches.

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::activity::MatchRule;
use crate::model::address::is_within;
use crate::model::contact::CrmSnapshot;
use crate::model::freemail::is_freemail;

/// A position in the CRM snapshot. The snapshot is sorted by id, so positions are too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Position among the contacts.
    Contact(u32),
    /// Position among the accounts.
    Account(u32),
}

impl Place {
    /// Whether it is that of a contact.
    pub(super) fn is_contact(self) -> bool {
        matches!(self, Self::Contact(_))
    }
}

/// The result of looking up an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The contact or account.
    pub place: Place,
    /// The rule that found it.
    pub rule: MatchRule,
}

/// The addresses and domains of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    addresses: HashMap<Box<str>, Found>,
    domains: HashMap<Box<str>, Found>,
}

impl Lookup {
    /// Builds the tables. If several contacts share an address, or several accounts a domain, the
    /// smallest id gets it; a primary address precedes a further one.
    pub(super) fn new(snapshot: &CrmSnapshot, own_domains: &HashSet<String>) -> Self {
        let mut lookup = Self::default();
        for (position, contact) in (0_u32..).zip(&snapshot.contacts) {
            if let Some(address) = &contact.email {
                let rule = MatchRule::ContactEmail;
                lookup.add_address(address.as_str(), Place::Contact(position), rule);
            }
        }
        for (position, contact) in (0_u32..).zip(&snapshot.contacts) {
            for address in &contact.other_emails {
                let rule = MatchRule::ContactAlias;
                lookup.add_address(address.as_str(), Place::Contact(position), rule);
            }
        }
        for (position, account) in (0_u32..).zip(&snapshot.accounts) {
            for domain in &account.domains {
                if is_freemail(domain) || is_within(domain, own_domains) {
                    continue;
                }
                let place = Place::Account(position);
                let rule = MatchRule::AccountDomain;
                let found = Found { place, rule };
                lookup.domains.entry((**domain).into()).or_insert(found);
            }
        }
        lookup
    }

    fn add_address(&mut self, address: &str, place: Place, rule: MatchRule) {
        let found = Found { place, rule };
        self.addresses.entry(address.into()).or_insert(found);
    }

    /// The match of each address of the snapshot.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&str, Found)> {
        let addresses = self.addresses.iter();
        addresses.map(|(address, found)| (&**address, *found))
    }

    /// The match of each domain of the snapshot.
    pub(super) fn domains(&self) -> impl Iterator<Item = (&str, Found)> {
        let domains = self.domains.iter();
        domains.map(|(domain, found)| (&**domain, *found))
    }

    /// The match of exactly this address.
    pub(super) fn of_address(&self, address: &str) -> Option<Found> {
        self.addresses.get(address).copied()
    }

    /// The match of exactly this domain.
    pub(super) fn of_domain(&self, domain: &str) -> Option<Found> {
        self.domains.get(domain).copied()
    }

    /// The first rule that matches a normalised address.
    pub(super) fn find(&self, address: &str) -> Option<Found> {
        if let Some(found) = self.of_address(address) {
            return Some(found);
        }
        let (local, domain) = address.split_once('@')?;
        // Only complete addresses of the snapshot are compared, so a tag in the CRM is never
        // removed.
        let found = untagged(local, domain).and_then(|address| self.of_address(&address));
        found
            .or_else(|| self.of_domain(domain))
            .or_else(|| self.of_domain(registrable(domain)?))
    }
}

/// A participant's address without its plus-tag, if it has one.
pub(super) fn untagged(local: &str, domain: &str) -> Option<String> {
    let (name, _tag) = local.split_once('+')?;
    (!name.is_empty()).then(|| [name, "@", domain].concat())
}

/// The registrable domain (`eu.mail.acme.co.uk`: `acme.co.uk`), by the public suffix list with its
/// private section; `None` if the domain is a public suffix itself.
pub(super) fn registrable(domain: &str) -> Option<&str> {
    psl::domain_str(domain).filter(|registrable| registrable.len() < domain.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrable_domains_follow_the_public_suffix_list() {
        for (domain, expected) in [
            ("mail.acme.com", Some("acme.com")),
            ("eu.mail.acme.co.uk", Some("acme.co.uk")),
            ("pages.ann.github.io", Some("ann.github.io")),
            ("www.acme.xn--55qx5d.cn", Some("acme.xn--55qx5d.cn")),
            ("acme.com", None),
            ("co.uk", None),
            ("localhost", None),
        ] {
            assert_eq!(registrable(domain), expected, "{domain}");
        }
    }
}
