//! The files with which one begins: a commented configuration and the first lines of its tables.

use std::fmt::Write as _;
use std::path::Path;

use toml::Value;

use crate::config::crm_columns;
use crate::config::members;
use crate::config::text;

/// What is known of the configuration to write; what is not gets a placeholder.
#[derive(Debug, Default)]
pub struct Starter {
    /// How much of a mail is kept.
    pub content: Option<String>,
    /// How far back the first run reads.
    pub window: Option<String>,
    /// The contacts file.
    pub contacts: Option<String>,
    /// The accounts file.
    pub accounts: Option<String>,
    /// The tenant, if one is read.
    pub tenant: Option<TenantStarter>,
    /// The archive, if one is read.
    pub archive: Option<ArchiveStarter>,
}

/// What is known of a tenant.
#[derive(Debug, Default)]
pub struct TenantStarter {
    /// Its name in reports.
    pub name: Option<String>,
    /// Its id or a verified domain.
    pub id: Option<String>,
    /// The app registration.
    pub client_id: Option<String>,
    /// The group whose mailboxes are read.
    pub group: Option<String>,
    /// The environment variable with the secret.
    pub secret_env: Option<String>,
    /// The file with the secret.
    pub secret_file: Option<String>,
}

/// What is known of an archive.
#[derive(Debug)]
pub struct ArchiveStarter {
    /// Its name in reports.
    pub name: String,
    /// The format of its files.
    pub format: &'static str,
    /// File or folder.
    pub path: String,
    /// Whose mailbox it is, if it is one.
    pub address: Option<String>,
    /// The company's own domains.
    pub domains: Vec<String>,
}

/// The name of the members file.
pub const MEMBERS: &str = "members.csv";
/// The name of the contacts file, unless another one is named.
pub const CONTACTS: &str = "contacts.csv";
/// The name of the accounts file, unless another one is named.
pub const ACCOUNTS: &str = "accounts.csv";

/// The first line of a table that is written.
pub fn first_line(file: &str) -> String {
    let headings = match file {
        MEMBERS => members::headings(),
        CONTACTS => crm_columns::own_headings(crm_columns::CONTACTS),
        _ => crm_columns::own_headings(crm_columns::ACCOUNTS),
    };
    format!("{headings}\n")
}

/// The name of an archive: that of its file or folder, as far as names may have it.
pub fn archive_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = stem.chars().filter(|c| text::is_of_name(*c)).collect();
    if name.is_empty() {
        "archive".to_owned()
    } else {
        name
    }
}

impl Starter {
    /// The text of the configuration.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "# The configuration of touchpoint. REFERENCE.md has every key with its default. Fill in what \
             stands\n# in <…>, then check it with: touchpoint config check\n\n[capture]\n",
        );
        let content = quoted(self.content.as_deref().unwrap_or("preview"));
        let window = quoted(self.window.as_deref().unwrap_or("12 months"));
        let contacts = quoted(self.contacts.as_deref().unwrap_or(CONTACTS));
        let accounts = quoted(self.accounts.as_deref().unwrap_or(ACCOUNTS));
        let _ = write!(
            text,
            "# How much of a mail is kept: envelope (neither subject nor text), preview, or full.\n\
             content = {content}\n\
             # How far back the first run reads.\n\
             window = {window}\n\
             # What is never recorded.\n\
             exclude = {{ addresses = [], domains = [], subjects = [], folders = [] }}\n\n\
             [crm]\n\
             # Exports of Salesforce, HubSpot or Dynamics 365 as they come, or our own columns:\n\
             # id, name, email, other_emails (';'), account_id\n\
             contacts = {contacts}\n\
             # id, name, domains (';')\n\
             accounts = {accounts}\n"
        );
        if let Some(tenant) = &self.tenant {
            tenant.write(&mut text);
        }
        if let Some(archive) = &self.archive {
            archive.write(&mut text);
        }
        text
    }
}

impl TenantStarter {
    fn write(&self, text: &mut String) {
        let or = |value: &Option<String>, placeholder: &str| {
            quoted(value.as_deref().unwrap_or(placeholder))
        };
        let secret = match &self.secret_file {
            Some(file) => format!("{{ file = {} }}", quoted(file)),
            None => format!("{{ env = {} }}", or(&self.secret_env, "TOUCHPOINT_SECRET")),
        };
        let _ = write!(
            text,
            "\n[[tenants]]\n\
             # Its name in reports and tables; it stays the same for as long as the lake is used.\n\
             name = {}\n\
             # The directory (tenant) id, or a verified domain.\n\
             tenant_id = {}\n\
             # The application (client) id of the app registration.\n\
             client_id = {}\n\
             # Where its secret is: {{ env = \"NAME\" }}, or {{ file = \"secret.txt\" }} that its owner alone can read.\n\
             client_secret = {secret}\n\
             # Whose mailboxes are read: the members of a group, by its address or object id.\n\
             scope = {{ group = {} }}\n\
             # Settings of single people: mail or meetings off, never = yes, team, manager.\n\
             members = {}\n",
            or(&self.name, "main"),
            or(&self.id, "<tenant id or verified domain>"),
            or(&self.client_id, "<application id>"),
            or(&self.group, "<address of the group>"),
            quoted(MEMBERS),
        );
    }
}

impl ArchiveStarter {
    fn write(&self, text: &mut String) {
        let mailboxes = match &self.address {
            Some(address) => format!("\"one\"\naddress = {}", quoted(address)),
            None => "\"subfolders\"".to_owned(),
        };
        let domains: Vec<String> = if self.domains.is_empty() {
            vec![quoted("<your domain>")]
        } else {
            self.domains.iter().map(|domain| quoted(domain)).collect()
        };
        let _ = write!(
            text,
            "\n[[archives]]\n\
             name = {}\n\
             # maildir, mbox or eml\n\
             format = {}\n\
             path = {}\n\
             # one (with its address), or subfolders: each subfolder or mbox file is a mailbox.\n\
             mailboxes = {mailboxes}\n\
             # The company's own domains.\n\
             domains = [{}]\n",
            quoted(&self.name),
            quoted(self.format),
            quoted(&self.path),
            domains.join(", "),
        );
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
