//! One mail of each variant: whom it goes between, and what is odd about it.

use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::mail::delivery;
use crate::sim::mail::delivery::MailPlan;
use crate::sim::mail::folders;
use crate::sim::mail::variants::MailVariant;
use crate::sim::outcome::Outcome;
use crate::sim::rng::Rng;
use crate::sim::text;
use crate::sim::world::World;

const MEETING_TYPES: [&str; 3] = [
    "eventMessageRequest",
    "eventMessageResponse",
    "eventMessage",
];
const HOUR: i64 = 3600 * SECOND;

/// Makes a mail of a variant and delivers it.
pub fn one(world: &mut World, rng: &mut Rng, variant: MailVariant, at: Timestamp) {
    let at = Timestamp(at.0 - at.0 % SECOND);
    let plan = base(world, rng, variant, at);
    match variant {
        MailVariant::Inbound | MailVariant::NoMessageId => {
            inbound(world, rng, plan, |world| &world.people_by_role.email);
        }
        MailVariant::Outbound => outbound(world, rng, plan),
        MailVariant::Alias => inbound(world, rng, plan, |world| &world.people_by_role.alias),
        MailVariant::EmailTagged => {
            inbound(world, rng, plan, |world| &world.people_by_role.email_tagged);
        }
        MailVariant::AliasTagged => {
            inbound(world, rng, plan, |world| &world.people_by_role.alias_tagged);
        }
        MailVariant::AccountExact => inbound(world, rng, plan, |world| &world.people_by_role.exact),
        MailVariant::AccountRegistrable => {
            inbound(world, rng, plan, |world| &world.people_by_role.registrable);
        }
        MailVariant::Unknown => inbound(world, rng, plan, |world| &world.people_by_role.unknown),
        MailVariant::BlockedAddress => {
            inbound(world, rng, plan, |world| {
                &world.people_by_role.blocked_address
            });
        }
        MailVariant::BlockedDomain => inbound(world, rng, plan, |world| {
            &world.people_by_role.blocked_domain
        }),
        MailVariant::Bulk => inbound(world, rng, plan, |world| &world.people_by_role.bulk),
        MailVariant::Legacy => legacy(world, rng, plan),
        MailVariant::Unparsable => unparsable(world, rng, plan),
        MailVariant::Shared => shared(world, rng, plan),
        MailVariant::ToList => to_list(world, rng, plan),
        MailVariant::Internal => internal(world, rng, plan),
        MailVariant::SwitchedOff => switched_off(world, rng, plan),
        MailVariant::SentAndReceived => sent_and_received(world, rng, plan),
        MailVariant::IdOnTwoDays => id_on_two_days(world, rng, plan),
        MailVariant::IdTwiceADay => id_twice_a_day(world, rng, &plan),
        MailVariant::Draft
        | MailVariant::BlockedFolder
        | MailVariant::Unread
        | MailVariant::Twice => {
            in_folder(world, rng, plan);
        }
        _ => {
            let plan = odd(plan, rng);
            inbound(world, rng, plan, |world| &world.people_by_role.email);
        }
    }
}

/// What all mails have, and the outcome that the variant stands for.
fn base(world: &World, rng: &mut Rng, variant: MailVariant, at: Timestamp) -> MailPlan {
    let (outcome, reason) = match variant {
        MailVariant::Unknown | MailVariant::Bulk => (Outcome::of_unknown(&world.spec.policy), None),
        MailVariant::Internal => (Outcome::of_internal(&world.spec.policy), None),
        MailVariant::Meeting => (Outcome::Excluded, Some("meeting_mail")),
        MailVariant::Draft => (Outcome::Draft, None),
        MailVariant::Private => (Outcome::Private, None),
        MailVariant::BlockedAddress => (Outcome::Excluded, Some("address")),
        MailVariant::BlockedDomain => (Outcome::Excluded, Some("domain")),
        MailVariant::BlockedSubject => (Outcome::Excluded, Some("subject")),
        MailVariant::BlockedFolder => (Outcome::Excluded, Some("folder")),
        MailVariant::TooOld => (Outcome::OutsideWindow, None),
        MailVariant::NoDate => (Outcome::Unreadable, Some("no_date")),
        _ => (Outcome::Recorded, None),
    };
    let at = if variant == MailVariant::TooOld {
        let oldest = i64::from(world.spec.months) * 30;
        // Ten days before the window begins, at least.
        world
            .start()
            .plus(-rng.between(378, oldest) * DAY + rng.between(0, DAY / SECOND) * SECOND)
    } else {
        at
    };
    let sent = at.plus(-rng.between(1, 240) * SECOND);
    let id = format!(
        "<{:016x}.{:08x}@mx{}.example.net>",
        rng.bits(),
        rng.below(1 << 30),
        rng.below(9)
    );
    let mut subject = text::subject(rng.bits());
    let mut thread = u32::try_from(world.mails.len()).unwrap_or(u32::MAX);
    if rng.chance(35) && !world.mails.is_empty() {
        let recent = &world.mails[world.mails.len() - 1 - rng.below(world.mails.len().min(400))];
        thread = recent.thread;
        subject = format!("RE: {}", text::subject(u64::from(thread)));
    }
    MailPlan {
        variant,
        outcome,
        reason,
        from: 0,
        sender: None,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject,
        at,
        sent: Some(sent),
        received: Some(at),
        occurred: sent,
        message_id: (variant != MailVariant::NoMessageId).then_some(id),
        thread,
        meeting: None,
        bulk: variant == MailVariant::Bulk,
        sensitivity: 0,
        label: None,
        group: None,
    }
}

/// Dates, subjects and types that make a variant of their own.
fn odd(mut plan: MailPlan, rng: &mut Rng) -> MailPlan {
    match plan.variant {
        MailVariant::Meeting => plan.meeting = Some(MEETING_TYPES[rng.below(MEETING_TYPES.len())]),
        MailVariant::Private => plan.sensitivity = u8::try_from(1 + rng.below(3)).unwrap_or(2),
        MailVariant::BlockedSubject => {
            let words = rng.pick(&text::EXCLUDED_SUBJECTS);
            plan.subject = format!("FW: {} March", words.to_uppercase());
        }
        MailVariant::NoDate => (plan.sent, plan.received) = (None, None),
        MailVariant::SentMissing => (plan.sent, plan.occurred) = (None, plan.at),
        MailVariant::SentAncient => {
            // 1985: before anyone could have meant it.
            plan.sent = Some(Timestamp(5600 * DAY + rng.between(0, 80_000) * SECOND));
            plan.occurred = plan.at;
        }
        MailVariant::SentLate => {
            plan.sent = Some(plan.at.plus(rng.between(49, 900) * HOUR));
            plan.occurred = plan.at;
        }
        MailVariant::SentAhead => {
            // A clock that runs ahead by less than two days is believed.
            plan.occurred = plan.at.plus(rng.between(2, 47) * HOUR);
            plan.sent = Some(plan.occurred);
        }
        MailVariant::NoReceipt => plan.received = None,
        _ => {}
    }
    plan
}

fn active(world: &World, rng: &mut Rng) -> usize {
    *rng.pick(&world.active)
}

/// Colleagues that are not yet among the recipients.
fn colleagues(world: &World, rng: &mut Rng, count: usize, but: &[usize]) -> Vec<usize> {
    let mut found = Vec::new();
    for _ in 0..count {
        let one = active(world, rng);
        if !but.contains(&one) && !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// How a colleague is written: mostly the primary address, at times an alias.
fn written(world: &World, rng: &mut Rng, person: usize) -> u32 {
    if rng.chance(10) {
        world.people_by_role.aliases[person]
    } else {
        world.people_by_role.people[person]
    }
}

fn inbound(world: &mut World, rng: &mut Rng, mut plan: MailPlan, senders: fn(&World) -> &Vec<u32>) {
    plan.from = *rng.pick(senders(world));
    let first = active(world, rng);
    plan.to.push(written(world, rng, first));
    if matches!(
        plan.variant,
        MailVariant::NoMessageId
            | MailVariant::SentMissing
            | MailVariant::SentAncient
            | MailVariant::SentLate
    ) {
        // One copy only: only the receipt or the mailbox identifies it.
        delivery::deliver(world, rng, &plan);
        return;
    }
    let count = rng.below(3);
    for one in colleagues(world, rng, count, &[first]) {
        plan.cc.push(world.people_by_role.people[one]);
    }
    if rng.chance(15)
        && plan.outcome == Outcome::Recorded
        && !plan.bulk
        && plan.variant != MailVariant::Unknown
    {
        let other = *rng.pick(&world.people_by_role.exact);
        if other != plan.from {
            plan.cc.push(other);
        }
    }
    if rng.chance(10) {
        // Mailboxes out of scope, denied or switched off get mail like all others.
        let special = [3, 7, 9, 10, 11, 12];
        let one = *rng.pick(&special);
        plan.cc.push(world.people_by_role.people[one]);
    }
    delivery::deliver(world, rng, &plan);
}

fn outbound(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    let author = active(world, rng);
    plan.from = world.people_by_role.people[author];
    let first = *rng.pick(&world.people_by_role.email);
    plan.to.push(first);
    if rng.chance(30) {
        plan.to.push(*rng.pick(&world.people_by_role.registrable));
    }
    if rng.chance(20) {
        plan.cc.push(*rng.pick(&world.people_by_role.unknown));
    }
    let others = colleagues(world, rng, 3, &[author]);
    if let Some(one) = others.first() {
        plan.cc.push(world.people_by_role.people[*one]);
    }
    if let Some(one) = others.get(1) {
        plan.bcc.push(world.people_by_role.people[*one]);
    }
    if rng.chance(15) {
        plan.bcc.push(*rng.pick(&world.people_by_role.alias));
    }
    delivery::deliver(world, rng, &plan);
}

/// Colleagues written by their legacy Exchange name, some of them long gone.
fn legacy(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    let author = active(world, rng);
    plan.from = world.people_by_role.legacy[author];
    plan.to.push(*rng.pick(&world.people_by_role.email));
    if let Some(one) = colleagues(world, rng, 2, &[author]).first() {
        plan.cc.push(world.people_by_role.legacy[*one]);
    }
    if rng.chance(50) {
        plan.cc.push(*rng.pick(&world.people_by_role.gone));
    }
    delivery::deliver(world, rng, &plan);
}

fn unparsable(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    plan.from = *rng.pick(&world.people_by_role.email);
    plan.to.push(world.people_by_role.unparsable[0]);
    let stored = delivery::store(world, rng, &plan);
    for person in colleagues(world, rng, 2, &[]) {
        delivery::put(world, &plan, stored, person, folders::INBOX);
    }
}

/// Mail to the shared mailbox, or from it, sent by a colleague on its behalf.
fn shared(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    let info = world.people_by_role.people[3];
    let contact = *rng.pick(&world.people_by_role.email);
    if rng.chance(50) {
        plan.from = info;
        let author = active(world, rng);
        plan.sender = Some(world.people_by_role.people[author]);
        plan.to.push(contact);
    } else {
        plan.from = contact;
        plan.to.push(info);
    }
    delivery::deliver(world, rng, &plan);
}

/// Mail to a distribution list: whoever gets it is not among the recipients.
fn to_list(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    plan.from = *rng.pick(&world.people_by_role.email);
    plan.to.push(*rng.pick(&world.people_by_role.lists));
    let stored = delivery::store(world, rng, &plan);
    for person in colleagues(world, rng, 4, &[]) {
        delivery::put(world, &plan, stored, person, folders::INBOX);
    }
}

fn internal(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    let author = active(world, rng);
    plan.from = world.people_by_role.people[author];
    if rng.chance(10) {
        plan.from = world.people_by_role.lists[2];
    }
    for one in colleagues(world, rng, 3, &[author]) {
        plan.to.push(written(world, rng, one));
    }
    if rng.chance(30) || plan.to.is_empty() {
        plan.cc.push(world.people_by_role.people[4]);
    }
    if rng.chance(15) {
        plan.cc.push(*rng.pick(&world.people_by_role.gone));
    }
    delivery::deliver(world, rng, &plan);
}

/// To somebody whose mail is off.
fn switched_off(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    plan.from = *rng.pick(&world.people_by_role.email);
    plan.to.push(world.people_by_role.people[10 + rng.below(2)]);
    delivery::deliver(world, rng, &plan);
}

/// A colleague in copy of the own mail: the copy in Sent Items is the one that counts.
fn sent_and_received(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    let author = active(world, rng);
    plan.from = world.people_by_role.people[author];
    plan.to.push(*rng.pick(&world.people_by_role.email));
    plan.cc.push(world.people_by_role.people[author]);
    plan.bcc.push(*rng.pick(&world.people_by_role.alias));
    let stored = delivery::deliver(world, rng, &plan);
    if plan.outcome == Outcome::Recorded {
        plan.outcome = Outcome::Duplicate;
    }
    delivery::put(world, &plan, stored, author, folders::INBOX);
}

/// The same Message-ID on another day is another mail.
fn id_on_two_days(world: &mut World, rng: &mut Rng, plan: MailPlan) {
    let (person, contact) = (active(world, rng), *rng.pick(&world.people_by_role.email));
    let mut second = plan.clone();
    second.at = plan.at.plus(-3 * DAY);
    second.sent = plan.sent.map(|sent| sent.plus(-3 * DAY));
    second.received = Some(second.at);
    second.occurred = plan.occurred.plus(-3 * DAY);
    // What arrives later was delivered late: the earlier one must not lie before the start.
    second.at = plan.at;
    for mut one in [plan, second] {
        one.from = contact;
        one.to.push(world.people_by_role.people[person]);
        delivery::deliver(world, rng, &one);
    }
}

/// The same Message-ID on the same day, with another subject and minute: one of them counts.
fn id_twice_a_day(world: &mut World, rng: &mut Rng, plan: &MailPlan) {
    let (person, contact) = (active(world, rng), *rng.pick(&world.people_by_role.email));
    // Early in the day, so that it has passed when the mail arrives.
    let early = Timestamp(plan.at.day() * DAY + HOUR / 2);
    let label = u32::try_from(world.mails.len()).unwrap_or(u32::MAX);
    for minute in [0, 17] {
        let mut one = plan.clone();
        one.sent = Some(early.plus(minute * 60 * SECOND));
        one.received = Some(early.plus((minute * 60 + 5) * SECOND));
        one.occurred = early.plus(minute * 60 * SECOND);
        one.from = contact;
        one.to.push(world.people_by_role.people[person]);
        one.label = Some(label);
        one.group = Some(label);
        if minute > 0 {
            one.outcome = Outcome::Duplicate;
            one.reason = Some("id_reused");
            one.subject = text::subject(rng.bits());
        }
        let stored = delivery::store(world, rng, &one);
        delivery::put(world, &one, stored, person, folders::INBOX);
    }
}

/// Mail whose variant is where it lies: one copy in that folder, or two copies in one mailbox.
fn in_folder(world: &mut World, rng: &mut Rng, mut plan: MailPlan) {
    let person = active(world, rng);
    if plan.variant == MailVariant::Draft {
        plan.from = world.people_by_role.people[person];
        plan.to.push(*rng.pick(&world.people_by_role.email));
        if rng.chance(50) {
            plan.message_id = None;
        }
        plan.received = plan.sent;
    } else {
        plan.from = *rng.pick(&world.people_by_role.email);
        plan.to.push(world.people_by_role.people[person]);
    }
    let folder = match plan.variant {
        MailVariant::BlockedFolder => folders::PRIVATE,
        MailVariant::Unread => *rng.pick(&folders::UNREAD),
        _ => *rng.pick(&folders::FILED),
    };
    let stored = delivery::store(world, rng, &plan);
    if plan.variant == MailVariant::Twice {
        plan.group = Some(stored);
        delivery::put(world, &plan, stored, person, folder);
        plan.outcome = Outcome::Duplicate;
        delivery::put(world, &plan, stored, person, folders::INBOX);
    } else {
        delivery::put(world, &plan, stored, person, folder);
    }
}
