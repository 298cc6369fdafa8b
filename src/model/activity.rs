//! Rows of the table `contact_activity`: one contact (or account) in one interaction of one mailbox.

use std::sync::Arc;

use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::mailbox::Mailbox;
use crate::model::time::Timestamp;

/// Which rule found the contact or account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchRule {
    /// The contact's primary address.
    ContactEmail,
    /// One of the contact's further addresses.
    ContactAlias,
    /// A domain of the account.
    AccountDomain,
}

impl MatchRule {
    /// The value in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContactEmail => "contact_email",
            Self::ContactAlias => "contact_alias",
            Self::AccountDomain => "account_domain",
        }
    }

    /// Parses the value in the table.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::ContactEmail, Self::ContactAlias, Self::AccountDomain]
            .into_iter()
            .find(|rule| rule.as_str() == word)
    }
}

/// One match of an interaction: a contact, or an account without a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactMatch {
    /// Id and name of the contact; `None` where only the account matched.
    pub contact: Option<(Arc<str>, Arc<str>)>,
    /// Id of the account, and its name where the CRM snapshot has the account.
    pub account: Option<(Arc<str>, Option<Arc<str>>)>,
    /// The participant that matched: best role, then the smallest address by bytes.
    pub address: String,
    /// That participant's role.
    pub role: Role,
    /// That participant's response to an invitation.
    pub response: Option<String>,
    /// The rule that found it.
    pub rule: MatchRule,
}

/// One row of `contact_activity`. The columns are documented in `lake::rows`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the columns are documented once, in lake::rows"
)]
pub struct Activity {
    pub activity_id: Id128,
    pub generation: i64,
    pub interaction_id: Id128,
    pub mailbox: Arc<Mailbox>,
    pub revision: i32,
    pub state: State,
    pub kind: Kind,
    pub direction: Direction,
    pub occurred_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub subject: Option<String>,
    pub preview: Option<String>,
    pub thread_id: Option<String>,
    pub is_bulk: bool,
    pub user_role: Option<Role>,
    /// `None` in a closing row only (`state = withdrawn`, no contact).
    pub contact_match: Option<ContactMatch>,
    pub internal_count: i32,
    pub external_count: i32,
    pub matched_at: Timestamp,
    pub crm_snapshot: Arc<str>,
    pub run_id: Arc<str>,
}

/// An interaction and its contact matches, before either is written.
#[derive(Debug, Clone)]
pub struct MatchedInteraction {
    /// The row of `interactions`.
    pub interaction: Interaction,
    /// Its contacts and accounts, in order of contact and account id.
    pub contact_matches: Vec<ContactMatch>,
}

impl MatchedInteraction {
    /// A rough size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let matches = self.contact_matches.iter();
        let matches = matches.map(|one| size_of::<ContactMatch>() + one.address.len());
        size_of::<Vec<ContactMatch>>() + self.interaction.bytes() + matches.sum::<usize>()
    }
}
