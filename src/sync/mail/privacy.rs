//! How a run learns which mails of a mailbox are private, by as few requests as will do: the list of
//! them is a search over the whole mailbox, which a large one may not answer (facts 1.9, 13).

use std::sync::Arc;

use crate::config::capture::UnknownSensitivity;
use crate::model::sensitivity::PrivateList;
use crate::model::sensitivity::Sensitivities;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::reconcile::mail::items::Classified;
use crate::reconcile::mail::items::UnknownPrivacy;
use crate::source::service::MailboxService;
use crate::sync::context::Context;
use crate::sync::error::SyncError;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::mail::mail_sync::Privacy;
use crate::sync::privacy::MailPrivacy;

/// A list is requested again after this time: a mail that was received long ago may have been moved
/// into the mailbox since.
const LIST_AGE: i64 = 600 * SECOND;
/// What was received this shortly before a list was requested may not be on it: clocks differ.
const MARGIN: i64 = 60 * SECOND;

impl Privacy {
    fn is_due(&self, mails: &[UnknownPrivacy<'_>], now: Timestamp) -> bool {
        match self {
            Self::Unasked => true,
            Self::Listed { at, .. } => {
                let is_later = |mail: &UnknownPrivacy<'_>| {
                    mail.came_at
                        .is_some_and(|came_at| came_at.0 >= at.0 - MARGIN)
                };
                now.0 - at.0 > LIST_AGE || mails.iter().any(is_later)
            }
            Self::Singly | Self::Hidden => false,
        }
    }
}

/// What a service says of the privacy of a mailbox's mails.
#[derive(Debug)]
pub(super) struct ServicePrivacy<'a, S> {
    /// Of the mailbox.
    pub(super) service: &'a S,
    /// What all tasks share.
    pub(super) context: &'a Context,
    /// How this run learns it.
    pub(super) known: &'a mut Privacy,
}

impl<S: MailboxService> MailPrivacy for ServicePrivacy<'_, S> {
    async fn sensitivities(&mut self, mails: &Classified) -> Result<Sensitivities, SyncError> {
        let mails: Vec<_> = mails.of_unknown_privacy().collect();
        if mails.is_empty() {
            return Ok(Sensitivities::Hidden);
        }
        let now = self.service.service_time();
        if self.known.is_due(&mails, now) {
            let list = self.context.unless_stopped(self.service.private_list());
            *self.known = match list.await? {
                PrivateList::Ids(ids) => Privacy::Listed {
                    ids: Arc::new(ids),
                    at: now,
                },
                PrivateList::NotListed => Privacy::Singly,
                PrivateList::Hidden => Privacy::Hidden,
            };
        }
        Ok(match &*self.known {
            Privacy::Listed { ids, .. } => Sensitivities::Known(ids.clone()),
            Privacy::Singly => {
                let ids: Vec<String> = mails.iter().map(|mail| mail.source_id.to_owned()).collect();
                let asking = self.service.private_among(&ids);
                self.context.unless_stopped(asking).await?
            }
            Privacy::Unasked | Privacy::Hidden => Sensitivities::Hidden,
        })
    }
}

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// The remark on mails that are recorded although it is unknown whether they are private.
    pub(super) fn privacy_remark(&self) -> Option<String> {
        let count = self.sync.of_unknown_privacy;
        let hides = self.sync.context.capture.unknown_sensitivity == UnknownSensitivity::Hide;
        let so = if hides {
            ", so their subject and text were withheld"
        } else {
            ""
        };
        (count > 0).then(|| {
            format!(
                "of {count} mails it could not be seen whether they are private{so} (the permission \
                 Mail.Read shows it, Mail.ReadBasic does not)"
            )
        })
    }
}
