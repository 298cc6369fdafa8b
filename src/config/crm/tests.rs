//! CRM files as they are exported, and how each mistake in them is handled.

use std::path::PathBuf;

use super::*;
use crate::config::crm_columns::CrmColumns;

fn files(contacts: PathBuf, accounts: Option<PathBuf>) -> Crm {
    Crm {
        contacts,
        accounts,
        columns: CrmColumns::default(),
        max_shrink_percent: 50,
        max_passed_over_percent: 10,
    }
}

/// Writes both files and reads them.
fn snapshot(contacts: &str, accounts: &str) -> Result<LoadedCrm, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let files = files(
        folder.path().join("contacts.csv"),
        Some(folder.path().join("accounts.csv")),
    );
    std::fs::write(&files.contacts, contacts).unwrap();
    std::fs::write(files.accounts.as_ref().unwrap(), accounts).unwrap();
    load(&files)
}

const HEAD: &str = "id,name,email,other_emails,account_id\n";

#[test]
fn bom_crlf_and_headings_in_any_case_are_accepted() {
    let read = snapshot(
        "\u{feff}ID,Name,Email,Phone,Other_Emails,Account_ID\r\n\
         c1,Ann Lee,Ann@Acme.com,1,ann@old.example; a@x.org ;,a1\r\n",
        "id,name,domains\na1,Acme,Acme.com;@bücher.example\n",
    )
    .unwrap();
    let contact = &read.snapshot.contacts[0];
    assert_eq!(contact.email.as_ref().unwrap().as_str(), "ann@acme.com");
    let others: Vec<&str> = contact.other_emails.iter().map(Address::as_str).collect();
    assert_eq!(others, ["ann@old.example", "a@x.org"]);
    assert_eq!(contact.account_id.as_deref(), Some("a1"));
    assert_eq!(
        read.snapshot.accounts[0].domains,
        ["acme.com", "xn--bcher-kva.example"]
    );
    assert_eq!(read.notes, []);
}

#[test]
fn what_has_no_effect_is_noted() {
    let read = snapshot(
        &format!("{HEAD}c1,Ann,n/a,ann@x.org,gone\n"),
        "id,name,domains\na1,Acme,gmail.com;contoso.com\n",
    );
    let read = without_own_domains(read.unwrap(), |domain| domain == "contoso.com");
    let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "account a1: gmail.com is a freemail domain and matches no one",
            "contact c1: an address in line 2 is malformed and was skipped",
            "contact c1: account gone is not among the accounts",
            "account a1: contoso.com is the company's own domain and matches no one",
        ]
    );
    assert!(read.snapshot.accounts[0].domains.is_empty());
}

const ACCOUNTS_OF_ONE: &str = "id,name,domains\na1,Acme,acme.com\n";

#[test]
fn malformed_files_are_rejected_with_line_and_advice() {
    for (contacts, message) in [
        (format!("{HEAD}c1,\"Ann,a@x.org,,\n"), "never closed"),
        ("id,name\nc1,Ann\n".into(), "`email` is missing"),
    ] {
        let error = snapshot(&contacts, ACCOUNTS_OF_ONE)
            .unwrap_err()
            .to_string();
        let is_named = error.contains("contacts.csv:") && error.contains(message);
        assert!(is_named, "{error}");
        assert!(!error.contains("a@x.org"), "{error}");
    }
}

#[test]
fn one_bad_row_is_skipped_and_named() {
    for (row, problem) in [
        ("c1,Ann,,,", "has no address"),
        ("c1,Ann,n/a,;x,", "no valid address"),
        ("good,A,b@x.org,,", "line 2 too"),
        (",Ann,b@x.org,,", "no id"),
        ("c1,Ann,b@x.org", "3 cells"),
        ("c1,\"Ann\" Lee,b@x.org,,", "text follows"),
    ] {
        let read = snapshot(
            &format!("{HEAD}good,Bo,bo@x.org,,\n{row}\n"),
            ACCOUNTS_OF_ONE,
        )
        .unwrap();
        assert_eq!(
            (read.snapshot.contacts.len(), read.passed_over()),
            (1, 1),
            "{row}"
        );
        let note = read.notes[0].to_string();
        let is_named = note.starts_with("contacts.csv:3: ") && note.contains(problem);
        assert!(is_named && !note.contains("@x.org"), "{note}");
    }
}

#[test]
fn rows_after_a_bad_domain_or_web_address_are_kept() {
    let accounts = "id,name,domains\na1,Acme,https://www.acme.com/en; n/a\n";
    let read = snapshot(&format!("{HEAD}c1,Bo,bo@x.org,,\n"), accounts).unwrap();
    assert_eq!(read.snapshot.accounts[0].domains, ["acme.com"]);
    let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "account a1: the web address in line 2 is read as acme.com",
            "account a1: a domain in line 2 is malformed and was skipped",
        ]
    );
}

#[test]
fn a_file_of_many_bad_rows_is_refused() {
    let rows = |good: usize, bad: usize| {
        let good = (0..good).map(|n| format!("c{n},A,a{n}@x.org,,\n"));
        let bad = (0..bad).map(|n| format!("b{n},B,,,\n"));
        let text: String = good.chain(bad).collect();
        snapshot(&format!("{HEAD}{text}"), ACCOUNTS_OF_ONE)
    };
    assert_eq!(rows(18, 2).unwrap().passed_over(), 2);
    assert_eq!(rows(2, 1).unwrap().passed_over(), 1);
    let error = rows(17, 3).unwrap_err().to_string();
    let names_the_first = error.contains("contacts.csv:19") && error.contains("3 of 20 rows");
    assert!(
        names_the_first && error.contains("max_passed_over_percent"),
        "{error}"
    );
}

#[test]
fn entries_of_two_are_noted() {
    let read = snapshot(
        &format!("{HEAD}c2,B,ann@x.org,,\nc1,A,a@x.org,ann@x.org,\n"),
        "id,name,domains\na2,B,acme.com\na1,A,acme.com\n",
    );
    let notes: Vec<String> = read
        .unwrap()
        .notes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        notes,
        [
            "contacts c2 and c1 have an address in common; it matches c2",
            "accounts a1 and a2 both have acme.com; it matches a1",
        ]
    );
}

#[test]
fn empty_and_shrunken_files_are_rejected() {
    let files = files("contacts.csv".into(), Some("accounts.csv".into()));
    let size = |contacts, accounts| Size { contacts, accounts };
    let check = |now, before| check(&files, now, before).map_err(|error| error.to_string());
    assert_eq!(check(size(1, 1), size(0, 0)), Ok(()));
    assert_eq!(check(size(5, 10), size(10, 20)), Ok(()));
    let error = check(size(0, 1), size(0, 0)).unwrap_err();
    assert!(
        error.contains("contacts.csv: there are no contacts"),
        "{error}"
    );
    let error = check(size(1, 0), size(0, 0)).unwrap_err();
    assert!(
        error.contains("accounts.csv: there are no accounts"),
        "{error}"
    );
    let error = check(size(4, 20), size(10, 20)).unwrap_err();
    assert!(
        error.contains("4 contacts") && error.contains("had 10"),
        "{error}"
    );
    assert!(error.contains("--accept-crm"), "{error}");
    let error = check(size(10, 9), size(10, 20)).unwrap_err();
    assert!(error.contains("accounts.csv: it has 9 accounts"), "{error}");
}

#[test]
fn other_encodings_and_separators_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contacts.csv");
    let utf_16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    for (bytes, note) in [
        (
            b"id,name,email\nc1,M\xfcller,m@x.org\n".to_vec(),
            "as Windows-1252",
        ),
        (
            utf_16("id\tname\temail\nc1\tMüller\tm@x.org\n"),
            "as UTF-16; with a tab between cells",
        ),
        (
            b"sep=;\r\nid;name;email\r\nc1;M\xc3\xbcller;m@x.org\r\n".to_vec(),
            "with a semicolon between cells",
        ),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let read = load(&files(path.clone(), None)).unwrap();
        assert_eq!(&*read.snapshot.contacts[0].name, "Müller");
        let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes, [format!("contacts.csv: read {note}")]);
    }
    std::fs::write(&path, b"id,name,email\nc1,M\xc3\xbcller,\xfc@x.org\n").unwrap();
    let error = load(&files(path, None)).unwrap_err().to_string();
    assert!(
        error.contains("contacts.csv:2") && error.contains("CSV UTF-8"),
        "{error}"
    );
}

/// What a contacts file with this first line says of its columns.
fn of_headings(headings: &str) -> Vec<String> {
    let row = vec!["x@x.org"; headings.split(',').count()].join(",");
    match snapshot(&format!("{headings}\n{row}\n"), ACCOUNTS_OF_ONE) {
        Ok(read) => read.notes.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn columns_of_exports_are_recognised_and_named() {
    let unknown = "contact x@x.org: account x@x.org is not among the accounts";
    let unnamed = "contact x@x.org: no account has the name of its company";
    for (headings, columns, account) in [
        (
            "Contact ID (18),First Name,Last Name,Email,Account ID,Account Name",
            "id from `Contact ID (18)`, name from `First Name` and `Last Name`, account_id from `Account ID`",
            unknown,
        ),
        (
            "Record ID,First Name,Last Name,Email,Additional email addresses,Associated Company IDs,\
             Associated Company IDs (Primary),Company name",
            "id from `Record ID`, name from `First Name` and `Last Name`, other_emails from \
             `Additional email addresses`, account_id from `Associated Company IDs (Primary)`",
            unknown,
        ),
        (
            "(Do Not Modify) Contact,(Do Not Modify) Row Checksum,Full Name,Company Name,Email,Email Address 2,\
             Email Address 3",
            "id from `(Do Not Modify) Contact`, name from `Full Name`, other_emails from `Email Address 2` \
             and `Email Address 3`, account_name from `Company Name`",
            unnamed,
        ),
    ] {
        let read = format!("contacts.csv: read {columns}");
        assert_eq!(of_headings(headings), [read, account.to_owned()]);
    }
}

#[test]
fn columns_that_resemble_one_of_ours_are_noted() {
    for (headings, column, meant) in [
        ("id,name,email,others", "others", "other_emails"),
        ("id,name,email,Other_Email", "Other_Email", "other_emails"),
        ("id,name,email,acount_id,phone", "acount_id", "account_id"),
        ("id,name,email,account", "account", "account_id"),
    ] {
        let note = format!(
            "contacts.csv: column `{column}` is not read; is it `{meant}`? Rename it, or name it in crm.columns"
        );
        assert_eq!(of_headings(headings), [note]);
    }
    assert_eq!(of_headings("id,name,email,phone,city"), [""; 0]);
}

#[test]
fn a_meaning_that_two_columns_could_have_is_refused() {
    let [error] = &of_headings("Contact ID,Record ID,Full Name,Email")[..] else {
        panic!("one error");
    };
    assert!(
        error.contains("columns `Contact ID` and `Record ID` can both be the id"),
        "{error}"
    );
    let [error] = &of_headings("id,name,email,E-Mail")[..] else {
        panic!("one error");
    };
    assert!(
        error.contains("columns `email` and `E-Mail` can both be the email"),
        "{error}"
    );
    // Ours comes first.
    assert_eq!(
        of_headings("id,name,email,Contact ID,Full Name,Website"),
        [""; 0]
    );
    let [error] = &of_headings("id,name,mail")[..] else {
        panic!("one error");
    };
    assert!(
        error.contains("column `email` is missing (is it `mail`?)"),
        "{error}"
    );
    let [error] = &of_headings("id,name,email,x;id;name;email;y")[..] else {
        panic!("one error");
    };
    assert!(error.contains("write `sep=,` above it"), "{error}");
}

#[test]
fn columns_may_be_stated() {
    let stated = "contacts = \"c\"\n[columns.contacts]\nid = \"Nr\"\nname = [\"Vorname\", \"Nachname\"]\n\
                  account_name = \"Firma\"\n";
    let folder = tempfile::tempdir().unwrap();
    let mut files: Crm = toml::from_str(stated).unwrap();
    files.contacts = folder.path().join("contacts.csv");
    files.accounts = Some(folder.path().join("accounts.csv"));
    let contacts = "Nr;Nachname;Vorname;Email;Firma\n1;Lee;Ann;ann@x.org;ACME\n2;Fox;;b@x.org;Twice\n3;;;c@x.org;Gone\n";
    std::fs::write(&files.contacts, contacts).unwrap();
    let accounts = "id,name,domains\na1,Acme,acme.com\na2,Twice,\na3,Twice,\n";
    std::fs::write(files.accounts.as_ref().unwrap(), accounts).unwrap();
    let read = load(&files).unwrap();
    let contacts = read.snapshot.contacts.iter();
    let contacts: Vec<_> = contacts
        .map(|one| (&*one.name, one.account_id.as_deref()))
        .collect();
    assert_eq!(
        contacts,
        [("Ann Lee", Some("a1")), ("Fox", None), ("", None)]
    );
    let notes: Vec<String> = read.notes.iter().skip(1).map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "contact 2: several accounts have the name of its company; it has none of them",
            "contact 3: no account has the name of its company",
        ]
    );
    std::fs::write(&files.contacts, "Nr,Vorname,Name,Email,Firma\n").unwrap();
    let error = load(&files).unwrap_err().to_string();
    assert!(
        error.contains("column `Nachname` is missing, which `columns`"),
        "{error}"
    );
}

#[test]
fn first_lines_of_real_exports_are_recognised() {
    let corpora = std::env::var_os("TOUCHPOINT_CORPORA")
        .map_or_else(|| "../shared/corpora".into(), std::path::PathBuf::from);
    let archive = corpora.join("mail-fixtures.tar.zst");
    let Ok(file) = std::fs::File::open(&archive) else {
        println!("skipped: {} does not exist", archive.display());
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let unpacked = zstd::stream::read::Decoder::new(file).unwrap();
    let mut seen = 0;
    for entry in tar::Archive::new(unpacked).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if !name.contains("crm/") || !name.ends_with("_export_header.csv") {
            continue;
        }
        let contacts = folder.path().join("contacts.csv");
        entry.unpack(&contacts).unwrap();
        let read = load(&files(contacts, None)).unwrap();
        let [note] = &read.notes[..] else {
            panic!("{name}: {:?}", read.notes);
        };
        let note = note.to_string();
        // One that is called `Id` needs no note.
        assert!(note.contains(": read "), "{name}: {note}");
        assert!(note.contains("name from `First"), "{name}: {note}");
        assert!(note.contains("account_id from `A"), "{name}: {note}");
        seen += 1;
    }
    assert!(seen > 0, "the corpora have export headings");
}
