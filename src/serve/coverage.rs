//! Whether everything is there: each mailbox, what became of the items of its last run, and the
//! nights before.

use crate::model::mailbox_status::MailboxStatus;
use crate::model::outcome::Outcome;
use crate::report::status;
use crate::serve::answers::Asking;
use crate::serve::failure::Failure;
use crate::serve::mailboxes::Night;
use crate::serve::parameters::List;

/// Mailboxes of a page or an answer.
const PAGE: usize = 100;

/// What is known of the mailboxes.
#[derive(Debug)]
pub(super) struct Coverage {
    /// What is said of all of them in one line.
    pub(super) summary: String,
    /// The listed part of the mailboxes that the reader may see, by tenant and address.
    pub(super) mailboxes: Vec<MailboxStatus>,
    /// How many are listed at most.
    pub(super) size: usize,
    /// How many there are to be listed.
    pub(super) total: usize,
    /// Mailboxes that are only counted.
    pub(super) hidden: usize,
    /// Items of the last run of each mailbox, by outcome.
    pub(super) outcomes: Vec<(Outcome, u64)>,
    /// The last nights with a run, the oldest first.
    pub(super) nights: Vec<Night>,
}

/// Reads what the runs said.
///
/// # Errors
/// The lake cannot be read.
pub(super) fn coverage(asking: &Asking<'_>, list: &List) -> Result<Coverage, Failure> {
    let all = asking.current.mailboxes()?;
    let visible = |line: &&MailboxStatus| asking.visible.has_mailbox(&line.latest.mailbox.id);
    let visible: Vec<&MailboxStatus> = all.statuses.iter().filter(visible).collect();
    let outcomes = Outcome::ALL.map(|outcome| {
        let counts = visible.iter().map(|line| line.latest.tally.of(outcome));
        (outcome, counts.sum())
    });
    let wanted = visible
        .iter()
        .filter(|line| !list.problems || line.connection.is_problem());
    let size = list.limit.unwrap_or(PAGE);
    let listed = wanted.clone().skip(list.offset).take(size);
    Ok(Coverage {
        summary: status::summary(&all.statuses),
        hidden: all.statuses.len() - visible.len(),
        mailboxes: listed.map(|line| (*line).clone()).collect(),
        size,
        total: wanted.count(),
        outcomes: outcomes
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect(),
        nights: all.nights.clone(),
    })
}
