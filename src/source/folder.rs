//! The folders of a mailbox.

use std::sync::Arc;

/// A mail folder that can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Constant, whatever becomes of the folder (facts 1.8).
    pub id: Arc<str>,
    /// The folder above it, as it was found; `None` at the top.
    pub parent: Option<Arc<str>>,
    /// Localised name.
    pub display_name: String,
    /// Names from the top, joined by `/`.
    pub path: String,
    /// Items of every kind: need not equal the number of messages. `None`: not stated.
    pub total_item_count: Option<u64>,
    /// Whether it is Sent Items (known once well-known folders are resolved).
    pub is_sent: bool,
}
