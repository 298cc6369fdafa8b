//! The company's CRM, as far as it assigns addresses to contacts and accounts.

use std::sync::Arc;

use crate::model::address::Address;

/// A person in the CRM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    /// The CRM's id.
    pub id: Arc<str>,
    /// Display name.
    pub name: Arc<str>,
    /// Primary address.
    pub email: Option<Address>,
    /// Further addresses.
    pub other_emails: Vec<Address>,
    /// The account it belongs to; it may be missing among the accounts.
    pub account_id: Option<Arc<str>>,
}

/// A company in the CRM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// The CRM's id.
    pub id: Arc<str>,
    /// Display name.
    pub name: Arc<str>,
    /// Its domains, in the normalised form that addresses use.
    pub domains: Vec<String>,
}

/// All contacts and accounts at the time of a run, identified by a digest of their content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmSnapshot {
    /// In order of id.
    pub contacts: Vec<Contact>,
    /// In order of id.
    pub accounts: Vec<Account>,
    /// 32 hex digits: equal exactly if contacts and accounts are equal.
    pub digest: Arc<str>,
}

impl CrmSnapshot {
    /// Sorts contacts and accounts and computes the digest.
    pub fn new(mut contacts: Vec<Contact>, mut accounts: Vec<Account>) -> Self {
        contacts.sort();
        accounts.sort();
        let digest = digest(&contacts, &accounts);
        Self {
            contacts,
            accounts,
            digest,
        }
    }
}

fn digest(contacts: &[Contact], accounts: &[Account]) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    let mut field = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for contact in contacts {
        field("contact");
        field(&contact.id);
        field(&contact.name);
        field(contact.email.as_ref().map_or("", Address::as_str));
        field(contact.account_id.as_deref().unwrap_or_default());
        contact
            .other_emails
            .iter()
            .for_each(|email| field(email.as_str()));
    }
    for account in accounts {
        field("account");
        field(&account.id);
        field(&account.name);
        account.domains.iter().for_each(|domain| field(domain));
    }
    let hex = hasher.finalize().to_hex();
    hex.as_str().get(..32).unwrap_or_default().into()
}
