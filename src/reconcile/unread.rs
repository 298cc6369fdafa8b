//! Items that could not be read, or have to wait.

use std::sync::Arc;

use crate::model::reason::Reason;

/// An item that could not be read.
#[derive(Debug)]
pub(crate) struct Unread {
    /// The provider's id, where at least that is known.
    pub source_id: Option<String>,
    /// In which folder.
    pub container: Arc<str>,
    /// Why.
    pub reason: Reason,
}
