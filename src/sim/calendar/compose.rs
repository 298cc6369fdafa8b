//! Makes meetings: first what must become of them, then who meets, when, and where.

use jiff::civil::Date;
use jiff::civil::Time;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::calendar::changes;
use crate::sim::calendar::lifecycle::Lifecycle;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::Attendee;
use crate::sim::calendar::meeting::CalendarCopy;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::meeting::MeetingState;
use crate::sim::calendar::meeting::Uid;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::plan::MeetingPlan;
use crate::sim::calendar::plan::Timing;
use crate::sim::calendar::plan::attendee;
use crate::sim::calendar::plan::copy;
use crate::sim::calendar::schedules;
use crate::sim::calendar::variants::MeetingVariant;
use crate::sim::outcome::Outcome;
use crate::sim::person::Access;
use crate::sim::person::OFF;
use crate::sim::person::RECORDED_ONLY;
use crate::sim::person::ROOM;
use crate::sim::person::SHARED;
use crate::sim::rng::Rng;
use crate::sim::role::Role;
use crate::sim::text;
use crate::sim::world::World;

/// Makes one meeting, to which something happens at an instant, and puts it into the calendars.
/// Returns its number.
pub fn one(
    world: &mut World,
    rng: &mut Rng,
    variant: MeetingVariant,
    lifecycle: Lifecycle,
    form: usize,
    at: Timestamp,
) -> usize {
    let timing = if lifecycle == Lifecycle::None {
        quiet(world, rng, variant, form)
    } else {
        changes::timing(world, rng, lifecycle, form, at)
    };
    let all_day =
        variant == MeetingVariant::Spanning || (lifecycle == Lifecycle::None && rng.chance(12));
    let mut plan = plan(world, rng, variant, lifecycle, timing, all_day);
    changes::apply(world, rng, &mut plan, at);
    put(world, plan)
}

/// Makes a series of whole days in a zone, to which something happens at an instant.
pub fn of_whole_days(
    world: &mut World,
    rng: &mut Rng,
    (variant, lifecycle, zone): (MeetingVariant, Lifecycle, usize),
    timing: Timing,
    at: Timestamp,
) {
    let mut plan = plan(world, rng, variant, lifecycle, timing, true);
    plan.meeting.zone = zone;
    plan.meeting.states[0].minutes = 1440;
    changes::apply(world, rng, &mut plan, at);
    put(world, plan);
}

/// Puts a meeting into calendars; its number.
fn put(world: &mut World, plan: MeetingPlan) -> usize {
    let number = world.meetings.len();
    for (person, mut copy) in plan.copies {
        let who = &world.people[person];
        if who.access == Access::NoMailbox {
            continue;
        }
        copy.meeting = u32::try_from(number).unwrap_or(u32::MAX);
        world.mailboxes[person].calendar.push(copy);
        world.meetings_held += 1;
    }
    world.meetings.push(plan.meeting);
    number
}

fn plan(
    world: &World,
    rng: &mut Rng,
    variant: MeetingVariant,
    lifecycle: Lifecycle,
    timing: Timing,
    all_day: bool,
) -> MeetingPlan {
    let (zone, wall) = schedules::clock(rng);
    let invited = people(world, rng, variant, lifecycle);
    let online = match rng.below(10) {
        _ if variant == MeetingVariant::NotCaptured => None,
        0..5 => None,
        5..8 => Some("teamsForBusiness"),
        8 => Some("skypeForBusiness"),
        _ => Some("unknownFutureValue"),
    };
    let (outcome, reason) = outcome(world, variant);
    let text = rng.bits();
    let mut attendees = invited.attendees;
    if online.is_none() && !invited.alone && rng.chance(40) {
        attendees.push(Attendee {
            role: Role::Resource,
            address: world.people_by_role.people[ROOM],
            response: "accepted",
        });
    }
    let subject = if variant == MeetingVariant::BlockedSubject {
        format!("{} Q2", rng.pick(&text::EXCLUDED_SUBJECTS).to_uppercase())
    } else {
        text::meeting(rng.bits())
    };
    let minutes = if variant == MeetingVariant::Spanning {
        1440 * rng.between(22, 26)
    } else if all_day {
        1440 * rng.between(1, 4)
    } else {
        *rng.pick(&[30, 45, 60, 90, 120])
    };
    let state = MeetingState {
        from: timing.created,
        when: timing.when,
        wall: if all_day { Time::midnight() } else { wall },
        minutes,
        subject: subject.into(),
        text,
        attendees,
        cancelled: false,
        sensitivity: if variant == MeetingVariant::Private {
            ["private", "personal", "confidential"][rng.below(3)]
        } else {
            "normal"
        },
        outcome,
        reason,
    };
    let meeting = Meeting {
        variant,
        lifecycle,
        uid: uid(rng, invited.outside),
        organizer: invited.organizer,
        zone,
        all_day,
        zone_of_request: all_day && rng.chance(50),
        online,
        hides: matches!(
            variant,
            MeetingVariant::Hidden | MeetingVariant::HiddenFromContact
        ),
        draft: variant == MeetingVariant::Draft,
        states: vec![state],
        exceptions: Vec::new(),
    };
    let copies = holders(world, &meeting, &invited.unnamed);
    MeetingPlan { meeting, copies }
}

fn uid(rng: &mut Rng, outside: bool) -> Uid {
    let foreign = format!("{:016x}{:08x}@google.com", rng.bits(), rng.below(1 << 30));
    match rng.below(10) {
        0..3 if outside => Uid::Wrapped(foreign.into()),
        3..6 if outside => Uid::Plain(foreign.into()),
        _ => Uid::Exchange(rng.bits() >> 7, [rng.bits(), rng.bits()]),
    }
}

fn outcome(world: &World, variant: MeetingVariant) -> (Outcome, Option<&'static str>) {
    match variant {
        MeetingVariant::Unknown => (Outcome::of_unknown(&world.spec.policy), None),
        MeetingVariant::Internal => (Outcome::of_internal(&world.spec.policy), None),
        MeetingVariant::Private => (Outcome::Private, None),
        MeetingVariant::BlockedAddress => (Outcome::Excluded, Some("address")),
        MeetingVariant::BlockedDomain => (Outcome::Excluded, Some("domain")),
        MeetingVariant::BlockedSubject => (Outcome::Excluded, Some("subject")),
        MeetingVariant::Draft => (Outcome::Draft, None),
        MeetingVariant::Spanning => (Outcome::OutsideWindow, None),
        _ => (Outcome::Recorded, None),
    }
}

/// The people of a meeting.
struct Invited {
    organizer: u32,
    outside: bool,
    attendees: Vec<Attendee>,
    /// Who gets it through a list.
    unnamed: Vec<usize>,
    /// No one else knows of it yet.
    alone: bool,
}

fn people(world: &World, rng: &mut Rng, variant: MeetingVariant, lifecycle: Lifecycle) -> Invited {
    let by_role = &world.people_by_role;
    let mut inside = colleagues(world, rng);
    let mut outsiders = outsiders(world, rng, variant, lifecycle);
    let by_outsider = matches!(
        variant,
        MeetingVariant::FromContact
            | MeetingVariant::HiddenFromContact
            | MeetingVariant::ByList
            | MeetingVariant::Shared
    ) || (matches!(variant, MeetingVariant::Unknown | MeetingVariant::Exact)
        && rng.chance(40));
    let outside = by_outsider && !outsiders.is_empty();
    let organizer = if outside {
        outsiders.remove(0)
    } else {
        by_role.people[inside.remove(0)]
    };
    let mut unnamed = Vec::new();
    match variant {
        MeetingVariant::ByList => unnamed = std::mem::take(&mut inside),
        MeetingVariant::Shared => inside.push(SHARED),
        MeetingVariant::NotCaptured => {
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
        let address = written(world, rng, *person);
        attendees.push(attendee(rng, address, lifecycle));
    }
    if variant == MeetingVariant::ByList {
        attendees.push(attendee(rng, by_role.lists[1], lifecycle));
    }
    for address in outsiders {
        attendees.push(attendee(rng, address, lifecycle));
    }
    // Some clients list the organiser among those invited.
    if rng.chance(20) {
        let mut again = attendee(rng, organizer, Lifecycle::None);
        again.response = "accepted";
        attendees.insert(0, again);
    }
    Invited {
        organizer,
        outside,
        attendees,
        unnamed,
        alone: variant == MeetingVariant::Draft,
    }
}

/// Up to three people who take part in ordinary traffic.
fn colleagues(world: &World, rng: &mut Rng) -> Vec<usize> {
    let mut inside: Vec<usize> = Vec::new();
    for _ in 0..12 {
        let one = *rng.pick(&world.active);
        if !inside.contains(&one) && inside.len() < 3 {
            inside.push(one);
        }
    }
    inside
}

/// Whom the company meets; each of them once.
fn outsiders(
    world: &World,
    rng: &mut Rng,
    variant: MeetingVariant,
    lifecycle: Lifecycle,
) -> Vec<u32> {
    let by_role = &world.people_by_role;
    let others: &[u32] = match variant {
        MeetingVariant::Alias => &by_role.alias,
        MeetingVariant::Exact => &by_role.exact,
        MeetingVariant::Registrable => &by_role.registrable,
        MeetingVariant::Unknown => &by_role.unknown,
        MeetingVariant::BlockedAddress => &by_role.blocked_address,
        MeetingVariant::BlockedDomain => &by_role.blocked_domain,
        MeetingVariant::Internal => return Vec::new(),
        _ => &by_role.email,
    };
    let count = if lifecycle.needs_one_outsider() {
        1
    } else {
        1 + rng.below(3)
    };
    let stored = |number: u32| &world.addresses[number as usize].stored;
    let mut found: Vec<u32> = Vec::new();
    for _ in 0..count {
        let one = *rng.pick(others);
        if found.iter().all(|two| stored(*two) != stored(one)) {
            found.push(one);
        }
    }
    found
}

/// How a colleague is written: mostly the primary address, at times an alias or the legacy name.
fn written(world: &World, rng: &mut Rng, person: usize) -> u32 {
    match rng.below(20) {
        0 => world.people_by_role.aliases[person],
        1 if person != SHARED => world.people_by_role.legacy[person],
        _ => world.people_by_role.people[person],
    }
}

/// Who has a copy: the organiser, those invited, and who is invited through a list.
fn holders(world: &World, meeting: &Meeting, unnamed: &[usize]) -> Vec<(usize, CalendarCopy)> {
    let state = &meeting.states[0];
    let mut found: Vec<(usize, CalendarCopy)> = Vec::new();
    let organizer = world.addresses[meeting.organizer as usize].person;
    if let Some(person) = organizer {
        found.push((person, copy(state.from, "organizer")));
        found[0].1.organises = true;
    }
    if meeting.draft {
        return found;
    }
    for one in &state.attendees {
        let person = world.addresses[one.address as usize].person;
        if let Some(person) = person
            && found.iter().all(|(other, _)| *other != person)
        {
            found.push((person, copy(state.from, one.response)));
        }
    }
    for person in unnamed {
        found.push((*person, copy(state.from, "notResponded")));
    }
    if meeting.hides && organizer.is_some() {
        // They see only the organiser and themselves.
        for (_, copy) in found.iter_mut().skip(1) {
            copy.outcome = Some((Outcome::of_internal(&world.spec.policy), None));
        }
    }
    found
}

/// The timing of a meeting to which nothing happens along the clock.
fn quiet(world: &World, rng: &mut Rng, variant: MeetingVariant, form: usize) -> Timing {
    let start = world.start();
    let today: Date = meeting::date_of(start);
    let before = |rng: &mut Rng, at: Timestamp| at.plus(-rng.between(2 * DAY, 50 * DAY));
    match variant {
        MeetingVariant::Spanning => {
            // From ten days and more before the window begins to ten days and more after.
            let day = schedules::later(today, -365 - rng.between(11, 12));
            Timing {
                created: start.plus(-400 * DAY),
                when: When::Once(day),
            }
        }
        MeetingVariant::FarAway => {
            let days = *rng.pick(&[-800, -600, 560, 700]) + rng.between(0, 30);
            let created = start.plus(rng.between(days.min(0) - 40, 0) * DAY);
            let created = if days < 0 {
                created
            } else {
                start.plus(-rng.between(1, 60) * DAY)
            };
            Timing {
                created,
                when: When::Once(schedules::later(today, days)),
            }
        }
        _ if form.is_multiple_of(3) => {
            let plan = |rng: &mut Rng| {
                let about = schedules::later(today, rng.between(-300, 20));
                schedules::series(rng, form / 3, about)
            };
            let mut when = plan(rng);
            // Occurrences that begin before the window and end in it are made by a variant of
            // their own.
            let edge = schedules::later(today, -365);
            while schedules::falls_between(
                &when,
                schedules::later(edge, -6),
                schedules::later(edge, 1),
            ) {
                when = plan(rng);
            }
            let first = match &when {
                When::Series(_, range) => range.start,
                When::Once(day) => *day,
            };
            let first = Timestamp(i64::from(meeting::number_of(first)) * DAY);
            let created = before(rng, first).min(start.plus(-DAY));
            Timing { created, when }
        }
        _ => {
            let day = schedules::later(today, rng.between(-340, 60));
            let at = Timestamp(i64::from(meeting::number_of(day)) * DAY);
            let created = before(rng, at).min(start.plus(-DAY));
            Timing {
                created,
                when: When::Once(day),
            }
        }
    }
}
