//! Exports of Salesforce, `HubSpot` and Dynamics 365 are read as they come, and match as our files do.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::rematch::rematch;
use crate::support::crm::CrmFile;
use crate::support::tenant::Tenant;

type Table = Vec<Vec<String>>;

/// Our own files, as rows with their heading.
struct Ours {
    contacts: Table,
    accounts: Table,
}

impl Ours {
    /// Reads them; a contact keeps its account only where its name tells it too.
    fn of(folder: &Path) -> Self {
        let accounts = CrmFile::accounts(folder);
        let mut contacts = CrmFile::contacts(folder);
        for contact in &mut contacts.rows {
            let name = name_of(&contact[4], &accounts.rows);
            let named = accounts.rows.iter().filter(|account| account[1] == name);
            if named.count() != 1 {
                contact[4].clear();
            }
        }
        contacts.save();
        Self {
            contacts: contacts.rows,
            accounts: accounts.rows,
        }
    }
}

fn name_of(account: &str, accounts: &Table) -> String {
    let mut accounts = accounts.iter();
    let found = accounts.find(|row| row[0] == account);
    found.map(|row| row[1].clone()).unwrap_or_default()
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn names(name: &str) -> (&str, &str) {
    name.split_once(' ').unwrap_or(("", name))
}

fn web_addresses(domains: &str, form: &str) -> String {
    let domains = domains.split(';').filter(|domain| !domain.is_empty());
    let addresses = domains.map(|domain| form.replace('*', domain));
    addresses.collect::<Vec<_>>().join("; ")
}

fn salesforce(ours: &Ours) -> (Table, Table) {
    let mut contacts = vec![row(&[
        "Salutation",
        "First Name",
        "Last Name",
        "Email",
        "Contact ID (18)",
        "Account ID",
        "Account Name",
        "Secondary Email",
    ])];
    for contact in &ours.contacts {
        let (first, last) = names(&contact[1]);
        let account = name_of(&contact[4], &ours.accounts);
        contacts.push(row(&[
            "",
            first,
            last,
            &contact[2],
            &contact[0],
            &contact[4],
            &account,
            &contact[3],
        ]));
    }
    let mut accounts = vec![row(&[
        "Account ID",
        "Account Name",
        "Website",
        "Billing City",
    ])];
    for account in &ours.accounts {
        let website = web_addresses(&account[2], "https://www.*/");
        accounts.push(row(&[&account[0], &account[1], &website, "Zürich"]));
    }
    (contacts, accounts)
}

fn hubspot(ours: &Ours) -> (Table, Table) {
    let mut contacts = vec![row(&[
        "Record ID",
        "First Name",
        "Last Name",
        "Email",
        "Additional email addresses",
        "Associated Company",
        "Associated Company IDs",
        "Company name",
    ])];
    for contact in &ours.contacts {
        let (first, last) = names(&contact[1]);
        contacts.push(row(&[
            &contact[0],
            first,
            last,
            &contact[2],
            &contact[3],
            "x",
            &contact[4],
            "y",
        ]));
    }
    let mut accounts = vec![row(&[
        "Record ID",
        "Company name",
        "Company Domain Name",
        "Website URL",
    ])];
    for account in &ours.accounts {
        let (first, others) = account[2].split_once(';').unwrap_or((&account[2], ""));
        let websites = web_addresses(&format!("{others};{first}"), "http://*/de?x=1");
        accounts.push(row(&[&account[0], &account[1], first, &websites]));
    }
    (contacts, accounts)
}

fn dynamics(ours: &Ours) -> (Table, Table) {
    let mut contacts = vec![row(&[
        "(Do Not Modify) Contact",
        "(Do Not Modify) Row Checksum",
        "(Do Not Modify) Modified On",
        "Full Name",
        "Email",
        "Company Name",
        "Business Phone",
        "Email Address 2",
        "Email Address 3",
    ])];
    for contact in &ours.contacts {
        let (second, third) = contact[3].split_once(';').unwrap_or((&contact[3], ""));
        let account = name_of(&contact[4], &ours.accounts);
        contacts.push(row(&[
            &contact[0],
            "x==",
            "2026-03-01",
            &contact[1],
            &contact[2],
            &account,
            "+41 44",
            second,
            third,
        ]));
    }
    let mut accounts = vec![row(&[
        "(Do Not Modify) Account",
        "Account Name",
        "Main Phone",
        "Website",
    ])];
    for account in &ours.accounts {
        let website = web_addresses(&account[2], "*");
        accounts.push(row(&[&account[0], &account[1], "+41 44", &website]));
    }
    (contacts, accounts)
}

fn csv_text(table: &Table, separator: u8) -> String {
    let mut writer = csv::WriterBuilder::new();
    let mut writer = writer.delimiter(separator).from_writer(Vec::new());
    for row in table {
        writer.write_record(row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn with_mark(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").into_bytes()
}

fn utf_16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_be_bytes).collect()
}

#[test]
fn exports_of_three_systems_match_as_our_own_files_do() {
    let mut tenant = Tenant::of_mail(7);
    let folder = tenant.folder().to_owned();
    let ours = Ours::of(&folder);
    tenant.run();
    let snapshot = rematch(&tenant, &["--plan"])["crm_snapshot"].clone();
    let secondary = "[crm]\ncolumns = { contacts = { other_emails = [\"Secondary Email\"] } }\n";
    let plain = fs::read_to_string(tenant.config()).unwrap();
    for ((contacts, accounts), separator, encode, config, note) in [
        (
            salesforce(&ours),
            b',',
            with_mark as fn(&str) -> Vec<u8>,
            secondary,
            "contacts.csv: read id from `Contact ID (18)`",
        ),
        (
            hubspot(&ours),
            b';',
            with_mark,
            "[crm]\n",
            "contacts.csv: read with a semicolon between cells; id from",
        ),
        (
            dynamics(&ours),
            b'\t',
            utf_16,
            "[crm]\n",
            "contacts.csv: read as UTF-16; with a tab between cells; id from",
        ),
    ] {
        fs::write(tenant.config(), plain.replacen("[crm]\n", config, 1)).unwrap();
        fs::write(
            folder.join("contacts.csv"),
            encode(&csv_text(&contacts, separator)),
        )
        .unwrap();
        fs::write(
            folder.join("accounts.csv"),
            encode(&csv_text(&accounts, separator)),
        )
        .unwrap();
        let report = rematch(&tenant, &["--plan"]);
        let notes = report["notes"].as_array().unwrap();
        let starts = |one: &&Value| one.as_str().unwrap().starts_with(note);
        assert_eq!(notes.iter().filter(starts).count(), 1, "{notes:?}");
        assert_eq!(report["crm_snapshot"], snapshot, "{notes:?}");
        assert_eq!(report["changes"], Value::Array(Vec::new()));
    }
}
