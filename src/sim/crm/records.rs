//! What the CRM holds, and how it changes along the clock.

use crate::model::time::Timestamp;

/// The customer relationship system.
#[derive(Debug, Default)]
pub struct Crm {
    /// People.
    pub contacts: Vec<Contact>,
    /// Companies.
    pub accounts: Vec<Account>,
    /// What changes along the clock, in order. Numbers of contacts beyond those above are of
    /// contacts that are added.
    pub changes: Vec<(Timestamp, CrmChange)>,
}

impl Crm {
    /// Who is in it at an instant.
    pub fn at(&self, at: Timestamp) -> CrmSnapshot {
        let mut snapshot = CrmSnapshot {
            contacts: self.contacts.iter().cloned().map(Some).collect(),
            accounts: self.accounts.clone(),
        };
        for (_, change) in self.changes.iter().take_while(|(when, _)| *when <= at) {
            match change {
                CrmChange::Contact(number, contact) => {
                    if snapshot.contacts.len() <= *number {
                        snapshot.contacts.resize(number + 1, None);
                    }
                    snapshot.contacts[*number].clone_from(contact);
                }
                CrmChange::Account(number, account) => {
                    snapshot.accounts[*number].clone_from(account);
                }
            }
        }
        snapshot
    }
}

/// One change of the CRM.
#[derive(Debug, Clone)]
pub enum CrmChange {
    /// From now on the contact of this number looks so, or is gone.
    Contact(usize, Option<Contact>),
    /// From now on the account of this number looks so.
    Account(usize, Account),
}

/// The CRM at an instant.
#[derive(Debug)]
pub struct CrmSnapshot {
    /// Contacts by number; who is gone, or has not come yet, is none.
    pub contacts: Vec<Option<Contact>>,
    /// Accounts.
    pub accounts: Vec<Account>,
}

impl CrmSnapshot {
    /// The name of an account; one that does not exist has none.
    pub fn account_name(&self, id: &str) -> Option<&str> {
        let found = self.accounts.iter().find(|account| account.id == id);
        found.map(|account| account.name.as_str())
    }
}

/// A person in the CRM.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Primary address, as typed in.
    pub email: String,
    /// Further addresses.
    pub other_emails: Vec<String>,
    /// The account's id, which need not exist.
    pub account_id: Option<String>,
}

/// A company in the CRM.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its domains.
    pub domains: Vec<String>,
}

/// What a CRM lookup of an address must find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactMatch {
    /// Number of the contact.
    pub contact: Option<usize>,
    /// Id of the account, which need not exist.
    pub account_id: Option<String>,
    /// `contact_email`, `contact_alias` or `account_domain`.
    pub rule: &'static str,
    /// Which variant of the rule this is, for the count of what the world holds.
    pub variant: &'static str,
}
