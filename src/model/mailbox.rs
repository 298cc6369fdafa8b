//! The mailboxes that are read.

use std::sync::Arc;

use crate::model::address::Address;
use crate::model::id::Id128;

/// What kind of mailbox it is, as the tables name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxKind {
    /// A person's.
    User,
    /// A shared one, which no user signs in to.
    Shared,
    /// A room's.
    Room,
    /// A piece of equipment's.
    Equipment,
    /// One that was read from files.
    Archive,
}

impl MailboxKind {
    /// The word in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Shared => "shared",
            Self::Room => "room",
            Self::Equipment => "equipment",
            Self::Archive => "archive",
        }
    }

    /// Reads the word in the tables.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::User,
            Self::Shared,
            Self::Room,
            Self::Equipment,
            Self::Archive,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

/// One mailbox: whose copies the rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Directory object id; archives: `archive:<archive>/<folder>`.
    pub id: Arc<str>,
    /// Primary address (normalised where it is one); archives without one: the folder's name.
    pub address: Arc<str>,
    /// User, shared, room, equipment or archive.
    pub kind: MailboxKind,
    /// The tenant's or archive's name in the configuration.
    pub tenant: Arc<str>,
    /// All addresses under which its owner takes part in mail, the primary one among them.
    pub own_addresses: Vec<Address>,
}

impl Mailbox {
    /// What log events call it. The id of an archive's mailbox contains a folder's name, which may
    /// be an address: it is replaced by the beginning of its BLAKE3 hash.
    pub fn log_id(&self) -> String {
        match self.kind {
            MailboxKind::Archive => {
                let hash = blake3::hash(self.id.as_bytes()).to_hex();
                format!("archive-{hash:.12}")
            }
            MailboxKind::User
            | MailboxKind::Shared
            | MailboxKind::Room
            | MailboxKind::Equipment => self.id.to_string(),
        }
    }
}

/// What names a mailbox on the command line: one of its addresses, its id, or the name under which
/// reports print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxName {
    text: String,
    address: Option<Address>,
}

impl MailboxName {
    /// Takes a name as it was typed.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.trim().to_owned(),
            address: Address::parse(text),
        }
    }

    /// Whether it names the mailbox with this id, name in reports and owner.
    pub fn is_of(&self, id: &str, printed: &str, own_addresses: &[Address]) -> bool {
        self.is_address_of(own_addresses) || self.text == id || self.text == printed
    }

    /// Whether it is one of these addresses.
    pub fn is_address_of(&self, own_addresses: &[Address]) -> bool {
        let is_own = |address| own_addresses.contains(address);
        self.address.as_ref().is_some_and(is_own)
    }
}

/// The number of slots over which the mailboxes of a lake are distributed; permanent (design
/// section 7).
pub const SLOTS: u8 = 64;

/// The slot to which a mailbox permanently belongs: by hash of its id.
pub fn slot(mailbox_id: &str) -> u8 {
    Id128::of(&[b"slot", mailbox_id.as_bytes()]).0[0] % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_call_a_mailbox_of_an_archive_by_a_hash() {
        let mut mailbox = Mailbox {
            id: "archive:old/ann".into(),
            address: "ann@x.example".into(),
            kind: MailboxKind::Archive,
            tenant: "old".into(),
            own_addresses: Vec::new(),
        };
        // printf %s archive:old/ann | b3sum
        assert_eq!(mailbox.log_id(), "archive-348454c6f422");
        mailbox.kind = MailboxKind::User;
        mailbox.id = "00000000-0000-0000-0000-000000000001".into();
        assert_eq!(mailbox.log_id(), *mailbox.id);
    }

    #[test]
    fn slots_never_change() {
        // A change here would orphan the cursors of every lake that exists.
        assert_eq!(slot("archive:old/ann"), 44);
        assert_eq!(slot("00000000-0000-0000-0000-000000000001"), 35);
        assert_eq!(slot(""), 26);
    }
}
