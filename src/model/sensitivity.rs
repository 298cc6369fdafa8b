//! Which mails are private, as far as it is known.

use std::sync::Arc;

use hashbrown::HashSet;

/// What is known of the sensitivity of mails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sensitivities {
    /// Ids of all mails that are marked personal, private or confidential; all others are normal.
    Known(Arc<HashSet<String>>),
    /// The same of mails that were requested one by one.
    Singly {
        /// Those that are not normal.
        private: HashSet<String>,
        /// Those of which it is unknown.
        unknown: HashSet<String>,
    },
    /// The permission does not show it (Mail.ReadBasic), or the mails alone say it.
    #[default]
    Hidden,
}

impl Sensitivities {
    /// Whether a mail is private; `None`: it is not known.
    pub fn is_private(&self, id: &str) -> Option<bool> {
        match self {
            Self::Known(private) => Some(private.contains(id)),
            Self::Singly { unknown, .. } if unknown.contains(id) => None,
            Self::Singly { private, .. } => Some(private.contains(id)),
            Self::Hidden => None,
        }
    }
}

/// What came of asking for the list of a mailbox's private mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateList {
    /// Their ids.
    Ids(HashSet<String>),
    /// The permission does not show them.
    Hidden,
    /// The service does not list them, whatever the size of the page: it takes too long over a
    /// large mailbox, or does not know the filter.
    NotListed,
}
