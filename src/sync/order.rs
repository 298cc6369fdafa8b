//! In which order mailboxes are read: the largest first, so that none of them is left alone at the
//! end of the night (facts 7.1: one mailbox cannot be read faster than its own limits allow).

use std::cmp::Reverse;

use crate::model::cursor::ABSENT_KEY;
use crate::model::cursor::MAILBOX_KEY;
use crate::model::mailbox::MailboxKind;
use crate::model::span::Span;
use crate::state::error::StateError;
use crate::state::store::State;
use crate::sync::cursors::SavedCursors;
use crate::sync::error::SyncError;
use crate::sync::job::Job;

/// Sorts the mailboxes: those that were never read (their size is unknown), then by what
/// was recorded of them, then users without a mailbox, whose answers take longest (facts 6.2). With a
/// range, archives are left out: they are read as a whole, or not at all.
pub(crate) fn largest_first(
    mut jobs: Vec<Job>,
    range: Option<Span>,
    state: &State,
) -> Result<Vec<Job>, SyncError> {
    jobs.retain(|job| range.is_none() || job.mailbox.kind != MailboxKind::Archive);
    let mut sized = Vec::with_capacity(jobs.len());
    for job in jobs {
        sized.push((size(&job, state)?, job));
    }
    sized.sort_by_key(|(size, _)| *size);
    Ok(sized.into_iter().map(|(_, job)| job).collect())
}

fn size(job: &Job, state: &State) -> Result<(u8, Reverse<u64>), StateError> {
    let mailbox = &job.mailbox;
    // A cursor that cannot be read is reported when the mailbox is read.
    let cursors = state.cursors_at(&mailbox.id, &[MAILBOX_KEY, ABSENT_KEY])?;
    let known = SavedCursors::read(cursors).unwrap_or_default();
    Ok(match known.mailbox {
        Some(cursor) => (1, Reverse(cursor.recorded)),
        None if known.absent.is_some() => (2, Reverse(0)),
        None => (0, Reverse(0)),
    })
}
