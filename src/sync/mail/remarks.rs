//! What the report says of a mailbox besides its status.

use crate::model::cursor::CalendarCursor;
use crate::source::service::MailboxService;
use crate::sync::mail::mail_sync::MailSync;

impl<S: MailboxService> MailSync<'_, S> {
    /// Adds that only the calendar was not read.
    pub(super) fn remark_mail(&mut self) {
        let said = "mail was read".to_owned();
        self.sync.remark = Some(match self.sync.remark.take() {
            Some(remark) => format!("{said}; {remark}"),
            None => said,
        });
    }

    /// Adds what is still due of the calendar.
    pub(super) fn remark_calendar(&mut self, cursor: &CalendarCursor) {
        let unproven = cursor.unproven_since.map(|_| {
            "the calendar could not be checked for completeness; it is read again after a month"
        });
        let past = cursor.is_past_due.then_some(
            "the calendar before its chain's window could not be listed; the next run tries",
        );
        let before = self.sync.remark.take();
        let remarks = unproven.into_iter().chain(past).map(str::to_owned);
        let remarks: Vec<String> = before.into_iter().chain(remarks).collect();
        self.sync.remark = (!remarks.is_empty()).then(|| remarks.join("; "));
    }

    /// The remarks on a mailbox that was read.
    pub(super) fn remark(&mut self) {
        let mut remarks = Vec::new();
        if self.listed > 0 {
            remarks.push(format!("{} folders were read by plain lists", self.listed));
        }
        if self.unproven > 0 {
            let count = self.unproven;
            remarks.push(format!(
                "{count} folders could not be checked for completeness"
            ));
        }
        remarks.extend(self.forgotten_remark());
        remarks.extend(self.privacy_remark());
        self.sync.remark = (!remarks.is_empty()).then(|| remarks.join("; "));
    }
}
