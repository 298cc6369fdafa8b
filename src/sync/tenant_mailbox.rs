//! The mailbox of a user: its mail, then its calendar.

use futures_util::FutureExt;

use crate::config::capture::Meetings;
use crate::model::coverage::Status;
use crate::source::service::MailboxService;
use crate::source::tenant::Tenant;
use crate::sync::absence;
use crate::sync::calendar::CalendarSource;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Turn;
use crate::sync::mail::mail_sync::MailSource;
use crate::sync::mailbox::MailboxSync;
use crate::sync::mailbox_source::MailboxSource;
use crate::sync::mailbox_source::Reading;

/// The mailbox of a user of a tenant.
#[derive(Debug)]
pub(crate) struct TenantMailbox {
    /// Its tenant.
    pub tenant: Tenant,
    /// Whether the settings of today let mail be captured; without it no mail is requested.
    pub captures_mail: bool,
    /// Which meetings they let be captured; without any the calendar is not requested.
    pub captures_meetings: Meetings,
    /// Whether shared mailboxes are read.
    pub reads_shared: bool,
}

impl MailboxSource for TenantMailbox {
    fn read<'a>(&'a mut self, sync: &'a mut MailboxSync<'_>, turn: &'a mut Turn) -> Reading<'a> {
        async move {
            let service = self.tenant.mailbox(&sync.mailbox.id);
            let result = self.mail_and_calendar(&service, sync, turn).await;
            sync.total_cost = service.total_cost();
            result
        }
        .boxed_local()
    }
}

impl TenantMailbox {
    async fn mail_and_calendar(
        &self,
        service: &impl MailboxService,
        sync: &mut MailboxSync<'_>,
        turn: &mut Turn,
    ) -> Result<Status, SyncError> {
        let mut mail = MailSource {
            service,
            captures_mail: self.captures_mail,
            captures_meetings: self.captures_meetings,
            reads_shared: self.reads_shared,
        };
        let mail = mail.read(sync, turn).await;
        if self.captures_meetings == Meetings::None || !is_through(&mail) {
            return mail;
        }
        let calendar = CalendarSource { service }.read(sync, turn).await;
        if !self.captures_mail {
            absence::note(sync, service.service_time(), &calendar).await?;
            if calendar.is_ok() {
                absence::clear(sync).await?;
            }
            return calendar;
        }
        if calendar.is_err() && mail.is_ok() {
            let remark = sync.remark.take().into_iter();
            let parts: Vec<String> = ["mail was read".to_owned()]
                .into_iter()
                .chain(remark)
                .collect();
            sync.remark = Some(parts.join("; "));
        }
        calendar?;
        mail
    }
}

/// Whether all mail was read that can be read in this run, so that the calendar follows.
fn is_through(mail: &Result<Status, SyncError>) -> bool {
    matches!(
        mail,
        Ok(Status::Complete)
            | Err(SyncError::Chain(_)
                | SyncError::FolderHidden
                | SyncError::Incomplete { .. }
                | SyncError::ManyRefused(_))
    )
}
