//! What one row says of a colleague and a contact: whether they were in touch, and how.

use crate::model::formula::Formula;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::mailbox::MailboxKind;
use crate::model::touch::Touch;

/// How a colleague and a contact took part in an interaction, from what says least to what says
/// most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exchange {
    /// By bulk mail: it makes no relationship.
    Bulk,
    /// Both took part, among many, or a third person wrote: it makes no relationship.
    SameRoom,
    /// The contact wrote to the colleague.
    Received,
    /// The colleague wrote to the contact.
    Sent,
    /// They met, among few.
    Met,
}

impl Exchange {
    /// Whether it is a sign that they know each other.
    pub fn is_direct(self) -> bool {
        self > Self::SameRoom
    }
}

/// Which interactions may be shown (`[view]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All of them.
    All,
    /// Meetings only.
    Meetings,
}

impl Shown {
    /// Whether a row counts at all.
    pub fn has(self, touch: &Touch) -> bool {
        self == Self::All || touch.kind == Kind::Meeting
    }
}

/// What a row says; `None`: nothing, since the colleague or the contact did not take part in person.
pub fn of(touch: &Touch, formula: &Formula) -> Option<Exchange> {
    match touch.mailbox_kind {
        MailboxKind::User | MailboxKind::Archive => {}
        // They know no one.
        MailboxKind::Shared | MailboxKind::Room | MailboxKind::Equipment => return None,
    }
    let user_role = touch.user_role?;
    let exchange = match touch.kind {
        Kind::Email => by_mail(user_role, touch)?,
        Kind::Meeting => by_meeting(user_role, touch)?,
    };
    let is_crowd = touch.people > formula.people_max;
    Some(if is_crowd && exchange.is_direct() {
        Exchange::SameRoom
    } else {
        exchange
    })
}

/// Who wrote, seen from the colleague.
fn by_mail(user: Role, touch: &Touch) -> Option<Exchange> {
    let parts = (part_in_mail(user)?, part_in_mail(touch.contact_role)?);
    Some(match parts {
        _ if touch.is_bulk => Exchange::Bulk,
        (Part::Author, Part::Recipient) => Exchange::Sent,
        (Part::Recipient, Part::Author) => Exchange::Received,
        (Part::Recipient, Part::Recipient) | (Part::Author, Part::Author) => Exchange::SameRoom,
    })
}

fn by_meeting(user: Role, touch: &Touch) -> Option<Exchange> {
    let attends = |role| matches!(role, Role::Organizer | Role::Required | Role::Optional);
    let have_met = attends(user) && attends(touch.contact_role) && !touch.contact_declined;
    have_met.then_some(Exchange::Met)
}

enum Part {
    Author,
    Recipient,
}

fn part_in_mail(role: Role) -> Option<Part> {
    match role {
        Role::From | Role::Sender => Some(Part::Author),
        Role::To | Role::Cc | Role::Bcc => Some(Part::Recipient),
        Role::Organizer | Role::Required | Role::Optional | Role::Resource => None,
    }
}
