//! Which participants does a changed CRM snapshot affect? The difference of two snapshots, address
//! by address.

#[cfg(test)]
mod tests;

use hashbrown::HashSet;

use crate::matching::Matcher;
use crate::matching::lookup;
use crate::matching::lookup::Found;
use crate::model::contact::CrmSnapshot;
use crate::model::interaction::Participant;

/// The addresses and domains that match differently in two snapshots: another contact or account,
/// another rule, or one with another name or account.
///
/// It is computed from the matches of the addresses, not from the edits, so that ties, renamed
/// accounts and accounts added for existing contacts need no rules of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotDiff {
    addresses: HashSet<Box<str>>,
    domains: HashSet<Box<str>>,
}

impl SnapshotDiff {
    /// Compares two snapshots, both without the company's own domains.
    pub fn of(old: &CrmSnapshot, new: &CrmSnapshot) -> Self {
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

    /// Whether the snapshots match all participants alike.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.domains.is_empty()
    }

    /// Whether some matching rule may give another result for a participant. If it is `false` for
    /// all participants of an interaction, both snapshots give the same contact matches.
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
        // The public suffix list is not needed if no domain has changed.
        !self.domains.is_empty()
            && (has_domain(domain) || lookup::registrable(domain).is_some_and(has_domain))
    }
}

/// Whom a CRM snapshot may concern, against other snapshots.
#[derive(Debug)]
pub struct Concerned {
    /// `None`: everybody.
    differences: Option<Vec<SnapshotDiff>>,
}

impl Concerned {
    /// Compares a CRM snapshot with others. Where one of them is gone (`None`), it is unknown what it
    /// said, and everybody is concerned.
    pub fn by(others: Vec<Option<CrmSnapshot>>, snapshot: &CrmSnapshot) -> Self {
        let others = others.into_iter();
        let differences = others.map(|other| Some(SnapshotDiff::of(&other?, snapshot)));
        Self {
            differences: differences.collect(),
        }
    }

    /// Whether another snapshot may say something else of a participant.
    pub fn has(&self, participant: &Participant) -> bool {
        let differences = self.differences.as_ref();
        differences.is_none_or(|all| all.iter().any(|one| one.concerns(participant)))
    }
}
