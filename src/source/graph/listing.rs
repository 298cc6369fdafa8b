//! Plain lists of a folder's mails: the other way of reading, where a chain does not work, and the
//! proof that it brought everything (facts 1.7, 1.9).

use std::sync::Arc;

use serde::Deserialize;

use crate::model::mail::ContentLevel;
use crate::model::page::GraphPage;
use crate::model::time::Micros;
use crate::source::graph::calendar::ListedPage;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::delta::select;
use crate::source::graph::envelope;
use crate::source::graph::envelope::List;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::retry::Asked;

/// Which of a folder's mails are listed, by receipt: the service compares whole seconds (facts
/// 1.2), so each end may bring a second more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Not before.
    pub from: Option<Micros>,
    /// Not after.
    pub to: Option<Micros>,
}

/// An item of a list of ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedId {
    /// Its immutable id; none where the service left it out.
    #[serde(default)]
    pub id: Option<String>,
    /// When it was received: a mail, where that was asked for.
    #[serde(rename = "receivedDateTime", default)]
    pub received: Option<String>,
}

/// The service's limit for lists of mails (facts 1.3).
const IDS_PER_PAGE: u32 = 1_000;
/// Whole mails of a page: with texts they are large, and a page that is spoilt costs all of them.
pub const MAILS_PER_PAGE: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountOnly {
    #[serde(default)]
    total_item_count: Option<i64>,
}

impl MailboxClient {
    /// A page of the ids of a folder's mails, the newest first, and the link to the next one.
    pub async fn listed_ids(
        &self,
        folder: &str,
        span: Span,
        link: Option<&str>,
    ) -> Result<(Vec<ListedId>, Option<String>), GraphError> {
        let url = match link {
            Some(link) => self.follow(link, &self.list(folder)?)?,
            None => self.url(&path(folder, span, "id,receivedDateTime", IDS_PER_PAGE))?,
        };
        let call = Call::get(IDS_NAME, Asked::Folder, url).with_immutable_ids();
        let page: List<ListedId> = self.ask(&call, |body| envelope::list(&body)).await?;
        no_loop(IDS_NAME, link, page.next.as_ref())?;
        Ok((page.value, page.next))
    }

    /// What the lists of a folder are asked of.
    fn list(&self, folder: &str) -> Result<url::Url, GraphError> {
        self.url(&format!("/mailFolders/{}/messages", escaped(folder)))
    }

    /// A page of a folder's mails, the newest first.
    pub async fn listed_mails(
        &self,
        folder: &Arc<str>,
        span: Span,
        content: ContentLevel,
        link: Option<&str>,
    ) -> Result<ListedPage, GraphError> {
        let url = match link {
            Some(link) => self.follow(link, &self.list(folder)?)?,
            None => self.url(&path(folder, span, select(content), MAILS_PER_PAGE))?,
        };
        let call = Call::get(NAME, Asked::Folder, url).with_immutable_ids();
        let opened = self.ask(&call, envelope::open_list).await?;
        no_loop(NAME, link, opened.next.as_ref())?;
        Ok(ListedPage {
            page: GraphPage {
                container: Arc::clone(folder),
                body: opened.body,
                items: opened.items,
            },
            next: opened.next,
        })
    }

    /// How many items, of every kind, a folder says that it holds now; `None`: it does not say.
    pub async fn item_count(&self, folder: &str) -> Result<Option<u64>, GraphError> {
        let path = format!("/mailFolders/{}?$select=totalItemCount", escaped(folder));
        let call = Call::get("count of a folder", Asked::Folder, self.url(&path)?);
        let parse = |body: bytes::Bytes| serde_json::from_slice::<CountOnly>(&body).ok();
        let told = self.ask(&call, parse).await?.total_item_count;
        Ok(told.and_then(|count| u64::try_from(count).ok()))
    }
}

/// That a list does not lead from a page to the same page.
pub(super) fn no_loop(
    call: &'static str,
    link: Option<&str>,
    next: Option<&String>,
) -> Result<(), GraphError> {
    match (link, next) {
        (Some(link), Some(next)) if link == next => Err(GraphError::EndlessChain { call }),
        _ => Ok(()),
    }
}

/// What is ordered by must come first in the filter (facts 1.9); here it is all there is.
fn path(folder: &str, span: Span, select: &str, top: u32) -> String {
    let bounds = [("ge", span.from), ("le", span.to)];
    let bounds: Vec<String> = bounds
        .into_iter()
        .filter_map(|(operator, at)| Some((operator, at?)))
        .map(|(operator, at)| format!("receivedDateTime%20{operator}%20{}", at.rfc3339()))
        .collect();
    let filter = if bounds.is_empty() {
        String::new()
    } else {
        format!("&$filter={}", bounds.join("%20and%20"))
    };
    format!(
        "/mailFolders/{}/messages?$select={select}&$top={top}&$orderby=receivedDateTime%20desc{filter}",
        escaped(folder)
    )
}

const IDS_NAME: &str = "list of ids";
const NAME: &str = "list of mails";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_1_9_a_list_is_ordered_by_what_it_is_filtered_by() {
        let at = |text: &str| Micros::parse_rfc3339(text);
        let span = Span {
            from: at("2026-01-02T03:04:05Z"),
            to: at("2026-02-03T04:05:06Z"),
        };
        assert_eq!(
            path("a/b", span, "id", 7),
            "/mailFolders/a%2Fb/messages?$select=id&$top=7&$orderby=receivedDateTime%20desc\
             &$filter=receivedDateTime%20ge%202026-01-02T03:04:05Z%20and%20\
             receivedDateTime%20le%202026-02-03T04:05:06Z"
        );
        assert!(!path("f", Span::default(), "id", 7).contains("$filter"));
    }
}
