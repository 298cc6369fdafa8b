//! The people and companies that a question can be about: those of the CRM, and the colleagues.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::insight::colleagues::Colleagues;
use crate::insight::lookup::Entry;
use crate::insight::lookup::What;
use crate::insight::relations::Subject;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;
use crate::model::contact::CrmSnapshot;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;

/// Contacts and accounts of the CRM, and the mailboxes that were read.
#[derive(Debug, Default)]
pub struct Directory {
    contacts: BTreeMap<Arc<str>, Contact>,
    accounts: BTreeMap<Arc<str>, Account>,
    /// How many contacts an account has.
    people: BTreeMap<Arc<str>, u64>,
    mailboxes: Vec<Mailbox>,
}

impl Directory {
    /// Puts CRM snapshots together; of what several have, the first one counts.
    pub fn new(snapshots: Vec<CrmSnapshot>, mut mailboxes: Vec<Mailbox>) -> Self {
        mailboxes.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
        let mut directory = Self {
            mailboxes,
            ..Self::default()
        };
        for snapshot in snapshots {
            for contact in snapshot.contacts {
                let id = Arc::clone(&contact.id);
                directory.contacts.entry(id).or_insert(contact);
            }
            for account in snapshot.accounts {
                let id = Arc::clone(&account.id);
                directory.accounts.entry(id).or_insert(account);
            }
        }
        let contacts = directory.contacts.values();
        for account in contacts.filter_map(|contact| contact.account_id.clone()) {
            *directory.people.entry(account).or_default() += 1;
        }
        directory
    }

    /// Whose the mailboxes are.
    pub fn colleagues(&self) -> Colleagues {
        Colleagues::new(&self.mailboxes)
    }

    /// The mailboxes of the colleague with an address.
    pub fn mailboxes_of(&self, address: &str) -> HashSet<String> {
        let mailboxes = self.mailboxes.iter();
        let of_address = mailboxes.filter(|mailbox| &*mailbox.address == address);
        of_address.map(|mailbox| mailbox.id.to_string()).collect()
    }

    /// How many contacts an account has; `None` for contacts, and for accounts without any.
    pub fn people_known(&self, subject: &Subject) -> Option<u64> {
        match subject {
            Subject::Account(id) => self.people.get(id).copied(),
            Subject::Contact(_) => None,
        }
    }

    /// Its name in the CRM, or its id where the CRM has none.
    pub fn name(&self, subject: &Subject) -> Arc<str> {
        let (id, name) = match subject {
            Subject::Account(id) => (id, self.accounts.get(id).map(|account| &account.name)),
            Subject::Contact(id) => (id, self.contacts.get(id).map(|contact| &contact.name)),
        };
        let name = name.filter(|name| !name.trim().is_empty());
        Arc::clone(name.unwrap_or(id))
    }

    /// The name of the account of a contact.
    pub fn account_of(&self, contact_id: &str) -> Option<Arc<str>> {
        let account = self.contacts.get(contact_id)?.account_id.clone()?;
        Some(self.name(&Subject::Account(account)))
    }

    /// Whether the CRM has a contact or an account of an id, or a mailbox an address.
    pub fn has(&self, what: What, id: &str) -> bool {
        match what {
            What::Contact => self.contacts.contains_key(id),
            What::Account => self.accounts.contains_key(id) || self.people.contains_key(id),
            What::Colleague => self.mailboxes.iter().any(|mailbox| &*mailbox.address == id),
        }
    }

    /// All that can be looked up.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let contacts = self.contacts.values().map(|contact| Entry {
            what: What::Contact,
            id: &contact.id,
            name: &contact.name,
            addresses: addresses(contact),
            domains: Vec::new(),
        });
        let accounts = self.accounts.values().map(|account| Entry {
            what: What::Account,
            id: &account.id,
            name: &account.name,
            addresses: Vec::new(),
            domains: account.domains.iter().map(String::as_str).collect(),
        });
        // Contacts may name an account that the CRM does not list.
        let unlisted = self
            .people
            .keys()
            .filter(|id| !self.accounts.contains_key(*id));
        let unlisted = unlisted.map(|id| Entry::unnamed(What::Account, id));
        let mut entries: Vec<Entry<'_>> = contacts.chain(accounts).chain(unlisted).collect();
        entries.extend(self.people_of_the_company());
        entries
    }

    fn people_of_the_company(&self) -> impl Iterator<Item = Entry<'_>> {
        // Several mailboxes of one colleague are one entry; the first id names it.
        let mailboxes = self.mailboxes.chunk_by(|a, b| a.address == b.address);
        let people = mailboxes.filter_map(|mailboxes| {
            mailboxes
                .iter()
                .find(|mailbox| matches!(mailbox.kind, MailboxKind::User | MailboxKind::Archive))
        });
        people.map(|mailbox| Entry {
            addresses: vec![&mailbox.address],
            ..Entry::unnamed(What::Colleague, &mailbox.id)
        })
    }
}

fn addresses(contact: &Contact) -> Vec<&str> {
    let all = contact.email.iter().chain(&contact.other_emails);
    all.map(Address::as_str).collect()
}
