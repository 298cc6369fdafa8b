//! Which contacts take part? Matches participants against the CRM snapshot: pure and deterministic.

pub mod difference;
mod lookup;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::matching::lookup::Found;
use crate::matching::lookup::Lookup;
use crate::model::activity::ContactMatch;
use crate::model::contact::CrmSnapshot;
use crate::model::interaction::Participant;

/// The CRM snapshot, indexed for lookups.
#[derive(Debug)]
pub struct Matcher {
    lookup: Lookup,
    contacts: Vec<Named>,
    accounts: Vec<Named>,
}

/// Id, name and account of a contact or account.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    contact: Option<(Arc<str>, Arc<str>)>,
    account: Option<(Arc<str>, Option<Arc<str>>)>,
}

/// A participant and the match of its address.
struct Hit<'a> {
    found: Found,
    participant: &'a Participant,
}

impl Matcher {
    /// Indexes a snapshot. The company's own domains and freemail domains never belong to an
    /// account, even if the CRM assigns them.
    pub fn new(snapshot: &CrmSnapshot, own_domains: &HashSet<String>) -> Self {
        let names = snapshot.accounts.iter();
        let names: hashbrown::HashMap<&str, &Arc<str>> =
            names.map(|account| (&*account.id, &account.name)).collect();
        let contacts = snapshot.contacts.iter().map(|contact| Named {
            contact: Some((contact.id.clone(), contact.name.clone())),
            account: contact
                .account_id
                .as_ref()
                .map(|id| (id.clone(), names.get(&**id).map(|name| Arc::clone(name)))),
        });
        let accounts = snapshot.accounts.iter().map(|account| Named {
            contact: None,
            account: Some((account.id.clone(), Some(account.name.clone()))),
        });
        Self {
            lookup: Lookup::new(snapshot, own_domains),
            contacts: contacts.collect(),
            accounts: accounts.collect(),
        }
    }

    /// The contact matches of an interaction: one per contact, in order of id, then one per account
    /// that matched only by domain and has no contact here, in order of id (design section 6).
    pub fn contact_matches(&self, participants: &[Participant]) -> Vec<ContactMatch> {
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for participant in participants {
            if participant.internal || !participant.is_address {
                continue;
            }
            if let Some(found) = self.lookup.find(&participant.address) {
                hits.push(Hit { found, participant });
            }
        }
        // `Found` sorts contacts before accounts and each by position in the snapshot, which is by
        // id.
        hits.sort_unstable_by(Hit::rank);
        hits.dedup_by_key(|hit| hit.found.place);
        let (contacts, accounts) =
            hits.split_at(hits.partition_point(|hit| hit.found.place.is_contact()));
        let mut contact_matches: Vec<ContactMatch> =
            contacts.iter().map(|hit| self.contact_match(hit)).collect();
        for hit in accounts {
            let contact_match = self.contact_match(hit);
            let is_known = |known: &ContactMatch| account_id(known) == account_id(&contact_match);
            let contact_rows = contact_matches.get(..contacts.len()).unwrap_or_default();
            if !contact_rows.iter().any(is_known) {
                contact_matches.push(contact_match);
            }
        }
        contact_matches
    }

    fn named(&self, found: Found) -> Option<&Named> {
        match found.place {
            lookup::Place::Contact(position) => self.contacts.get(position as usize),
            lookup::Place::Account(position) => self.accounts.get(position as usize),
        }
    }

    fn contact_match(&self, hit: &Hit<'_>) -> ContactMatch {
        let named = self.named(hit.found);
        ContactMatch {
            contact: named.and_then(|named| named.contact.clone()),
            account: named.and_then(|named| named.account.clone()),
            address: hit.participant.address.clone(),
            role: hit.participant.role,
            response: hit.participant.response.clone(),
            rule: hit.found.rule,
        }
    }
}

impl Hit<'_> {
    /// By contact or account; for each, the best role first, then the smallest address by bytes.
    fn rank(&self, other: &Self) -> Ordering {
        let key = |hit: &Self| (hit.found.place, hit.participant.role);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.participant.address.cmp(&other.participant.address))
    }
}

fn account_id(contact_match: &ContactMatch) -> Option<&str> {
    contact_match.account.as_ref().map(|(id, _)| &**id)
}
