//! What a query may require or exclude: words in some part of an interaction, a property of it, or
//! the days on which it took place.

use jiff::civil::Date;

use crate::index::expression::Expression;

/// The part of an interaction in which words must occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Subject, text, names or addresses.
    Anywhere,
    /// The subject.
    Subject,
    /// Name, address, CRM name or account of who wrote or organised it.
    Author,
    /// The same of everybody to whom it was addressed.
    Recipients,
    /// The same of everybody who took part.
    People,
    /// The folder or calendar in which it was found.
    Container,
}

/// Defines the properties with their words in a query.
macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A property that an interaction has or does not have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Property { $($(#[$doc])* $name,)* }

        impl Property {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word after `is:`, and in the index.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

properties! {
    /// A mail.
    Email = "email",
    /// A meeting.
    Meeting = "meeting",
    /// A newsletter, a list or an automatic mail.
    Bulk = "bulk",
    /// A meeting that its organiser cancelled.
    Cancelled = "cancelled",
    /// A meeting that the mailbox's owner declined.
    Declined = "declined",
    /// A meeting that was taken out of the calendar before it took place.
    Removed = "removed",
    /// A meeting that begins later.
    Planned = "planned",
    /// A meeting that has begun and was neither cancelled, declined nor removed.
    Held = "held",
    /// An online meeting.
    Online = "online",
    /// An occurrence of a series.
    Recurring = "recurring",
    /// A meeting of whole days.
    AllDay = "allday",
    /// Among people of the company only.
    Internal = "internal",
    /// With somebody outside the company.
    External = "external",
    /// From somebody outside the company.
    Inbound = "inbound",
    /// From somebody of the company to others.
    Outbound = "outbound",
}

impl Property {
    /// Reads the word after `is:`.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_lowercase().replace(['-', '_'], "");
        let word = match word.as_str() {
            "mail" => "email",
            "canceled" => "cancelled",
            other => other,
        };
        Self::ALL
            .iter()
            .find(|known| known.as_str() == word)
            .copied()
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Words occur in a part of it.
    Words(Place, Expression),
    /// It has a property.
    Is(Property),
    /// It took place on this UTC day or later.
    From(Date),
    /// It took place before this UTC day.
    Before(Date),
}
