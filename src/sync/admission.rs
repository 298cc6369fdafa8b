//! Which of the mailboxes in scope may be read: new ones wait where there are many of them, until
//! somebody has confirmed the list.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::confirm::Confirm;
use crate::model::cursor::ABSENT_KEY;
use crate::model::cursor::CONFIRMED_KEY;
use crate::model::cursor::MAILBOX_KEY;
use crate::model::mailbox::MailboxKind;
use crate::model::run::PlanLine;
use crate::model::run::PlanVerdict;
use crate::model::shard::Shard;
use crate::state::error::StateError;
use crate::state::store::State;
use crate::sync::job::Admission;
use crate::sync::job::Job;

/// Whether somebody said that the mailboxes of this run are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// No one did: the rules decide.
    None,
    /// By the digest of the list, or by naming the mailbox.
    Given,
}

/// The mailboxes to read, and a line for each that waits. `rules` has an entry for each tenant;
/// archives are always read.
pub(crate) fn admit(
    mut jobs: Vec<Job>,
    (rules, shard): (&BTreeMap<Arc<str>, Option<Confirm>>, Shard),
    confirmation: Confirmation,
    state: &State,
) -> Result<(Vec<Job>, Vec<PlanLine>), StateError> {
    let mut counts: BTreeMap<Arc<str>, (usize, usize)> = BTreeMap::new();
    for job in &mut jobs {
        if job.mailbox.kind == MailboxKind::Archive {
            continue;
        }
        let keys = [MAILBOX_KEY, ABSENT_KEY, CONFIRMED_KEY];
        let is_known = !state.cursors_at(&job.mailbox.id, &keys)?.is_empty();
        let (known, new) = counts.entry(Arc::clone(&job.mailbox.tenant)).or_default();
        if is_known {
            *known += 1;
        } else {
            *new += 1;
            job.admission = Admission::New;
        }
    }
    let waits = |tenant: &Arc<str>| {
        let (known, new) = counts.get(tenant).copied().unwrap_or_default();
        let rule = rules.get(tenant).and_then(Option::as_ref);
        // A shard does not know the mailboxes of the others, so each gets its share.
        let rule = Confirm::of(rule, known).map(|rule| rule.shared_by(shard.count()));
        confirmation == Confirmation::None && !Confirm::admits(rule, known, new)
    };
    let (waiting, admitted): (Vec<Job>, Vec<Job>) = jobs
        .into_iter()
        .partition(|job| job.admission == Admission::New && waits(&job.mailbox.tenant));
    let lines = waiting.into_iter().map(|job| PlanLine {
        tenant: job.mailbox.tenant.to_string(),
        address: job.mailbox.address.to_string(),
        verdict: PlanVerdict::Waits,
    });
    Ok((admitted, lines.collect()))
}
