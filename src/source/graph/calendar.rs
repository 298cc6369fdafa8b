//! Calendar delta: one chain per mailbox, over a window that it keeps permanently (facts 2.1, 2.2).

use crate::model::event::CONTAINER;
use crate::model::page::FetchedItem;
use crate::model::page::FetchedPage;
use crate::model::page::ListedPage;
use crate::model::page::Page;
use crate::model::span::Window;
use crate::runtime::clock;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::delta::behind;
use crate::source::graph::envelope;
use crate::source::graph::envelope::List;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::listing;
use crate::source::graph::listing::ListedId;
use crate::source::graph::retry::RequestTarget;

impl MailboxClient {
    /// The first page of a chain. Nothing but the window can be chosen (facts 2.1).
    pub async fn first_calendar_page(&self, window: Window) -> Result<FetchedPage, GraphError> {
        let path = format!("{CHAIN}?{}", span(window));
        self.calendar_page(self.url(&path)?, RequestTarget::Folder)
            .await
    }

    /// The page behind a link of the chain.
    ///
    /// # Errors
    /// As for every call; and where a nextLink leads to itself.
    pub async fn next_calendar_page(&self, link: &str) -> Result<FetchedPage, GraphError> {
        let url = self.kept(link, CHAIN)?;
        let fetched = self.calendar_page(url, RequestTarget::Link).await?;
        behind(link, fetched, NAME)
    }

    /// A page of the plain list of a window: the first, or the one behind a link. It is the way to
    /// read a calendar whose chain does not work (facts 2.2).
    pub async fn calendar_list(
        &self,
        window: Window,
        link: Option<&str>,
    ) -> Result<ListedPage<Page>, GraphError> {
        let url = match link {
            Some(link) => self.follow(link, &self.url(LIST)?)?,
            None => self.url(&format!("{LIST}?{}", span(window)))?,
        };
        let call = list_call(LIST_NAME, url, link, LIST_TOP);
        let opened = self.ask(&call, envelope::open_list).await?;
        Ok(ListedPage {
            items: page(opened.body, opened.items),
            next: opened.next,
        })
    }

    /// A page of the ids of all that a window holds, and the link to the next one. What is corrupt
    /// in an event spoils no list of ids (facts 6.2).
    pub async fn calendar_ids(
        &self,
        window: Window,
        link: Option<&str>,
    ) -> Result<ListedPage<Vec<String>>, GraphError> {
        let url = match link {
            Some(link) => self.follow(link, &self.url(LIST)?)?,
            None => self.url(&format!("{LIST}?{}&$select=id", span(window)))?,
        };
        let call = list_call(IDS_NAME, url, link, IDS_TOP);
        let page: List<ListedId> = self.ask(&call, |body| envelope::list(&body)).await?;
        listing::no_loop(IDS_NAME, link, page.next.as_ref())?;
        Ok(ListedPage {
            items: listing::ids(page.value),
            next: page.next,
        })
    }

    /// Events by their immutable ids, in the order of the ids: what is missing, or made a page malformed
    /// the page that holds it. One that is unavailable does not cost the others.
    pub async fn events_by_id(&self, ids: &[String]) -> Result<Vec<FetchedItem>, GraphError> {
        let call = Call {
            utc_times: true,
            ..self.batch_call("events by id", RequestTarget::Item)?
        };
        let path = |id: &str| format!("/events/{}", escaped(id));
        self.items_by_id(&call, ids, path).await
    }

    async fn calendar_page(
        &self,
        url: url::Url,
        target: RequestTarget,
    ) -> Result<FetchedPage, GraphError> {
        let call = Call {
            sized_pages: true,
            target,
            ..calendar_call(NAME, url)
        };
        let opened = self.ask(&call, envelope::open).await?;
        self.follow(opened.link.text(), &self.url(CHAIN)?)?;
        Ok(FetchedPage {
            page: page(opened.body, opened.items),
            link: opened.link,
            fetched_at: clock::now(),
        })
    }
}

fn calendar_call(name: &'static str, url: url::Url) -> Call {
    Call {
        utc_times: true,
        ..Call::get(name, RequestTarget::Folder, url).with_immutable_ids()
    }
}

fn list_call(name: &'static str, url: url::Url, link: Option<&str>, top: u32) -> Call {
    let target = match link {
        Some(_) => RequestTarget::ListLink,
        None => RequestTarget::Folder,
    };
    Call {
        target,
        top: Some(top),
        ..calendar_call(name, url)
    }
}

fn page(body: bytes::Bytes, items: Vec<std::ops::Range<usize>>) -> Page {
    Page {
        container: CONTAINER.into(),
        body,
        items,
    }
}

/// The window as both ways of reading have it; without offset and with `Z` it is UTC (facts 2.1).
fn span(window: Window) -> String {
    format!(
        "startDateTime={}&endDateTime={}",
        window.start.rfc3339(),
        window.end.rfc3339()
    )
}

/// What the chain is asked of.
const CHAIN: &str = "/calendarView/delta";
/// What the plain list is asked of.
const LIST: &str = "/calendarView";

const NAME: &str = "calendar delta";
const LIST_NAME: &str = "calendar list";
/// Events of a page of the plain list: large enough that a year takes few requests, small enough
/// that a page with bodies stays within the limit of bodies.
const LIST_TOP: u32 = 200;
const IDS_NAME: &str = "list of event ids";
/// The service's limit for lists of events (facts 2.1).
const IDS_TOP: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::DAY;
    use crate::model::time::Timestamp;
    use crate::source::service::SPAN_MAX;

    /// Facts 13.
    #[test]
    fn no_slice_is_longer_than_the_service_allows_and_nothing_is_between_them() {
        let window = Window {
            start: Timestamp(7),
            end: Timestamp(7).plus(3 * SPAN_MAX + 1),
        };
        let slices = window.slices(SPAN_MAX);
        assert_eq!(slices.len(), 4);
        assert_eq!(slices.first().map(|slice| slice.start), Some(window.start));
        assert_eq!(slices.last().map(|slice| slice.end), Some(window.end));
        for pair in slices.windows(2) {
            assert_eq!(pair[0].end, pair[1].start);
            assert_eq!(pair[0].end.0 - pair[0].start.0, SPAN_MAX);
        }
        let [earlier, later] = window.halves(SPAN_MAX).unwrap();
        assert_eq!((earlier.start, later.end), (window.start, window.end));
        assert_eq!(earlier.end, later.start);
        assert!(slices[3].halves(DAY).is_none());
    }
}
