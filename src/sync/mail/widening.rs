//! Windows that became wider than they were when the mailbox was connected.

use crate::config::capture::Meetings;
use crate::config::window::Window;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::KeptWindow;
use crate::model::cursor::MailboxCursor;
use crate::source::service::MailboxService;
use crate::sync::cursors;
use crate::sync::cursors::SavedCursors;
use crate::sync::mail::folder_delta;
use crate::sync::mail::mail_sync::MailSync;

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// Takes over windows that reach further back than those that are kept; one that became shorter
    /// changes nothing. Gives the records that are committed together with the mailbox's cursor.
    ///
    /// Chains have no filter, and a list by time of receipt would miss what was sent within the window
    /// and received later, or has no receipt. So the chains of the folders begin again: what is
    /// recorded is unchanged, and what was outside the window is decided again. So does the chain of
    /// the calendar, with a window that reaches as far back as one may.
    pub(super) fn widened(
        &mut self,
        cursor: &mut MailboxCursor,
        known: &mut SavedCursors,
    ) -> Vec<CursorRecord> {
        let context = self.sync.context;
        if context.range.is_some() {
            return Vec::new();
        }
        let (windows, connected_at) = (context.capture.window, cursor.connected_at);
        let wanted = |window: Window| KeptWindow {
            start: window.start(connected_at),
        };
        let (mail, meetings) = (wanted(windows.mail), wanted(windows.meetings));
        let kept = cursor.meeting_window();
        let mut records = Vec::new();
        if self.captures_mail && mail.is_wider_than(cursor.mail_window()) {
            cursor.meeting_window = Some(kept);
            cursor.window_start = mail.start;
            records = folder_delta::of_gone_folders(&self.sync.mailbox.id, known, &[]);
            known.deltas.clear();
            known.lists.clear();
            self.is_widened = true;
        }
        if self.captures_meetings != Meetings::None && meetings.is_wider_than(kept) {
            cursor.meeting_window = Some(meetings);
            // From here on the window does not say any more from when on the calendar was read.
            if let (Some(calendar), Some(start)) = (&mut self.sync.calendar, kept.start)
                && calendar.read_from.is_none()
                && !calendar.is_past_due
            {
                calendar.read_from = Some(start);
                records.push(cursors::calendar_record(&self.sync.mailbox.id, calendar));
            }
        }
        records
    }
}
