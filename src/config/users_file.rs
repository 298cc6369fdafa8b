//! Lists of people beside the configuration: `users_file` of a scope, and `addresses` of an archive.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::crm_values;
use crate::config::csv;
use crate::config::csv::Columns;
use crate::config::error::ConfigError;
use crate::model::address::Address;

/// Headings of exported columns. Any other first line must be an address: a misspelt one would
/// otherwise silently skip a user.
const HEADINGS: &[&str] = &[
    "address",
    "email",
    "e-mail",
    "mail",
    "upn",
    "user",
    "userprincipalname",
    "user principal name",
];

/// Reads a list of people, one address per line; `#` starts a comment, empty lines are ignored, and
/// the first line may be the heading of an exported column.
pub fn read_users(path: &Path) -> Result<Vec<Address>, ConfigError> {
    let text = csv::read_text(path)?;
    let mut users = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let entry = content.split('#').next().unwrap_or_default().trim();
        let is_heading = line == 1 && HEADINGS.contains(&entry.to_lowercase().as_str());
        if entry.is_empty() || is_heading {
            continue;
        }
        users.push(Address::parse(entry).ok_or_else(|| ConfigError::Line {
            path: path.to_owned(),
            line,
            message: "not a mail address; write one address in each line".into(),
        })?);
    }
    if users.is_empty() {
        return Err(ConfigError::File {
            path: path.to_owned(),
            message: "the list is empty; write one address per line".into(),
        });
    }
    Ok(users)
}

/// Reads whose mailbox each folder of an archive is (`folder,address`).
pub fn read_folder_addresses(path: &Path) -> Result<BTreeMap<String, Address>, ConfigError> {
    const COLUMNS: Columns = Columns {
        required: &["folder", "address"],
        optional: &[],
        passes_over_others: true,
    };
    let mut folders = BTreeMap::new();
    for row in csv::read(path, &COLUMNS)? {
        let wrong = |message: &str| ConfigError::Line {
            path: path.to_owned(),
            line: row.line,
            message: message.into(),
        };
        let address = crm_values::address(row.cell(1))
            .ok_or_else(|| wrong("not a mail address; write it like ann@contoso.com"))?;
        if row.cell(0).is_empty() {
            return Err(wrong("the row names no folder; fill it in"));
        }
        if folders.insert(row.cell(0).to_owned(), address).is_some() {
            return Err(wrong("the folder is there twice; keep one of the rows"));
        }
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_list_may_have_a_heading_comments_and_empty_lines() {
        let list =
            file("\u{feff}UserPrincipalName\r\n# sales\r\nAnn@x.org\r\n\r\nbob@x.org # away\r\n");
        let users = read_users(list.path()).unwrap();
        let users: Vec<&str> = users.iter().map(Address::as_str).collect();
        assert_eq!(users, ["ann@x.org", "bob@x.org"]);
    }

    #[test]
    fn an_empty_or_malformed_list_is_rejected() {
        for (text, message) in [
            ("", "is empty"),
            ("address\n", "is empty"),
            ("a@x.org\nbob\n", ":2:"),
            ("ann.x.org\na@x.org\n", ":1:"),
            ("name,address\nAnn,a@x.org\n", ":1:"),
        ] {
            let error = read_users(file(text).path()).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn folders_have_one_address_each() {
        let folders = read_folder_addresses(file("folder,address\nann-l,Ann@x.org\n").path());
        assert_eq!(folders.unwrap()["ann-l"].as_str(), "ann@x.org");
        for wrong in [
            "folder,address\na,b\n",
            "folder,address\na,a@x.org\na,b@x.org\n",
            "a,b\n",
        ] {
            assert!(
                read_folder_addresses(file(wrong).path()).is_err(),
                "{wrong}"
            );
        }
    }
}
