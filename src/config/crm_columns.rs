//! Which columns of a CRM file say what: by our own headings, by those of the exports of Salesforce,
//! `HubSpot` and Dynamics 365, or by those that `columns` in `[crm]` states.

use serde::Deserialize;

use crate::config::csv::Source;
use crate::config::error::nearest;
use crate::config::text;

/// `[crm] columns`: the headings of files that have their own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CrmColumns {
    /// Of the contacts.
    pub contacts: ContactColumns,
    /// Of the accounts.
    pub accounts: AccountColumns,
}

/// The headings of the contacts file; none where they are to be recognised.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactColumns {
    #[serde(deserialize_with = "text::one")]
    id: Vec<String>,
    #[serde(deserialize_with = "text::one_or_several")]
    name: Vec<String>,
    #[serde(deserialize_with = "text::one")]
    email: Vec<String>,
    #[serde(deserialize_with = "text::one_or_several")]
    other_emails: Vec<String>,
    #[serde(deserialize_with = "text::one")]
    account_id: Vec<String>,
    #[serde(deserialize_with = "text::one")]
    account_name: Vec<String>,
}

/// The headings of the accounts file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountColumns {
    #[serde(deserialize_with = "text::one")]
    id: Vec<String>,
    #[serde(deserialize_with = "text::one_or_several")]
    name: Vec<String>,
    #[serde(deserialize_with = "text::one_or_several")]
    domains: Vec<String>,
}

impl ContactColumns {
    /// The headings that are stated for each field.
    pub(super) fn stated(&self) -> Vec<(&'static str, &[String])> {
        vec![
            ("id", &self.id),
            ("name", &self.name),
            ("email", &self.email),
            ("other_emails", &self.other_emails),
            ("account_id", &self.account_id),
            ("account_name", &self.account_name),
        ]
    }
}

impl AccountColumns {
    /// The headings that are stated for each field.
    pub(super) fn stated(&self) -> Vec<(&'static str, &[String])> {
        vec![
            ("id", &self.id),
            ("name", &self.name),
            ("domains", &self.domains),
        ]
    }
}

/// What a column says.
pub(super) struct Field {
    /// Our own heading.
    name: &'static str,
    /// Headings of exports, as [`plain`] leaves them.
    exported: &'static [&'static str],
    /// What is put between the cells of several columns; without it there can be one only.
    joined_by: Option<&'static str>,
    /// Fields that say the same better: where one of them is there, this one is not read.
    unless: &'static [&'static str],
    presence: Presence,
}

/// Whether a file has a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Always.
    Required,
    /// If it says something about it.
    Optional,
    /// In the files of others only.
    Foreign,
}

const FIELD: Field = Field {
    name: "",
    exported: &[],
    joined_by: None,
    unless: &[],
    presence: Presence::Foreign,
};

/// The fields of a contact; [`Row`](crate::config::csv::Row)s have a cell for each.
pub(super) const CONTACTS: &[Field] = &[
    Field {
        name: "id",
        exported: &[
            "contactid",
            "contactid18",
            "recordid",
            "recordidcontact",
            "donotmodifycontact",
        ],
        presence: Presence::Required,
        ..FIELD
    },
    Field {
        name: "name",
        exported: &["fullname", "contactname"],
        joined_by: Some(" "),
        presence: Presence::Required,
        ..FIELD
    },
    Field {
        name: "email",
        exported: &["emailaddress", "emailaddress1"],
        presence: Presence::Required,
        ..FIELD
    },
    Field {
        name: "other_emails",
        exported: &["additionalemailaddresses", "emailaddress2", "emailaddress3"],
        joined_by: Some(";"),
        presence: Presence::Optional,
        ..FIELD
    },
    Field {
        name: "account_id",
        exported: &[
            "accountid18",
            "primaryassociatedcompanyid",
            "associatedcompanyidsprimary",
            "associatedcompanyid",
            "recordidcompany",
        ],
        unless: &["account_name"],
        presence: Presence::Optional,
        ..FIELD
    },
    Field {
        name: "account_ids",
        exported: &["associatedcompanyids"],
        unless: &["account_id", "account_name"],
        ..FIELD
    },
    Field {
        name: "account_name",
        exported: &[
            "accountname",
            "companyname",
            "associatedcompany",
            "associatedcompanyprimary",
        ],
        unless: &["account_id", "account_ids"],
        ..FIELD
    },
    Field {
        name: "first_name",
        unless: &["name"],
        ..FIELD
    },
    Field {
        name: "last_name",
        unless: &["name"],
        ..FIELD
    },
];

/// The fields of an account.
pub(super) const ACCOUNTS: &[Field] = &[
    Field {
        name: "id",
        exported: &[
            "accountid",
            "accountid18",
            "recordid",
            "recordidcompany",
            "donotmodifyaccount",
        ],
        presence: Presence::Required,
        ..FIELD
    },
    Field {
        name: "name",
        exported: &["accountname", "companyname"],
        joined_by: Some(" "),
        presence: Presence::Required,
        ..FIELD
    },
    Field {
        name: "domains",
        exported: &["domain", "companydomainname", "website", "websiteurl"],
        joined_by: Some(";"),
        presence: Presence::Required,
        ..FIELD
    },
];

/// Our headings of the fields that every file has.
pub(super) fn required(fields: &[Field]) -> Vec<&'static str> {
    named(fields, Presence::Required)
}

/// Our headings of all fields, as the first line of a file.
pub(super) fn own_headings(fields: &[Field]) -> String {
    let optional = named(fields, Presence::Optional);
    [required(fields), optional].concat().join(",")
}

fn named(fields: &[Field], presence: Presence) -> Vec<&'static str> {
    let own = fields.iter().filter(|field| field.presence == presence);
    own.map(|field| field.name).collect()
}

/// A heading without case, blanks and punctuation: exports write `AccountId` and `Account ID`.
fn plain(heading: &str) -> String {
    let letters = heading.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Where a file has its fields.
#[derive(Debug)]
pub(super) struct Found {
    /// The columns of each field.
    pub sources: Vec<Source>,
    /// Which columns were read, if they have other headings than ours.
    pub read: Option<String>,
    /// Columns that are not read, each with the field that it is probably meant to be.
    pub unread: Vec<(String, &'static str)>,
    /// Whether domains are what a domain column holds, not web addresses.
    pub has_own_domains: bool,
}

/// Finds each field in the headings of a file.
///
/// # Errors
///
/// A field is missing, or could be in several columns.
pub(super) fn find(
    headings: &[String],
    fields: &[Field],
    stated: &[(&str, &[String])],
) -> Result<Found, String> {
    let plain_headings: Vec<String> = headings.iter().map(|heading| plain(heading)).collect();
    let file = Headings {
        written: headings,
        plain: &plain_headings,
    };
    let mut sources = Vec::new();
    for field in fields {
        let stated_here = stated.iter().find(|(name, _)| *name == field.name);
        let stated_here = stated_here.map_or(&[][..], |(_, headings)| headings);
        let positions = if !stated_here.is_empty() {
            file.stated(field, stated_here)?
        } else if is_said(field.unless, fields, &sources) || is_stated(field.unless, stated) {
            Vec::new()
        } else {
            file.recognised(field)?
        };
        sources.push(Source {
            positions,
            joined_by: field.joined_by.unwrap_or_default(),
        });
    }
    join_names(fields, &mut sources);
    for (field, source) in fields.iter().zip(&sources) {
        if field.presence == Presence::Required && source.positions.is_empty() {
            return Err(file.missing(field, fields));
        }
    }
    Ok(Found {
        read: file.description(fields, &sources),
        unread: file.unread(fields, &sources),
        has_own_domains: file.has_own(fields, &sources, "domains"),
        sources,
    })
}

/// Whether a column of one of these fields was found.
fn is_said(names: &[&str], fields: &[Field], found: &[Source]) -> bool {
    let mut found = fields.iter().zip(found);
    found.any(|(field, source)| names.contains(&field.name) && !source.positions.is_empty())
}

fn is_stated(names: &[&str], stated: &[(&str, &[String])]) -> bool {
    let mut stated = stated.iter();
    stated.any(|(name, headings)| names.contains(name) && !headings.is_empty())
}

/// Where there is no whole name, it is put together from first and last name.
fn join_names(fields: &[Field], sources: &mut [Source]) {
    let at = |name: &str| fields.iter().position(|field| field.name == name);
    let (Some(name), Some(first), Some(last)) = (at("name"), at("first_name"), at("last_name"))
    else {
        return;
    };
    let parts = [first, last].map(|part| std::mem::take(&mut sources[part].positions));
    if sources[name].positions.is_empty() {
        sources[name].positions = parts.concat();
    }
}

/// The first line of a file.
struct Headings<'a> {
    written: &'a [String],
    plain: &'a [String],
}

impl Headings<'_> {
    fn positions(&self, is_meant: impl Fn(&str) -> bool) -> Vec<usize> {
        let headings = (0..).zip(self.plain);
        let meant = headings.filter(|(_, heading)| is_meant(heading));
        meant.map(|(at, _)| at).collect()
    }

    /// The headings at some positions, as a list.
    fn names(&self, positions: &[usize]) -> String {
        let names = positions.iter().filter_map(|at| self.written.get(*at));
        let names: Vec<String> = names.map(|name| format!("`{}`", name.trim())).collect();
        names.join(" and ")
    }

    /// The columns that `columns` names for a field.
    fn stated(&self, field: &Field, named: &[String]) -> Result<Vec<usize>, String> {
        let mut positions = Vec::new();
        for heading in named {
            let found = self.positions(|other| other == plain(heading));
            match found.as_slice() {
                [] => {
                    return Err(format!(
                        "column `{heading}` is missing, which `columns` in [crm] names as {}; \
                         correct the name",
                        field.name
                    ));
                }
                [one] => positions.push(*one),
                _ => return Err(format!("column `{heading}` is there twice; take one out")),
            }
        }
        Ok(positions)
    }

    /// The columns that have our heading for a field; else those that have one of an export.
    fn recognised(&self, field: &Field) -> Result<Vec<usize>, String> {
        let own = plain(field.name);
        let mut found = self.positions(|heading| heading == own);
        let is_own = !found.is_empty();
        if !is_own {
            found = self.positions(|heading| field.exported.contains(&heading));
        }
        if found.len() > 1 && (is_own || field.joined_by.is_none() || field.name == "name") {
            return Err(format!(
                "columns {} can both be the {}; take one out, or say which one it is with `columns` in \
                 [crm]",
                self.names(&found),
                field.name
            ));
        }
        Ok(found)
    }

    fn missing(&self, field: &Field, fields: &[Field]) -> String {
        let names = |presence| named(fields, presence).join(", ");
        let optional = match names(Presence::Optional) {
            none if none.is_empty() => none,
            optional => format!(" and may name {optional}"),
        };
        let known: Vec<&str> = self.plain.iter().map(String::as_str).collect();
        let near = nearest(&plain(field.name), &known);
        let near = near.map_or_else(String::new, |near| {
            let near = self.names(&self.positions(|heading| heading == near));
            format!(" (is it {near}?)")
        });
        format!(
            "column `{}` is missing{near}; the first line must name the columns {}{optional}, or be that \
             of an export of Salesforce, HubSpot or Dynamics 365; rename the columns of your export, \
             or say which they are with `columns` in [crm]",
            field.name,
            names(Presence::Required),
        )
    }

    /// Which columns are read, where one of them has another heading than ours.
    fn description(&self, fields: &[Field], sources: &[Source]) -> Option<String> {
        let found = fields.iter().zip(sources);
        let found = found.filter(|(_, source)| !source.positions.is_empty());
        let other = found.filter(|(field, _)| !self.has_own(fields, sources, field.name));
        let other: Vec<String> = other
            .map(|(field, source)| {
                let name = match field.name {
                    "account_ids" => "account_id",
                    name => name,
                };
                format!("{name} from {}", self.names(&source.positions))
            })
            .collect();
        (!other.is_empty()).then(|| other.join(", "))
    }

    fn has_own(&self, fields: &[Field], sources: &[Source], name: &str) -> bool {
        let mut found = fields.iter().zip(sources);
        let source = found.find_map(|(field, source)| (field.name == name).then_some(source));
        let first = source.and_then(|source| source.positions.first());
        let heading = first.and_then(|at| self.written.get(*at));
        heading.is_some_and(|heading| heading.trim().eq_ignore_ascii_case(name))
    }

    /// Columns that resemble a field that is not there.
    fn unread(&self, fields: &[Field], sources: &[Source]) -> Vec<(String, &'static str)> {
        let absent = |name: &&str| !is_said(&[name], fields, sources);
        let has_account = is_said(
            &["account_id", "account_ids", "account_name"],
            fields,
            sources,
        );
        let wanted: Vec<&'static str> = fields
            .iter()
            .filter(|field| field.presence != Presence::Foreign)
            .map(|field| field.name)
            .filter(absent)
            .filter(|name| *name != "account_id" || !has_account)
            .collect();
        let used: Vec<usize> = sources
            .iter()
            .flat_map(|source| source.positions.clone())
            .collect();
        let mut unread = Vec::new();
        for (at, heading) in self.plain.iter().enumerate() {
            if used.contains(&at) {
                continue;
            }
            let near = wanted.iter().find(|name| resembles(heading, &plain(name)));
            let written = self
                .written
                .get(at)
                .map(|written| written.trim().to_owned());
            unread.extend(written.zip(near.copied()));
        }
        unread
    }
}

/// Whether somebody may have meant `name`: a misspelling, or a part of it.
fn resembles(heading: &str, name: &str) -> bool {
    let stem = heading.trim_end_matches('s');
    let is_part = stem.len() >= 4 && name.starts_with(stem);
    is_part || nearest(heading, &[name]).is_some()
}
