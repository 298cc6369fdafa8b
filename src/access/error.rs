//! Why it is not known which mailboxes of a tenant are in scope.

use std::sync::Arc;

use crate::config::error::ConfigError;
use crate::model::connection::Connection;
use crate::model::run::FailedTenant;
use crate::scope::plan::ScopeError;
use crate::source::error::ServiceError;
use crate::source::tenant::ConnectError;

/// The sign-in service does not know the application: no consent, or one that was given a moment ago
/// and has not reached everywhere (facts 4.3, 4.4).
pub(crate) const UNKNOWN_APPLICATION: [&str; 2] = ["AADSTS700016", "AADSTS7000229"];

/// Why the mailboxes of a tenant are unknown; nothing of it is read then.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The configuration of a tenant, or a file that it names.
    #[error("tenant {tenant}: {source}")]
    Config {
        /// Its name.
        tenant: Arc<str>,
        /// What is wrong.
        source: ConfigError,
    },
    /// The tenant cannot be read at all.
    #[error("tenant {tenant}: {source}")]
    Tenant {
        /// Its name.
        tenant: Arc<str>,
        /// Why.
        source: ServiceError,
    },
    /// No tenant can be read.
    #[error("{source}")]
    NoTenant {
        /// All of them, and why.
        failed: Vec<FailedTenant>,
        /// Why the first of them cannot be read.
        source: Box<Self>,
    },
    /// Who is on the deny list is unknown, so no one is read.
    #[error("tenant {tenant}: the group of its deny list: {source}")]
    DenyGroup {
        /// The tenant's name.
        tenant: Arc<str>,
        /// Why.
        source: ServiceError,
    },
    /// A probe that contradicts the directory or the scope.
    #[error("tenant {tenant}: probe.{key}, entry {entry}: {why}")]
    Probe {
        /// The tenant's name.
        tenant: Arc<str>,
        /// `granted` or `denied`.
        key: &'static str,
        /// Which entry, from 1.
        entry: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The service lets the application read more than the scope.
    #[error(
        "tenant {tenant}: the restriction does not work: a mailbox outside the scope can be read \
         ({kinds}); touchpoint check says more, and run --accept-open-scope {tenant} reads the scope \
         all the same"
    )]
    OpenScope {
        /// The tenant's name.
        tenant: Arc<str>,
        /// What can be read of it.
        kinds: String,
    },
    /// A scope without users.
    #[error("tenant {tenant}: {source}")]
    Scope {
        /// The tenant's name.
        tenant: Arc<str>,
        /// Why.
        source: ScopeError,
    },
}

impl AccessError {
    /// A tenant cannot be read at all.
    pub fn tenant(tenant: &Arc<str>, source: ServiceError) -> Self {
        Self::Tenant {
            tenant: tenant.clone(),
            source,
        }
    }

    /// Whether the tenant did not answer, or refused: nothing of the configuration is wrong for sure.
    pub(crate) fn is_of_service(&self) -> bool {
        let is_of_configuration =
            |source: &ServiceError| matches!(source, ServiceError::NoMembers { .. });
        matches!(self, Self::Tenant { source, .. } if !is_of_configuration(source))
    }

    /// How the tenant's mailboxes count as connected.
    pub(crate) fn connection(&self) -> Connection {
        if UNKNOWN_APPLICATION.contains(&self.code()) {
            Connection::WaitingForConsent
        } else {
            Connection::Error
        }
    }

    /// The service's own code, where it refused.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Tenant { source, .. } | Self::DenyGroup { source, .. } => source.code(),
            _ => "",
        }
    }

    /// A probe that contradicts the directory or the scope.
    pub(crate) fn probe(tenant: &Arc<str>, key: &'static str, entry: usize, why: String) -> Self {
        Self::Probe {
            tenant: tenant.clone(),
            key,
            entry,
            why,
        }
    }

    /// The configuration of a tenant cannot be used.
    pub(crate) fn config(tenant: &Arc<str>, source: ConfigError) -> Self {
        Self::Config {
            tenant: tenant.clone(),
            source,
        }
    }

    /// A tenant cannot be signed in to.
    pub fn connect(tenant: &Arc<str>, error: ConnectError) -> Self {
        match error {
            ConnectError::Config(source) => Self::config(tenant, source),
            ConnectError::Service(error) => Self::tenant(tenant, error),
        }
    }
}
