//! Invents meetings: first what must become of them, then who meets, when, and where.

use jiff::civil::Date;
use jiff::civil::Time;

use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::sim::calendar::forms;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::Attendee;
use crate::sim::calendar::meeting::Holding;
use crate::sim::calendar::meeting::Look;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::meeting::Uid;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::stories;
use crate::sim::calendar::stories::Story;
use crate::sim::calendar::whole_days;
use crate::sim::dice::Dice;
use crate::sim::mail;
use crate::sim::text;
use crate::sim::world::Access;
use crate::sim::world::Outcome;
use crate::sim::world::Role;
use crate::sim::world::World;

/// Meetings of each class and of each story that a world of default size has.
pub const PLANTED_PER_CLASS: usize = 12;
/// The room, the shared mailbox, and those of whom only recorded meetings are captured, by their
/// numbers in the directory.
pub const ROOM: usize = 4;
const SHARED: usize = 3;
const RECORDED_ONLY: [usize; 2] = [14, 11];
const OFF: usize = 10;

/// Who meets, and what is odd about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it; each is made below")]
pub enum Class {
    Contact,
    FromContact,
    Alias,
    Exact,
    Registrable,
    Unknown,
    Internal,
    Private,
    BlockedAddress,
    BlockedDomain,
    BlockedSubject,
    Draft,
    Spanning,
    NotCaptured,
    ByList,
    Hidden,
    HiddenFromContact,
    Shared,
    FarAway,
}

/// Each class and its weight in ordinary traffic.
pub const CLASSES: [(Class, usize); 19] = [
    (Class::Contact, 300),
    (Class::FromContact, 180),
    (Class::Alias, 30),
    (Class::Exact, 60),
    (Class::Registrable, 25),
    (Class::Unknown, 90),
    (Class::Internal, 200),
    (Class::Private, 30),
    (Class::BlockedAddress, 6),
    (Class::BlockedDomain, 6),
    (Class::BlockedSubject, 6),
    (Class::Draft, 10),
    (Class::Spanning, 1),
    (Class::NotCaptured, 5),
    (Class::ByList, 20),
    (Class::Hidden, 10),
    (Class::HiddenFromContact, 10),
    (Class::Shared, 20),
    (Class::FarAway, 4),
];

/// A meeting before it lies in calendars.
#[derive(Debug)]
pub struct Plan {
    /// The meeting.
    pub meeting: Meeting,
    /// Who has a copy.
    pub holdings: Vec<(usize, Holding)>,
}

/// Fills all calendars of a world.
pub fn fill(world: &mut World) {
    let wanted = world.active.len() * world.spec.meetings_per_user;
    if wanted == 0 {
        return;
    }
    let mut dice = world.dice(5);
    stories::highlights(world, &mut dice);
    let each = world.spec.meetings_per_user.min(PLANTED_PER_CLASS);
    let mut form = 0;
    for (class, _) in CLASSES {
        // A draft lies in one calendar only.
        let count = if class == Class::Draft {
            2 * each
        } else {
            each
        };
        for _ in 0..count {
            ordinary(world, &mut dice, class, Story::None, form);
            form += 1;
        }
    }
    for story in Story::ALL {
        // What happens to a whole series happens to many meetings at once.
        let count = if story.is_of_whole_series() {
            each.div_ceil(2)
        } else {
            each
        };
        for _ in 0..count {
            let class = *dice.pick(&[Class::Contact, Class::Contact, Class::FromContact]);
            ordinary(world, &mut dice, class, story, form);
            form += 1;
        }
    }
    while world.meetings_held < wanted {
        let class = weighted(&mut dice);
        let eventful = matches!(class, Class::Contact | Class::FromContact) && dice.chance(12);
        let story = if eventful {
            *dice.pick(&Story::ALL)
        } else {
            Story::None
        };
        ordinary(world, &mut dice, class, story, form);
        form += 1;
    }
    whole_days::plant(world);
    for mailbox in &mut world.mailboxes {
        for holding in &mut mailbox.calendar {
            settle(&world.meetings[holding.meeting as usize], holding);
        }
    }
}

/// Collects when anything of a copy changes.
fn settle(meeting: &Meeting, holding: &mut Holding) {
    let mut changes: Vec<Micros> = vec![holding.arrives];
    changes.extend(holding.gone);
    changes.extend(holding.responses.iter().map(|(when, _)| *when));
    changes.extend(holding.absent.iter().map(|(_, when)| *when));
    changes.extend(meeting.looks.iter().map(|look| look.from));
    changes.extend(meeting.exceptions.iter().map(|one| one.from));
    changes.retain(|when| *when >= holding.arrives);
    changes.sort_unstable();
    changes.dedup();
    holding.changes = changes;
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
    Class::Contact
}

fn ordinary(world: &mut World, dice: &mut Dice, class: Class, story: Story, form: usize) {
    let story = stories::possible(world, story);
    let class = if story.needs_organizer_inside() {
        Class::Contact
    } else {
        class
    };
    let at = stories::moment(world, dice);
    one(world, dice, class, story, form, at);
}

/// Invents one meeting, to which something happens at an instant, and lays it into the calendars.
/// Returns its number.
pub fn one(
    world: &mut World,
    dice: &mut Dice,
    class: Class,
    story: Story,
    form: usize,
    at: Micros,
) -> usize {
    let timing = if story == Story::None {
        quiet(world, dice, class, form)
    } else {
        stories::timing(world, dice, story, form, at)
    };
    let all_day = class == Class::Spanning || (story == Story::None && dice.chance(12));
    let mut plan = plan(world, dice, class, story, timing, all_day);
    stories::tell(world, dice, &mut plan, at);
    put(world, plan)
}

/// Invents a series of whole days in a zone, to which something happens at an instant.
pub fn of_whole_days(
    world: &mut World,
    dice: &mut Dice,
    (class, story, zone): (Class, Story, usize),
    timing: Timing,
    at: Micros,
) {
    let mut plan = plan(world, dice, class, story, timing, true);
    plan.meeting.zone = zone;
    plan.meeting.looks[0].minutes = 1440;
    stories::tell(world, dice, &mut plan, at);
    put(world, plan);
}

/// Lays a meeting into calendars; its number.
fn put(world: &mut World, plan: Plan) -> usize {
    let number = world.meetings.len();
    for (person, mut holding) in plan.holdings {
        let who = &world.people[person];
        if who.access == Access::NoMailbox {
            continue;
        }
        holding.meeting = u32::try_from(number).unwrap_or(u32::MAX);
        if who.captured_meetings() == "recorded" && plan.meeting.online.is_none() {
            holding.outcome = Some((Outcome::NotCaptured, None));
        }
        world.mailboxes[person].calendar.push(holding);
        world.meetings_held += 1;
    }
    world.meetings.push(plan.meeting);
    number
}

fn plan(
    world: &World,
    dice: &mut Dice,
    class: Class,
    story: Story,
    timing: Timing,
    all_day: bool,
) -> Plan {
    let (zone, wall) = forms::clock(dice);
    let cast = people(world, dice, class, story);
    let online = match dice.below(10) {
        _ if class == Class::NotCaptured => None,
        0..5 => None,
        5..8 => Some("teamsForBusiness"),
        8 => Some("skypeForBusiness"),
        _ => Some("unknownFutureValue"),
    };
    let (outcome, reason) = outcome(world, class);
    let text = dice.bits();
    let mut attendees = cast.attendees;
    if online.is_none() && !cast.alone && dice.chance(40) {
        attendees.push(Attendee {
            role: Role::Resource,
            address: world.cast.people[ROOM],
            response: "accepted",
        });
    }
    let subject = if class == Class::BlockedSubject {
        format!("{} Q2", dice.pick(&text::EXCLUDED_SUBJECTS).to_uppercase())
    } else {
        text::meeting(dice.bits())
    };
    let minutes = if class == Class::Spanning {
        1440 * dice.between(22, 26)
    } else if all_day {
        1440 * dice.between(1, 4)
    } else {
        *dice.pick(&[30, 45, 60, 90, 120])
    };
    let look = Look {
        from: timing.created,
        when: timing.when,
        wall: if all_day { Time::midnight() } else { wall },
        minutes,
        subject: subject.into(),
        text,
        attendees,
        cancelled: false,
        sensitivity: if class == Class::Private {
            ["private", "personal", "confidential"][dice.below(3)]
        } else {
            "normal"
        },
        outcome,
        reason,
    };
    let meeting = Meeting {
        class,
        story,
        uid: uid(dice, cast.outside),
        organizer: cast.organizer,
        zone,
        all_day,
        zone_of_request: all_day && dice.chance(50),
        online,
        hides: matches!(class, Class::Hidden | Class::HiddenFromContact),
        draft: class == Class::Draft,
        looks: vec![look],
        exceptions: Vec::new(),
    };
    let holdings = holders(world, &meeting, &cast.unnamed);
    Plan { meeting, holdings }
}

fn uid(dice: &mut Dice, outside: bool) -> Uid {
    let foreign = format!("{:016x}{:08x}@google.com", dice.bits(), dice.below(1 << 30));
    match dice.below(10) {
        0..3 if outside => Uid::Wrapped(foreign.into()),
        3..6 if outside => Uid::Plain(foreign.into()),
        _ => Uid::Exchange(dice.bits() >> 7, [dice.bits(), dice.bits()]),
    }
}

fn outcome(world: &World, class: Class) -> (Outcome, Option<&'static str>) {
    match class {
        Class::Unknown => (mail::unknown(world), None),
        Class::Internal => (mail::internal(world), None),
        Class::Private => (Outcome::Private, None),
        Class::BlockedAddress => (Outcome::Excluded, Some("address")),
        Class::BlockedDomain => (Outcome::Excluded, Some("domain")),
        Class::BlockedSubject => (Outcome::Excluded, Some("subject")),
        Class::Draft => (Outcome::Draft, None),
        Class::Spanning => (Outcome::OutsideWindow, None),
        _ => (Outcome::Recorded, None),
    }
}

/// The people of a meeting.
struct Cast {
    organizer: u32,
    outside: bool,
    attendees: Vec<Attendee>,
    /// Who gets it through a list.
    unnamed: Vec<usize>,
    /// Nobody else knows of it yet.
    alone: bool,
}

fn people(world: &World, dice: &mut Dice, class: Class, story: Story) -> Cast {
    let cast = &world.cast;
    let mut inside = colleagues(world, dice);
    let mut outsiders = outsiders(world, dice, class, story);
    let by_outsider = matches!(
        class,
        Class::FromContact | Class::HiddenFromContact | Class::ByList | Class::Shared
    ) || (matches!(class, Class::Unknown | Class::Exact) && dice.chance(40));
    let outside = by_outsider && !outsiders.is_empty();
    let organizer = if outside {
        outsiders.remove(0)
    } else {
        cast.people[inside.remove(0)]
    };
    let mut unnamed = Vec::new();
    match class {
        Class::ByList => unnamed = std::mem::take(&mut inside),
        Class::Shared => inside.push(SHARED),
        Class::NotCaptured => {
            inside.extend(RECORDED_ONLY);
            inside.push(OFF);
            let mine = world.addresses[organizer as usize].person;
            inside.retain(|one| Some(*one) != mine);
            inside.sort_unstable();
            inside.dedup();
        }
        _ => {}
    }
    let mut attendees = Vec::new();
    for person in &inside {
        let address = written(world, dice, *person);
        attendees.push(attendee(dice, address, story));
    }
    if class == Class::ByList {
        attendees.push(attendee(dice, cast.lists[1], story));
    }
    for address in outsiders {
        attendees.push(attendee(dice, address, story));
    }
    // Some clients list the organiser among those invited.
    if dice.chance(20) {
        let mut again = attendee(dice, organizer, Story::None);
        again.response = "accepted";
        attendees.insert(0, again);
    }
    Cast {
        organizer,
        outside,
        attendees,
        unnamed,
        alone: class == Class::Draft,
    }
}

/// Up to three people who take part in ordinary traffic.
fn colleagues(world: &World, dice: &mut Dice) -> Vec<usize> {
    let mut inside: Vec<usize> = Vec::new();
    for _ in 0..12 {
        let one = *dice.pick(&world.active);
        if !inside.contains(&one) && inside.len() < 3 {
            inside.push(one);
        }
    }
    inside
}

/// Whom the company meets; nobody twice.
fn outsiders(world: &World, dice: &mut Dice, class: Class, story: Story) -> Vec<u32> {
    let cast = &world.cast;
    let others: &[u32] = match class {
        Class::Alias => &cast.alias,
        Class::Exact => &cast.exact,
        Class::Registrable => &cast.registrable,
        Class::Unknown => &cast.unknown,
        Class::BlockedAddress => &cast.blocked_address,
        Class::BlockedDomain => &cast.blocked_domain,
        Class::Internal => return Vec::new(),
        _ => &cast.email,
    };
    let count = if story.needs_one_outsider() {
        1
    } else {
        1 + dice.below(3)
    };
    let stored = |number: u32| &world.addresses[number as usize].stored;
    let mut found: Vec<u32> = Vec::new();
    for _ in 0..count {
        let one = *dice.pick(others);
        if found.iter().all(|two| stored(*two) != stored(one)) {
            found.push(one);
        }
    }
    found
}

/// How a colleague is written: mostly the primary address, at times an alias or the legacy name.
fn written(world: &World, dice: &mut Dice, person: usize) -> u32 {
    match dice.below(20) {
        0 => world.cast.aliases[person],
        1 if person != SHARED => world.cast.legacy[person],
        _ => world.cast.people[person],
    }
}

/// Someone who is invited. Where something is to happen nobody has declined before.
pub fn attendee(dice: &mut Dice, address: u32, story: Story) -> Attendee {
    let role = if dice.chance(25) {
        Role::Optional
    } else {
        Role::Required
    };
    let mut response = *dice.pick(&[
        "accepted",
        "accepted",
        "tentativelyAccepted",
        "none",
        "notResponded",
    ]);
    if story == Story::None && dice.chance(8) {
        response = "declined";
    }
    if matches!(story, Story::Answered | Story::Declined) {
        response = "notResponded";
    }
    Attendee {
        role,
        address,
        response,
    }
}

/// Who has a copy: the organiser, those invited, and who is invited through a list.
fn holders(world: &World, meeting: &Meeting, unnamed: &[usize]) -> Vec<(usize, Holding)> {
    let look = &meeting.looks[0];
    let mut found: Vec<(usize, Holding)> = Vec::new();
    let organizer = world.addresses[meeting.organizer as usize].person;
    if let Some(person) = organizer {
        found.push((person, holding(look.from, "organizer")));
        found[0].1.organises = true;
    }
    if meeting.draft {
        return found;
    }
    for one in &look.attendees {
        let person = world.addresses[one.address as usize].person;
        if let Some(person) = person
            && found.iter().all(|(other, _)| *other != person)
        {
            found.push((person, holding(look.from, one.response)));
        }
    }
    for person in unnamed {
        found.push((*person, holding(look.from, "notResponded")));
    }
    if meeting.hides && organizer.is_some() {
        // They see nobody but the organiser and themselves.
        for (_, holding) in found.iter_mut().skip(1) {
            holding.outcome = Some((mail::internal(world), None));
        }
    }
    found
}

/// A copy that arrives with an answer.
pub fn holding(arrives: Micros, response: &'static str) -> Holding {
    Holding {
        meeting: 0,
        arrives,
        gone: None,
        organises: false,
        responses: vec![(arrives, response)],
        absent: Vec::new(),
        guest: None,
        outcome: None,
        changes: Vec::new(),
    }
}

/// When a meeting was made and when it takes place.
pub struct Timing {
    /// When it was made.
    pub created: Micros,
    /// On which days.
    pub when: When,
}

/// The timing of a meeting to which nothing happens along the clock.
fn quiet(world: &World, dice: &mut Dice, class: Class, form: usize) -> Timing {
    let start = world.start();
    let today: Date = meeting::date_of(start);
    let before = |dice: &mut Dice, at: Micros| at.plus(-dice.between(2 * DAY, 50 * DAY));
    match class {
        Class::Spanning => {
            // From ten days and more before the window begins to ten days and more after.
            let day = forms::later(today, -365 - dice.between(11, 12));
            Timing {
                created: start.plus(-400 * DAY),
                when: When::Once(day),
            }
        }
        Class::FarAway => {
            let days = *dice.pick(&[-800, -600, 560, 700]) + dice.between(0, 30);
            let created = start.plus(dice.between(days.min(0) - 40, 0) * DAY);
            let created = if days < 0 {
                created
            } else {
                start.plus(-dice.between(1, 60) * DAY)
            };
            Timing {
                created,
                when: When::Once(forms::later(today, days)),
            }
        }
        _ if form.is_multiple_of(3) => {
            let plan = |dice: &mut Dice| {
                let about = forms::later(today, dice.between(-300, 20));
                forms::series(dice, form / 3, about)
            };
            let mut when = plan(dice);
            // Occurrences that begin before the window and end in it are planted by a class of
            // their own.
            let edge = forms::later(today, -365);
            while forms::falls_between(&when, forms::later(edge, -6), forms::later(edge, 1)) {
                when = plan(dice);
            }
            let first = match &when {
                When::Series(_, range) => range.start,
                When::Once(day) => *day,
            };
            let first = Micros(i64::from(meeting::number_of(first)) * DAY);
            let created = before(dice, first).min(start.plus(-DAY));
            Timing { created, when }
        }
        _ => {
            let day = forms::later(today, dice.between(-340, 60));
            let at = Micros(i64::from(meeting::number_of(day)) * DAY);
            let created = before(dice, at).min(start.plus(-DAY));
            Timing {
                created,
                when: When::Once(day),
            }
        }
    }
}
