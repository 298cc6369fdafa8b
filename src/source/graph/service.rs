//! A mailbox of Microsoft Graph, as `sync` reads it.

use crate::model::coverage::Cost;
use crate::model::cursor::WellKnown;
use crate::model::interaction::Source;
use crate::model::mailbox::MailboxKind;
use crate::model::page::FetchedItem;
use crate::model::page::FetchedPage;
use crate::model::page::ListedPage;
use crate::model::page::Page;
use crate::model::selection::Selection;
use crate::model::sensitivity::PrivateList;
use crate::model::sensitivity::Sensitivities;
use crate::model::span::Window;
use crate::model::time::Timestamp;
use crate::source::error::ServiceError;
use crate::source::folder::Folder;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::error::GraphError;
use crate::source::graph::selection;
use crate::source::graph::well_known;
use crate::source::listing::Listing;
use crate::source::service::Chain;
use crate::source::service::ItemKind;
use crate::source::service::MailboxPart;
use crate::source::service::MailboxService;

impl From<GraphError> for ServiceError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::EndlessChain { call } => Self::Endless { call },
            GraphError::Group { .. }
            | GraphError::EmptyGroup
            | GraphError::AdminUnit { .. }
            | GraphError::EmptyAdminUnit => Self::NoMembers {
                message: error.to_string(),
            },
            other => Self::Refused {
                action: other.action(),
                status: other.status(),
                code: other.code().to_owned(),
                message: other.to_string(),
            },
        }
    }
}

impl MailboxService for MailboxClient {
    const SOURCE: Source = Source::Graph;

    fn service_time(&self) -> Timestamp {
        self.service_time()
    }

    fn total_cost(&self) -> Cost {
        let totals = self.totals();
        Cost {
            requests: totals.requests,
            bytes: totals.bytes,
            waited_seconds: totals.waited.as_secs_f64(),
        }
    }

    async fn kind(&self, part: MailboxPart) -> Result<Option<MailboxKind>, ServiceError> {
        Ok(self.purpose(part).await?)
    }

    async fn folders(&self) -> Result<Vec<Folder>, ServiceError> {
        Ok(self.folders().await?)
    }

    async fn well_known(
        &self,
        known: &WellKnown,
        listed: &[Folder],
    ) -> Result<WellKnown, ServiceError> {
        Ok(self.well_known(known, listed).await?)
    }

    fn readable(listed: &[Folder], well_known: &WellKnown) -> Vec<Folder> {
        well_known::readable(listed, well_known)
    }

    async fn item_count(&self, folder: &str) -> Result<Option<u64>, ServiceError> {
        Ok(self.item_count(folder).await?)
    }

    fn selection_digest(selection: Selection) -> String {
        selection::digest(selection)
    }

    async fn page(&self, chain: &Chain, link: Option<&str>) -> Result<FetchedPage, ServiceError> {
        let page = match (chain, link) {
            (Chain::Folder { folder, .. }, Some(link)) => self.next_page(folder, link).await,
            (Chain::Folder { folder, selection }, None) => {
                self.first_page(folder, *selection).await
            }
            (Chain::Calendar(_), Some(link)) => self.next_calendar_page(link).await,
            (Chain::Calendar(window), None) => self.first_calendar_page(*window).await,
        };
        Ok(page?)
    }

    async fn listed_ids(&self, listing: &mut Listing) -> Result<Vec<String>, ServiceError> {
        Ok(self.listed_ids(listing).await?)
    }

    async fn listed_mails(
        &self,
        listing: &mut Listing,
        selection: Selection,
    ) -> Result<Page, ServiceError> {
        Ok(self.listed_mails(listing, selection).await?)
    }

    async fn listed_events(
        &self,
        window: Window,
        link: Option<&str>,
    ) -> Result<ListedPage<Page>, ServiceError> {
        Ok(self.calendar_list(window, link).await?)
    }

    async fn listed_event_ids(
        &self,
        window: Window,
        link: Option<&str>,
    ) -> Result<ListedPage<Vec<String>>, ServiceError> {
        Ok(self.calendar_ids(window, link).await?)
    }

    async fn items_by_id(
        &self,
        kind: ItemKind,
        ids: &[String],
    ) -> Result<Vec<FetchedItem>, ServiceError> {
        let fetched = match kind {
            ItemKind::Mail(selection) => self.messages_by_id(ids, selection).await,
            ItemKind::Event => self.events_by_id(ids).await,
        };
        Ok(fetched?)
    }

    async fn private_list(&self) -> Result<PrivateList, ServiceError> {
        Ok(self.private_list().await?)
    }

    async fn private_among(&self, ids: &[String]) -> Result<Sensitivities, ServiceError> {
        Ok(self.private_among(ids).await?)
    }
}
