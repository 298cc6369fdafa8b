//! How the CRM changes along the clock: who comes, goes, merges, moves and is renamed, and what a
//! lookup of each address must find from then on.

use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::crm::records::Account;
use crate::sim::crm::records::Contact;
use crate::sim::crm::records::ContactMatch;
use crate::sim::crm::records::CrmChange;
use crate::sim::rng::Rng;
use crate::sim::spec::Unmatched;
use crate::sim::world::World;

/// Addresses at these many domains of strangers become known only with their domain.
const DOMAINS: usize = 10;
const HOUR: i64 = 3600 * SECOND;

/// Adds the changes.
pub fn fill(world: &mut World) {
    let each = world.spec.crm_changes.each;
    let mut rng = world.rng(6);
    let mut pool = Pool::of(world, &mut rng, each);
    for _ in 0..each {
        // Under `skip` a contact that comes or goes would decide what is stored at all.
        if world.spec.policy.unmatched != Unmatched::Skip {
            let when = moment(world, &mut rng, pool.added == 0);
            added(world, &mut pool, when);
            let when = moment(world, &mut rng, false);
            removed(world, pool.contact(), when);
            let when = moment(world, &mut rng, false);
            address_added(world, &mut pool, when);
            let when = moment(world, &mut rng, false);
            address_taken(world, pool.contact(), when);
            let when = moment(world, &mut rng, false);
            domain_added(world, &mut pool, when);
        }
        let when = moment(world, &mut rng, false);
        merged(world, pool.contact(), pool.contact(), when);
        let when = moment(world, &mut rng, false);
        moved(world, &mut rng, pool.contact(), when);
        let when = moment(world, &mut rng, false);
        renamed(world, pool.contact(), when);
        let when = moment(world, &mut rng, false);
        account_renamed(world, pool.account(), when);
    }
    world.crm.changes.sort_by_key(|(when, _)| *when);
    for address in &mut world.addresses {
        address.later.sort_by_key(|(when, _)| *when);
    }
}

/// About noon of one of the days; the first change of all on the first day.
fn moment(world: &World, rng: &mut Rng, first: bool) -> Timestamp {
    let days = i64::from(world.spec.crm_changes.days).max(1);
    let day = if first { 0 } else { rng.between(0, days) };
    let after = world.start().plus(day * DAY + 8 * HOUR);
    after.plus(rng.between(0, 4 * 3600) * SECOND)
}

/// Contacts, strangers and accounts to which nothing has happened yet.
struct Pool {
    contacts: Vec<usize>,
    strangers: Vec<u32>,
    accounts: Vec<usize>,
    domains: usize,
    added: usize,
}

impl Pool {
    fn of(world: &World, rng: &mut Rng, each: usize) -> Self {
        // The last two share an address.
        let count = world.crm.contacts.len().saturating_sub(2);
        let mut contacts: Vec<usize> = (0..count).collect();
        for position in (1..contacts.len()).rev() {
            contacts.swap(position, rng.below(position + 1));
        }
        let known_by_domain = |position: usize| position % DOMAINS < each;
        let strangers = world.people_by_role.unknown.iter().enumerate();
        let mut strangers: Vec<u32> = strangers
            .filter(|(position, _)| !known_by_domain(*position))
            .map(|(_, number)| *number)
            .collect();
        // Who has written most comes first into the CRM.
        let mut letters = vec![0_usize; world.addresses.len()];
        for (_, number) in world.mails.iter().flat_map(|mail| &mail.parts) {
            letters[*number as usize] += 1;
        }
        strangers.sort_by_key(|number| letters[*number as usize]);
        Self {
            contacts,
            strangers,
            accounts: (0..14).collect(),
            domains: 0,
            added: 0,
        }
    }

    fn contact(&mut self) -> usize {
        self.contacts.pop().unwrap_or_default()
    }

    fn account(&mut self) -> usize {
        self.accounts.pop().unwrap_or_default()
    }
}

fn change(world: &mut World, when: Timestamp, change: CrmChange) {
    world.crm.changes.push((when, change));
}

/// What a lookup of the addresses of a contact finds from now on.
fn rematch(
    world: &mut World,
    contact: usize,
    when: Timestamp,
    find: impl Fn(&ContactMatch) -> Option<ContactMatch>,
) {
    for address in &mut world.addresses {
        if let Some(contact_match) = address
            .contact_match
            .as_ref()
            .filter(|one| one.contact == Some(contact))
        {
            address.later.push((when, find(contact_match)));
        }
    }
}

fn added(world: &mut World, pool: &mut Pool, when: Timestamp) {
    let Some(stranger) = pool.strangers.pop() else {
        return;
    };
    let number = world.crm.contacts.len() + pool.added;
    let account_id = pool.added.is_multiple_of(2).then(|| "A-003".to_owned());
    let email = world.addresses[stranger as usize].stored.clone();
    let contact = Contact {
        id: format!("C-N{:02}", pool.added + 1),
        name: format!("Newcomer {}", pool.added + 1),
        email,
        other_emails: Vec::new(),
        account_id: account_id.clone(),
    };
    if pool.added == 0 {
        world.newcomer = Some((number, contact.clone()));
    }
    pool.added += 1;
    let contact_match = ContactMatch {
        contact: Some(number),
        account_id,
        rule: "contact_email",
        variant: "contact_email",
    };
    world.addresses[stranger as usize]
        .later
        .push((when, Some(contact_match)));
    change(world, when, CrmChange::Contact(number, Some(contact)));
}

/// What is left of a contact that goes: at the domain of an account, that account.
fn removed(world: &mut World, contact: usize, when: Timestamp) {
    let account = world.crm.accounts[contact % 14].id.clone();
    let freemail = contact % 9 == 6;
    rematch(world, contact, when, |contact_match| {
        let at_account = contact_match.rule == "contact_email" && !freemail;
        at_account.then(|| ContactMatch {
            contact: None,
            account_id: Some(account.clone()),
            rule: "account_domain",
            variant: "account_exact",
        })
    });
    change(world, when, CrmChange::Contact(contact, None));
}

fn address_added(world: &mut World, pool: &mut Pool, when: Timestamp) {
    let contact = pool.contact();
    let Some(stranger) = pool.strangers.pop() else {
        return;
    };
    let mut known = world.crm.contacts[contact].clone();
    known
        .other_emails
        .push(world.addresses[stranger as usize].stored.clone());
    let contact_match = ContactMatch {
        contact: Some(contact),
        account_id: known.account_id.clone(),
        rule: "contact_alias",
        variant: "contact_alias",
    };
    world.addresses[stranger as usize]
        .later
        .push((when, Some(contact_match)));
    change(world, when, CrmChange::Contact(contact, Some(known)));
}

fn address_taken(world: &mut World, contact: usize, when: Timestamp) {
    let mut known = world.crm.contacts[contact].clone();
    // The first of the further addresses is the private one, which is at no account's domain.
    known.other_emails.remove(0);
    rematch(world, contact, when, |contact_match| {
        (contact_match.rule == "contact_email").then(|| contact_match.clone())
    });
    change(world, when, CrmChange::Contact(contact, Some(known)));
}

fn domain_added(world: &mut World, pool: &mut Pool, when: Timestamp) {
    let number = pool.account();
    let domain = pool.domains;
    pool.domains += 1;
    let strangers: Vec<u32> = world
        .people_by_role
        .unknown
        .iter()
        .copied()
        .skip(domain)
        .step_by(DOMAINS)
        .collect();
    let Some(host) = strangers
        .iter()
        .filter_map(|one| world.addresses[*one as usize].stored.split_once('@'))
        .map(|(_, host)| host.to_owned())
        .find(|host| host != "web.de")
    else {
        return;
    };
    let account = &world.crm.accounts[number];
    let contact_match = ContactMatch {
        contact: None,
        account_id: Some(account.id.clone()),
        rule: "account_domain",
        variant: "account_exact",
    };
    let mut known: Account = account.clone();
    known.domains.push(host.clone());
    for stranger in strangers {
        let address = &mut world.addresses[stranger as usize];
        if address.stored.ends_with(&host) {
            address.later.push((when, Some(contact_match.clone())));
        }
    }
    change(world, when, CrmChange::Account(number, known));
}

/// The first goes, and the second has its addresses among its further ones.
fn merged(world: &mut World, from: usize, into: usize, when: Timestamp) {
    let gone = &world.crm.contacts[from];
    let mut known = world.crm.contacts[into].clone();
    known.other_emails.push(gone.email.clone());
    known.other_emails.extend(gone.other_emails.iter().cloned());
    let account_id = known.account_id.clone();
    rematch(world, from, when, |contact_match| {
        Some(ContactMatch {
            contact: Some(into),
            account_id: account_id.clone(),
            rule: "contact_alias",
            variant: contact_match.variant,
        })
    });
    change(world, when, CrmChange::Contact(from, None));
    change(world, when, CrmChange::Contact(into, Some(known)));
}

fn moved(world: &mut World, rng: &mut Rng, contact: usize, when: Timestamp) {
    let mut known = world.crm.contacts[contact].clone();
    let other = (contact + 1 + rng.below(12)) % 14;
    let account_id = Some(world.crm.accounts[other].id.clone());
    known.account_id.clone_from(&account_id);
    rematch(world, contact, when, |contact_match| {
        Some(ContactMatch {
            account_id: account_id.clone(),
            ..contact_match.clone()
        })
    });
    change(world, when, CrmChange::Contact(contact, Some(known)));
}

fn renamed(world: &mut World, contact: usize, when: Timestamp) {
    let mut known = world.crm.contacts[contact].clone();
    known.name.push_str("-Lindqvist");
    change(world, when, CrmChange::Contact(contact, Some(known)));
}

fn account_renamed(world: &mut World, account: usize, when: Timestamp) {
    let mut known = world.crm.accounts[account].clone();
    known.name.push_str(" Group");
    change(world, when, CrmChange::Account(account, known));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::spec::Spec;

    fn world(text: &str) -> World {
        World::build(Spec::from_toml(&format!("users = 16\nmails_per_user = 20\n{text}")).unwrap())
    }

    #[test]
    fn each_kind_of_change_occurs_and_the_first_new_contact_has_written_before() {
        let world = world("");
        let start = world.start();
        let (early, late) = (world.crm.at(start), world.crm.at(start.plus(30 * DAY)));
        let there = |snapshot: &crate::sim::crm::records::CrmSnapshot| {
            snapshot.contacts.iter().flatten().count()
        };
        // As many come as are taken out; those that merge go as well.
        let each = world.spec.crm_changes.each;
        assert_eq!(there(&late), there(&early) - each);
        let (number, newcomer) = world.newcomer.as_ref().unwrap();
        let next_day = world.crm.at(start.plus(DAY));
        assert_eq!(
            next_day.contacts[*number].as_ref().unwrap().email,
            newcomer.email
        );
        let known = world
            .addresses
            .iter()
            .position(|one| one.stored == newcomer.email)
            .unwrap();
        let letters = world.mails.iter().flat_map(|mail| &mail.parts);
        assert!(letters.filter(|(_, one)| *one as usize == known).count() > 0);
    }

    #[test]
    fn what_a_lookup_finds_follows_each_change() {
        let world = world("");
        let late = world.start().plus(30 * DAY);
        let snapshot = world.crm.at(late);
        let mut changed = 0;
        for address in &world.addresses {
            changed += usize::from(!address.later.is_empty());
            if let Some(number) = address
                .contact_match_at(late)
                .and_then(|contact_match| contact_match.contact)
            {
                assert!(snapshot.contacts[number].is_some(), "{}", address.stored);
            }
        }
        assert!(changed > 40, "{changed}");
    }

    #[test]
    fn no_contact_comes_or_goes_where_that_would_decide_what_is_stored() {
        let world = world("[policy]\nunmatched = \"skip\"");
        let (early, late) = (world.start(), world.start().plus(30 * DAY));
        for address in &world.addresses {
            assert_eq!(
                address.contact_match_at(early).is_some(),
                address.contact_match_at(late).is_some()
            );
        }
        assert!(!world.crm.changes.is_empty());
    }
}
