//! Single values of the TOML file: each refuses what a user left as it stood in the example.

use std::path::PathBuf;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

use crate::model::address::Address;
use crate::model::address::written_domain;

/// A text that is not empty and not a placeholder.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    refuse_placeholder(&text).map_err(D::Error::custom)?;
    Ok(text)
}

/// The path of a local file or folder.
pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let path = text(deserializer)?;
    if path.contains("://") {
        return Err(D::Error::custom(
            "object stores are not supported by this version: name a local folder",
        ));
    }
    Ok(path.into())
}

/// [`path`] of a key that may be missing.
pub(super) fn optional_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    path(deserializer).map(Some)
}

/// The heading of a column.
pub(super) fn one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    text(deserializer).map(|heading| vec![heading])
}

/// The headings of the columns that are read as one.
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "write one heading, or a list of them")]
    enum Headings {
        One(String),
        Several(Vec<String>),
    }
    let headings = match Headings::deserialize(deserializer)? {
        Headings::One(heading) => vec![heading],
        Headings::Several(headings) => headings,
    };
    for heading in &headings {
        refuse_placeholder(heading).map_err(D::Error::custom)?;
    }
    Ok(headings)
}

/// A name that is used in tables and mailbox ids.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = text(deserializer)?;
    if name.chars().all(is_of_name) {
        Ok(name)
    } else {
        Err(D::Error::custom(
            "a name consists of letters, digits, `-`, `_` and `.`",
        ))
    }
}

/// Whether a name may have a character.
pub(super) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Domains, in the form in which addresses hold them.
pub(super) fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    // The message does not repeat the entry: it may be a person's address.
    let read = (1..).zip(&all).map(|(number, raw)| {
        refuse_placeholder(raw)
            .and_then(|()| domain(raw))
            .map_err(|problem| format!("entry {number}: {problem}"))
    });
    read.collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// An address names one person, not its domain.
fn domain(raw: &str) -> Result<String, String> {
    let is_address = raw
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .contains('@');
    let read = written_domain::read(raw).filter(|_| !is_address);
    let domain = read.map(|read| read.domain);
    domain.ok_or_else(|| "not a domain; write it like contoso.com".into())
}

/// Addresses, normalised.
pub(super) fn addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Address>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    // The message does not repeat the entry: it may be a person's address.
    let read = (1..).zip(&all).map(|(number, raw)| {
        read_address(raw).map_err(|problem| format!("entry {number}: {problem}"))
    });
    read.collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// An address of a key that may be missing.
pub(super) fn optional_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Address>, D::Error> {
    let raw = String::deserialize(deserializer)?;
    read_address(&raw).map(Some).map_err(D::Error::custom)
}

fn read_address(raw: &str) -> Result<Address, String> {
    refuse_placeholder(raw)?;
    if raw.contains('*') {
        return Err("`*` is not a wildcard here; name a whole domain in domains".into());
    }
    Address::parse(raw).ok_or_else(|| "not a mail address; write it like ann@contoso.com".into())
}

/// Words, phrases or folder names, none of them empty: an empty one would be in every text.
pub(super) fn phrases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    if all.iter().any(|phrase| phrase.trim().is_empty()) {
        return Err(D::Error::custom("an entry is empty; take it out"));
    }
    Ok(all)
}

/// Says what to do where a value is empty or still what the example has in its place.
pub(super) fn refuse_placeholder(value: &str) -> Result<(), String> {
    let value = value.trim();
    if value.is_empty() {
        return Err("the value is empty; fill it in".into());
    }
    if is_placeholder(value) {
        return Err(PLACEHOLDER.into());
    }
    Ok(())
}

/// What is wrong with a placeholder.
pub(super) const PLACEHOLDER: &str =
    "this is still the placeholder of the example; fill in your own value";

/// Whether a value is what an example has in its place.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_lowercase();
    let is_bracketed = value.starts_with('<') && value.ends_with('>') && !value.contains('@');
    let is_word = ["changeme", "change-me", "change_me"].contains(&lower.as_str());
    value.contains('…') || value == "..." || is_bracketed || is_word || is_example_id(&lower)
}

/// Example ids repeat one digit in each of their groups: `11111111-2222-3333-4444-555555555555`.
fn is_example_id(value: &str) -> bool {
    let groups: Vec<&[u8]> = value.split('-').map(str::as_bytes).collect();
    let repeats_one = |group: &&[u8]| {
        group.iter().all(u8::is_ascii_hexdigit) && group.windows(2).all(|pair| pair[0] == pair[1])
    };
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(repeats_one)
}
