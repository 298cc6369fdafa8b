//! What all tasks of a run share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc;

use crate::config::capture::Capture;
use crate::config::capture::Content;
use crate::config::capture::Meetings;
use crate::lake::Lake;
use crate::matching::Matcher;
use crate::model::cursor::MailboxCursor;
use crate::model::directory::Directory;
use crate::model::interaction::Source;
use crate::model::mail::ContentLevel;
use crate::model::mailbox::Mailbox;
use crate::model::run::Progress;
use crate::model::run::RunStamp;
use crate::model::selection::Headers;
use crate::model::selection::Selection;
use crate::model::span::Span;
use crate::model::time::Timestamp;
use crate::policy::capture_policy::CapturePolicy;
use crate::policy::capture_policy::Rules;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::withheld::WithheldMails;
use crate::runtime::cpu::CpuPool;
use crate::runtime::memory::Memory;
use crate::runtime::shutdown::Shutdown;
use crate::state::store::State;
use crate::sync::batch::MailboxBatch;
use crate::sync::error::SyncError;

/// Memory that is reserved before it is filled.
#[derive(Debug, Clone)]
pub struct SyncMemory {
    /// For the messages of archives that are read and not decided yet.
    pub messages: Memory,
    /// For mailbox batches that wait for the writer.
    pub mailbox_batches: Memory,
}

/// What all tasks of a run share.
#[derive(Debug)]
pub(crate) struct Context {
    /// In whose name rows are written.
    pub run: RunStamp,
    /// The tenant-wide policy, as configured.
    pub capture: Capture,
    /// The same, ready to be applied.
    pub rules: Arc<Rules>,
    /// What is requested, read and kept of a mail, and how much of its text.
    pub selection: Selection,
    /// Who belongs to the company.
    pub directory: Arc<Directory>,
    /// The CRM snapshot.
    pub matcher: Arc<Matcher>,
    /// What was seen before, and where chains continue.
    pub state: Arc<State>,
    /// The threads that compute.
    pub cpu: Arc<CpuPool>,
    /// For what is read.
    pub memory: SyncMemory,
    /// Set when the run is to end at the next commit.
    pub shutdown: Shutdown,
    /// Counters for the progress display.
    pub progress: Arc<Progress>,
    /// Whether chains restart and all that is not recorded is decided again.
    pub again: bool,
    /// Recorded mails of which the content is needed now.
    pub withheld: Arc<WithheldMails>,
    /// Only mails that were received within it, by plain lists; `None`: what the chains return.
    pub range: Option<Span>,
    /// Permits to read folders again whose chains the service lost.
    pub resyncs: Arc<Semaphore>,
    /// What is recorded.
    pub lake: Arc<Lake>,
    /// To the writer.
    pub mailbox_batches: mpsc::Sender<MailboxBatch>,
}

impl Context {
    /// Waits for a service, but not after the run is to end: the service may have requested half an
    /// hour of waiting.
    pub(crate) async fn unless_stopped<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, SyncError>
    where
        SyncError: From<E>,
    {
        tokio::select! {
            result = work => Ok(result?),
            _ = self.shutdown.wait() => Err(SyncError::Stopped),
        }
    }

    /// The reconciler of a mailbox's items.
    pub(crate) fn reconciler(
        &self,
        mailbox: &Arc<Mailbox>,
        source: Source,
        cursor: &MailboxCursor,
    ) -> MailReconciler {
        let window_start = match self.range {
            // A requested range may be older than the first window.
            Some(range) => cursor.window_start.min(range.from),
            None => cursor.window_start,
        };
        let policy = CapturePolicy {
            rules: self.rules.clone(),
            directory: self.directory.clone(),
            mailbox: mailbox.clone(),
            source,
            history: cursor.mail_settings.clone(),
            meetings: meetings(cursor),
            window_start,
            meeting_window_start: cursor.meeting_window().start,
            captured_at: self.run.started_at,
            run_id: self.run.run_id.clone(),
        };
        MailReconciler {
            mailbox: mailbox.clone(),
            policy,
            matcher: self.matcher.clone(),
            state: self.state.clone(),
            unmatched: self.capture.unmatched,
            again: self.again || self.range.is_some(),
            withheld: self.withheld.clone(),
            earlier: EarlierIds::default(),
        }
    }
}

/// The settings for meetings as they are kept. With an unknown word none are captured: missing rows
/// can be added later, superfluous ones cannot be removed.
fn meetings(cursor: &MailboxCursor) -> Vec<(Timestamp, Meetings)> {
    let settings = cursor.meeting_settings.iter();
    settings
        .map(|(since, word)| (*since, Meetings::parse(word).unwrap_or(Meetings::None)))
        .collect()
}

/// What is requested of mails.
pub(crate) fn selection(capture: &Capture) -> Selection {
    let content = match capture.content {
        Content::Envelope => ContentLevel::Envelope,
        Content::Preview => ContentLevel::Preview,
        Content::Full => ContentLevel::Full,
    };
    let headers = if capture.bulk_headers {
        Headers::Asked
    } else {
        Headers::Left
    };
    Selection { content, headers }
}
