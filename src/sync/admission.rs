//! Which of the mailboxes in scope may be read: new ones wait where there are many of them, until
//! somebody has confirmed the list.

use hashbrown::HashSet;

use crate::config::confirm::Confirm;
use crate::config::tenant::Tenant;
use crate::model::connection::Connection;
use crate::model::run::MailboxFacts;
use crate::model::run::PlanLine;
use crate::model::run::PlanVerdict;
use crate::model::shard::Shard;
use crate::sync::job::History;
use crate::sync::job::Job;

/// Whether somebody said that the mailboxes of this run are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// No one did: the rules decide.
    None,
    /// By the digest of the list, or by naming the mailbox.
    Given,
}

/// The mailboxes to read, and a line for each that is unlinked or waits. Archives are always admitted.
pub(crate) fn admit(
    jobs: Vec<Job>,
    tenants: &[Tenant],
    shard: Shard,
    confirmation: Confirmation,
) -> (Vec<Job>, Vec<PlanLine>) {
    let wait = |tenant: &Tenant| {
        let of_tenant = jobs
            .iter()
            .filter(|job| *job.mailbox.tenant == *tenant.name);
        let (new, known): (Vec<&Job>, Vec<&Job>) = of_tenant.partition(|job| job.is_new());
        // A shard does not know the mailboxes of the others, so each gets its share.
        let rule = tenant.confirm.as_ref();
        !Confirm::admits(rule, known.len(), new.len(), shard.count())
    };
    let waiting: HashSet<&str> = match confirmation {
        Confirmation::Given => HashSet::new(),
        Confirmation::None => {
            let waiting = tenants.iter().filter(|tenant| wait(tenant));
            waiting.map(|tenant| tenant.name.as_str()).collect()
        }
    };
    let mut lines = Vec::new();
    let mut admitted = Vec::with_capacity(jobs.len());
    let mut waits = Vec::new();
    for job in jobs {
        if job.history == History::Unlinked {
            let verdict = PlanVerdict::Out {
                because: "unlinked".to_owned(),
                connection: Connection::Unlinked,
            };
            lines.push(line(&job, verdict));
        } else if job.is_new() && waiting.contains(&*job.mailbox.tenant) {
            waits.push(line(&job, PlanVerdict::Waits));
        } else {
            admitted.push(job);
        }
    }
    lines.extend(waits);
    (admitted, lines)
}

fn line(job: &Job, verdict: PlanVerdict) -> PlanLine {
    PlanLine {
        tenant: job.mailbox.tenant.to_string(),
        mailbox_id: job.mailbox.id.to_string(),
        address: job.mailbox.address.to_string(),
        verdict,
        facts: MailboxFacts::default(),
    }
}
