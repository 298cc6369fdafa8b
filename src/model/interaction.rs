//! Rows of the table `interactions`: one mail or meeting in one mailbox.

use std::sync::Arc;

use crate::model::id::Id128;
use crate::model::mailbox::Mailbox;
use crate::model::time::Timestamp;

/// Defines an enum whose variants are the values of a column.
macro_rules! string_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the tables.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word in the tables.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

string_enum! {
    /// Where a row was read.
    Source {
        /// Microsoft Graph.
        Graph = "graph",
        /// An mbox file.
        Mbox = "mbox",
        /// A Maildir or a tree of plain files like one.
        Maildir = "maildir",
        /// A folder of `.eml` files.
        Eml = "eml",
    }
}

string_enum! {
    /// What kind of interaction a row is.
    Kind {
        /// A mail.
        Email = "email",
        /// A meeting.
        Meeting = "meeting",
    }
}

string_enum! {
    /// Whether a row of the highest revision counts.
    State {
        /// It counts.
        Active = "active",
        /// Cancelled by the organiser.
        Cancelled = "cancelled",
        /// Declined by the mailbox's owner.
        Declined = "declined",
        /// Taken out of the calendar by its owner before it took place.
        Removed = "removed",
        /// It is now in another month.
        Superseded = "superseded",
        /// Made private, or left without any contact.
        Withdrawn = "withdrawn",
    }
}

string_enum! {
    /// Seen from the company, so equal in all copies.
    Direction {
        /// From or organised by one of the company.
        Outbound = "outbound",
        /// From or organised by someone else, or without a named author.
        Inbound = "inbound",
        /// Among people of the company only.
        Internal = "internal",
    }
}

string_enum! {
    /// The role of a participant, in the order in which participants are stored.
    Role {
        /// The author of a mail.
        From = "from",
        /// Who sent it, where that differs from the author.
        Sender = "sender",
        /// A recipient.
        To = "to",
        /// A recipient of a copy.
        Cc = "cc",
        /// A recipient of a blind copy.
        Bcc = "bcc",
        /// The organiser of a meeting.
        Organizer = "organizer",
        /// An attendee who is needed.
        Required = "required",
        /// An attendee who may come.
        Optional = "optional",
        /// A room or a piece of equipment.
        Resource = "resource",
    }
}

/// A participant, once for each address and role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Normalised address; where it is none, the raw text in lower case.
    pub address: String,
    /// False where `address` is raw text: then it is counted nowhere and never matches.
    pub is_address: bool,
    /// Display name as the message has it.
    pub name: Option<String>,
    /// The role.
    pub role: Role,
    /// The answer to an invitation, in Graph's words; `None` for mail.
    pub response: Option<String>,
    /// Of the own company, as known when captured.
    pub internal: bool,
}

/// One row of `interactions`. The columns are documented in `lake::rows`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the columns are documented once, in lake::rows"
)]
pub struct Interaction {
    pub interaction_id: Id128,
    /// Columns `mailbox_id`, `mailbox_address`, `mailbox_kind`, `tenant`. Rows that were read back
    /// from the lake have no `own_addresses`.
    pub mailbox: Arc<Mailbox>,
    pub source: Source,
    pub source_id: String,
    pub container: Arc<str>,
    pub kind: Kind,
    pub revision: i32,
    pub state: State,
    pub occurred_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub direction: Direction,
    pub subject: Option<String>,
    pub preview: Option<String>,
    pub body_text: Option<String>,
    pub sensitivity_known: bool,
    pub thread_id: Option<String>,
    pub series_id: Option<String>,
    pub participants: Vec<Participant>,
    pub is_bulk: bool,
    pub bulk_reason: Option<String>,
    pub is_online_meeting: Option<bool>,
    pub online_provider: Option<String>,
    pub is_recurring: Option<bool>,
    pub is_all_day: Option<bool>,
    pub fingerprint: i64,
    pub captured_at: Timestamp,
    pub run_id: Arc<str>,
    /// Best role of the mailbox's owner among the participants; `None` for lists, received blind
    /// copies and shared mailboxes. It is stored in `interactions` too, because the owner's further
    /// addresses are not in the lake and the view must be computable from the table alone.
    pub user_role: Option<Role>,
}

impl Interaction {
    /// A rough size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let people = self.participants.iter().map(|participant| {
            size_of::<Participant>() + participant.address.len() + length(&participant.name)
        });
        let texts = [
            &self.subject,
            &self.preview,
            &self.body_text,
            &self.thread_id,
            &self.series_id,
        ];
        size_of::<Self>()
            + self.source_id.len()
            + people.sum::<usize>()
            + texts.into_iter().map(length).sum::<usize>()
    }
}
