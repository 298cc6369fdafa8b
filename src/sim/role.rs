//! The part that someone plays in a mail or a meeting.

/// The part that someone plays in a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Author.
    From,
    /// Who sent it for the author.
    Sender,
    /// Recipient.
    To,
    /// In copy.
    Cc,
    /// In blind copy.
    Bcc,
    /// Who invited.
    Organizer,
    /// Invited, and needed.
    Required,
    /// Invited, and welcome.
    Optional,
    /// A room.
    Resource,
}

impl Role {
    /// As the tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Sender => "sender",
            Self::To => "to",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
            Self::Organizer => "organizer",
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Resource => "resource",
        }
    }
}
