//! `[capture] exclude`: what is never captured; case is ignored.

use std::borrow::Cow;

use hashbrown::HashSet;

use crate::config::capture::Exclude;
use crate::model::address::Address;
use crate::model::address::is_within;
use crate::model::interaction::Participant;
use crate::model::unicode::composed;
use crate::policy::participants::domains_in;

/// The exclusions, indexed for lookups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exclusions {
    addresses: HashSet<String>,
    domains: HashSet<String>,
    subjects: Vec<String>,
    folders: Vec<String>,
}

impl Exclusions {
    /// Reads the lists of the configuration.
    pub(crate) fn new(exclude: &Exclude) -> Self {
        // Guests take part under their original address.
        let addresses = exclude.addresses.iter().cloned().map(Address::at_home);
        let addresses = addresses.map(|address| address.as_str().to_owned());
        Self {
            addresses: addresses.collect(),
            domains: exclude.domains.iter().cloned().collect(),
            subjects: exclude
                .subjects
                .iter()
                .map(|phrase| plain(phrase))
                .collect(),
            folders: exclude.folders.iter().map(|name| plain(name)).collect(),
        }
    }

    /// The rule that excludes an item with these participants and this subject: `address`, `domain`
    /// or `subject`, the first that applies.
    pub(crate) fn of_item(
        &self,
        people: &[Participant],
        subject: Option<&str>,
    ) -> Option<&'static str> {
        let addresses = people.iter().filter(|participant| participant.is_address);
        let mut addresses = addresses.map(|participant| participant.address.as_str());
        if addresses.any(|address| self.has_address(address)) {
            return Some("address");
        }
        if !self.domains.is_empty() && people.iter().any(|one| self.has_domain_of(one)) {
            return Some("domain");
        }
        let subject = subject.filter(|_| !self.subjects.is_empty()).map(plain)?;
        let mut phrases = self.subjects.iter();
        phrases
            .any(|phrase| contains_words(&subject, phrase))
            .then_some("subject")
    }

    /// Whether a participant belongs to an excluded domain. Text that is not an address may contain
    /// one.
    fn has_domain_of(&self, one: &Participant) -> bool {
        match one.address.split_once('@') {
            Some((_, domain)) if one.is_address => is_within(domain, &self.domains),
            _ => domains_in(&one.address).any(|domain| is_within(&domain, &self.domains)),
        }
    }

    /// Whether an address is excluded, with or without its tag.
    fn has_address(&self, address: &str) -> bool {
        let is_listed = |address: &str| self.addresses.contains(address);
        let untagged = || Address::stored(address)?.without_tag();
        let has_any = !self.addresses.is_empty();
        has_any && (is_listed(address) || untagged().is_some_and(|one| is_listed(one.as_str())))
    }

    /// Whether a folder is excluded: by its name, by the name of a parent folder, or by a path from
    /// the root. `path` has `/` between the names.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        let path = plain(&of_maildir(path));
        self.folders.iter().any(|folder| {
            let below = path.strip_prefix(folder.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                || path.split('/').any(|name| name.trim() == folder)
        })
    }
}

/// The path of a folder: Maildir++ writes `.Archive.Sent` for `Archive/Sent`.
fn of_maildir(path: &str) -> Cow<'_, str> {
    if !path.split('/').any(|name| name.starts_with('.')) {
        return Cow::Borrowed(path);
    }
    let names = path.split('/').map(|name| match name.strip_prefix('.') {
        Some(nested) => nested.replace('.', "/"),
        None => name.to_owned(),
    });
    names.collect::<Vec<_>>().join("/").into()
}

/// NFC, in lower case, with runs of white space collapsed.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in composed(text).split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(word);
    }
    plain.to_lowercase()
}

/// Whether a text contains a phrase at word boundaries.
fn contains_words(text: &str, phrase: &str) -> bool {
    let splits_word = |before: Option<char>, after: Option<char>| {
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        is_word(before) && is_word(after)
    };
    text.match_indices(phrase).any(|(start, found)| {
        let (before, rest) = text.split_at(start);
        let after = rest.get(found.len()..).unwrap_or_default();
        !splits_word(before.chars().next_back(), found.chars().next())
            && !splits_word(found.chars().next_back(), after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::capture_policy::fixtures;

    fn exclusions() -> Exclusions {
        Exclusions::new(&Exclude {
            addresses: vec![Address::parse("Lawyer@firm.example").unwrap()],
            domains: vec!["clinic.example".into()],
            subjects: vec!["HR".into(), "  salary  Review".into(), "[secret]".into()],
            folders: vec!["Family".into(), "Clients/Secret".into()],
        })
    }

    #[test]
    fn the_first_rule_that_applies_is_named() {
        for (address, subject, expected) in [
            ("lawyer@firm.example", "HR", Some("address")),
            ("x@firm.example", "", None),
            ("lawyer+x@firm.example", "", Some("address")),
            ("x@clinic.example", "HR", Some("domain")),
            ("x@eu.clinic.example", "", Some("domain")),
            ("x@notclinic.example", "", None),
            ("x@y.org", "re: hr.", Some("subject")),
            ("x@y.org", "Three shrimps", None),
            ("x@y.org", "Your SALARY\r\n review!", Some("subject")),
            ("x@y.org", "salary reviews", None),
            ("x@y.org", "Fw:[Secret]plan", Some("subject")),
        ] {
            let people = [fixtures::outsider(address)];
            let found = exclusions().of_item(&people, Some(subject));
            assert_eq!(found, expected, "{address} {subject}");
        }
        assert_eq!(exclusions().of_item(&[], None), None);
        let mut text = fixtures::outsider("x@@clinic.example");
        text.is_address = false;
        assert_eq!(exclusions().of_item(&[text], None), Some("domain"));
    }

    #[test]
    fn a_folder_takes_those_below_it_along() {
        for (path, expected) in [
            ("family", true),
            ("Inbox/Family", true),
            ("Inbox/FAMILY/2024", true),
            ("Family business", false),
            ("Clients/secret", true),
            ("clients/Secret/x", true),
            ("Inbox/Clients/Secret", false),
            ("Secret", false),
            (".INBOX.Family", true),
            (".Clients.Secret.x", true),
            ("F\u{200b}amily", false),
            ("", false),
        ] {
            assert_eq!(exclusions().has_folder(path), expected, "{path}");
        }
    }
}
