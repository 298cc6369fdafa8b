//! What a run would read: the mailboxes in scope, with what the lake and the service say of each.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::access::gate::Gate;
use crate::access::kinds;
use crate::config::Config;
use crate::config::crm::Trust;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::model::connection::Connection;
use crate::model::connection::LastConnection;
use crate::model::mailbox::MailboxName;
use crate::model::run::FoundKind;
use crate::model::run::Plan;
use crate::model::run::PlanLine;
use crate::model::run::PlanVerdict;
use crate::model::shard::Shard;
use crate::pipeline::discovery::Discovery;
use crate::pipeline::error::RunError;
use crate::pipeline::inputs::Inputs;
use crate::pipeline::stores;
use crate::pipeline::writer::WriterError;
use crate::source::tenant::Tenant;

/// A tenant's name in the configuration, and the tenant.
type Source = (Arc<str>, Tenant);

/// Which mailboxes are in scope, and why; reads no mail and writes nothing.
///
/// # Errors
/// As of a run, as long as nothing is read. A lake that cannot be read is an error, too.
pub async fn plan(
    config: &Config,
    mailbox: Option<MailboxName>,
    shard: Shard,
) -> Result<Plan, RunError> {
    let inputs = Inputs::read(config, Trust::Accepted)?;
    let tenants = inputs.tenants.iter();
    let sources: Vec<Source> = tenants
        .map(|tenant| (tenant.name.clone(), tenant.source.clone()))
        .collect();
    let discovery =
        Discovery::take(config, inputs, (mailbox.as_ref(), shard), Gate::Untried).await?;
    let is_whole = mailbox.is_none() && shard == Shard::default();
    let is_whole = is_whole && discovery.failed.is_empty();
    let Plan {
        mut lines,
        digest,
        failed,
    } = discovery.plan;
    add_known(config, &mut lines).await?;
    for source in &sources {
        add_kinds(source, &mut lines).await;
    }
    note_shared(config, &mut lines);
    Ok(Plan {
        lines,
        digest: digest.filter(|_| is_whole),
        failed,
    })
}

/// What the lake says of each mailbox.
async fn add_known(config: &Config, lines: &mut [PlanLine]) -> Result<(), RunError> {
    let (settings, cpu) = (stores::lake_settings(config), stores::cpu(config)?);
    let disk = Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        let lake = Lake::open_if_any(settings, cpu, disk)?;
        lake.map_or_else(|| Ok(HashMap::new()), |lake| lake.last_connections())
    });
    let found: Result<_, LakeError> = reading.await.map_err(|_| WriterError::Lost)?;
    let known: HashMap<Arc<str>, LastConnection> = found.map_err(WriterError::from)?;
    for line in lines {
        let Some(last) = known.get(line.mailbox_id.as_str()) else {
            continue;
        };
        line.facts.last = Some(last.connection);
        if line.is_in_scope() && last.connection == Connection::Unlinked {
            line.verdict = PlanVerdict::Out {
                because: "unlinked".to_owned(),
                connection: Connection::Unlinked,
            };
        }
        line.facts.kind = match last.connection {
            Connection::Connected | Connection::Incomplete => {
                Some(FoundKind::Mailbox(last.mailbox.kind))
            }
            _ => line.facts.kind.take(),
        };
    }
    Ok(())
}

/// What a tenant says of the kind of mailboxes that no run has read.
async fn add_kinds((name, tenant): &Source, lines: &mut [PlanLine]) {
    let mut wanted: Vec<&mut PlanLine> = lines
        .iter_mut()
        .filter(|line| *line.tenant == **name && is_kind_wanted(line))
        .collect();
    let ids: Vec<String> = wanted.iter().map(|line| line.mailbox_id.clone()).collect();
    let mut found = kinds::of(tenant, &ids).await;
    for line in &mut wanted {
        line.facts.kind = found.remove(&line.mailbox_id);
    }
}

/// Of mailboxes of which nothing would be captured nothing is requested.
fn is_kind_wanted(line: &PlanLine) -> bool {
    let facts = &line.facts;
    let is_captured = facts.captures_mail || facts.meetings != "none";
    line.is_in_scope() && facts.kind.is_none() && is_captured
}

/// Says where shared mailboxes are not read.
fn note_shared(config: &Config, lines: &mut [PlanLine]) {
    for line in lines {
        let mut tenants = config.tenants.iter();
        line.facts.reads_shared =
            tenants.any(|tenant| tenant.name == line.tenant && tenant.shared_mailboxes);
    }
}
