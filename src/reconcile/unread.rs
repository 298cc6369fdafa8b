//! Items that could not be read, or have to wait.

use std::sync::Arc;

/// The code of an item that the service does not return.
pub(crate) const NOT_SERVED: &str = "not_served";
/// The code of a mail that waits until its copy in Sent Items is recorded, if there is one.
pub(crate) const AWAITS_SENT: &str = "awaits_sent";

/// An item that could not be read.
#[derive(Debug)]
pub(crate) struct Unread {
    /// The provider's id, where at least that is known.
    pub source_id: Option<String>,
    /// In which folder.
    pub container: Arc<str>,
    /// Why.
    pub code: &'static str,
}
