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
use crate::source::graph::envelope::Opened;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::differ_in_query;
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
        let chain = self.url(&chain(folder))?;
        let mut url = chain.clone();
        url.set_query(Some(&format!("$select={}", properties(selection))));
        let opened = self.open(url, RequestTarget::Folder).await?;
        // Before it is kept: else the chain would stop there on every further night.
        self.follow(opened.link.text(), &chain)?;
        Ok(fetched(folder, opened))
    }

    /// The page behind a link of the same chain: a nextLink, or the deltaLink of the last round.
    pub async fn next_page(
        &self,
        folder: &Arc<str>,
        link: &str,
    ) -> Result<FetchedPage, GraphError> {
        let chain = chain(folder);
        let opening = self.open(self.kept(link, &chain)?, RequestTarget::Link);
        let opened = opening.await?;
        // As a rule nothing but the token differs.
        if !differ_in_query(opened.link.text(), link) {
            self.follow(opened.link.text(), &self.url(&chain)?)?;
        }
        behind(link, fetched(folder, opened), NAME)
    }

    async fn open(&self, url: url::Url, target: RequestTarget) -> Result<Opened, GraphError> {
        let call = Call {
            sized_pages: true,
            ..Call::get(NAME, target, url).with_immutable_ids()
        };
        self.ask(&call, envelope::open).await
    }
}

/// What a folder's chain is asked of, below its mailbox.
fn chain(folder: &str) -> String {
    format!("/mailFolders/{}/messages/delta", escaped(folder))
}

fn fetched(folder: &Arc<str>, opened: Opened) -> FetchedPage {
    FetchedPage {
        page: Page {
            container: Arc::clone(folder),
            body: opened.body,
            items: opened.items,
        },
        link: opened.link,
        fetched_at: clock::now(),
    }
}

const NAME: &str = "message delta";
