//! A relationship as a row of an export.

use std::sync::Arc;

use crate::model::time::Timestamp;

/// A colleague, and a contact or an account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relationship {
    /// The colleague's address.
    pub user_address: Arc<str>,
    /// The CRM's id of the contact; `None`: the relationship is with the account as a whole.
    pub contact_id: Option<Arc<str>>,
    /// The contact's name in the CRM.
    pub contact_name: Option<Arc<str>>,
    /// The CRM's id of the account.
    pub account_id: Option<Arc<str>>,
    /// The account's name in the CRM.
    pub account_name: Option<Arc<str>>,
    /// 0 to 100.
    pub score: f64,
    /// `mutual` or `weak`.
    pub strength: Arc<str>,
    /// Mails from the colleague.
    pub sent: u64,
    /// Mails to the colleague.
    pub received: u64,
    /// Meetings among few that took place.
    pub meetings: u64,
    /// The first direct exchange.
    pub first_at: Option<Timestamp>,
    /// The last direct exchange.
    pub last_at: Option<Timestamp>,
    /// The next meeting.
    pub next_meeting_at: Option<Timestamp>,
    /// Since when mails in the direction of the last one are unanswered.
    pub unanswered_since: Option<Timestamp>,
    /// Whether it was strong and is silent now.
    pub is_cooling: bool,
}
