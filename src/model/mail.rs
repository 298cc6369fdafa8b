//! One mail as a page describes it, before anything is decided.

use std::sync::Arc;

use crate::model::interaction::Role;
use crate::model::reason::Reason;
use crate::model::time::Timestamp;

/// One item as it was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// A whole mail.
    Mail(Box<Mail>),
    /// An item that left the folder (facts 1.5).
    Removed {
        /// The provider's id.
        source_id: String,
    },
    /// Some changed properties of an item (facts 1.5): too few to represent the item.
    Partial {
        /// The provider's id.
        source_id: String,
        /// False if only read flags, folder and change metadata changed: nothing of interest.
        has_news: bool,
    },
    /// An item that cannot be read.
    Unreadable {
        /// The provider's id, where at least that could be read.
        source_id: Option<String>,
        /// Why (`malformed`, `no_id`, `no_date`, `not_mail`, …).
        reason: Reason,
    },
}

/// How much of a mail is requested, read and kept.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ContentLevel {
    /// Who, when and the subject.
    Envelope,
    /// And the first 255 characters of the text.
    Preview,
    /// And the text in full.
    Full,
}

/// A person named in a header, as written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawParticipant {
    /// In which header.
    pub role: Role,
    /// Display name, decoded.
    pub name: Option<String>,
    /// The address, or the text in its place, unfolded.
    pub address: String,
}

/// How private the sender marked a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// Not known (yet): Graph stores it separately from the mail (facts 1.9).
    Unknown,
    /// Normal.
    Normal,
    /// Personal, private or confidential.
    Private,
}

/// Items that are stored as mail but are not plain mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailClass {
    /// A mail.
    Plain,
    /// A request, answer or cancellation of a meeting.
    Meeting,
}

/// A mail as it was read. Its participants are in the order in which they will be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// The provider's id.
    pub source_id: String,
    /// The ids of the messages that earlier versions made of it.
    pub former_ids: Vec<String>,
    /// Folder in which it lay: Graph folder id, archive folder name.
    pub container: Arc<str>,
    /// Inside of the first `<…>` of Message-ID, else the trimmed text; never empty.
    pub message_id: Option<String>,
    /// Sent as the mail itself says, where it parses.
    pub sent: Option<Timestamp>,
    /// Receipt as the system says, where it is known.
    pub received: Option<Timestamp>,
    /// Decoded subject.
    pub subject: Option<String>,
    /// At most 255 characters of text.
    pub preview: Option<String>,
    /// The full text, if the content level includes it or the identity needs it.
    pub body_text: Option<String>,
    /// From, sender (only where it differs), to, cc, bcc.
    pub participants: Vec<RawParticipant>,
    /// Not sent yet.
    pub is_draft: bool,
    /// Its labels besides its folder (Google Takeout).
    pub labels: Vec<String>,
    /// Marked as private or not.
    pub sensitivity: Sensitivity,
    /// Plain mail or a meeting's.
    pub class: MailClass,
    /// Id of the rule by which it is bulk mail, if one applies (rules: `decode::bulk`).
    pub bulk_reason: Option<&'static str>,
    /// The conversation (design section 3, `thread_id`).
    pub thread_id: Option<String>,
    /// Hash over what was read, without folder and read marks.
    pub fingerprint: i64,
    /// Hash of its bytes without marks and status, where it is of an archive and has no Message-ID.
    pub bytes_key: Option<crate::model::id::Id128>,
    /// Identity by content (design section 4), if the archive is configured for it.
    pub content_key: Option<crate::model::id::Id128>,
    /// Whether it says more than is kept (`model::limits`).
    pub is_shortened: bool,
}
