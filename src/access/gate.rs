//! Before a run reads anything: that the service refuses mailboxes outside the scope, and which
//! permissions are missing or too wide.

use hashbrown::HashSet;

use crate::access::consent;
use crate::access::directory::Listing;
use crate::access::error::AccessError;
use crate::access::input::TenantInput;
use crate::access::probes;
use crate::access::probes::Denied;
use crate::config::capture::Capture;
use crate::model::access::Grant;
use crate::model::access::Outside;
use crate::model::access::Probe;
use crate::model::access::RunAccess;

/// Whether mailboxes outside the scope are tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gate<'a> {
    /// They are not: nothing is read afterwards.
    Untried,
    /// They are, and must be refused unless the tenant is among these.
    Tried(&'a [String]),
}

impl Gate<'_> {
    /// Tries mailboxes outside the scope, and those that the configuration names as readable;
    /// `selected` are the users whom the scope of some section holds.
    ///
    /// # Errors
    /// A mailbox outside the scope can be read, one that `probe.denied` names proves nothing, or one that
    /// `probe` names is not in the tenant.
    pub(crate) async fn pass(
        self,
        tenant: &TenantInput,
        capture: &Capture,
        (listing, selected): (&Listing, &HashSet<String>),
    ) -> Result<Option<RunAccess>, AccessError> {
        let Self::Tried(accepted) = self else {
            return Ok(None);
        };
        let denied = probes::denied(tenant, listing, selected)?;
        let tried = probes::try_denied(tenant, capture, &denied).await;
        let is_accepted = accepted.iter().any(|name| *name == *tenant.name);
        let outside = match outside(&denied, &tried) {
            Outside::Accepted { kinds } if !is_accepted => {
                let tenant = tenant.name.clone();
                return Err(AccessError::OpenScope { tenant, kinds });
            }
            outside => outside,
        };
        let (targets, not_in_scope) = probes::named_granted(tenant, listing)?;
        let granted = probes::try_readable(tenant, capture, &targets).await;
        // Without them the sign-in would have failed before.
        let roles = tenant.source.granted_roles().await.unwrap_or_default();
        let rows = consent::rows(&tenant.config, capture, roles.as_deref(), &granted);
        let missing = rows.iter().filter(|row| {
            let is_missing = row.grant == Grant::Missing;
            is_missing && !row.is_optional
        });
        let refused = granted.iter().filter(|probe| probe.is_wrong());
        let not_in_scope = not_in_scope.into_iter();
        Ok(Some(RunAccess {
            tenant: tenant.name.to_string(),
            outside,
            missing: missing
                .map(|row| format!("{} ({})", row.permission, row.function))
                .collect(),
            too_wide: consent::too_wide(roles.as_deref().unwrap_or_default()),
            refused: refused
                .map(|probe| format!("{} ({})", probe.mailbox, probe.kind.as_str()))
                .chain(not_in_scope.map(|address| format!("{address} (not in scope)")))
                .collect(),
        }))
    }
}

fn outside(denied: &Denied, tried: &[Probe]) -> Outside {
    if matches!(denied, Denied::WholeTenant) {
        return Outside::WholeTenant;
    }
    let open = tried.iter().filter(|probe| probe.is_open());
    let mut open: Vec<&str> = open.map(|probe| probe.kind.as_str()).collect();
    open.sort_unstable();
    open.dedup();
    if !open.is_empty() {
        let kinds = open.join(", ");
        return Outside::Accepted { kinds };
    }
    let refused = tried.iter().filter(|probe| probe.found.is_decisive());
    match refused.count() {
        0 => Outside::Unknown,
        requests => Outside::Refused { requests },
    }
}
