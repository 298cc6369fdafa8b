//! What a mailbox holds: folders, mails, and their copies, each with what happens to it.

use crate::model::time::Timestamp;
use crate::sim::calendar::meeting::CalendarCopy;
use crate::sim::mail::variants::MailVariant;
use crate::sim::outcome::Outcome;
use crate::sim::role::Role;

/// A mail, however many copies there are.
#[derive(Debug)]
pub struct Mail {
    /// The interaction: the same number where the id says that it is the same mail.
    pub label: u32,
    /// Decides the text.
    pub text: u64,
    /// Subject.
    pub subject: Box<str>,
    /// With its angle brackets.
    pub message_id: Option<Box<str>>,
    /// `sentDateTime`.
    pub sent: Option<Timestamp>,
    /// `receivedDateTime`.
    pub received: Option<Timestamp>,
    /// The instant that must be stored.
    pub occurred: Timestamp,
    /// Who takes part: numbers of addresses, in the stored order.
    pub parts: Box<[(Role, u32)]>,
    /// The conversation.
    pub thread: u32,
    /// `@odata.type` of meeting mail.
    pub meeting: Option<&'static str>,
    /// A draft.
    pub draft: bool,
    /// Newsletter, notification or automatic reply.
    pub bulk: bool,
    /// `PidTagSensitivity`.
    pub sensitivity: u8,
    /// Someone in it is known to the CRM.
    pub matched: bool,
    /// `outbound`, `inbound` or `internal`.
    pub direction: &'static str,
    /// The variant that the generator had in mind.
    pub variant: MailVariant,
}

/// A folder of a mailbox.
#[derive(Debug)]
pub struct Folder {
    /// Constant id.
    pub id: String,
    /// Localised name.
    pub name: String,
    /// Number of the parent.
    pub parent: Option<u16>,
    /// Well-known name.
    pub well_known: Option<&'static str>,
    /// Listed only on demand.
    pub hidden: bool,
    /// A search folder.
    pub search: bool,
    /// Whether touchpoint reads it.
    pub read: bool,
    /// When it came into being.
    pub created: Timestamp,
}

/// What happens to a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Into another folder.
    Move(u16),
    /// Read, or marked unread again.
    Read,
    /// Another subject.
    Subject,
    /// Gone for good.
    Delete,
}

/// A copy of a mail in a mailbox.
#[derive(Debug)]
pub struct Copy {
    /// Number of the mail.
    pub mail: u32,
    /// Folder in which it arrives.
    pub folder: u16,
    /// When it arrives.
    pub arrives: Timestamp,
    /// What must become of it.
    pub outcome: Outcome,
    /// Which rule, where the outcome has several.
    pub reason: Option<&'static str>,
    /// Copies with the same number may change places.
    pub group: Option<u32>,
    /// Blind copies are visible in it.
    pub bcc: bool,
    /// Its interaction is its own, because nothing links it to other copies.
    pub lonely: bool,
    /// What happens to it later, in order.
    pub events: Box<[(Timestamp, Event)]>,
}

impl Copy {
    /// The folder it lies in at an instant, and the number of moves so far.
    pub fn place(&self, at: Timestamp) -> Option<(u16, u32)> {
        if self.arrives > at {
            return None;
        }
        let mut place = (self.folder, 0);
        for (_, event) in self.events.iter().take_while(|(when, _)| *when <= at) {
            match event {
                Event::Move(to) => place = (*to, place.1 + 1),
                Event::Delete => return None,
                Event::Read | Event::Subject => {}
            }
        }
        Some(place)
    }

    /// Whether something of this kind has happened an odd number of times.
    pub fn flipped(&self, at: Timestamp, kind: Event) -> bool {
        let seen = self.events.iter().take_while(|(when, _)| *when <= at);
        seen.filter(|(_, event)| *event == kind).count() % 2 == 1
    }

    /// When it last changed.
    pub fn changed(&self, at: Timestamp) -> Timestamp {
        let seen = self.events.iter().take_while(|(when, _)| *when <= at);
        seen.last().map_or(self.arrives, |(when, _)| *when)
    }
}

/// A mailbox.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// Its folders; the first is the root.
    pub folders: Vec<Folder>,
    /// Copies in order of arrival.
    pub copies: Vec<Copy>,
    /// Numbers of the copies that something happens to.
    pub eventful: Vec<u32>,
    /// The list of sensitivities is refused.
    pub sensitivity_refused: bool,
    /// Copies of meetings.
    pub calendar: Vec<CalendarCopy>,
}
