//! Before a run reads anything: that the service refuses mailboxes outside the scope.

use hashbrown::HashSet;

use crate::access::directory::Listing;
use crate::access::error::AccessError;
use crate::access::input::TenantInput;
use crate::access::probes;
use crate::access::probes::Denied;
use crate::config::capture::Capture;
use crate::model::access::Probe;

/// Whether mailboxes outside the scope are tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gate<'a> {
    /// They are not: nothing is read afterwards.
    Untried,
    /// They are, and must be refused unless the tenant is among these.
    Tried(&'a [String]),
}

impl Gate<'_> {
    /// Tries mailboxes outside the scope; `selected` are the users whom the scope of some section
    /// holds. Gives a note where one can be read and that was accepted, and where no answer tells.
    ///
    /// # Errors
    /// A mailbox outside the scope can be read, or one that the configuration names is in scope.
    pub(crate) async fn pass(
        self,
        tenant: &TenantInput,
        capture: &Capture,
        (listing, selected): (&Listing, &HashSet<String>),
    ) -> Result<Option<String>, AccessError> {
        let Self::Tried(accepted) = self else {
            return Ok(None);
        };
        let denied = probes::denied(tenant, listing, selected)?;
        let probes = probes::try_denied(tenant, capture, &denied).await;
        let open: Vec<&Probe> = probes.iter().filter(|probe| probe.is_open()).collect();
        if open.is_empty() {
            let is_unproven =
                !matches!(denied, Denied::WholeTenant) && !probes::have_answered(&probes);
            return Ok(is_unproven.then(|| {
                format!(
                    "tenant {}: no mailbox outside the scope has answered, so it is unknown whether the \
                     restriction works; see touchpoint check",
                    tenant.name
                )
            }));
        }
        let mut kinds: Vec<&str> = open.iter().map(|probe| probe.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kinds = kinds.join(", ");
        if accepted.iter().any(|name| *name == *tenant.name) {
            return Ok(Some(format!(
                "tenant {}: a mailbox outside the scope can be read ({kinds}), which was accepted; see \
                 touchpoint check",
                tenant.name
            )));
        }
        Err(AccessError::OpenScope {
            tenant: tenant.name.clone(),
            kinds,
        })
    }
}
