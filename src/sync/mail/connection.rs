//! What is kept of a mailbox as a whole: when it was connected, its kind, its settings, and whether
//! another installation reads it with the same application registration.

use std::sync::Arc;

use crate::model::cursor::KeptWindow;
use crate::model::cursor::MailboxCursor;
use crate::model::mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::run::Progress;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::policy::settings;
use crate::source::retry_action::RetryAction;
use crate::source::service::MailboxPart;
use crate::source::service::MailboxService;
use crate::sync::cursors::SavedCursors;
use crate::sync::error::SyncError;
use crate::sync::mail::mail_sync::MailSync;

/// A mailbox's kind is requested again after this many days, ...
const KIND_DAYS: i64 = 30;
/// ... up to this many days earlier, not of all mailboxes in one run.
const KIND_SPREAD_DAYS: i64 = 10;

/// Runs for which a mailbox of unknown kind waits when the service fails: the roles of its rows
/// depend on the kind, but a service that fails at this request alone must not keep it unread.
const KIND_DELAYS_MAX: u32 = 3;

/// Consecutive runs in which the service had lost every chain of a mailbox: once may be its
/// maintenance, repeatedly means another installation that reads with the same application (facts
/// 1.6).
const FORGOTTEN_RUNS: u32 = 2;

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// What is kept of the mailbox; at its first connection the windows are fixed.
    pub(super) fn known_or_new(&self, known: &SavedCursors) -> MailboxCursor {
        if let Some(cursor) = &known.mailbox {
            return cursor.clone();
        }
        let windows = self.sync.context.capture.window;
        let connected_at = self.service.service_time();
        let mail = windows.mail.start(connected_at);
        MailboxCursor {
            meeting_window: Some(KeptWindow {
                start: windows.meetings.start(connected_at),
            }),
            ..MailboxCursor::new(MailboxKind::User, connected_at, mail)
        }
    }

    /// Requests the mailbox's kind if that is due; without an answer the next run requests it again.
    /// A kind that is known stays. While none is known, a failure of the service ends this run of
    /// the mailbox, at most [`KIND_DELAYS_MAX`] times; then it is taken for a user's. `part`: of the
    /// mailbox, of which more may be requested for it.
    pub(super) async fn request_kind(
        &mut self,
        cursor: &mut MailboxCursor,
        part: MailboxPart,
    ) -> Result<(), SyncError> {
        let now = self.service.service_time();
        let earlier = i64::from(mailbox::slot(&self.sync.mailbox.id)) % KIND_SPREAD_DAYS;
        if now.0 - cursor.kind_told_at.0 < (KIND_DAYS - earlier) * DAY {
            return self.check_kind(cursor);
        }
        let asked = self.service.kind(part);
        match self.sync.context.unless_stopped(asked).await {
            Ok(kind) => {
                cursor.kind_told_at = now;
                if let Some(kind) = kind {
                    kind.as_str().clone_into(&mut cursor.kind);
                }
                self.check_kind(cursor)
            }
            Err(SyncError::Service(error)) => {
                tracing::debug!(code = error.code(), "the kind of a mailbox is unknown");
                let is_known = cursor.kind_told_at > Timestamp(0);
                let is_refused = error.action() == RetryAction::NoMailbox;
                let is_denied = error.action() == RetryAction::MailboxDenied;
                if is_denied || (is_refused && !is_known && !self.reads_shared) {
                    return Err(error.into());
                }
                if is_known || is_refused || cursor.kind_delays >= KIND_DELAYS_MAX {
                    return self.check_kind(cursor);
                }
                cursor.kind_delays += 1;
                self.sync.cursor = Some(cursor.clone());
                self.record_cursors(Vec::new()).await?;
                Err(error.into())
            }
            Err(other) => Err(other),
        }
    }

    /// An error where the mailbox is shared and the configuration does not have those read.
    fn check_kind(&self, cursor: &MailboxCursor) -> Result<(), SyncError> {
        let is_shared = MailboxKind::parse(&cursor.kind) == Some(MailboxKind::Shared);
        if is_shared && !self.reads_shared {
            return Err(SyncError::SharedMailbox);
        }
        Ok(())
    }

    /// Notes the settings that hold from now on.
    pub(super) fn note_settings(&mut self, cursor: &mut MailboxCursor) {
        let now = self.service.service_time();
        settings::record(&mut cursor.mail_settings, now, self.captures_mail);
        let meetings = self.captures_meetings.as_str().to_owned();
        settings::record(&mut cursor.meeting_settings, now, meetings);
        if let Some(kind) = MailboxKind::parse(&cursor.kind) {
            Arc::make_mut(&mut self.sync.mailbox).kind = kind;
        }
    }

    /// Notes, when all chains have ended, whether the service had lost every one of them.
    pub(super) fn note_forgotten(&mut self) {
        let Some(cursor) = self.sync.cursor.as_mut().filter(|_| self.kept > 0) else {
            return;
        };
        let are_all = self.forgotten == self.kept;
        cursor.forgotten_runs = if are_all {
            cursor.forgotten_runs + 1
        } else {
            0
        };
        if cursor.forgotten_runs >= FORGOTTEN_RUNS {
            Progress::add(&self.sync.context.progress.forgotten, 1);
        }
    }

    /// The remark on it.
    pub(super) fn forgotten_remark(&self) -> Option<String> {
        let runs = self.sync.cursor.as_ref()?.forgotten_runs;
        (runs >= FORGOTTEN_RUNS).then(|| {
            format!(
                "in {runs} runs in a row the service had forgotten where all of its folders stood: \
                 another installation may read it with the same application registration"
            )
        })
    }
}
