//! What folders and labels are for, by the names that mail programs and services give them in their
//! users' languages: Outlook, Gmail, Thunderbird, Apple Mail and the national providers.

mod lists;

use crate::model::folder_names::lists::DRAFTS;
use crate::model::folder_names::lists::JUNK;
use crate::model::folder_names::lists::SENT;
use crate::model::folder_names::lists::WAITING;
use crate::model::unicode::composed;
use crate::model::unicode::is_invisible;

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderUse {
    /// What was sent.
    Sent,
    /// What is not finished: drafts.
    Drafts,
    /// What waits to be sent, or never is: the outbox, templates.
    Waiting,
    /// What was sorted out as unwanted.
    Junk,
}

/// The purpose of a folder, as far as its name shows.
pub fn used_for(name: &str) -> Option<FolderUse> {
    let name = comparable(name);
    let lists = [
        (SENT, FolderUse::Sent),
        (DRAFTS, FolderUse::Drafts),
        (WAITING, FolderUse::Waiting),
        (JUNK, FolderUse::Junk),
    ];
    let found = lists.iter().find(|(list, _)| list.contains(&name.as_str()));
    found.map(|(_, used_for)| *used_for)
}

/// A name in the form in which names are compared: composed, in lower case, with `_` and `-` as
/// blanks and one blank for several.
pub fn comparable(name: &str) -> String {
    let name = composed(name);
    let visible = name.chars().filter(|c| !is_invisible(*c));
    let blank = |c: char| {
        if matches!(c, '_' | '-' | '\u{2011}') {
            ' '
        } else {
            c
        }
    };
    let text: String = visible.map(blank).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stored_normalised_and_once() {
        let mut seen = std::collections::BTreeSet::new();
        for name in SENT.iter().chain(DRAFTS).chain(WAITING).chain(JUNK) {
            assert_eq!(comparable(name), *name);
            assert!(seen.insert(name), "{name}");
        }
    }

    #[test]
    fn names_are_compared_in_normalised_form() {
        for (name, expected) in [
            ("Sent", FolderUse::Sent),
            ("_sent_mail", FolderUse::Sent),
            ("Gesendete  Objekte", FolderUse::Sent),
            ("Entw\u{fc}rfe", FolderUse::Drafts),
            ("Entwu\u{308}rfe", FolderUse::Drafts),
            ("Unsent Messages", FolderUse::Waiting),
            ("Junk-E-Mail", FolderUse::Junk),
            ("WIADOMO\u{15a}CI-\u{15a}MIECI", FolderUse::Junk),
            ("\u{130}stenmeyen", FolderUse::Junk),
            ("\u{200f}דואר זבל", FolderUse::Junk),
        ] {
            assert_eq!(used_for(name), Some(expected), "{name}");
        }
        for name in [
            "",
            "Concept",
            "Bulk",
            "Scheduled",
            "presented",
            "Trash",
            "Papierkorb",
            "Inbox",
            "Clients/Drafts",
        ] {
            assert_eq!(used_for(name), None, "{name}");
        }
    }
}
