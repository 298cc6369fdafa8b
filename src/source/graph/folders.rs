//! The mail folders of a mailbox (facts 1.10).

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::TryStreamExt;
use serde::Deserialize;
use url::Url;

use crate::source::folder::Folder;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::lists;
use crate::source::graph::lists::Listed;
use crate::source::graph::retry::RequestTarget;
use crate::source::retry_action::RetryAction;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFolder {
    #[serde(rename = "@odata.type", default, deserialize_with = "lists::text")]
    odata_type: Option<String>,
    id: String,
    #[serde(default, deserialize_with = "lists::text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lists::number")]
    child_folder_count: Option<i64>,
    #[serde(default, deserialize_with = "lists::number")]
    total_item_count: Option<i64>,
    #[serde(default, deserialize_with = "lists::flag")]
    is_hidden: Option<bool>,
}

impl Listed for RawFolder {
    fn id(&self) -> &str {
        &self.id
    }
}

const NAME: &str = "mail folders";

/// The default page holds 10 (facts 1.10).
const QUERY: &str =
    "?$top=250&$select=id,displayName,parentFolderId,childFolderCount,totalItemCount,isHidden";

/// A mailbox of more folders than this is broken, or its listing is.
const FOLDERS_MAX: usize = 50_000;

/// Folders within folders: Exchange makes no more than 300 levels, and a path names all of them.
const LEVELS_MAX: usize = 400;

/// Listings at a time; the slots of the mailbox bound them anyway.
const LISTED_AT_A_TIME: usize = 3;

const SEARCH_FOLDER: &str = "#microsoft.graph.mailSearchFolder";

/// A folder and whether there are folders below it.
type Found = (Folder, bool);

impl MailboxClient {
    /// All visible folders, level by level; search folders are left out, and what lies below them.
    pub async fn folders(&self) -> Result<Vec<Folder>, GraphError> {
        let mut all: Vec<Folder> = Vec::new();
        let mut seen = HashSet::new();
        let mut level = self.children(None).await?;
        for depth in 0.. {
            if level.is_empty() {
                break;
            }
            // The listing has been seen to repeat folders: the first of each id counts.
            level.retain(|(folder, _)| seen.insert(Arc::clone(&folder.id)));
            if seen.len() > FOLDERS_MAX || depth > LEVELS_MAX {
                return Err(GraphError::EndlessChain { call: NAME });
            }
            let parents: Vec<Folder> = level
                .iter()
                .filter(|(_, has_children)| *has_children)
                .map(|(folder, _)| folder.clone())
                .collect();
            all.extend(level.into_iter().map(|(folder, _)| folder));
            let below: Vec<Vec<Found>> = futures_util::stream::iter(parents)
                .map(|parent| async move { self.children(Some(&parent)).await })
                .buffered(LISTED_AT_A_TIME)
                .try_collect()
                .await?;
            level = below.into_iter().flatten().collect();
        }
        Ok(all)
    }

    async fn children(&self, parent: Option<&Folder>) -> Result<Vec<Found>, GraphError> {
        let (path, asked) = match parent {
            Some(parent) => {
                let id = escaped(&parent.id);
                (
                    format!("/mailFolders/{id}/childFolders{QUERY}"),
                    RequestTarget::Folder,
                )
            }
            None => (format!("/mailFolders{QUERY}"), RequestTarget::Mailbox),
        };
        let ask = async |url| {
            let call = Call::get(NAME, asked, url);
            match self.ask(&call, |body| lists::page(&body)).await {
                // Deleted since its parent was listed.
                Err(error) if error.action() == RetryAction::FolderGone => Ok(None),
                other => other.map(Some),
            }
        };
        let follow = |link: &str, first: &Url| self.follow(link, first);
        let listed: Vec<RawFolder> = lists::read(NAME, self.url(&path)?, ask, follow).await?;
        let visible = listed.into_iter().filter(is_mail_folder);
        Ok(visible.map(|raw| place(raw, parent)).collect())
    }
}

fn is_mail_folder(raw: &RawFolder) -> bool {
    raw.odata_type.as_deref() != Some(SEARCH_FOLDER) && raw.is_hidden != Some(true)
}

/// Its place is where it was found: `parentFolderId` may name a folder that never comes.
fn place(raw: RawFolder, parent: Option<&Folder>) -> Found {
    let display_name = raw.display_name.unwrap_or_default();
    let path = match parent {
        Some(parent) => format!("{}/{display_name}", parent.path),
        None => display_name.clone(),
    };
    let folder = Folder {
        id: raw.id.into(),
        parent: parent.map(|parent| Arc::clone(&parent.id)),
        display_name,
        path,
        total_item_count: raw
            .total_item_count
            .and_then(|count| u64::try_from(count).ok()),
        is_sent: false,
    };
    (
        folder,
        raw.child_folder_count.is_some_and(|count| count > 0),
    )
}
