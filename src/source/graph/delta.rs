//! Message delta: one chain per folder (facts 1.1 to 1.7).

use std::sync::Arc;

use crate::model::page::FetchedPage;
use crate::model::page::Link;
use crate::model::page::Page;
use crate::model::selection::Headers;
use crate::model::selection::Selection;
use crate::runtime::clock;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::envelope;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::retry::RequestTarget;
use crate::source::graph::selection::properties;

/// A page, as what lies behind a link. An unchanged deltaLink is no error (facts 1.4); an unchanged
/// nextLink has no end.
pub(super) fn behind(
    link: &str,
    fetched: FetchedPage,
    call: &'static str,
) -> Result<FetchedPage, GraphError> {
    match &fetched.link {
        Link::Next(next) if next == link => Err(GraphError::EndlessChain { call }),
        _ => Ok(fetched),
    }
}

impl MailboxClient {
    /// The first page of a folder's chain. The properties are chosen here and stay (facts 1.2).
    /// Whether header fields can be chosen is documented nowhere (facts 11.7): where they are
    /// refused, this and all that follows does without them.
    pub async fn first_page(
        &self,
        folder: &Arc<str>,
        selection: Selection,
    ) -> Result<FetchedPage, GraphError> {
        let selection = self.taken(selection);
        match self.first(folder, selection).await {
            Err(refused)
                if selection.headers == Headers::Asked && refused.status() == Some(400) =>
            {
                let without = self.first(folder, selection.without_headers()).await?;
                // A refusal that has passed meanwhile was not for them.
                if let Ok(fetched) = self.first(folder, selection).await {
                    return Ok(fetched);
                }
                self.note_refused_headers();
                Ok(without)
            }
            other => other,
        }
    }

    async fn first(
        &self,
        folder: &Arc<str>,
        selection: Selection,
    ) -> Result<FetchedPage, GraphError> {
        let mut url = self.chain(folder)?;
        url.set_query(Some(&format!("$select={}", properties(selection))));
        self.page(folder, url, RequestTarget::Folder).await
    }

    /// What a folder's chain is asked of.
    fn chain(&self, folder: &str) -> Result<url::Url, GraphError> {
        self.url(&format!("/mailFolders/{}/messages/delta", escaped(folder)))
    }

    /// The page behind a link of the same chain: a nextLink, or the deltaLink of the last round.
    pub async fn next_page(
        &self,
        folder: &Arc<str>,
        link: &str,
    ) -> Result<FetchedPage, GraphError> {
        let fetched = self
            .page(
                folder,
                self.kept(link, &self.chain(folder)?)?,
                RequestTarget::Link,
            )
            .await?;
        behind(link, fetched, NAME)
    }

    async fn page(
        &self,
        folder: &Arc<str>,
        url: url::Url,
        target: RequestTarget,
    ) -> Result<FetchedPage, GraphError> {
        let call = Call {
            sized_pages: true,
            ..Call::get(NAME, target, url).with_immutable_ids()
        };
        let opened = self.ask(&call, envelope::open).await?;
        // Before it is kept: else the chain would stop there on every further night.
        self.follow(opened.link.text(), &self.chain(folder)?)?;
        Ok(FetchedPage {
            page: Page {
                container: Arc::clone(folder),
                body: opened.body,
                items: opened.items,
            },
            link: opened.link,
            fetched_at: clock::now(),
        })
    }
}

const NAME: &str = "message delta";
