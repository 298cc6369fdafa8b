//! Why the question why something is in the lake has no answer.

use crate::lake::error::LakeError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhyError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A record beside the rows cannot be read.
    #[error("a cursor of the lake cannot be read: run `touchpoint verify`")]
    Cursor(#[from] serde_json::Error),
    /// The text names nothing that can be asked about.
    #[error(
        "why takes a Message-ID in angle brackets (<…@…>) or an id that `touchpoint search` shows, a mail \
         address, or one day (2026-03-02, yesterday)"
    )]
    Unclear,
    /// `--mailbox` names no mailbox of the lake.
    #[error("--mailbox names no mailbox of the lake; see touchpoint status")]
    NoMailbox,
}
