//! What counts of a row of `contact_activity` where relationships are weighed.

use std::sync::Arc;

use crate::model::id::Id128;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::mailbox::MailboxKind;
use crate::model::time::Timestamp;

/// A current row of `contact_activity` without its content: one contact, or one account without a
/// contact, in one interaction of one mailbox. The columns are documented in `lake::rows`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The mail or meeting; the same in all mailboxes that hold a copy.
    pub interaction_id: Id128,
    /// Whose copy it is.
    pub mailbox_id: Arc<str>,
    /// Kind of that mailbox.
    pub mailbox_kind: MailboxKind,
    /// Mail or meeting.
    pub kind: Kind,
    /// When it was sent; of a meeting, its start.
    pub occurred_at: Timestamp,
    /// The best role of the mailbox's owner; `None` where they are not named.
    pub user_role: Option<Role>,
    /// The contact; `None` where only the account matched.
    pub contact_id: Option<Arc<str>>,
    /// The account, if there is one.
    pub account_id: Option<Arc<str>>,
    /// The best role of the contact.
    pub contact_role: Role,
    /// Whether the contact declined the invitation.
    pub contact_declined: bool,
    /// Whether it is a newsletter, an automatic reply or a notification.
    pub is_bulk: bool,
    /// How many people take part: distinct addresses, resources left out.
    pub people: u32,
}
