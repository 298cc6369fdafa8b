//! Whom does a changed contact book concern? What two books say otherwise, address by address.

#[cfg(test)]
mod tests;

use hashbrown::HashSet;

use crate::matching::Matcher;
use crate::matching::lookup;
use crate::matching::lookup::Found;
use crate::model::contact::ContactBook;
use crate::model::interaction::Participant;

/// The addresses and domains that lead elsewhere in one book than in another: to another contact
/// or account, by another rule, or to one of another name or account.
///
/// It is made of what the addresses lead to, not of what was edited, so that ties, renamed accounts
/// and accounts that appear below a contact are in it without a rule of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookDifference {
    addresses: HashSet<Box<str>>,
    domains: HashSet<Box<str>>,
}

impl BookDifference {
    /// Compares two books, both without the company's own domains.
    pub fn of(old: &ContactBook, new: &ContactBook) -> Self {
        let own_domains = HashSet::new();
        let old = Matcher::new(old, &own_domains);
        let new = Matcher::new(new, &own_domains);
        let mut difference = Self::default();
        for (asked, other) in [(&old, &new), (&new, &old)] {
            let differs = |found: Found, theirs: Option<Found>| {
                let said = theirs.map(|theirs| (theirs.rule, other.named(theirs)));
                said != Some((found.rule, asked.named(found)))
            };
            let addresses = asked.lookup.addresses();
            let addresses =
                addresses.filter(|(key, found)| differs(*found, other.lookup.of_address(key)));
            difference
                .addresses
                .extend(addresses.map(|(key, _)| key.into()));
            let domains = asked.lookup.domains();
            let domains =
                domains.filter(|(key, found)| differs(*found, other.lookup.of_domain(key)));
            difference
                .domains
                .extend(domains.map(|(key, _)| key.into()));
        }
        difference
    }

    /// Whether the books say the same of everybody.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.domains.is_empty()
    }

    /// Whether some rule of matching may answer otherwise for a participant. Where it answers
    /// `false` for all participants of an interaction, both books give it the same touches.
    pub fn concerns(&self, participant: &Participant) -> bool {
        if participant.internal || !participant.is_address {
            return false;
        }
        let address = participant.address.as_str();
        if self.addresses.contains(address) {
            return true;
        }
        let Some((local, domain)) = address.split_once('@') else {
            return false;
        };
        let has_address = |address: String| self.addresses.contains(address.as_str());
        if lookup::untagged(local, domain).is_some_and(has_address) {
            return true;
        }
        let has_domain = |domain: &str| self.domains.contains(domain);
        // The public suffix list is not asked where no domain has changed.
        !self.domains.is_empty()
            && (has_domain(domain) || lookup::registrable(domain).is_some_and(has_domain))
    }
}
