//! What happens to meetings along the clock: moved, renamed, answered, cancelled, taken out.
//!
//! Nothing happens to a meeting within 36 hours before it begins, and what is said of a whole
//! series falls between its occurrences, so that any run between two nights decides the same.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::Time;

use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::calendar::lifecycle::Lifecycle;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::Attendee;
use crate::sim::calendar::meeting::Exception;
use crate::sim::calendar::meeting::MeetingState;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::plan;
use crate::sim::calendar::plan::MeetingPlan;
use crate::sim::calendar::plan::Timing;
use crate::sim::calendar::schedules;
use crate::sim::calendar::schedules::later;
use crate::sim::calendar::variants::MeetingVariant;
use crate::sim::outcome::Outcome;
use crate::sim::person::ROOM;
use crate::sim::recurrence::End;
use crate::sim::recurrence::Range;
use crate::sim::rng::Rng;
use crate::sim::text;
use crate::sim::world::World;

const HOUR: i64 = 3600 * SECOND;
/// Days within which most of it happens, so that short simulations see it.
const SOON: i64 = 9;

/// By how many days an occurrence is moved. A day back or ahead is where the other side of the
/// world begins its day at the same instant.
const MOVES: [i64; 4] = [-1, 1, 2, 5];

/// The lifecycle, where the world has the time for it and wants it.
pub fn possible(world: &World, lifecycle: Lifecycle) -> Lifecycle {
    let unwanted = lifecycle == Lifecycle::CleanedUp && !world.spec.switches.clean_ups;
    if world.spec.days_ahead < 4 || unwanted {
        Lifecycle::None
    } else {
        lifecycle
    }
}

/// When something happens: by day, mostly soon after the start.
pub fn moment(world: &World, rng: &mut Rng) -> Timestamp {
    let all = i64::from(world.spec.days_ahead).max(1);
    let days = if rng.chance(75) { all.min(SOON) } else { all };
    let midnight = world.start().day() * DAY;
    let at = midnight + rng.between(0, days) * DAY + rng.between(6 * 3600, 20 * 3600) * SECOND;
    if at <= world.start().0 + HOUR {
        Timestamp(at + DAY)
    } else {
        Timestamp(at)
    }
}

/// When a meeting with a lifecycle takes place, seen from the moment at which it happens.
pub fn timing(
    world: &World,
    rng: &mut Rng,
    lifecycle: Lifecycle,
    form: usize,
    at: Timestamp,
) -> Timing {
    let day = meeting::date_of(at);
    let before = world
        .start()
        .min(at)
        .plus(-rng.between(DAY, 30 * DAY) / SECOND * SECOND);
    let created = if lifecycle == Lifecycle::New {
        at
    } else {
        before
    };
    let when = match lifecycle {
        Lifecycle::CleanedUp => When::Once(later(day, -rng.between(5, 10))),
        Lifecycle::MovedThereAndBack => When::Once(later(day, rng.between(10, 16))),
        Lifecycle::Moved | Lifecycle::MovedToOtherMonth => {
            When::Once(later(day, rng.between(3, 14)))
        }
        Lifecycle::SeriesExtended => {
            schedules::sparse(rng, later(day, -3), End::Date(later(day, 5)))
        }
        _ if lifecycle.is_of_running_series() => {
            let end = if rng.chance(50) {
                End::Never
            } else {
                End::Date(later(day, rng.between(40, 200)))
            };
            schedules::sparse(rng, later(day, -3), end)
        }
        // A series that has not begun: daily or weekly, of any range.
        _ if form.is_multiple_of(2) => {
            schedules::series(rng, form / 2 % 2 + 6 * (form / 4 % 3), later(day, 4))
        }
        _ => When::Once(later(day, rng.between(3, 14))),
    };
    let created = match &when {
        When::Series(_, range) if lifecycle.is_of_running_series() => {
            let first = Timestamp(i64::from(meeting::number_of(range.start)) * DAY);
            first.plus(-rng.between(2 * DAY, 20 * DAY) / SECOND * SECOND)
        }
        _ => created,
    };
    Timing { created, when }
}

/// Writes the lifecycle into the plan.
pub fn apply(world: &World, rng: &mut Rng, plan: &mut MeetingPlan, at: Timestamp) {
    let mut state = plan.meeting.states[0].clone();
    state.from = at;
    match plan.meeting.lifecycle {
        // Outside the window something happens, too.
        Lifecycle::None if plan.meeting.variant == MeetingVariant::FarAway => {
            state.subject = text::meeting(rng.bits()).into();
        }
        Lifecycle::None => return past(world, rng, plan),
        Lifecycle::New => return,
        Lifecycle::Moved => shift(&mut state, 1),
        Lifecycle::MovedToOtherMonth => other_month(rng, &mut state),
        Lifecycle::MovedThereAndBack => {
            let mut back = state.clone();
            back.from = at.plus(rng.between(2, 6) * DAY);
            other_month(rng, &mut state);
            plan.meeting.states.extend([state, back]);
            return;
        }
        Lifecycle::Renamed | Lifecycle::SeriesRenamed => {
            state.subject = text::meeting(rng.bits()).into();
        }
        Lifecycle::AttendeeAdded => added(world, rng, plan, &mut state),
        Lifecycle::AttendeeRemoved => removed(world, rng, plan, &mut state),
        Lifecycle::Answered => answer(
            world,
            plan,
            &mut state,
            &["accepted", "tentativelyAccepted"],
        ),
        Lifecycle::Declined => answer(world, plan, &mut state, &["declined"]),
        Lifecycle::Cancelled => {
            state.cancelled = true;
            take_out(plan, at, |_, organises| organises);
        }
        Lifecycle::TakenOut | Lifecycle::CleanedUp => {
            take_out(plan, at, |person, organises| !organises && person != ROOM);
            return;
        }
        Lifecycle::MadePrivate => {
            state.sensitivity = "private";
            (state.outcome, state.reason) = (Outcome::Private, None);
        }
        Lifecycle::LastOutsiderLeaves => {
            state
                .attendees
                .retain(|one| world.addresses[one.address as usize].internal);
            (state.outcome, state.reason) = (Outcome::of_internal(&world.spec.policy), None);
        }
        Lifecycle::ExcludedTitle => {
            state.subject = format!(
                "{} with {}",
                rng.pick(&text::EXCLUDED_SUBJECTS),
                state.subject
            )
            .into();
            (state.outcome, state.reason) = (Outcome::Excluded, Some("subject"));
        }
        Lifecycle::SeriesMoved => state.wall = hour_later(state.wall),
        Lifecycle::SeriesEndedEarly => end_at(&mut state, later(meeting::date_of(at), 6)),
        Lifecycle::SeriesExtended => end_at(&mut state, later(meeting::date_of(at), 60)),
        _ => return occurrence(world, rng, plan, at),
    }
    plan.meeting.states.push(state);
}

fn hour_later(wall: Time) -> Time {
    wall.saturating_add(1.hours())
}

fn shift(state: &mut MeetingState, days: i64) {
    state.wall = hour_later(state.wall);
    if let When::Once(day) = &mut state.when
        && later(*day, days).month() == day.month()
    {
        *day = later(*day, days);
    }
}

fn other_month(rng: &mut Rng, state: &mut MeetingState) {
    if let When::Once(day) = &mut state.when {
        *day = later(day.last_of_month(), rng.between(1, 11));
    }
}

fn end_at(state: &mut MeetingState, day: Date) {
    if let When::Series(_, Range { end, .. }) = &mut state.when {
        *end = End::Date(day);
    }
}

fn take_out(plan: &mut MeetingPlan, at: Timestamp, whose: impl Fn(usize, bool) -> bool) {
    for (person, copy) in &mut plan.copies {
        if whose(*person, copy.organises) {
            copy.gone = Some(at);
        }
    }
}

fn colleague(world: &World, rng: &mut Rng, plan: &MeetingPlan) -> Option<usize> {
    let mut free = world.active.clone();
    free.retain(|one| plan.copies.iter().all(|(holder, _)| holder != one));
    (!free.is_empty()).then(|| *rng.pick(&free))
}

/// A contact that is not among those who take part.
fn contact(world: &World, rng: &mut Rng, plan: &MeetingPlan) -> Option<u32> {
    let one = *rng.pick(&world.people_by_role.email);
    let stored = |number: u32| &world.addresses[number as usize].stored;
    let mut others = plan.meeting.states[0]
        .attendees
        .iter()
        .map(|other| other.address);
    let is_new = stored(plan.meeting.organizer) != stored(one)
        && others.all(|other| stored(other) != stored(one));
    is_new.then_some(one)
}

fn added(world: &World, rng: &mut Rng, plan: &mut MeetingPlan, state: &mut MeetingState) {
    let inside = if rng.chance(50) {
        colleague(world, rng, plan)
    } else {
        None
    };
    if let Some(person) = inside {
        let mut one = plan::attendee(
            rng,
            world.people_by_role.people[person],
            Lifecycle::Answered,
        );
        one.response = "notResponded";
        state.attendees.push(one);
        plan.copies
            .push((person, plan::copy(state.from, one.response)));
    } else if let Some(address) = contact(world, rng, plan) {
        state
            .attendees
            .push(plan::attendee(rng, address, Lifecycle::Answered));
    }
}

/// A colleague, or one outsider of several, is invited no more.
fn removed(world: &World, rng: &mut Rng, plan: &mut MeetingPlan, state: &mut MeetingState) {
    let of = |one: &Attendee| &world.addresses[one.address as usize];
    let organizer = &world.addresses[plan.meeting.organizer as usize];
    let outsiders = state
        .attendees
        .iter()
        .filter(|one| !of(one).internal)
        .count();
    let may_go = |one: &Attendee| {
        let of = of(one);
        of.stored != organizer.stored
            && of.person != Some(ROOM)
            && (of.internal || outsiders > 1 || !organizer.internal)
    };
    let candidates: Vec<Attendee> = state
        .attendees
        .iter()
        .filter(|one| may_go(one))
        .copied()
        .collect();
    if candidates.is_empty() {
        return;
    }
    let gone = *rng.pick(&candidates);
    state.attendees.retain(|one| *one != gone);
    if let Some(person) = of(&gone).person {
        take_out(plan, state.from, |holder, organises| {
            holder == person && !organises
        });
    }
}

fn answer(
    world: &World,
    plan: &mut MeetingPlan,
    state: &mut MeetingState,
    answers: &[&'static str],
) {
    let holders = plan
        .copies
        .iter_mut()
        .filter(|(person, one)| !one.organises && *person != ROOM);
    for (number, (person, copy)) in holders.enumerate() {
        let answer = answers[number % answers.len()];
        copy.responses.push((state.from, answer));
        for one in &mut state.attendees {
            if world.addresses[one.address as usize].person == Some(*person) {
                one.response = answer;
            }
        }
    }
}

/// Something happens to the first occurrence that is two days ahead or more; of whole days, which
/// may be moved back, three.
fn occurrence(world: &World, rng: &mut Rng, plan: &mut MeetingPlan, at: Timestamp) {
    let today = meeting::date_of(at);
    let days = plan.meeting.days(&plan.meeting.states[0], later(today, 40));
    let ahead = if plan.meeting.all_day { 3 } else { 2 };
    let Some(day) = days.into_iter().find(|day| *day > later(today, ahead)) else {
        return;
    };
    let lifecycle = plan.meeting.lifecycle;
    differ(world, rng, plan, lifecycle, day, at);
}

/// One occurrence differs from now on.
fn differ(
    world: &World,
    rng: &mut Rng,
    plan: &mut MeetingPlan,
    lifecycle: Lifecycle,
    day: Date,
    at: Timestamp,
) {
    let state = &plan.meeting.states[0];
    let mut one = Exception {
        day,
        from: at,
        moved: None,
        subject: None,
        attendees: None,
        cancelled: false,
    };
    let mut attendees = state.attendees.clone();
    match lifecycle {
        Lifecycle::OccurrenceMoved => {
            one.moved = Some(if plan.meeting.all_day {
                whole_days_moved(rng, day, state.minutes)
            } else {
                let to = later(day, rng.between(0, 3));
                (to, hour_later(state.wall), state.minutes + 15)
            });
        }
        Lifecycle::OccurrenceRenamed => one.subject = Some(text::meeting(rng.bits()).into()),
        Lifecycle::OccurrenceAttendees => {
            let Some(address) = contact(world, rng, plan) else {
                return;
            };
            attendees.push(plan::attendee(rng, address, Lifecycle::Answered));
            one.attendees = Some(attendees);
        }
        Lifecycle::OccurrenceGuest => {
            let Some(person) = colleague(world, rng, plan) else {
                return;
            };
            let guest = plan::attendee(
                rng,
                world.people_by_role.people[person],
                Lifecycle::Answered,
            );
            attendees.push(guest);
            one.attendees = Some(attendees);
            let mut copy = plan::copy(at, guest.response);
            copy.guest = Some(day);
            plan.copies.push((person, copy));
        }
        Lifecycle::OccurrenceCancelled => one.cancelled = true,
        _ => {
            for (person, copy) in &mut plan.copies {
                if !copy.organises && *person != ROOM {
                    copy.absent.push((day, at));
                }
            }
            return;
        }
    }
    plan.meeting.exceptions.push(one);
}

/// What happened to occurrences of a series before anyone looked.
fn past(world: &World, rng: &mut Rng, plan: &mut MeetingPlan) {
    let meeting = &plan.meeting;
    let ordinary = matches!(
        meeting.variant,
        MeetingVariant::Contact | MeetingVariant::FromContact
    );
    if !meeting.is_series() || meeting.all_day || !ordinary || rng.chance(30) {
        return;
    }
    let today = meeting::date_of(world.start());
    let inside = world.addresses[meeting.organizer as usize].internal;
    let mut days = meeting.days(&meeting.states[0], later(today, 45));
    days.retain(|day| *day > later(today, -300));
    let created = meeting.created();
    for _ in 0..=rng.below(3) {
        if days.is_empty() {
            return;
        }
        let day = days.swap_remove(rng.below(days.len()));
        let lifecycle = match rng.below(6) {
            0 => Lifecycle::OccurrenceMoved,
            1 => Lifecycle::OccurrenceRenamed,
            2 => Lifecycle::OccurrenceAttendees,
            3 if inside => Lifecycle::OccurrenceGuest,
            4 => Lifecycle::OccurrenceCancelled,
            _ => Lifecycle::OccurrenceTakenOut,
        };
        let begin = plan.meeting.span(&plan.meeting.states[0], day).0;
        let latest = begin.min(world.start()).plus(-2 * DAY);
        differ(world, rng, plan, lifecycle, day, latest.max(created));
    }
}

/// Where an occurrence of a whole day is moved to.
fn whole_days_moved(rng: &mut Rng, day: Date, minutes: i64) -> (Date, Time, i64) {
    (later(day, *rng.pick(&MOVES)), Time::midnight(), minutes)
}
