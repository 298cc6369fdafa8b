//! A mailbox whose mail is switched off: its settings are noted, and nothing of its mail is
//! requested.

use crate::config::capture::Meetings;
use crate::model::coverage::Status;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::source::service::MailboxPart;
use crate::source::service::MailboxService;
use crate::sync::cursors::SavedCursors;
use crate::sync::error::SyncError;
use crate::sync::mail::mail_sync::MailSync;

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// Opens the mailbox without reading its mail. The chains of its folders stay where they are: they
    /// continue when mail is switched on again, and what came in the meantime is decided by the
    /// settings of its time (design section 5).
    pub(super) async fn without_mail(
        &mut self,
        known: &mut SavedCursors,
    ) -> Result<Status, SyncError> {
        let mut cursor = self.known_or_new(known);
        let reads_calendar = self.captures_meetings != Meetings::None;
        if reads_calendar {
            self.request_kind(&mut cursor, MailboxPart::Calendar)
                .await?;
        }
        self.note_settings(&mut cursor);
        let widened = self.widened(&mut cursor, known);
        self.sync.open(S::SOURCE, cursor, EarlierIds::default());
        if self.sync.was_connected() || !reads_calendar {
            // Also where the calendar fails in this run: the settings hold from now on. Of a new
            // mailbox the calendar shows first whether there is one.
            self.record_cursors(widened).await?;
        }
        if self.sync.context.range.is_some() {
            self.sync.remark = Some("its mail is switched off".to_owned());
            return Ok(Status::Filled);
        }
        Ok(Status::Complete)
    }
}
