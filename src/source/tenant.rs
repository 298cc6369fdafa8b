//! A tenant: who is in it, and their mailboxes.

use std::sync::Arc;
use std::time::Duration;

use crate::config;
use crate::config::credential::Credential as Configured;
use crate::config::error::ConfigError;
use crate::config::limits;
use crate::config::run::Run;
use crate::model::access::ProbeAnswer;
use crate::model::access::ProbeKind;
use crate::model::directory::DirectoryUser;
use crate::model::mailbox::MailboxKind;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::source::error::ServiceError;
use crate::source::graph::certificate::Certificate;
use crate::source::graph::client::Client;
use crate::source::graph::credential::Credential;
use crate::source::graph::settings::GraphSettings;
use crate::source::graph::settings::Limits;
use crate::source::service::MailboxService;

/// A tenant that can be signed in to; copies share everything.
#[derive(Debug, Clone)]
pub struct Tenant {
    client: Client,
    /// What the user should know of its credential.
    note: Option<String>,
}

/// Which tenant it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Tenant id.
    pub id: String,
    /// Verified domains.
    pub domains: Vec<String>,
}

/// Who is directly in an administrative unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitMembers {
    /// Object ids of the users.
    pub users: Vec<String>,
    /// Number of groups; they do not bring their members into the unit (facts 3.5).
    pub groups: usize,
}

/// Why a tenant cannot be signed in to.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A secret or a file that the configuration names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its addresses cannot be used.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Tenant {
    /// Prepares to sign in to a tenant as configured; nothing is sent yet.
    ///
    /// # Errors
    /// The credential cannot be read or used, or the configured addresses cannot be used.
    pub fn connect(tenant: &config::tenant::Tenant, run: &Run) -> Result<Self, ConnectError> {
        let name: Arc<str> = tenant.name.as_str().into();
        let limits = Limits {
            in_flight: usize::from(run.requests_at_once),
            deadline: Duration::from_secs(run.answer_seconds.into()),
            ..Limits::standard().with_first_wait(run.retry_wait)
        };
        let (credential, note) = credential(tenant, clock::now())?;
        let settings = GraphSettings {
            name,
            tenant_id: tenant.tenant_id.clone(),
            client_id: tenant.client_id.clone(),
            credential,
            login_url: tenant.login_url.as_str().trim_end_matches('/').to_owned(),
            graph_url: tenant.graph_url.as_str().trim_end_matches('/').to_owned(),
            page_size: u32::from(run.page_size),
            authorities: tenant.authorities()?,
            limits,
        };
        let client = Client::new(&settings).map_err(ServiceError::from)?;
        Ok(Self { client, note })
    }

    /// What the user should know of its credential: that it ends soon.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Its id and verified domains; `None`: the permission does not show them.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub async fn identity(&self) -> Result<Option<Identity>, ServiceError> {
        let organization = self.client.organization().await?;
        Ok(organization.map(|organization| Identity {
            id: organization.id,
            domains: organization.domains,
        }))
    }

    /// All users.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub async fn users(&self) -> Result<Vec<DirectoryUser>, ServiceError> {
        Ok(self.client.users().await?)
    }

    /// The ids of a group's users, members of nested groups included.
    ///
    /// # Errors
    /// There is no such group, it shows no users, or the directory cannot be read.
    pub async fn group_members(&self, group: &str) -> Result<Vec<String>, ServiceError> {
        let found = self.client.group_members(group).await?;
        let ids = found.users.into_iter().map(|user| user.id);
        Ok(ids.chain(found.limited).collect())
    }

    /// The users and the number of groups in an administrative unit, by its name or object id.
    ///
    /// # Errors
    /// There is no such unit, it shows no users, or the directory cannot be read.
    pub async fn admin_unit_members(&self, unit: &str) -> Result<UnitMembers, ServiceError> {
        let (users, groups) = self.client.admin_unit_members(unit).await?;
        Ok(UnitMembers { users, groups })
    }

    /// Signs in again with the next request, as after a change of permissions.
    pub async fn renew_sign_in(&self) {
        self.client.renew_sign_in().await;
    }

    /// The application permissions that Entra has granted, as the token names them, sorted; `None`
    /// where the token cannot be read.
    ///
    /// # Errors
    /// The sign-in failed.
    pub async fn granted_roles(&self) -> Result<Option<Vec<String>>, ServiceError> {
        Ok(self.client.granted_roles().await?)
    }

    /// Tries whether a user's mailbox can be read.
    pub async fn probe(&self, user_id: &str, kind: ProbeKind) -> ProbeAnswer {
        self.client.mailbox(user_id).probe(kind).await
    }

    /// What kind of mailbox a user has, by object id; nothing in it is requested.
    ///
    /// # Errors
    /// The answer is not that there is one.
    pub async fn mailbox_kind(&self, user_id: &str) -> Result<MailboxKind, ProbeAnswer> {
        self.client.mailbox(user_id).probe_purpose().await
    }

    /// The mailbox of a user, by object id.
    pub(crate) fn mailbox(&self, user_id: &str) -> impl MailboxService + use<> {
        self.client.mailbox(user_id)
    }
}

/// Reads and checks what the application signs in with, and says where it ends soon.
fn credential(
    tenant: &config::tenant::Tenant,
    now: Timestamp,
) -> Result<(Credential, Option<String>), ConfigError> {
    Ok(match tenant.credential()? {
        Configured::Secret(secret) => (Credential::Secret(secret.read()?), None),
        Configured::Certificate(files) => {
            let certificate = Certificate::new(&files.read()?, now)?;
            let left = certificate.ends().0.saturating_sub(now.0).div_euclid(DAY);
            let note = (left < limits::CREDENTIAL_NOTICE_DAYS).then(|| {
                format!(
                    "its certificate ({}) ends on {}, {left} days from now; make a new one, register it \
                     with the application and name it in the configuration before then",
                    files.file.display(),
                    certificate.ends().rfc3339()
                )
            });
            (Credential::Certificate(certificate), note)
        }
        Configured::AssertionFile(file) => {
            // What it holds later is read later; that there is one is seen before anything is.
            file.read()?;
            (Credential::AssertionFile(file.clone()), None)
        }
    })
}

#[cfg(test)]
impl From<Client> for Tenant {
    fn from(client: Client) -> Self {
        Self { client, note: None }
    }
}
