//! Fills the mailboxes: first picks what must become of a mail, then invents one of that class.

use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::sim::changes;
use crate::sim::classes;
use crate::sim::dice::Dice;
use crate::sim::folders;
use crate::sim::spec::InternalOnly;
use crate::sim::spec::Unmatched;
use crate::sim::text;
use crate::sim::world::Access;
use crate::sim::world::Copy;
use crate::sim::world::Mail;
use crate::sim::world::Outcome;
use crate::sim::world::Role;
use crate::sim::world::World;

/// Mails of each class that every world has, whatever its size.
pub const PLANTED_PER_CLASS: usize = 24;

/// What the generator has in mind when it invents a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it; each is made in classes")]
pub enum Class {
    Inbound,
    Outbound,
    Alias,
    EmailTagged,
    AliasTagged,
    AccountExact,
    AccountRegistrable,
    Unknown,
    Legacy,
    Unparsable,
    Shared,
    ToList,
    Internal,
    Bulk,
    Meeting,
    Draft,
    Private,
    BlockedAddress,
    BlockedDomain,
    BlockedSubject,
    BlockedFolder,
    TooOld,
    NoDate,
    NotCaptured,
    SentAndReceived,
    Twice,
    IdOnTwoDays,
    IdTwiceADay,
    NoMessageId,
    SentMissing,
    SentAncient,
    SentLate,
    SentAhead,
    NoReceipt,
    Unread,
}

/// Each class and its weight in ordinary traffic.
pub const CLASSES: [(Class, usize); 35] = [
    (Class::Inbound, 220),
    (Class::Outbound, 220),
    (Class::Alias, 20),
    (Class::EmailTagged, 12),
    (Class::AliasTagged, 6),
    (Class::AccountExact, 50),
    (Class::AccountRegistrable, 20),
    (Class::Unknown, 90),
    (Class::Legacy, 12),
    (Class::Unparsable, 6),
    (Class::Shared, 15),
    (Class::ToList, 15),
    (Class::Internal, 120),
    (Class::Bulk, 50),
    (Class::Meeting, 30),
    (Class::Draft, 6),
    (Class::Private, 10),
    (Class::BlockedAddress, 6),
    (Class::BlockedDomain, 6),
    (Class::BlockedSubject, 6),
    (Class::BlockedFolder, 6),
    (Class::TooOld, 60),
    (Class::NoDate, 2),
    (Class::NotCaptured, 20),
    (Class::SentAndReceived, 15),
    (Class::Twice, 8),
    (Class::IdOnTwoDays, 2),
    (Class::IdTwiceADay, 2),
    (Class::NoMessageId, 6),
    (Class::SentMissing, 2),
    (Class::SentAncient, 2),
    (Class::SentLate, 2),
    (Class::SentAhead, 2),
    (Class::NoReceipt, 2),
    (Class::Unread, 25),
];

/// A mail before it is delivered.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The class.
    pub class: Class,
    /// What must become of it where the mailbox has no reason of its own.
    pub outcome: Outcome,
    /// The rule of the outcome.
    pub reason: Option<&'static str>,
    /// Author and, where it differs, who sent it.
    pub from: u32,
    /// Who sent it for the author.
    pub sender: Option<u32>,
    /// Recipients.
    pub to: Vec<u32>,
    /// In copy.
    pub cc: Vec<u32>,
    /// In blind copy.
    pub bcc: Vec<u32>,
    /// Subject.
    pub subject: String,
    /// When it arrives.
    pub at: Micros,
    /// `sentDateTime`.
    pub sent: Option<Micros>,
    /// `receivedDateTime`.
    pub received: Option<Micros>,
    /// The instant that must be stored.
    pub occurred: Micros,
    /// With its angle brackets.
    pub message_id: Option<String>,
    /// Conversation.
    pub thread: u32,
    /// `@odata.type` of meeting mail.
    pub meeting: Option<&'static str>,
    /// A bulk mail.
    pub bulk: bool,
    /// `PidTagSensitivity`.
    pub sensitivity: u8,
    /// The interaction of an earlier mail.
    pub label: Option<u32>,
    /// Copies may change places with others of this number.
    pub group: Option<u32>,
}

/// Fills all mailboxes of a world.
pub fn fill(world: &mut World) {
    let mut dice = world.dice(3);
    let start = world.start();
    let (old, new) = (start.plus(-350 * DAY), start.plus(-DAY / 24));
    for (class, _) in CLASSES {
        for _ in 0..PLANTED_PER_CLASS {
            let at = Micros(dice.between(old.0, new.0));
            classes::invent(world, &mut dice, class, at);
        }
    }
    let readers = world.people.iter().filter(|person| person.active).count();
    let wanted = readers * world.spec.mails_per_user;
    while copies(world) < wanted {
        let class = weighted(&mut dice);
        let at = Micros(dice.between(old.0, new.0));
        classes::invent(world, &mut dice, class, at);
    }
    let days = i64::from(world.spec.days_ahead);
    let daily = (world.spec.mails_per_user / 350).max(1);
    let ahead = copies(world) + readers * daily * usize::try_from(days).unwrap_or(0);
    while days > 0 && copies(world) < ahead {
        let class = weighted(&mut dice);
        let at = Micros(dice.between(start.0 + DAY / 24, start.0 + days * DAY));
        classes::invent(world, &mut dice, class, at);
    }
    changes::plan(world);
}

fn copies(world: &World) -> usize {
    world
        .mailboxes
        .iter()
        .map(|mailbox| mailbox.copies.len())
        .sum()
}

fn weighted(dice: &mut Dice) -> Class {
    let total: usize = CLASSES.iter().map(|(_, weight)| weight).sum();
    let mut left = dice.below(total);
    for (class, weight) in CLASSES {
        if left < weight {
            return class;
        }
        left -= weight;
    }
    Class::Inbound
}

/// Stores a mail; its copies follow by [`put`].
pub fn store(world: &mut World, dice: &mut Dice, plan: &Plan) -> u32 {
    let number = u32::try_from(world.mails.len()).unwrap_or(u32::MAX);
    let mut parts = vec![(Role::From, plan.from)];
    parts.extend(plan.sender.map(|sender| (Role::Sender, sender)));
    parts.extend(plan.to.iter().map(|to| (Role::To, *to)));
    parts.extend(plan.cc.iter().map(|cc| (Role::Cc, *cc)));
    parts.extend(plan.bcc.iter().map(|bcc| (Role::Bcc, *bcc)));
    let book = |part: &(Role, u32)| &world.addresses[part.1 as usize];
    let all_internal = parts
        .iter()
        .map(book)
        .all(|one| one.internal || !one.counted);
    let direction = if all_internal {
        "internal"
    } else if world.addresses[plan.from as usize].internal {
        "outbound"
    } else {
        "inbound"
    };
    let matched = parts.iter().map(book).any(|one| one.touch.is_some());
    world.mails.push(Mail {
        label: plan.label.unwrap_or(number),
        text: dice.bits(),
        subject: plan.subject.as_str().into(),
        message_id: plan.message_id.as_deref().map(Into::into),
        sent: plan.sent,
        received: plan.received,
        occurred: plan.occurred,
        parts: parts.into(),
        thread: plan.thread,
        meeting: plan.meeting,
        draft: plan.outcome == Outcome::Draft,
        bulk: plan.bulk,
        sensitivity: plan.sensitivity,
        matched,
        direction,
        class: plan.class,
    });
    number
}

/// Lays a copy into a mailbox. The planted outcome is that of the mail, unless the mailbox's
/// settings come first in the order of outcomes.
pub fn put(world: &mut World, plan: &Plan, mail: u32, person: usize, folder: u16) {
    let who = &world.people[person];
    if who.access == Access::NoMailbox {
        return;
    }
    let mailbox = &mut world.mailboxes[person];
    let (mut outcome, mut reason) = (plan.outcome, plan.reason);
    if outcome == Outcome::Private && mailbox.sensitivity_refused {
        outcome = Outcome::Recorded;
    }
    if who.is_off() && outcome > Outcome::NotCaptured {
        (outcome, reason) = (Outcome::NotCaptured, None);
    }
    let from = world.addresses[plan.from as usize].person;
    let sender = plan
        .sender
        .and_then(|one| world.addresses[one as usize].person);
    mailbox.copies.push(Copy {
        mail,
        folder,
        arrives: plan.at,
        outcome,
        reason,
        group: plan.group,
        bcc: folder == folders::SENT && (from == Some(person) || sender == Some(person)),
        lonely: plan.message_id.is_none(),
        events: Box::default(),
    });
}

/// Stores a mail and delivers it: to Sent Items of the author, to the recipients' inboxes or
/// wherever they file it.
pub fn deliver(world: &mut World, dice: &mut Dice, plan: &Plan) -> u32 {
    let mail = store(world, dice, plan);
    let mut owners: Vec<(usize, u16)> = Vec::new();
    let authors = [Some(plan.from), plan.sender];
    for author in authors.into_iter().flatten() {
        let person = world.addresses[author as usize].person;
        owners.extend(person.map(|person| (person, folders::SENT)));
    }
    for recipient in plan.to.iter().chain(&plan.cc).chain(&plan.bcc) {
        let Some(person) = world.addresses[*recipient as usize].person else {
            continue;
        };
        if owners.iter().all(|(owner, _)| *owner != person) {
            let folder = if dice.chance(30) {
                *dice.pick(&folders::FILED)
            } else {
                folders::INBOX
            };
            owners.push((person, folder));
        }
    }
    for (person, folder) in owners {
        put(world, plan, mail, person, folder);
    }
    mail
}

/// The outcome of mail that the CRM knows nothing of.
pub fn unknown(world: &World) -> Outcome {
    match world.spec.policy.unmatched {
        Unmatched::Skip => Outcome::Unmatched,
        Unmatched::Envelope | Unmatched::Keep => Outcome::Recorded,
    }
}

/// The outcome of mail within the company.
pub fn internal(world: &World) -> Outcome {
    match world.spec.policy.internal_only {
        InternalOnly::Skip => Outcome::InternalOnly,
        InternalOnly::Record => unknown(world),
    }
}

/// A fresh subject.
pub fn subject(dice: &mut Dice) -> String {
    text::subject(dice.bits())
}
