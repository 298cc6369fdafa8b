//! Plain lists of a folder's mails: the other way of reading, where a chain does not work, and the
//! proof that it brought everything (facts 1.7, 1.9).

use std::sync::Arc;

use serde::Deserialize;

use crate::model::page::GraphPage;
use crate::model::span::Span;
use crate::model::time::Timestamp;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::envelope;
use crate::source::graph::envelope::List;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::retry::RequestTarget;
use crate::source::graph::selection::Selection;

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
/// Whole mails of a page: with texts they are large, and a page that is malformed costs all of
/// them.
pub const MAILS_PER_PAGE: u32 = 100;
/// Items that are walked over by links (facts 1.9: they count what they skip). What is behind them
/// is requested by its time: pages that are deep in a list take long, or do not come at all (facts
/// 1.7, 13).
const DEPTH_MAX: usize = 5_000;

/// A list of the mails of a folder while it is read, the newest first.
#[derive(Debug, Clone)]
pub struct Listing {
    folder: Arc<str>,
    span: Span,
    /// Where the next page is, if it is behind a link.
    link: Option<String>,
    /// When the last mail so far was received.
    oldest: Option<Timestamp>,
    /// Items since the list was last requested by a time.
    depth: usize,
    is_over: bool,
}

impl Listing {
    /// Of what was received within a span.
    pub fn new(folder: &Arc<str>, span: Span) -> Self {
        Self {
            folder: Arc::clone(folder),
            span,
            link: None,
            oldest: None,
            depth: 0,
            is_over: false,
        }
    }

    /// Whether the service says that there is no more.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Asks again for what is older than the last mail (those of the same second included). Says
    /// whether that is another question than the last.
    pub fn ask_by_time(&mut self) -> bool {
        let Some(older) = self.older() else {
            return false;
        };
        self.span = older;
        self.link = None;
        self.depth = 0;
        self.is_over = false;
        true
    }

    /// What is left, by time; `None`: the time of the last mail does not say.
    fn older(&self) -> Option<Span> {
        let is_earlier = |oldest: &Timestamp| self.span.to.is_none_or(|to| *oldest < to);
        let oldest = self.oldest.filter(is_earlier)?;
        Some(Span {
            to: Some(oldest),
            ..self.span
        })
    }

    fn note(&mut self, items: usize, oldest: Option<Timestamp>, next: Option<String>) {
        self.depth += items;
        self.oldest = oldest.or(self.oldest);
        self.is_over = next.is_none();
        self.link = next;
        if self.link.is_some() && self.depth >= DEPTH_MAX {
            self.ask_by_time();
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountOnly {
    #[serde(default)]
    total_item_count: Option<i64>,
}

impl MailboxClient {
    /// The next page of a folder's list: the ids of its mails.
    pub async fn listed_ids(&self, listing: &mut Listing) -> Result<Vec<ListedId>, GraphError> {
        let call = self.list_call(IDS_NAME, listing, "id,receivedDateTime", IDS_PER_PAGE)?;
        let page: List<ListedId> = self.ask(&call, |body| envelope::list(&body)).await?;
        no_loop(IDS_NAME, listing.link.as_deref(), page.next.as_ref())?;
        let oldest = page.value.iter().rev().find_map(received);
        listing.note(page.value.len(), oldest, page.next);
        Ok(page.value)
    }

    /// The next page of a folder's list: its mails.
    pub async fn listed_mails(
        &self,
        listing: &mut Listing,
        selection: Selection,
    ) -> Result<GraphPage, GraphError> {
        let properties = self.taken(selection).properties();
        let call = self.list_call(NAME, listing, &properties, MAILS_PER_PAGE)?;
        let opened = self.ask(&call, envelope::open_list).await?;
        no_loop(NAME, listing.link.as_deref(), opened.next.as_ref())?;
        let page = GraphPage {
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

    /// Facts 13.
    #[test]
    fn a_deep_list_goes_on_by_time_and_by_links_where_the_time_stays() {
        let mut listing = Listing::new(&"f".into(), Span::default());
        let next = || Some("link".to_owned());
        listing.note(DEPTH_MAX - 1, Some(Timestamp(9)), next());
        assert!(listing.link.is_some());
        listing.note(1, Some(Timestamp(8)), next());
        assert_eq!(
            (listing.link.clone(), listing.span.to),
            (None, Some(Timestamp(8)))
        );
        // All of the same instant: no time tells what is left.
        listing.note(DEPTH_MAX, Some(Timestamp(8)), next());
        assert!(listing.link.is_some() && !listing.ask_by_time());
        listing.note(1, Some(Timestamp(7)), None);
        assert!(listing.is_over() && listing.ask_by_time() && !listing.is_over());
    }

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
