//! Who belongs to the company, from all directories and archives.

use std::collections::BTreeSet;

use crate::config::members::Members;
use crate::model::address;
use crate::model::address::Address;
use crate::model::directory::Directory;
use crate::model::directory::DirectoryUser;
use crate::model::freemail::is_freemail;
use crate::scope::own_addresses;

/// Gathers what makes an address internal (design section 4): all tenants and archives count for
/// the mail of each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Company {
    directory: Directory,
}

impl Company {
    /// Adds a tenant: its verified domains (facts 3.6; where they are unknown, those of its people), its
    /// own people and rooms, the further addresses of its members, and the addresses of all users'
    /// legacy names.
    pub(crate) fn add_tenant(
        &mut self,
        verified: Option<Vec<String>>,
        users: &[DirectoryUser],
        members: &Members,
    ) {
        self.add_domains(&verified.unwrap_or_else(|| domains_of(users)));
        for user in users {
            if !own_addresses::is_guest(user) {
                self.add_addresses(&own_addresses::all(user));
            }
            if let Some(primary) = own_addresses::primary(user) {
                self.add_legacy_names(user, &primary);
                self.add_guest(user, primary);
            }
        }
        for row in members.rows() {
            self.add_addresses(&row.addresses);
        }
    }

    /// Adds an archive: its domains and its mailboxes' addresses.
    pub(crate) fn add_archive(&mut self, domains: &[String], addresses: &[Address]) {
        self.add_domains(domains);
        self.add_addresses(addresses);
    }

    /// The result.
    pub(crate) fn into_directory(self) -> Directory {
        self.directory
    }

    fn add_domains(&mut self, domains: &[String]) {
        let domains = domains.iter().map(|domain| address::domain(domain));
        self.directory
            .domains
            .extend(domains.filter(|domain| !domain.is_empty()));
    }

    fn add_addresses(&mut self, addresses: &[Address]) {
        let own = addresses
            .iter()
            .filter(|address| !is_freemail(address.domain()));
        self.directory.addresses.extend(own.cloned());
    }

    fn add_guest(&mut self, user: &DirectoryUser, primary: Address) {
        let principal = own_addresses::principal(user);
        if let Some(name) = principal.filter(Address::is_guest_name) {
            self.directory.guests.insert(name, primary);
        }
    }

    /// If several users share a legacy name, the smallest address gets it, independent of the
    /// order.
    fn add_legacy_names(&mut self, user: &DirectoryUser, primary: &Address) {
        for name in own_addresses::legacy_names(user) {
            let known = self.directory.legacy_names.entry(name);
            let address = known.or_insert_with(|| primary.clone());
            if *primary < *address {
                *address = primary.clone();
            }
        }
    }
}

/// The domains of a directory's own people: those of their principal names and of the addresses under
/// which they receive mail.
fn domains_of(users: &[DirectoryUser]) -> Vec<String> {
    let own = users.iter().filter(|user| !own_addresses::is_guest(user));
    let addresses = own.flat_map(|user| {
        let principal = own_addresses::principal(user);
        own_addresses::proxies(user).chain(principal)
    });
    let domains = addresses.map(|address| address.domain().to_owned());
    let domains: BTreeSet<String> = domains.filter(|domain| !is_freemail(domain)).collect();
    domains.into_iter().collect()
}
