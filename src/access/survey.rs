//! All tenants of the configuration: who is in each, and which of them could not be asked.

use crate::access::directory;
use crate::access::directory::Listing;
use crate::access::error::AccessError;
use crate::access::gate::Gate;
use crate::access::input::TenantInput;
use crate::config::capture::Capture;
use crate::model::run::FailedTenant;

/// What the tenants said.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Tenants that were listed.
    pub(crate) listed: Vec<(TenantInput, Listing)>,
    /// Tenants that could not be signed in to or listed.
    pub(crate) failed: Vec<FailedTenant>,
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
            Ok(mut listing) => {
                let accepted = gate.pass(&tenant, capture, &listing).await?;
                survey.notes.extend(accepted);
                survey.notes.append(&mut listing.notes);
                survey.listed.push((tenant, listing));
            }
            Err(error) => failed.push((tenant, error)),
        }
    }
    for (tenant, error) in failed {
        let is_of_same = |other: &TenantInput| other.config.tenant_id == tenant.config.tenant_id;
        let is_alone = !survey.listed.iter().any(|(other, _)| !is_of_same(other));
        let is_shared = survey.listed.iter().any(|(other, _)| is_of_same(other));
        if !error.is_of_service() || is_alone || is_shared {
            return Err(error);
        }
        survey.failed.push(FailedTenant {
            tenant: tenant.name.to_string(),
            reason: error.to_string(),
            connection: error.connection(),
            code: error.code().to_owned(),
        });
    }
    Ok(survey)
}
