//! Which folders are read: by well-known ids, for names are localised (facts 1.10).

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;

use crate::model::cursor::WellKnown;
use crate::model::id::Id128;
use crate::source::folder::Folder;
use crate::source::graph::batch::present;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::client::refused;
use crate::source::graph::error::GraphError;
use crate::source::graph::error_response::ErrorResponse;
use crate::source::graph::retry::RequestTarget;
use crate::source::retry_action::RetryAction;

/// The key of the digest.
pub const TOP_LEVEL: &str = "top_level";

const SENT: &str = "sentitems";

/// Not read, nor what lies below them (design section 5).
const NOT_READ: [&str; 5] = [
    "drafts",
    "outbox",
    "junkemail",
    "syncissues",
    "conversationhistory",
];

const RESOLVED: [&str; 9] = [
    SENT,
    "drafts",
    "outbox",
    "junkemail",
    "syncissues",
    "conversationhistory",
    "deleteditems",
    "archive",
    "inbox",
];

#[derive(Deserialize)]
struct IdOnly {
    id: String,
}

impl MailboxClient {
    /// The ids of the well-known folders; the cached ones where nothing changed at the top.
    pub async fn well_known(
        &self,
        cached: &WellKnown,
        folders: &[Folder],
    ) -> Result<WellKnown, GraphError> {
        let top_level = digest(folders);
        if cached.get(TOP_LEVEL) == Some(&top_level) && cached.contains_key(SENT) {
            return Ok(cached.clone());
        }
        let paths: Vec<String> = RESOLVED
            .iter()
            .map(|name| self.path(&format!("/mailFolders/{name}?$select=id")))
            .collect();
        let call = self.batch_call("well-known folders", RequestTarget::Folder)?;
        let parts = self.batch(&call, &paths).await?;
        let mut known = WellKnown::from([(TOP_LEVEL.to_owned(), top_level)]);
        for (name, part) in RESOLVED.iter().zip(parts) {
            let Some(body) = present(&call, part)? else {
                continue;
            };
            // An answer that cannot be read is not "no such folder": Drafts and Junk would be read.
            let folder: IdOnly = serde_json::from_slice(&body).map_err(|_| {
                refused(
                    &call,
                    &ErrorResponse::no_answer(),
                    RetryAction::GiveUpMailbox,
                )
            })?;
            known.insert((*name).to_owned(), folder.id);
        }
        Ok(known)
    }
}

/// The folders whose mail is read: Sent Items first, so that of several copies the one that has
/// Bcc is recorded; then by path and id.
pub fn readable(folders: &[Folder], well_known: &WellKnown) -> Vec<Folder> {
    let id = |name: &str| well_known.get(name).map(String::as_str);
    let sent = id(SENT);
    let mut left_out: HashSet<&str> = NOT_READ.iter().filter_map(|name| id(name)).collect();
    let mut readable = Vec::new();
    // Parents come before their children.
    for folder in folders {
        let is_below = folder
            .parent
            .as_deref()
            .is_some_and(|parent| left_out.contains(parent));
        if is_below || left_out.contains(&*folder.id) {
            left_out.insert(&folder.id);
            continue;
        }
        readable.push(Folder {
            is_sent: sent == Some(&*folder.id),
            ..folder.clone()
        });
    }
    readable.sort_by(|a, b| {
        let key = |folder: &Folder| (!folder.is_sent, folder.path.clone(), Arc::clone(&folder.id));
        key(a).cmp(&key(b))
    });
    readable
}

fn digest(folders: &[Folder]) -> String {
    let mut top: Vec<&[u8]> = folders
        .iter()
        .filter(|folder| folder.parent.is_none())
        .map(|folder| folder.id.as_bytes())
        .collect();
    top.sort_unstable();
    Id128::of(&top).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(id: &str, parent: Option<&str>, path: &str) -> Folder {
        Folder {
            id: id.into(),
            parent: parent.map(Into::into),
            display_name: path.rsplit('/').next().unwrap().into(),
            path: path.into(),
            total_item_count: None,
            is_sent: false,
        }
    }

    /// Facts 1.10.
    #[test]
    fn folders_are_chosen_by_well_known_id_with_all_below_them() {
        let folders = [
            folder("1", None, "Posteingang"),
            folder("2", None, "Junk-E-Mail"),
            folder("3", None, "Gesendete Elemente"),
            folder("4", None, "Sent Items"),
            folder("5", Some("2"), "Junk-E-Mail/Alt"),
            folder("6", Some("1"), "Posteingang/Drafts"),
            folder("7", Some("5"), "Junk-E-Mail/Alt/Tiefer"),
        ];
        let known = [("inbox", "1"), ("junkemail", "2"), ("sentitems", "3")];
        let known = known
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .into();
        let read = readable(&folders, &known);
        let paths: Vec<&str> = read.iter().map(|folder| folder.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "Gesendete Elemente",
                "Posteingang",
                "Posteingang/Drafts",
                "Sent Items"
            ]
        );
        assert!(read[0].is_sent);
        assert!(!read[3].is_sent);
    }

    #[test]
    fn the_digest_sees_a_new_top_folder_and_no_other_change() {
        let before = [folder("1", None, "a"), folder("2", None, "b")];
        let renamed = [
            folder("2", None, "c"),
            folder("1", None, "a"),
            folder("9", Some("1"), "a/x"),
        ];
        let grown = [
            folder("1", None, "a"),
            folder("2", None, "b"),
            folder("3", None, "Conversation History"),
        ];
        assert_eq!(digest(&before), digest(&renamed));
        assert_ne!(digest(&before), digest(&grown));
    }
}
