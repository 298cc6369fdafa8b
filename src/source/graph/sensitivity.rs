//! Which mails are private: Graph keeps it apart from the mails (facts 1.9).

use hashbrown::HashSet;
use serde::Deserialize;
use url::Url;

use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::error::GraphError;
use crate::source::graph::lists;
use crate::source::graph::lists::Listed;
use crate::source::graph::retry::Asked;

/// What is known of the sensitivity of a mailbox's mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sensitivities {
    /// Ids of all mails that are marked personal, private or confidential; all others are normal.
    Known(HashSet<String>),
    /// The permission does not show it (Mail.ReadBasic), or the service does not filter by it.
    Hidden,
}

/// All that is not normal: personal 1, private 2, confidential 3.
const PRIVATE_PATH: &str = concat!(
    "/messages?$select=id&$top=1000&$filter=singleValueExtendedProperties/any(",
    "ep:%20ep/id%20eq%20'Integer%200x36'%20and%20cast(ep/value,%20Edm.Int32)%20gt%200)"
);

#[derive(Deserialize)]
struct OnlyId {
    id: String,
}

impl Listed for OnlyId {
    fn id(&self) -> &str {
        &self.id
    }
}

impl MailboxClient {
    /// The mails of the whole mailbox that are not marked normal.
    pub async fn private_ids(&self) -> Result<Sensitivities, GraphError> {
        let told = self.unless_hidden(async || self.listed_private_ids().await);
        let ids = told.await?;
        Ok(ids.map_or(Sensitivities::Hidden, Sensitivities::Known))
    }

    async fn listed_private_ids(&self) -> Result<HashSet<String>, GraphError> {
        let ask = async |url| {
            let call = Call::get(NAME, Asked::Item, url).with_immutable_ids();
            self.ask(&call, |body| lists::page(&body)).await.map(Some)
        };
        let follow = |link: &str, first: &Url| self.follow(link, first);
        let listed: Vec<OnlyId> = lists::read(NAME, self.url(PRIVATE_PATH)?, ask, follow).await?;
        Ok(listed.into_iter().map(|item| item.id).collect())
    }
}

const NAME: &str = "list of private mails";
