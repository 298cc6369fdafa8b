//! What the lake knows of each mailbox before a run.

use crate::model::cursor::ABSENT_KEY;
use crate::model::cursor::CONFIRMED_KEY;
use crate::model::cursor::MAILBOX_KEY;
use crate::model::cursor::UNLINKED_KEY;
use crate::state::error::StateError;
use crate::state::store::State;
use crate::sync::cursors::SavedCursors;
use crate::sync::job::History;
use crate::sync::job::Job;

/// Looks up all mailboxes.
pub(crate) fn look_up(mut jobs: Vec<Job>, state: &State) -> Result<Vec<Job>, StateError> {
    for job in &mut jobs {
        job.history = of_mailbox(&job.mailbox.id, state)?;
    }
    Ok(jobs)
}

fn of_mailbox(mailbox_id: &str, state: &State) -> Result<History, StateError> {
    let cursors = state.cursors_at(
        mailbox_id,
        &[MAILBOX_KEY, ABSENT_KEY, CONFIRMED_KEY, UNLINKED_KEY],
    )?;
    if cursors.is_empty() {
        return Ok(History::New);
    }
    // A cursor that cannot be read is reported when the mailbox is read.
    let known = SavedCursors::read(cursors).unwrap_or_default();
    if known.unlinked.is_some() {
        return Ok(History::Unlinked);
    }
    Ok(match known.mailbox {
        Some(cursor) => History::Read {
            recorded: cursor.recorded,
        },
        None if known.absent.is_some() => History::Absent,
        None => History::Admitted,
    })
}
