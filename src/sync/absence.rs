//! Users without a mailbox: that there was none is noted, so that it is not requested too often.

use crate::model::coverage::Status;
use crate::model::cursor::AbsentCursor;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sync::cursors;
use crate::sync::cursors::SavedCursors;
use crate::sync::error::SyncError;
use crate::sync::in_flight::WriterStopped;
use crate::sync::mailbox::MailboxSync;

/// How long a user without a mailbox is not asked again: each request costs the service many
/// seconds (facts 6.2). A little less than a day, so that a daily run asks each time and others of
/// the same day do not.
const ABSENT_FOR: i64 = 20 * 3600 * SECOND;

/// Whether there was no mailbox when it was last requested, a short time ago.
pub(super) fn is_recent(known: &SavedCursors, now: Timestamp) -> bool {
    let is_recent = |absent: AbsentCursor| now.0 - absent.asked_at.0 < ABSENT_FOR;
    known.absent.is_some_and(is_recent)
}

/// Notes that there is no mailbox, where that is what a request came to. One that was connected
/// once is requested by each run.
pub(super) async fn note<T>(
    sync: &mut MailboxSync<'_>,
    now: Timestamp,
    asked: &Result<T, SyncError>,
) -> Result<(), WriterStopped> {
    let is_absent = matches!(asked, Err(error) if error.status() == Status::NoMailbox);
    if !is_absent || sync.was_connected() {
        return Ok(());
    }
    // It is not connected by this run either.
    sync.cursor = None;
    let absent = AbsentCursor { asked_at: now };
    let record = cursors::absent_record(&sync.mailbox.id, Some(&absent));
    sync.record_cursors(vec![record]).await
}

/// Takes back that there was no mailbox, once one was read.
pub(super) async fn clear(sync: &mut MailboxSync<'_>) -> Result<(), WriterStopped> {
    if !sync.was_absent {
        return Ok(());
    }
    let record = cursors::absent_record(&sync.mailbox.id, None);
    sync.record_cursors(vec![record]).await
}
