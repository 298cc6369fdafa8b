//! In which order mailboxes are read: the largest first, so that none of them is left alone at the
//! end of the night (facts 7.1: one mailbox cannot be read faster than its own limits allow).

use std::cmp::Reverse;

use crate::model::mailbox::MailboxKind;
use crate::model::span::Span;
use crate::sync::job::History;
use crate::sync::job::Job;

/// Sorts the mailboxes: those that were never read (their size is unknown), then by what
/// was recorded of them, then users without a mailbox, whose answers take longest (facts 6.2). With a
/// range, archives are left out: they are read as a whole, or not at all.
pub(crate) fn largest_first(mut jobs: Vec<Job>, range: Option<Span>) -> Vec<Job> {
    jobs.retain(|job| range.is_none() || job.mailbox.kind != MailboxKind::Archive);
    jobs.sort_by_key(|job| match job.history {
        History::New | History::Admitted => (0, Reverse(0)),
        History::Read { recorded } => (1, Reverse(recorded)),
        History::Absent | History::Unlinked => (2, Reverse(0)),
    });
    jobs
}
