//! The columns of `contacts` and `accounts`: the CRM as the last run used it.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::lake::rows::column::Label;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::columns::TableColumns;
use crate::lake::rows::names;
use crate::model::address::Address;
use crate::model::contact::Account;
use crate::model::contact::Contact;

/// Between several addresses or domains in one cell, as in the CRM files.
const SEPARATOR: &str = ";";

/// A contact or an account in its table.
#[derive(Debug, Clone)]
pub(crate) struct CrmRow<T> {
    /// The contact or account.
    pub of: T,
    /// Digest of the CRM snapshot.
    pub snapshot: Arc<str>,
    /// The run that wrote the row.
    pub run_id: Arc<str>,
}

type ContactRow = CrmRow<ContactCells>;
type AccountRow = CrmRow<AccountCells>;
type ContactColumn = TableColumn<ContactRow>;
type AccountColumn = TableColumn<AccountRow>;

/// A contact as its row has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ContactCells {
    id: String,
    name: String,
    email: Option<String>,
    other_emails: Option<String>,
    account_id: Option<String>,
}

/// An account as its row has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountCells {
    id: String,
    name: String,
    domains: Option<String>,
}

impl From<&Contact> for ContactCells {
    fn from(contact: &Contact) -> Self {
        let others = contact.other_emails.iter();
        Self {
            id: contact.id.to_string(),
            name: contact.name.to_string(),
            email: contact
                .email
                .as_ref()
                .map(|email| email.as_str().to_owned()),
            other_emails: joined(others.map(Address::as_str)),
            account_id: contact.account_id.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Account> for AccountCells {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.name.to_string(),
            domains: joined(account.domains.iter().map(String::as_str)),
        }
    }
}

/// None where there is nothing.
fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(SEPARATOR))
}

/// The columns of `contacts`, in order.
pub(crate) static CONTACTS: LazyLock<TableColumns<ContactRow>> = LazyLock::new(|| {
    let mut columns = vec![
        ContactColumn::text(
            Label::new("contact_id", "The CRM's id of the contact."),
            |row| &row.of.id,
            |row, id| id.clone_into(&mut row.of.id),
        ),
        ContactColumn::text(
            Label::new("contact_name", "The contact's name in the CRM."),
            |row| &row.of.name,
            |row, name| name.clone_into(&mut row.of.name),
        ),
        ContactColumn::maybe_text(
            Label::new("email", "The primary address, normalised."),
            |row| row.of.email.as_deref(),
            |row, email| row.of.email = email.map(str::to_owned),
        ),
        ContactColumn::maybe_text(
            Label::new("other_emails", "Further addresses, with ; between them."),
            |row| row.of.other_emails.as_deref(),
            |row, emails| row.of.other_emails = emails.map(str::to_owned),
        ),
        ContactColumn::maybe_text(
            Label::new(
                "account_id",
                "The CRM's id of the contact's account; it may be missing in accounts.",
            ),
            |row| row.of.account_id.as_deref(),
            |row, id| row.of.account_id = id.map(str::to_owned),
        ),
    ];
    columns.extend(origin());
    TableColumns::new(columns, blank())
});

/// The columns of `accounts`, in order.
pub(crate) static ACCOUNTS: LazyLock<TableColumns<AccountRow>> = LazyLock::new(|| {
    let mut columns = vec![
        AccountColumn::text(
            Label::new("account_id", "The CRM's id of the account."),
            |row| &row.of.id,
            |row, id| id.clone_into(&mut row.of.id),
        ),
        AccountColumn::text(
            Label::new("account_name", "The account's name in the CRM."),
            |row| &row.of.name,
            |row, name| name.clone_into(&mut row.of.name),
        ),
        AccountColumn::maybe_text(
            Label::new(
                "domains",
                "The domains by which people are assigned to it, with ; between them.",
            ),
            |row| row.of.domains.as_deref(),
            |row, domains| row.of.domains = domains.map(str::to_owned),
        ),
    ];
    columns.extend(origin());
    TableColumns::new(columns, blank())
});

fn origin<T: 'static>() -> [TableColumn<CrmRow<T>>; 2] {
    [
        TableColumn::text(
            Label::new(
                "crm_snapshot",
                "Digest of the CRM snapshot, as in contact_activity.",
            )
            .with_stats(),
            |row: &CrmRow<T>| &row.snapshot,
            |row, digest| row.snapshot = digest.into(),
        ),
        TableColumn::text(
            names::RUN_ID,
            |row: &CrmRow<T>| &row.run_id,
            |row, id| row.run_id = id.into(),
        ),
    ]
}

fn blank<T: Default>() -> CrmRow<T> {
    CrmRow {
        of: T::default(),
        snapshot: Arc::from(""),
        run_id: Arc::from(""),
    }
}
