//! What the report says of a mailbox besides its status.

use crate::source::service::MailboxService;
use crate::sync::mail::mail_sync::MailSync;

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// The remarks on a mailbox that was read.
    pub(super) fn remark(&mut self) {
        let mut remarks = Vec::new();
        if self.is_widened {
            let remark = "its window became wider, so its folders were read from their beginning";
            remarks.push(remark.to_owned());
        }
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
