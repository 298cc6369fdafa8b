//! Who belongs to the company, as known in this run.

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::address::Address;
use crate::model::address::is_within;

/// What the directories of all configured tenants and the archives' settings say of addresses.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Verified domains of tenants and archives; their subdomains are internal too.
    pub domains: HashSet<String>,
    /// Members', mailboxes' and rooms' own addresses, freemail ones left out.
    pub addresses: HashSet<Address>,
    /// Guests' principal names (`ann_x.org#EXT#@…`) and their addresses.
    pub guests: HashMap<Address, Address>,
    /// Legacy Exchange names (`/o=…/cn=…`, in lower case) and the address each resolves to.
    pub legacy_names: HashMap<String, Address>,
}

impl Directory {
    /// Whether an address is of the own company.
    pub fn is_internal(&self, address: &Address) -> bool {
        let is_of_domain = || !address.is_guest_name() && self.is_internal_domain(address.domain());
        is_of_domain() || self.addresses.contains(address)
    }

    /// Where a user receives mail: for a guest, the address in the directory, or else the one
    /// encoded in the principal name.
    pub fn at_home(&self, address: Address) -> Address {
        match self.guests.get(&address) {
            Some(known) => known.clone(),
            None => address.at_home(),
        }
    }

    /// Whether a domain is one of the company's own or a subdomain of one.
    pub fn is_internal_domain(&self, domain: &str) -> bool {
        is_within(domain, &self.domains)
    }

    /// Whether a legacy name that does not resolve is of the own organisation: it begins like one
    /// that does (`/o=<organisation>/`).
    pub fn is_own_legacy_name(&self, lower_case_name: &str) -> bool {
        let Some(organisation) = organisation(lower_case_name) else {
            return false;
        };
        self.legacy_names.keys().any(|known| {
            known
                .strip_prefix(organisation)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// A user as the directory lists it (facts 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUser {
    /// Object id.
    pub id: String,
    /// Display name.
    pub display_name: String,
    /// `mail`; it may be set for users without a mailbox, and missing for users with one.
    pub mail: Option<String>,
    /// `userPrincipalName`; guests' hold `#EXT#`.
    pub user_principal_name: String,
    /// `proxyAddresses` with their prefixes (`SMTP:` primary, `smtp:` further, `X500:`, …).
    pub proxy_addresses: Vec<String>,
    /// `userType`: `Member`, `Guest`, or nothing for old accounts.
    pub user_type: Option<String>,
    /// `accountEnabled`; shared and room mailboxes are normally disabled (facts 3.3).
    pub account_enabled: Option<bool>,
    /// Whether the account is synchronised from a directory on premises (`onPremisesSyncEnabled`), so
    /// that its mailbox may be there, too.
    pub is_synced: bool,
}

/// What the directory says of an account besides names and addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Whether it is disabled, as those of shared mailboxes and rooms are, and of leavers (facts 3.3).
    pub is_disabled: bool,
    /// Whether it is synchronised from a directory on premises.
    pub is_synced: bool,
}

/// `/o=contoso` of `/o=contoso/ou=…`.
fn organisation(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("/o=")?;
    let end = rest.find('/')?;
    name.get(..3 + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_are_internal_and_lookalikes_are_not() {
        let directory = Directory {
            domains: ["contoso.com".into()].into_iter().collect(),
            ..Directory::default()
        };
        assert!(directory.is_internal_domain("contoso.com"));
        assert!(directory.is_internal_domain("mail.eu.contoso.com"));
        assert!(!directory.is_internal_domain("notcontoso.com"));
        assert!(!directory.is_internal_domain("contoso.com.evil.org"));
    }

    #[test]
    fn unresolved_legacy_names_are_internal_by_organisation() {
        let address = Address::parse("ann@contoso.com").unwrap();
        let legacy_names = [("/o=contoso/ou=eu/cn=ann".to_owned(), address)]
            .into_iter()
            .collect();
        let directory = Directory {
            legacy_names,
            ..Directory::default()
        };
        assert!(directory.is_own_legacy_name("/o=contoso/ou=eu/cn=gone"));
        assert!(!directory.is_own_legacy_name("/o=contosolike/ou=eu/cn=gone"));
        assert!(!directory.is_own_legacy_name("ann"));
    }
}
