//! Who is in the tenant: verified domains and users (facts 3.1, 3.3, 3.6).

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::model::directory::DirectoryUser;
use crate::model::mailbox::MailboxKind;
use crate::source::graph::call::Call;
use crate::source::graph::client::Client;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::envelope;
use crate::source::graph::envelope::List;
use crate::source::graph::error::GraphError;
use crate::source::graph::lists;
use crate::source::graph::lists::Listed;
use crate::source::graph::retry::RequestTarget;
use crate::source::service::MailboxPart;

/// What is asked of a user. All but the names must be selected to come at all (facts 3.1).
pub(super) const USER_SELECT: &str = "id,displayName,mail,userPrincipalName,proxyAddresses,userType,accountEnabled,onPremisesSyncEnabled";

/// The largest page of directory objects (facts 3.1).
pub(super) const DIRECTORY_TOP: u32 = 999;

/// The tenant as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Tenant id.
    pub id: String,
    /// Verified domains, each subdomain on its own (facts 3.6).
    pub domains: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrganization {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    verified_domains: Option<Vec<RawDomain>>,
}

#[derive(Deserialize)]
struct RawDomain {
    #[serde(default)]
    name: Option<String>,
}

/// A user, or another directory object, as it comes: anything but the id may be missing, or of
/// another type than it should be.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawUser {
    #[serde(rename = "@odata.type", default, deserialize_with = "lists::text")]
    pub(super) odata_type: Option<String>,
    pub(super) id: String,
    #[serde(default, deserialize_with = "lists::text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lists::text")]
    mail: Option<String>,
    #[serde(default, deserialize_with = "lists::text")]
    user_principal_name: Option<String>,
    #[serde(default, deserialize_with = "lists::texts")]
    proxy_addresses: Vec<String>,
    #[serde(default, deserialize_with = "lists::text")]
    user_type: Option<String>,
    #[serde(default, deserialize_with = "lists::flag")]
    account_enabled: Option<bool>,
    #[serde(default, deserialize_with = "lists::flag")]
    on_premises_sync_enabled: Option<bool>,
}

impl Listed for RawUser {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A directory object of which its id and type are enough.
#[derive(Deserialize)]
pub(super) struct RawObject {
    pub(super) id: String,
    #[serde(rename = "@odata.type", default, deserialize_with = "lists::text")]
    pub(super) odata_type: Option<String>,
}

impl Listed for RawObject {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What was listed of a directory object; `not_one` is the error where that does not exist.
pub(super) fn found_or<T>(
    listed: Result<T, GraphError>,
    not_one: impl Fn(&'static str) -> GraphError,
) -> Result<T, GraphError> {
    match listed {
        Err(GraphError::Refused {
            status: Some(404), ..
        }) => Err(not_one("not found")),
        other => other,
    }
}

impl RawUser {
    /// Whether only its id is shown, for want of a permission (facts 3.4).
    pub(super) fn is_limited(&self) -> bool {
        self.user_principal_name.is_none() && self.display_name.is_none() && self.mail.is_none()
    }

    pub(super) fn into_user(self) -> DirectoryUser {
        DirectoryUser {
            id: self.id,
            display_name: self.display_name.unwrap_or_default(),
            mail: self.mail.filter(|mail| !mail.is_empty()),
            user_principal_name: self.user_principal_name.unwrap_or_default(),
            proxy_addresses: self.proxy_addresses,
            user_type: self.user_type,
            account_enabled: self.account_enabled,
            is_synced: self.on_premises_sync_enabled == Some(true),
        }
    }
}

impl Client {
    /// The tenant and its verified domains; `None` where the permission does not show them
    /// (Organization.Read.All, or User.Read.All: the documents contradict each other, facts 13).
    pub async fn organization(&self) -> Result<Option<Organization>, GraphError> {
        let url = self.url("/organization?$select=id,verifiedDomains")?;
        let call = Call::get("organization", RequestTarget::Directory, url);
        let parse = |body: Bytes| {
            let list: List<RawOrganization> = envelope::list(&body)?;
            list.value.into_iter().next()
        };
        let raw = match self.ask_directory(&call, parse).await {
            Err(GraphError::Refused {
                status: Some(403), ..
            }) => return Ok(None),
            raw => raw?,
        };
        let domains = raw.verified_domains.unwrap_or_default();
        Ok(Some(Organization {
            id: raw.id.unwrap_or_default(),
            domains: domains
                .into_iter()
                .filter_map(|domain| domain.name)
                .collect(),
        }))
    }

    /// All users. None is filtered out: a filter by kind or state would lose old accounts and
    /// shared mailboxes (facts 3.1, 3.3).
    pub async fn users(&self) -> Result<Vec<DirectoryUser>, GraphError> {
        let path = format!("/users?$select={USER_SELECT}&$top={DIRECTORY_TOP}");
        let users: Vec<RawUser> = self.directory_list("users", &path).await?;
        Ok(users.into_iter().map(RawUser::into_user).collect())
    }

    /// The id of the only object of a list; `not_one` is the error where there is none, or several.
    pub(super) async fn only_id(
        &self,
        name: &'static str,
        path: &str,
        not_one: impl Fn(&'static str) -> GraphError,
    ) -> Result<String, GraphError> {
        let objects: Vec<RawObject> = self.directory_list(name, path).await?;
        let mut objects = objects.into_iter();
        match (objects.next(), objects.next()) {
            (Some(object), None) => Ok(object.id),
            (None, _) => Err(not_one("not found")),
            (Some(_), Some(_)) => Err(not_one("found more than once")),
        }
    }

    /// Reads a list to its end.
    pub(super) async fn directory_list<T: DeserializeOwned + Listed>(
        &self,
        name: &'static str,
        path: &str,
    ) -> Result<Vec<T>, GraphError> {
        let ask = async |url| {
            let call = Call::get(name, RequestTarget::Directory, url);
            self.ask_directory(&call, |body| lists::page(&body))
                .await
                .map(Some)
        };
        let follow = |link: &str, first: &Url| self.follow(link, first);
        lists::read(name, self.url(path)?, ask, follow).await
    }
}

/// Where a mailbox says of which kind it is (facts 3.3).
pub(super) const PURPOSE: &str = "/mailboxSettings/userPurpose";

#[derive(Deserialize)]
struct Purpose {
    #[serde(default)]
    value: Option<String>,
}

impl MailboxClient {
    /// What kind of mailbox it is; `None` where the permission does not show it (facts 3.3).
    pub(super) async fn purpose(
        &self,
        part: MailboxPart,
    ) -> Result<Option<MailboxKind>, GraphError> {
        let url = self.url(PURPOSE)?;
        let call = Call::get("mailbox kind", RequestTarget::Mailbox, url);
        let parse = |body: Bytes| serde_json::from_slice::<Purpose>(&body).ok();
        // MailboxSettings.Read is a permission that need not be given.
        let asked = async || self.ask(&call, parse).await;
        let purpose = match self.unless_hidden(part, asked).await {
            // A service that does not know the question has no other kinds.
            Err(GraphError::Refused {
                status: Some(400 | 501),
                ..
            }) => None,
            shown => shown?.and_then(|purpose| purpose.value),
        };
        Ok(purpose.as_deref().map(kind))
    }
}

/// The kind that an answer names.
pub(super) fn purpose(body: &[u8]) -> Option<MailboxKind> {
    let purpose: Purpose = serde_json::from_slice(body).ok()?;
    purpose.value.as_deref().map(kind)
}

fn kind(purpose: &str) -> MailboxKind {
    match purpose {
        "shared" => MailboxKind::Shared,
        "room" => MailboxKind::Room,
        "equipment" => MailboxKind::Equipment,
        _ => MailboxKind::User,
    }
}
