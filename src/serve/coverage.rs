//! Whether everything is there: each mailbox, what became of the items of its last run, and the
//! nights before.

use std::collections::BTreeMap;

use crate::maintenance::statuses;
use crate::model::coverage::Status;
use crate::model::days::day_of;
use crate::model::mailbox_status::MailboxStatus;
use crate::model::outcome::Outcome;
use crate::serve::answers::Asking;
use crate::serve::failure::Failure;

/// A month of nights.
const NIGHTS_MAX: usize = 31;

/// What is known of the mailboxes.
#[derive(Debug)]
pub(super) struct Coverage {
    /// What is said of all of them in one line.
    pub(super) summary: String,
    /// The mailboxes that the reader may see, by tenant and address.
    pub(super) mailboxes: Vec<MailboxStatus>,
    /// Mailboxes that are only counted.
    pub(super) hidden: usize,
    /// Items of the last run of each mailbox, by outcome.
    pub(super) outcomes: Vec<(Outcome, u64)>,
    /// The last nights with a run, the oldest first.
    pub(super) nights: Vec<Night>,
}

/// What the runs of a UTC day said of the mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Night {
    /// The day on which the mailboxes were begun.
    pub(super) day: jiff::civil::Date,
    /// Mailboxes that were read wholly.
    pub(super) complete: u64,
    /// Mailboxes that were not, but for those that are not to be read.
    pub(super) others: u64,
    /// Interactions that were recorded.
    pub(super) recorded: u64,
}

/// Reads what the runs said.
///
/// # Errors
/// The lake cannot be read.
pub(super) fn coverage(asking: &Asking<'_>, problems: bool) -> Result<Coverage, Failure> {
    let current = asking.current;
    let all = statuses::read(&current.lake, &current.members)?;
    let summary = crate::report::status::summary(&all);
    let count = all.len();
    let visible = |line: &MailboxStatus| asking.visible.has_mailbox(&line.latest.mailbox.id);
    let mut mailboxes: Vec<MailboxStatus> = all.into_iter().filter(visible).collect();
    let hidden = count - mailboxes.len();
    let outcomes = Outcome::ALL.map(|outcome| {
        let counts = mailboxes.iter().map(|line| line.latest.tally.of(outcome));
        (outcome, counts.sum())
    });
    mailboxes.retain(|line| !problems || line.connection.is_problem());
    Ok(Coverage {
        summary,
        mailboxes,
        hidden,
        outcomes: outcomes
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect(),
        nights: nights(asking)?,
    })
}

fn nights(asking: &Asking<'_>) -> Result<Vec<Night>, Failure> {
    let mut nights: BTreeMap<jiff::civil::Date, Night> = BTreeMap::new();
    for row in asking.current.lake.mailboxes()? {
        let row = row?;
        if row.status == Status::LeftOut {
            continue;
        }
        let day = day_of(row.started_at);
        let night = nights.entry(day).or_insert(Night {
            day,
            complete: 0,
            others: 0,
            recorded: 0,
        });
        match row.status {
            Status::Complete => night.complete += 1,
            _ => night.others += 1,
        }
        night.recorded += row.tally.of(Outcome::Recorded);
    }
    let newest = nights.into_values().rev().take(NIGHTS_MAX);
    let mut nights: Vec<Night> = newest.collect();
    nights.reverse();
    Ok(nights)
}
