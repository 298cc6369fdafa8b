//! Which mails are private: Graph keeps it apart from the mails (facts 1.9).

use hashbrown::HashSet;
use serde::Deserialize;
use url::Url;

use crate::model::page::ItemAnswer;
use crate::model::sensitivity::PrivateList;
use crate::model::sensitivity::Sensitivities;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::lists;
use crate::source::graph::lists::Listed;
use crate::source::graph::retry::RequestTarget;
use crate::source::retry_action::RetryAction;
use crate::source::service::MailboxPart;

/// Entries of a page, from as many as there may be to as few as a slow mailbox can give (facts
/// 1.7).
const PAGE_SIZES: [u16; 4] = [1_000, 250, 50, 10];

/// All that is not normal: personal 1, private 2, confidential 3. Colon, slash and blank of such a
/// filter are to be escaped (facts 13).
const FILTER: &str = concat!(
    "singleValueExtendedProperties%2Fany(ep%3A%20ep%2Fid%20eq%20'Integer%200x36'",
    "%20and%20cast(ep%2Fvalue,%20Edm.Int32)%20gt%200)"
);

/// The same property of a single mail, where it has one.
const EXPAND: &str = "singleValueExtendedProperties($filter=id%20eq%20'Integer%200x36')";

#[derive(Deserialize)]
struct IdOnly {
    id: String,
}

impl Listed for IdOnly {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A mail with what was expanded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expanded {
    #[serde(default)]
    single_value_extended_properties: Option<Vec<Property>>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default, deserialize_with = "lists::text")]
    value: Option<String>,
}

impl Expanded {
    fn is_private(&self) -> bool {
        let mut properties = self.single_value_extended_properties.iter().flatten();
        properties.any(|property| property.value.as_deref().is_some_and(|value| value != "0"))
    }
}

impl MailboxClient {
    /// The mails of the whole mailbox that are not marked normal.
    ///
    /// # Errors
    /// The mailbox cannot be read at all.
    pub async fn private_list(&self) -> Result<PrivateList, GraphError> {
        for size in PAGE_SIZES {
            let asked = async || self.listed(size).await;
            match self.unless_hidden(MailboxPart::Mail, asked).await {
                Ok(Some(ids)) => return Ok(PrivateList::Ids(ids)),
                Ok(None) => return Ok(PrivateList::Hidden),
                Err(GraphError::Refused {
                    status: Some(400 | 501),
                    ..
                }) => break,
                Err(error) => match error.action() {
                    // The service did not manage it.
                    RetryAction::ItemUnreadable => {}
                    // It does not answer at all: the next request shows whether the mailbox does.
                    RetryAction::GiveUpMailbox => break,
                    _ => return Err(error),
                },
            }
        }
        Ok(PrivateList::NotListed)
    }

    async fn listed(&self, size: u16) -> Result<HashSet<String>, GraphError> {
        let first = self.url(&format!(
            "/messages?$select=id&$top={size}&$filter={FILTER}"
        ))?;
        let ask = async |url| {
            let call = Call::get(NAME, RequestTarget::Item, url).with_immutable_ids();
            self.ask(&call, |body| lists::page(&body)).await.map(Some)
        };
        let follow = |link: &str, first: &Url| self.follow(link, first);
        let listed: Vec<IdOnly> = lists::read(NAME, first, ask, follow).await?;
        Ok(listed.into_iter().map(|item| item.id).collect())
    }

    /// Of these mails, one by one, which are not marked normal. One that the service does not hand
    /// out is unknown; one that is gone is normal.
    ///
    /// # Errors
    /// The mailbox cannot be read at all, or the request itself is refused: then nothing may be
    /// stored that depends on it.
    pub async fn private_among(&self, ids: &[String]) -> Result<Sensitivities, GraphError> {
        let path = |id: &str| format!("/messages/{}?$select=id&$expand={EXPAND}", escaped(id));
        let call = self.batch_call("sensitivity by id", RequestTarget::Item)?;
        let (mut private, mut unknown) = (HashSet::new(), HashSet::new());
        for fetched in self.items_by_id(&call, ids, path).await? {
            let is_private = match fetched.answer {
                ItemAnswer::Item(body) => {
                    let mail = serde_json::from_slice::<Expanded>(&body).ok();
                    mail.map(|mail| mail.is_private())
                }
                ItemAnswer::Gone => Some(false),
                ItemAnswer::Refused => None,
            };
            match is_private {
                Some(true) => private.insert(fetched.id),
                Some(false) => continue,
                None => unknown.insert(fetched.id),
            };
        }
        Ok(Sensitivities::Singly { private, unknown })
    }
}

const NAME: &str = "list of private mails";
