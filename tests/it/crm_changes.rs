//! A changed CRM snapshot is applied to the history, without any mail being read again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::rematch::rematch;
use crate::rematch::with_history;
use crate::support::archive_config;
use crate::support::archive_of_one_mail;
use crate::support::crm::CrmFile;
use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

#[test]
fn a_changed_snapshot_is_applied_to_the_history() {
    let mut tenant = Tenant::generated(61, 16);
    tenant.run();
    let read = items_since(&tenant, 0);
    let contact = change_snapshot(&tenant.folder().join("contacts.csv"));
    let since = tenant.served_requests();
    tenant.run();
    // The service replays some items whatever is requested.
    let again = items_since(&tenant, since);
    assert!(again < read / 4, "of {read} items {again} were read again");

    let fresh = tenant.another_folder();
    run_report(&fresh.path().join("touchpoint.toml"), &[], 1);
    assert_eq!(current(tenant.folder()), current(fresh.path()));

    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
    let search = ["--format", "json", "search", "--contact", contact.as_str()];
    let found = |config: &Path| expect_code(&mut with_config(config, &search), 0);
    let total = |text: String| {
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["total"].as_u64().unwrap()
    };
    let with_contact = total(found(&tenant.config()));
    assert!(with_contact > 0);
    assert_eq!(
        with_contact,
        total(found(&fresh.path().join("touchpoint.toml")))
    );
}

/// Ids, addresses or domains of a table of the CRM, in order.
fn crm_rows(folder: &Path, table: &str, columns: [&str; 3]) -> Vec<[String; 3]> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rows = python::rows(folder, table, &columns);
    let mut rows: Vec<[String; 3]> = rows
        .iter()
        .map(|row| columns.map(|column| text(&row[column])))
        .collect();
    rows.sort();
    rows
}

#[test]
fn contacts_and_accounts_are_tables_of_what_the_last_run_used() {
    let folder = archive_of_one_mail(&archive_config("mails", "eml"));
    let config = folder.path().join("touchpoint.toml");
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write(
        "contacts.csv",
        "id,name,email,other_emails,account_id\n\
         C2,Eve,EVE@fabrikam.example,e@x.example;eve@y.example,A1\nC1,Bob,bob@x.example,,\n",
    );
    write(
        "accounts.csv",
        "id,name,domains\nA1,Fabrikam,fabrikam.example;Fabrikam.COM\n",
    );
    run_report(&config, &[], 0);
    let contacts = || {
        crm_rows(
            folder.path(),
            "contacts",
            ["contact_id", "email", "other_emails"],
        )
    };
    let accounts = || {
        crm_rows(
            folder.path(),
            "accounts",
            ["account_id", "account_name", "domains"],
        )
    };
    assert_eq!(
        contacts(),
        [
            ["C1", "bob@x.example", ""],
            ["C2", "eve@fabrikam.example", "e@x.example;eve@y.example"],
        ]
    );
    assert_eq!(
        accounts(),
        [["A1", "Fabrikam", "fabrikam.example;fabrikam.com"]]
    );
    let entries = || {
        let log = folder.path().join("lake/contacts/_delta_log");
        fs::read_dir(log).unwrap().count()
    };
    let before = entries();
    run_report(&config, &[], 0);
    assert_eq!(entries(), before, "the same CRM is not written again");

    write(
        "contacts.csv",
        "id,name,email,other_emails,account_id\nC1,Bob,bob@x.example,,\n",
    );
    expect_code(&mut with_config(&config, &["rematch", "--accept-crm"]), 0);
    assert_eq!(contacts(), [["C1", "bob@x.example", ""]]);
    assert_eq!(accounts().len(), 1);
    expect_code(&mut with_config(&config, &["verify"]), 0);
}

/// How many items the tenant has served after its first requests.
fn items_since(tenant: &Tenant, requests: u64) -> u64 {
    let log = tenant.log(requests);
    log.iter().filter_map(|r| r["items"].as_u64()).sum()
}

/// Number and digest of the current rows of the lake in a folder. Rows that a new snapshot does not
/// change keep the digest of the old one.
fn current(folder: &Path) -> serde_json::Value {
    let mut script = python::script("current_rows.py");
    python::json(script.arg(folder.join("lake")).arg("crm_snapshot"))
}

/// Removes the first contact and gives its address to a new one, under a new name; returns the id
/// of the new one.
fn change_snapshot(contacts: &Path) -> String {
    let text = fs::read_to_string(contacts).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let first = lines.remove(1);
    let mut cells: Vec<&str> = first.split(',').collect();
    assert_eq!(cells.len(), 5, "{first}");
    cells[0] = "C-NEW";
    cells[1] = "New Name";
    let last = lines.len() - 1;
    lines.remove(last);
    lines.push(cells.join(","));
    fs::write(contacts, lines.join("\n")).unwrap();
    "C-NEW".to_owned()
}

/// What the policy keeps of a mail must not depend on the snapshot of the run that read it.
fn keep_what_is_unmatched(config: &Path) {
    let text = fs::read_to_string(config).unwrap();
    assert!(text.contains("unmatched = \"envelope\""), "{text}");
    let text = text.replace("unmatched = \"envelope\"", "unmatched = \"keep\"");
    fs::write(config, text).unwrap();
}

/// Both CRM files of a folder.
struct Crm {
    contacts: CrmFile,
    accounts: CrmFile,
    /// Contacts and accounts with current rows, most rows first.
    known: (Vec<String>, Vec<String>),
}

impl Crm {
    fn save(&self) {
        self.contacts.save();
        self.accounts.save();
    }

    /// The contact with the `n`-th longest history.
    fn contact(&mut self, n: usize) -> &mut Vec<String> {
        self.contacts.row(&self.known.0[n])
    }

    /// The account with the `n`-th longest history without a contact.
    fn account(&mut self, n: usize) -> &mut Vec<String> {
        self.accounts.row(&self.known.1[n])
    }

    /// Removes the addresses of a contact and returns them.
    fn take_addresses(&mut self, n: usize) -> String {
        let row = self.contact(n);
        let taken = format!("{};{}", row[2], row[3]);
        row[2] = format!("{}@nowhere.example", row[0]);
        row[3].clear();
        taken
    }
}

/// Adds values to a multi-valued cell.
fn also(cell: &mut String, more: &str) {
    cell.push(';');
    cell.push_str(more);
}

/// The changes of the CRM before each run. No two change the same contact or account.
const NIGHTS: [fn(&mut Crm); 4] = [
    |crm| {
        // Removed; merged into another.
        crm.contacts.take(&crm.known.0[0].clone());
        let merged = crm.contacts.take(&crm.known.0[1].clone());
        let merged = format!("{};{}", merged[2], merged[3]);
        also(&mut crm.contact(2)[3], &merged);
        "Renamed Contact".clone_into(&mut crm.contact(3)[1]);
    },
    |crm| {
        // Addresses removed; moved to another account; a domain that changes its account.
        crm.take_addresses(4);
        let taken = crm.take_addresses(5);
        let account = crm.contact(6)[4].clone();
        crm.contact(7)[4] = format!("{account}-other");
        also(&mut crm.contact(8)[3], &taken);
        let domains = std::mem::take(&mut crm.account(0)[2]);
        also(&mut crm.account(1)[2], &domains);
    },
    |crm| {
        // Accounts that are renamed, lose their domains and vanish.
        "Renamed Account".clone_into(&mut crm.account(2)[1]);
        crm.account(3)[2].clear();
        crm.accounts.take(&crm.known.1[4].clone());
    },
    |crm| {
        // Added: a correspondent of long standing, once as a contact, once as an account.
        let taken = crm.take_addresses(9);
        let mut addresses = taken.split(';');
        let email = addresses.next().unwrap().to_owned();
        let others: Vec<&str> = addresses.collect();
        let account = crm.known.1[4].clone();
        let added = [
            "C-ADDED",
            "Added Contact",
            &email,
            &others.join(";"),
            &account,
        ];
        crm.contacts.rows.push(added.map(str::to_owned).into());
        let domains = std::mem::take(&mut crm.account(5)[2]);
        let added = ["A-ADDED", "Added Account", &domains];
        crm.accounts.rows.push(added.map(str::to_owned).into());
    },
];

#[test]
fn a_lake_with_changing_snapshots_equals_one_with_the_last() {
    let mut tenant = Tenant::generated(65, 12);
    keep_what_is_unmatched(&tenant.config());
    tenant.run();
    let (contacts, accounts): (Vec<_>, Vec<_>) = with_history(&tenant)
        .into_iter()
        .partition(|(is_contact, ..)| *is_contact);
    let ids = |of: Vec<(bool, String, u64)>| of.into_iter().map(|(_, id, _)| id).collect();
    let read = |folder: &Path| Crm {
        contacts: CrmFile::contacts(folder),
        accounts: CrmFile::accounts(folder),
        known: (ids(contacts.clone()), ids(accounts.clone())),
    };
    let other = tenant.another_folder();
    let mut last = read(other.path());
    for change in NIGHTS {
        change(&mut last);
    }
    last.save();
    let other_config = other.path().join("touchpoint.toml");
    run_report(&other_config, &[], 1);

    let mut crm = read(tenant.folder());
    for (night, change) in NIGHTS.iter().enumerate() {
        tenant.advance(1);
        change(&mut crm);
        crm.save();
        let plan = rematch(&tenant, &["--plan"]);
        assert!(!plan["changes"].as_array().unwrap().is_empty(), "{plan}");
        if night % 2 == 0 {
            rematch(&tenant, &[]);
        }
        tenant.run();
        run_report(&other_config, &[], 1);
    }
    assert_eq!(current(tenant.folder()), current(other.path()));
    assert_eq!(rematch(&tenant, &["--full"])["rows_appended"], 0);
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// Numbers that are the same in every run of the test.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn domain(&mut self) -> &'static str {
        self.one_of(&[
            "acme.com",
            "eu.acme.com",
            "globex.co.uk",
            "mail.globex.co.uk",
            "x.example",
        ])
    }

    fn address(&mut self) -> String {
        let local = self.one_of(&["ann", "ann+news", "bob", "cleo", "team+sales"]);
        format!("{local}@{}", self.domain())
    }

    /// Snapshots over few addresses, so that ties, merges and moves occur.
    fn write_snapshot(&mut self, folder: &Path) {
        let mut contacts = "id,name,email,other_emails,account_id\n".to_owned();
        let mut accounts = "id,name,domains\n".to_owned();
        for contact in 0..9 {
            if self.below(3) > 0 {
                let (name, account) = (self.below(2), self.below(5));
                let (email, other) = (self.address(), self.address());
                let _ = writeln!(contacts, "c{contact},N{name},{email},{other},a{account}");
            }
        }
        for account in 0..4 {
            if self.below(4) > 0 {
                let (name, domain, other) = (self.below(2), self.domain(), self.domain());
                let _ = writeln!(accounts, "a{account},N{name},{domain};{other}");
            }
        }
        fs::write(folder.join("contacts.csv"), contacts).unwrap();
        fs::write(folder.join("accounts.csv"), accounts).unwrap();
    }

    fn append_mails(&mut self, mbox: &Path, count: usize) {
        let mut text = fs::read_to_string(mbox).unwrap_or_default();
        for _ in 0..count {
            let (id, day) = (self.below(1 << 20), 1 + self.below(28));
            let (from, to, cc) = (self.address(), self.address(), self.address());
            let date = format!("{day:02} Mar 2026 10:00:00 +0000");
            let _ = write!(
                text,
                "From x Mon Mar  2 10:00:00 2026\nFrom: {from}\nTo: me@contoso.example, {to}\n\
                 Cc: {cc}\nDate: {date}\nMessage-ID: <{id}@x.example>\nSubject: S{id}\n\nHello.\n\n"
            );
        }
        fs::write(mbox, text).unwrap();
    }
}

const ARCHIVE: &str = r#"
[lake]
path = "lake"
[index]
path = "index"
[state]
path = "state"
[capture]
unmatched = "keep"
[crm]
contacts = "contacts.csv"
accounts = "accounts.csv"
[[archives]]
name = "old"
format = "mbox"
path = "mail.mbox"
mailboxes = "one"
address = "me@contoso.example"
domains = ["contoso.example"]
"#;

#[test]
fn a_grown_archive_equals_one_read_from_scratch() {
    for seed in 0..2 {
        let mut numbers = Numbers(seed);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("touchpoint.toml");
        fs::write(&config, ARCHIVE).unwrap();
        for night in 0..4 {
            numbers.write_snapshot(folder.path());
            if night > 0 && numbers.below(2) == 0 {
                expect_code(&mut with_config(&config, &["rematch", "--accept-crm"]), 0);
                numbers.write_snapshot(folder.path());
            }
            numbers.append_mails(&folder.path().join("mail.mbox"), 40);
            run_report(&config, &["--accept-crm"], 0);
        }
        numbers.write_snapshot(folder.path());
        expect_code(&mut with_config(&config, &["rematch", "--accept-crm"]), 0);
        let fresh = tempfile::tempdir().unwrap();
        for name in [
            "touchpoint.toml",
            "contacts.csv",
            "accounts.csv",
            "mail.mbox",
        ] {
            fs::copy(folder.path().join(name), fresh.path().join(name)).unwrap();
        }
        let accept = ["--accept-crm"];
        run_report(&fresh.path().join("touchpoint.toml"), &accept, 0);
        assert_eq!(current(folder.path()), current(fresh.path()), "seed {seed}");
        expect_code(&mut with_config(&config, &["verify"]), 0);
    }
}
