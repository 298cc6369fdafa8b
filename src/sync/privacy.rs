//! Which of the mails that would be kept are private.

use crate::model::sensitivity::Sensitivities;
use crate::reconcile::mail::items::Classified;
use crate::sync::error::SyncError;

/// Knows which mails are private. It is consulted when mails are evaluated and not yet counted: of
/// most mails it does not matter.
pub(crate) trait MailPrivacy {
    /// What is known of the mails that do not say themselves whether they are private.
    async fn sensitivities(&mut self, mails: &Classified) -> Result<Sensitivities, SyncError>;
}

/// Of a source whose mails alone say whether they are private.
#[derive(Debug)]
pub(crate) struct AsMailsSay;

impl MailPrivacy for AsMailsSay {
    async fn sensitivities(&mut self, _: &Classified) -> Result<Sensitivities, SyncError> {
        Ok(Sensitivities::Hidden)
    }
}
