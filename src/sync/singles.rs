//! Items that are requested one by one, by their ids.

use crate::model::page::FetchedItem;
use crate::model::page::ItemAnswer;
use crate::source::error::ServiceError;
use crate::source::service::ItemKind;
use crate::source::service::MailboxService;

/// Items of one mailbox that are given up one by one in a run, each after all its retries; more of
/// them mean that the mailbox as a whole is the cause.
pub(crate) const REFUSED_MAX: usize = 100;

/// Items that are requested at a time, before they are decoded and dropped: five batches.
pub(crate) const SINGLES_AT_ONCE: usize = 100;

/// More items are unavailable than single items explain.
#[derive(Debug, thiserror::Error)]
#[error(
    "more than {REFUSED_MAX} items are unavailable; the next run tries them and the others again"
)]
pub struct ManyRefused;

/// The single requests of a mailbox in this run.
#[derive(Debug, Default)]
pub(crate) struct Singles {
    refused: usize,
}

impl Singles {
    /// Requests items, which come in the order of their ids.
    ///
    /// # Errors
    /// The service refused more than single items.
    pub(crate) async fn fetch(
        &mut self,
        service: &impl MailboxService,
        kind: ItemKind,
        ids: &[String],
    ) -> Result<Vec<FetchedItem>, ServiceError> {
        let fetched = service.items_by_id(kind, ids).await?;
        let refused = fetched.iter();
        let refused = refused.filter(|item| item.answer == ItemAnswer::Refused);
        self.refused += refused.count();
        Ok(fetched)
    }

    /// That not too many were refused: each further one would cost all its retries.
    ///
    /// # Errors
    /// More than [`REFUSED_MAX`] were.
    pub(crate) fn check(&self) -> Result<(), ManyRefused> {
        if self.refused > REFUSED_MAX {
            return Err(ManyRefused);
        }
        Ok(())
    }
}
