//! Puts mails into mailboxes: who has a copy, in which folder, and what must become of it.

use crate::model::time::Timestamp;
use crate::sim::mail::folders;
use crate::sim::mail::mailbox::Copy;
use crate::sim::mail::mailbox::Mail;
use crate::sim::mail::variants::MailVariant;
use crate::sim::outcome::Outcome;
use crate::sim::person::Access;
use crate::sim::rng::Rng;
use crate::sim::role::Role;
use crate::sim::world::World;

/// A mail before it is delivered.
#[derive(Debug, Clone)]
pub struct MailPlan {
    /// The variant.
    pub variant: MailVariant,
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
    pub at: Timestamp,
    /// `sentDateTime`.
    pub sent: Option<Timestamp>,
    /// `receivedDateTime`.
    pub received: Option<Timestamp>,
    /// The instant that must be stored.
    pub occurred: Timestamp,
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

/// Stores a mail; its copies follow by [`put`].
pub fn store(world: &mut World, rng: &mut Rng, plan: &MailPlan) -> u32 {
    let number = u32::try_from(world.mails.len()).unwrap_or(u32::MAX);
    let mut parts = vec![(Role::From, plan.from)];
    parts.extend(plan.sender.map(|sender| (Role::Sender, sender)));
    parts.extend(plan.to.iter().map(|to| (Role::To, *to)));
    parts.extend(plan.cc.iter().map(|cc| (Role::Cc, *cc)));
    parts.extend(plan.bcc.iter().map(|bcc| (Role::Bcc, *bcc)));
    let address_of = |part: &(Role, u32)| &world.addresses[part.1 as usize];
    let all_internal = parts
        .iter()
        .map(address_of)
        .all(|one| one.internal || !one.counted);
    let direction = if all_internal {
        "internal"
    } else if world.addresses[plan.from as usize].internal {
        "outbound"
    } else {
        "inbound"
    };
    let matched = parts
        .iter()
        .map(address_of)
        .any(|one| one.contact_match.is_some());
    world.mails.push(Mail {
        label: plan.label.unwrap_or(number),
        text: rng.bits(),
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
        variant: plan.variant,
    });
    number
}

/// Puts a copy into a mailbox. The expected outcome is that of the mail; where the settings switch
/// mail off, it is not read at all.
pub fn put(world: &mut World, plan: &MailPlan, mail: u32, person: usize, folder: u16) {
    let who = &world.people[person];
    if who.access == Access::NoMailbox {
        return;
    }
    world.copies += 1;
    let mailbox = &mut world.mailboxes[person];
    let mut outcome = plan.outcome;
    if outcome == Outcome::Private && mailbox.sensitivity_refused {
        outcome = Outcome::Recorded;
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
        reason: plan.reason,
        group: plan.group,
        bcc: folder == folders::SENT && (from == Some(person) || sender == Some(person)),
        lonely: plan.message_id.is_none(),
        events: Box::default(),
    });
}

/// Stores a mail and delivers it: to Sent Items of the author, to the recipients' inboxes or
/// wherever they file it.
pub fn deliver(world: &mut World, rng: &mut Rng, plan: &MailPlan) -> u32 {
    let mail = store(world, rng, plan);
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
            let folder = if rng.chance(30) {
                *rng.pick(&folders::FILED)
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
