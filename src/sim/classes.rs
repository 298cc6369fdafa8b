//! One mail of each class: whom it goes between, and what is odd about it.

use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::model::time::SECOND;
use crate::sim::dice::Dice;
use crate::sim::folders;
use crate::sim::mail;
use crate::sim::mail::Class;
use crate::sim::mail::Plan;
use crate::sim::text;
use crate::sim::world::Outcome;
use crate::sim::world::World;

const MEETING_TYPES: [&str; 3] = [
    "eventMessageRequest",
    "eventMessageResponse",
    "eventMessage",
];
const HOUR: i64 = 3600 * SECOND;

/// Invents a mail of a class and delivers it.
pub fn invent(world: &mut World, dice: &mut Dice, class: Class, at: Micros) {
    let at = Micros(at.0 - at.0 % SECOND);
    let plan = base(world, dice, class, at);
    match class {
        Class::Inbound | Class::NoMessageId => {
            inbound(world, dice, plan, |world| &world.cast.email);
        }
        Class::Outbound => outbound(world, dice, plan),
        Class::Alias => inbound(world, dice, plan, |world| &world.cast.alias),
        Class::EmailTagged => inbound(world, dice, plan, |world| &world.cast.email_tagged),
        Class::AliasTagged => inbound(world, dice, plan, |world| &world.cast.alias_tagged),
        Class::AccountExact => inbound(world, dice, plan, |world| &world.cast.exact),
        Class::AccountRegistrable => inbound(world, dice, plan, |world| &world.cast.registrable),
        Class::Unknown => inbound(world, dice, plan, |world| &world.cast.unknown),
        Class::BlockedAddress => inbound(world, dice, plan, |world| &world.cast.blocked_address),
        Class::BlockedDomain => inbound(world, dice, plan, |world| &world.cast.blocked_domain),
        Class::Bulk => inbound(world, dice, plan, |world| &world.cast.bulk),
        Class::Legacy => legacy(world, dice, plan),
        Class::Unparsable => unparsable(world, dice, plan),
        Class::Shared => shared(world, dice, plan),
        Class::ToList => to_list(world, dice, plan),
        Class::Internal => internal(world, dice, plan),
        Class::NotCaptured => not_captured(world, dice, plan),
        Class::SentAndReceived => sent_and_received(world, dice, plan),
        Class::IdOnTwoDays => id_on_two_days(world, dice, plan),
        Class::IdTwiceADay => id_twice_a_day(world, dice, &plan),
        Class::Draft | Class::BlockedFolder | Class::Unread | Class::Twice => {
            in_folder(world, dice, plan);
        }
        _ => {
            let plan = odd(plan, dice);
            inbound(world, dice, plan, |world| &world.cast.email);
        }
    }
}

/// What all mails have, and the outcome that the class stands for.
fn base(world: &World, dice: &mut Dice, class: Class, at: Micros) -> Plan {
    let (outcome, reason) = match class {
        Class::Unknown | Class::Bulk => (mail::unknown(world), None),
        Class::Internal => (mail::internal(world), None),
        Class::Meeting => (Outcome::Excluded, Some("meeting_mail")),
        Class::Draft => (Outcome::Draft, None),
        Class::Private => (Outcome::Private, None),
        Class::BlockedAddress => (Outcome::Excluded, Some("address")),
        Class::BlockedDomain => (Outcome::Excluded, Some("domain")),
        Class::BlockedSubject => (Outcome::Excluded, Some("subject")),
        Class::BlockedFolder => (Outcome::Excluded, Some("folder")),
        Class::TooOld => (Outcome::OutsideWindow, None),
        Class::NoDate => (Outcome::Unreadable, Some("no_date")),
        _ => (Outcome::Recorded, None),
    };
    let at = if class == Class::TooOld {
        // Ten days before the window begins, at least.
        world
            .start()
            .plus(-dice.between(378, 420) * DAY + dice.between(0, DAY / SECOND) * SECOND)
    } else {
        at
    };
    let sent = at.plus(-dice.between(1, 240) * SECOND);
    let id = format!(
        "<{:016x}.{:08x}@mx{}.example.net>",
        dice.bits(),
        dice.below(1 << 30),
        dice.below(9)
    );
    let mut subject = mail::subject(dice);
    let mut thread = u32::try_from(world.mails.len()).unwrap_or(u32::MAX);
    if dice.chance(35) && !world.mails.is_empty() {
        let recent = &world.mails[world.mails.len() - 1 - dice.below(world.mails.len().min(400))];
        thread = recent.thread;
        subject = format!("RE: {}", text::subject(u64::from(thread)));
    }
    Plan {
        class,
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
        message_id: (class != Class::NoMessageId).then_some(id),
        thread,
        meeting: None,
        bulk: class == Class::Bulk,
        sensitivity: 0,
        label: None,
        group: None,
    }
}

/// Dates, subjects and types that make a class of their own.
fn odd(mut plan: Plan, dice: &mut Dice) -> Plan {
    match plan.class {
        Class::Meeting => plan.meeting = Some(MEETING_TYPES[dice.below(MEETING_TYPES.len())]),
        Class::Private => plan.sensitivity = u8::try_from(1 + dice.below(3)).unwrap_or(2),
        Class::BlockedSubject => {
            let words = dice.pick(&text::EXCLUDED_SUBJECTS);
            plan.subject = format!("FW: {} March", words.to_uppercase());
        }
        Class::NoDate => (plan.sent, plan.received) = (None, None),
        Class::SentMissing => (plan.sent, plan.occurred) = (None, plan.at),
        Class::SentAncient => {
            // 1985: before anyone could have meant it.
            plan.sent = Some(Micros(5600 * DAY + dice.between(0, 80_000) * SECOND));
            plan.occurred = plan.at;
        }
        Class::SentLate => {
            plan.sent = Some(plan.at.plus(dice.between(49, 900) * HOUR));
            plan.occurred = plan.at;
        }
        Class::SentAhead => {
            // A clock that runs ahead by less than two days is believed.
            plan.occurred = plan.at.plus(dice.between(2, 47) * HOUR);
            plan.sent = Some(plan.occurred);
        }
        Class::NoReceipt => plan.received = None,
        _ => {}
    }
    plan
}

fn active(world: &World, dice: &mut Dice) -> usize {
    let actives: Vec<usize> = (0..world.people.len())
        .filter(|number| world.people[*number].active)
        .collect();
    *dice.pick(&actives)
}

/// Colleagues that are not yet among the recipients.
fn colleagues(world: &World, dice: &mut Dice, count: usize, but: &[usize]) -> Vec<usize> {
    let mut found = Vec::new();
    for _ in 0..count {
        let one = active(world, dice);
        if !but.contains(&one) && !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// How a colleague is written: mostly the primary address, at times an alias.
fn written(world: &World, dice: &mut Dice, person: usize) -> u32 {
    if dice.chance(10) {
        world.cast.aliases[person]
    } else {
        world.cast.people[person]
    }
}

fn inbound(world: &mut World, dice: &mut Dice, mut plan: Plan, cast: fn(&World) -> &Vec<u32>) {
    plan.from = *dice.pick(cast(world));
    let first = active(world, dice);
    plan.to.push(written(world, dice, first));
    if matches!(
        plan.class,
        Class::NoMessageId | Class::SentMissing | Class::SentAncient | Class::SentLate
    ) {
        // One copy only: nothing but the receipt or the mailbox tells what it is.
        mail::deliver(world, dice, &plan);
        return;
    }
    let count = dice.below(3);
    for one in colleagues(world, dice, count, &[first]) {
        plan.cc.push(world.cast.people[one]);
    }
    if dice.chance(15)
        && plan.outcome == Outcome::Recorded
        && !plan.bulk
        && plan.class != Class::Unknown
    {
        let other = *dice.pick(&world.cast.exact);
        if other != plan.from {
            plan.cc.push(other);
        }
    }
    if dice.chance(10) {
        // Mailboxes out of scope, denied or switched off get mail like all others.
        let special = [3, 7, 9, 10, 11, 12];
        let one = *dice.pick(&special);
        plan.cc.push(world.cast.people[one]);
    }
    mail::deliver(world, dice, &plan);
}

fn outbound(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    let author = active(world, dice);
    plan.from = world.cast.people[author];
    let first = *dice.pick(&world.cast.email);
    plan.to.push(first);
    if dice.chance(30) {
        plan.to.push(*dice.pick(&world.cast.registrable));
    }
    if dice.chance(20) {
        plan.cc.push(*dice.pick(&world.cast.unknown));
    }
    let others = colleagues(world, dice, 3, &[author]);
    if let Some(one) = others.first() {
        plan.cc.push(world.cast.people[*one]);
    }
    if let Some(one) = others.get(1) {
        plan.bcc.push(world.cast.people[*one]);
    }
    if dice.chance(15) {
        plan.bcc.push(*dice.pick(&world.cast.alias));
    }
    mail::deliver(world, dice, &plan);
}

/// Colleagues written by their legacy Exchange name, some of them long gone.
fn legacy(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    let author = active(world, dice);
    plan.from = world.cast.legacy[author];
    plan.to.push(*dice.pick(&world.cast.email));
    if let Some(one) = colleagues(world, dice, 2, &[author]).first() {
        plan.cc.push(world.cast.legacy[*one]);
    }
    if dice.chance(50) {
        plan.cc.push(*dice.pick(&world.cast.gone));
    }
    mail::deliver(world, dice, &plan);
}

fn unparsable(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    plan.from = *dice.pick(&world.cast.email);
    plan.to.push(world.cast.unparsable[0]);
    let stored = mail::store(world, dice, &plan);
    for person in colleagues(world, dice, 2, &[]) {
        mail::put(world, &plan, stored, person, folders::INBOX);
    }
}

/// Mail to the shared mailbox, or from it, sent by a colleague on its behalf.
fn shared(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    let info = world.cast.people[3];
    let contact = *dice.pick(&world.cast.email);
    if dice.chance(50) {
        plan.from = info;
        let author = active(world, dice);
        plan.sender = Some(world.cast.people[author]);
        plan.to.push(contact);
    } else {
        plan.from = contact;
        plan.to.push(info);
    }
    mail::deliver(world, dice, &plan);
}

/// Mail to a distribution list: whoever gets it is not among the recipients.
fn to_list(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    plan.from = *dice.pick(&world.cast.email);
    plan.to.push(*dice.pick(&world.cast.lists));
    let stored = mail::store(world, dice, &plan);
    for person in colleagues(world, dice, 4, &[]) {
        mail::put(world, &plan, stored, person, folders::INBOX);
    }
}

fn internal(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    let author = active(world, dice);
    plan.from = world.cast.people[author];
    if dice.chance(10) {
        plan.from = world.cast.lists[2];
    }
    for one in colleagues(world, dice, 3, &[author]) {
        plan.to.push(written(world, dice, one));
    }
    if dice.chance(30) || plan.to.is_empty() {
        plan.cc.push(world.cast.people[4]);
    }
    if dice.chance(15) {
        plan.cc.push(*dice.pick(&world.cast.gone));
    }
    mail::deliver(world, dice, &plan);
}

fn not_captured(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    plan.from = *dice.pick(&world.cast.email);
    plan.to.push(world.cast.people[10 + dice.below(2)]);
    mail::deliver(world, dice, &plan);
}

/// A colleague in copy of the own mail: the copy in Sent Items is the one that counts.
fn sent_and_received(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    let author = active(world, dice);
    plan.from = world.cast.people[author];
    plan.to.push(*dice.pick(&world.cast.email));
    plan.cc.push(world.cast.people[author]);
    plan.bcc.push(*dice.pick(&world.cast.alias));
    let stored = mail::deliver(world, dice, &plan);
    if plan.outcome == Outcome::Recorded {
        plan.outcome = Outcome::Duplicate;
    }
    mail::put(world, &plan, stored, author, folders::INBOX);
}

/// The same Message-ID on another day is another mail.
fn id_on_two_days(world: &mut World, dice: &mut Dice, plan: Plan) {
    let (person, contact) = (active(world, dice), *dice.pick(&world.cast.email));
    let mut second = plan.clone();
    second.at = plan.at.plus(-3 * DAY);
    second.sent = plan.sent.map(|sent| sent.plus(-3 * DAY));
    second.received = Some(second.at);
    second.occurred = plan.occurred.plus(-3 * DAY);
    // What arrives later was delivered late: the earlier one must not lie before the start.
    second.at = plan.at;
    for mut one in [plan, second] {
        one.from = contact;
        one.to.push(world.cast.people[person]);
        mail::deliver(world, dice, &one);
    }
}

/// The same Message-ID on the same day, with another subject and minute: one of them counts.
fn id_twice_a_day(world: &mut World, dice: &mut Dice, plan: &Plan) {
    let (person, contact) = (active(world, dice), *dice.pick(&world.cast.email));
    // Early in the day, so that it has passed when the mail arrives.
    let early = Micros(plan.at.day() * DAY + HOUR / 2);
    let label = u32::try_from(world.mails.len()).unwrap_or(u32::MAX);
    for minute in [0, 17] {
        let mut one = plan.clone();
        one.sent = Some(early.plus(minute * 60 * SECOND));
        one.received = Some(early.plus((minute * 60 + 5) * SECOND));
        one.occurred = early.plus(minute * 60 * SECOND);
        one.from = contact;
        one.to.push(world.cast.people[person]);
        one.label = Some(label);
        one.group = Some(label);
        if minute > 0 {
            one.outcome = Outcome::Duplicate;
            one.reason = Some("id_reused");
            one.subject = mail::subject(dice);
        }
        let stored = mail::store(world, dice, &one);
        mail::put(world, &one, stored, person, folders::INBOX);
    }
}

/// Mail whose class is where it lies: one copy in that folder, or two copies in one mailbox.
fn in_folder(world: &mut World, dice: &mut Dice, mut plan: Plan) {
    let person = active(world, dice);
    if plan.class == Class::Draft {
        plan.from = world.cast.people[person];
        plan.to.push(*dice.pick(&world.cast.email));
        if dice.chance(50) {
            plan.message_id = None;
        }
        plan.received = plan.sent;
    } else {
        plan.from = *dice.pick(&world.cast.email);
        plan.to.push(world.cast.people[person]);
    }
    let folder = match plan.class {
        Class::BlockedFolder => folders::PRIVATE,
        Class::Unread => *dice.pick(&folders::UNREAD),
        _ => *dice.pick(&folders::FILED),
    };
    let stored = mail::store(world, dice, &plan);
    if plan.class == Class::Twice {
        plan.group = Some(stored);
        mail::put(world, &plan, stored, person, folder);
        plan.outcome = Outcome::Duplicate;
        mail::put(world, &plan, stored, person, folders::INBOX);
    } else {
        mail::put(world, &plan, stored, person, folder);
    }
}
