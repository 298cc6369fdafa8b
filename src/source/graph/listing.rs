//! Plain lists of a folder's mails: the other way of reading, where a chain does not work, and the
//! proof that it brought everything (facts 1.7, 1.9).

use std::sync::Arc;

use serde::Deserialize;

use crate::model::page::Page;
use crate::model::selection::Selection;
use crate::model::span::Span;
use crate::model::time::Timestamp;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::envelope;
use crate::source::graph::envelope::List;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::retry::RequestTarget;
use crate::source::graph::selection::properties;
use crate::source::listing::Listing;
use crate::source::listing::MAILS_PER_PAGE;

/// An item of a list of ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedId {
    /// Its immutable id; none where the service left it out.
    #[serde(default)]
    pub id: Option<String>,
    /// When it was received: a mail, where that was requested.
    #[serde(rename = "receivedDateTime", default)]
    pub received: Option<String>,
}

/// The service's limit for lists of mails (facts 1.3).
const IDS_PER_PAGE: u32 = 1_000;
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountOnly {
    #[serde(default)]
    total_item_count: Option<i64>,
}

impl MailboxClient {
    /// The next page of a folder's list: the ids of its mails.
    pub async fn listed_ids(&self, listing: &mut Listing) -> Result<Vec<String>, GraphError> {
        let call = self.list_call(IDS_NAME, listing, "id,receivedDateTime", IDS_PER_PAGE)?;
        let page: List<ListedId> = self.ask(&call, |body| envelope::list(&body)).await?;
        no_loop(IDS_NAME, listing.link.as_deref(), page.next.as_ref())?;
        let oldest = page.value.iter().rev().find_map(received);
        listing.note(page.value.len(), oldest, page.next);
        Ok(ids(page.value))
    }

    /// The next page of a folder's list: its mails.
    pub async fn listed_mails(
        &self,
        listing: &mut Listing,
        selection: Selection,
    ) -> Result<Page, GraphError> {
        let properties = properties(self.taken(selection));
        let call = self.list_call(NAME, listing, &properties, MAILS_PER_PAGE)?;
        let opened = self.ask(&call, envelope::open_list).await?;
        no_loop(NAME, listing.link.as_deref(), opened.next.as_ref())?;
        let page = Page {
            container: Arc::clone(&listing.folder),
            body: opened.body,
            items: opened.items,
        };
        let mails = page.items.iter().rev();
        let mails = mails.filter_map(|item| page.body.get(item.clone()));
        let mut mails = mails.filter_map(|mail| serde_json::from_slice::<ListedId>(mail).ok());
        let oldest = mails.find_map(|mail| received(&mail));
        listing.note(page.items.len(), oldest, opened.next);
        Ok(page)
    }

    fn list_call(
        &self,
        name: &'static str,
        listing: &Listing,
        select: &str,
        top: u32,
    ) -> Result<Call, GraphError> {
        let folder = escaped(&listing.folder);
        let first = |span| self.url(&path(&folder, span, select));
        let (asked, url) = match &listing.link {
            Some(link) => (
                RequestTarget::ListLink,
                self.follow(link, &first(listing.span)?)?,
            ),
            None => (RequestTarget::Folder, first(listing.span)?),
        };
        let instead = listing.link.as_ref().and(listing.older());
        Ok(Call {
            top: Some(top),
            instead: instead.map(first).transpose()?,
            ..Call::get(name, asked, url).with_immutable_ids()
        })
    }

    /// How many items, of every kind, a folder says that it holds now; `None`: it does not say.
    pub async fn item_count(&self, folder: &str) -> Result<Option<u64>, GraphError> {
        let path = format!("/mailFolders/{}?$select=totalItemCount", escaped(folder));
        let call = Call::get("count of a folder", RequestTarget::Folder, self.url(&path)?);
        let parse = |body: bytes::Bytes| serde_json::from_slice::<CountOnly>(&body).ok();
        let stated = self.ask(&call, parse).await?.total_item_count;
        Ok(stated.and_then(|count| u64::try_from(count).ok()))
    }
}

/// The ids that were listed.
pub(super) fn ids(listed: Vec<ListedId>) -> Vec<String> {
    listed.into_iter().filter_map(|item| item.id).collect()
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

/// When a mail was received, if it says so.
fn received(mail: &ListedId) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(mail.received.as_deref()?)
}

/// What is ordered by must come first in the filter (facts 1.9); here it is all there is. `folder`
/// is escaped.
fn path(folder: &str, span: Span, select: &str) -> String {
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
        "/mailFolders/{folder}/messages?$select={select}&$orderby=receivedDateTime%20desc{filter}"
    )
}

const IDS_NAME: &str = "list of ids";
const NAME: &str = "list of mails";

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts 1.9.
    #[test]
    fn a_list_is_ordered_by_what_it_is_filtered_by() {
        let at = |text: &str| Timestamp::parse_rfc3339(text);
        let span = Span {
            from: at("2026-01-02T03:04:05Z"),
            to: at("2026-02-03T04:05:06Z"),
        };
        assert_eq!(
            path("a%2Fb", span, "id"),
            "/mailFolders/a%2Fb/messages?$select=id&$orderby=receivedDateTime%20desc\
             &$filter=receivedDateTime%20ge%202026-01-02T03:04:05Z%20and%20\
             receivedDateTime%20le%202026-02-03T04:05:06Z"
        );
        assert!(!path("f", Span::default(), "id").contains("$filter"));
    }
}
