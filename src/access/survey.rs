//! All tenants of the configuration: who is in each, and which of them could not be asked.

use hashbrown::HashSet;

use crate::access::directory;
use crate::access::directory::Listing;
use crate::access::error::AccessError;
use crate::access::gate::Gate;
use crate::access::input::TenantInput;
use crate::config::capture::Capture;
use crate::config::tenant::Tenant;
use crate::model::access::RunAccess;
use crate::model::run::FailedTenant;

/// What the tenants said.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Tenants that were listed.
    pub(crate) listed: Vec<(TenantInput, Listing)>,
    /// Tenants that could not be signed in to or listed.
    pub(crate) failed: Vec<FailedTenant>,
    /// What a run found of their permissions.
    pub(crate) access: Vec<RunAccess>,
    /// What the user should know of them.
    pub(crate) notes: Vec<String>,
}

impl Survey {
    /// The names of the tenants that were listed.
    pub(crate) fn names(&self) -> Vec<String> {
        let tenants = self.listed.iter();
        tenants.map(|(tenant, _)| tenant.name.to_string()).collect()
    }
}

/// Lists the users of all tenants. One that fails does not stop the others, unless these are of the
/// same directory: who is on its deny list is unknown then.
///
/// # Errors
/// No tenant could be listed, a scope or a probe is wrong, or a mailbox outside a scope can be read.
pub(crate) async fn all(
    capture: &Capture,
    tenants: Vec<TenantInput>,
    gate: Gate<'_>,
) -> Result<Survey, AccessError> {
    let mut survey = Survey::default();
    let mut failed = Vec::new();
    for tenant in tenants {
        match directory::list(capture, &tenant).await {
            Ok(listing) => survey.listed.push((tenant, listing)),
            Err(error) => failed.push((tenant, error)),
        }
    }
    let ids = survey.listed.iter();
    let ids = ids.flat_map(|(_, listing)| listing.selected_ids());
    let selected: HashSet<String> = ids.collect();
    for (tenant, listing) in &survey.listed {
        let access = gate.pass(tenant, capture, (listing, &selected)).await?;
        survey.access.extend(access);
        survey.notes.extend(listing.notes.iter().cloned());
    }
    let mut first = None;
    for (tenant, error) in failed {
        let mut listed = survey.listed.iter();
        let may_be_shared =
            listed.any(|(other, listing)| may_be_same(&tenant.config, other, listing));
        if !error.is_of_service() || may_be_shared {
            return Err(error);
        }
        survey.failed.push(FailedTenant {
            tenant: tenant.name.to_string(),
            reason: error.to_string(),
            connection: error.connection(),
            code: error.code().to_owned(),
        });
        first.get_or_insert(error);
    }
    match first {
        Some(first) if survey.listed.is_empty() => Err(AccessError::NoTenant {
            failed: survey.failed,
            source: Box::new(first),
        }),
        _ => Ok(survey),
    }
}

/// Whether two sections may be of one directory: `tenant_id` is an id or one of many domains.
fn may_be_same(failed: &Tenant, listed: &TenantInput, listing: &Listing) -> bool {
    let wanted = failed.tenant_id.as_str();
    let is_wanted = |text: &str| text.eq_ignore_ascii_case(wanted);
    let known = listed.config.tenant_id.as_str();
    let are_ids = !wanted.contains('.') && !known.contains('.');
    is_wanted(known)
        || match &listing.identity {
            Some(identity) => {
                is_wanted(&identity.id) || identity.domains.iter().any(|domain| is_wanted(domain))
            }
            None => !are_ids,
        }
}
