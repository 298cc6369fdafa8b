//! What the runs of a lake said of its mailboxes, as the page of the coverage needs it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::config::members::Members;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::maintenance::statuses;
use crate::model::coverage::Status;
use crate::model::days::day_of;
use crate::model::mailbox_status::MailboxStatus;
use crate::model::outcome::Outcome;
use crate::serve::failure::Failure;

/// A month of nights.
const NIGHTS_MAX: usize = 31;

/// Mailboxes and nights.
pub(super) struct Mailboxes {
    /// Every mailbox, by tenant and address.
    pub(super) statuses: Vec<MailboxStatus>,
    /// The last nights with a run, the oldest first.
    pub(super) nights: Vec<Night>,
}

/// What the runs of a UTC day said of the mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Night {
    /// The day on which the mailboxes were begun.
    pub(super) day: Date,
    /// Mailboxes that were read wholly.
    pub(super) complete: u64,
    /// Mailboxes that were not, but for those that are not to be read.
    pub(super) others: u64,
    /// Interactions that were recorded.
    pub(super) recorded: u64,
}

impl Mailboxes {
    /// Reads what the runs said.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub(super) fn of(lake: &Lake, members: &[Members]) -> Result<Self, Failure> {
        Ok(Self {
            statuses: statuses::read(lake, members)?,
            nights: nights(lake)?,
        })
    }
}

fn nights(lake: &Lake) -> Result<Vec<Night>, LakeError> {
    let mut nights: BTreeMap<Date, Night> = BTreeMap::new();
    for row in lake.mailboxes()? {
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
