//! What happens to meetings along the clock: moved, renamed, answered, cancelled, taken out.
//!
//! Nothing happens to a meeting within 36 hours before it begins, and what is said of a whole
//! series falls between its occurrences, so that any run between two nights decides the same.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::Time;

use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::model::time::SECOND;
use crate::sim::calendar::forms;
use crate::sim::calendar::forms::later;
use crate::sim::calendar::invent;
use crate::sim::calendar::invent::Class;
use crate::sim::calendar::invent::Plan;
use crate::sim::calendar::invent::ROOM;
use crate::sim::calendar::invent::Timing;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::Attendee;
use crate::sim::calendar::meeting::Exception;
use crate::sim::calendar::meeting::Look;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::whole_days;
use crate::sim::dice::Dice;
use crate::sim::mail;
use crate::sim::recurrence::End;
use crate::sim::recurrence::Range;
use crate::sim::text;
use crate::sim::world::Outcome;
use crate::sim::world::World;

const HOUR: i64 = 3600 * SECOND;
/// Days within which most of it happens, so that short simulations see it.
const SOON: i64 = 9;

/// What happens to a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it; each is told below")]
pub enum Story {
    None,
    New,
    Moved,
    MovedToOtherMonth,
    MovedThereAndBack,
    Renamed,
    AttendeeAdded,
    AttendeeRemoved,
    Answered,
    Declined,
    Cancelled,
    TakenOut,
    MadePrivate,
    LastOutsiderLeaves,
    ExcludedTitle,
    CleanedUp,
    SeriesMoved,
    SeriesRenamed,
    SeriesEndedEarly,
    SeriesExtended,
    OccurrenceMoved,
    OccurrenceRenamed,
    OccurrenceAttendees,
    OccurrenceGuest,
    OccurrenceCancelled,
    OccurrenceTakenOut,
}

impl Story {
    /// All but the one in which nothing happens.
    pub const ALL: [Self; 25] = [
        Self::New,
        Self::Moved,
        Self::MovedToOtherMonth,
        Self::MovedThereAndBack,
        Self::Renamed,
        Self::AttendeeAdded,
        Self::AttendeeRemoved,
        Self::Answered,
        Self::Declined,
        Self::Cancelled,
        Self::TakenOut,
        Self::MadePrivate,
        Self::LastOutsiderLeaves,
        Self::ExcludedTitle,
        Self::CleanedUp,
        Self::SeriesMoved,
        Self::SeriesRenamed,
        Self::SeriesEndedEarly,
        Self::SeriesExtended,
        Self::OccurrenceMoved,
        Self::OccurrenceRenamed,
        Self::OccurrenceAttendees,
        Self::OccurrenceGuest,
        Self::OccurrenceCancelled,
        Self::OccurrenceTakenOut,
    ];

    /// Whether exactly one outsider may take part.
    pub fn needs_one_outsider(self) -> bool {
        self == Self::LastOutsiderLeaves
    }

    /// Whether a colleague must be the organiser.
    pub fn needs_organizer_inside(self) -> bool {
        matches!(self, Self::LastOutsiderLeaves | Self::OccurrenceGuest)
    }

    /// Whether it happens to all occurrences of a series that has begun.
    pub fn is_of_whole_series(self) -> bool {
        self.is_of_running_series() && self < Self::OccurrenceMoved
    }

    fn is_of_running_series(self) -> bool {
        self >= Self::SeriesMoved
    }
}

/// The meetings of the first simulated day that a demonstration can name.
#[derive(Debug, Clone, Copy)]
pub struct FirstDay {
    /// Number of a series that is moved by an hour.
    pub moved_series: usize,
    /// Number of a single meeting that is cancelled.
    pub cancelled: usize,
}

/// Plants what the first simulated day shows.
pub fn highlights(world: &mut World, dice: &mut Dice) {
    if possible(world, Story::SeriesMoved) == Story::None {
        return;
    }
    let at = world.start().plus(9 * HOUR);
    let moved_series = invent::one(world, dice, Class::Contact, Story::SeriesMoved, 1, at);
    let cancelled = invent::one(
        world,
        dice,
        Class::Contact,
        Story::Cancelled,
        1,
        at.plus(HOUR),
    );
    world.first_day = Some(FirstDay {
        moved_series,
        cancelled,
    });
}

/// The story, where the world has the time for it and wants it.
pub fn possible(world: &World, story: Story) -> Story {
    let unwanted = story == Story::CleanedUp && !world.spec.switches.clean_ups;
    if world.spec.days_ahead < 4 || unwanted {
        Story::None
    } else {
        story
    }
}

/// When something happens: by day, mostly soon after the start.
pub fn moment(world: &World, dice: &mut Dice) -> Micros {
    let all = i64::from(world.spec.days_ahead).max(1);
    let days = if dice.chance(75) { all.min(SOON) } else { all };
    let midnight = world.start().day() * DAY;
    let at = midnight + dice.between(0, days) * DAY + dice.between(6 * 3600, 20 * 3600) * SECOND;
    if at <= world.start().0 + HOUR {
        Micros(at + DAY)
    } else {
        Micros(at)
    }
}

/// When a meeting with a story takes place, seen from the moment at which it happens.
pub fn timing(world: &World, dice: &mut Dice, story: Story, form: usize, at: Micros) -> Timing {
    let day = meeting::date_of(at);
    let before = world
        .start()
        .min(at)
        .plus(-dice.between(DAY, 30 * DAY) / SECOND * SECOND);
    let created = if story == Story::New { at } else { before };
    let when = match story {
        Story::CleanedUp => When::Once(later(day, -dice.between(5, 10))),
        Story::MovedThereAndBack => When::Once(later(day, dice.between(10, 16))),
        Story::Moved | Story::MovedToOtherMonth => When::Once(later(day, dice.between(3, 14))),
        Story::SeriesExtended => forms::sparse(dice, later(day, -3), End::Date(later(day, 5))),
        _ if story.is_of_running_series() => {
            let end = if dice.chance(50) {
                End::Never
            } else {
                End::Date(later(day, dice.between(40, 200)))
            };
            forms::sparse(dice, later(day, -3), end)
        }
        // A series that has not begun: daily or weekly, of any range.
        _ if form.is_multiple_of(2) => {
            forms::series(dice, form / 2 % 2 + 6 * (form / 4 % 3), later(day, 4))
        }
        _ => When::Once(later(day, dice.between(3, 14))),
    };
    let created = match &when {
        When::Series(_, range) if story.is_of_running_series() => {
            let first = Micros(i64::from(meeting::number_of(range.start)) * DAY);
            first.plus(-dice.between(2 * DAY, 20 * DAY) / SECOND * SECOND)
        }
        _ => created,
    };
    Timing { created, when }
}

/// Writes the story into the plan.
pub fn tell(world: &World, dice: &mut Dice, plan: &mut Plan, at: Micros) {
    let mut look = plan.meeting.looks[0].clone();
    look.from = at;
    match plan.meeting.story {
        // Outside the window something happens, too.
        Story::None if plan.meeting.class == Class::FarAway => {
            look.subject = text::meeting(dice.bits()).into();
        }
        Story::None => return past(world, dice, plan),
        Story::New => return,
        Story::Moved => shift(&mut look, 1),
        Story::MovedToOtherMonth => other_month(dice, &mut look),
        Story::MovedThereAndBack => {
            let mut back = look.clone();
            back.from = at.plus(dice.between(2, 6) * DAY);
            other_month(dice, &mut look);
            plan.meeting.looks.extend([look, back]);
            return;
        }
        Story::Renamed | Story::SeriesRenamed => look.subject = text::meeting(dice.bits()).into(),
        Story::AttendeeAdded => added(world, dice, plan, &mut look),
        Story::AttendeeRemoved => removed(world, dice, plan, &mut look),
        Story::Answered => answer(world, plan, &mut look, &["accepted", "tentativelyAccepted"]),
        Story::Declined => answer(world, plan, &mut look, &["declined"]),
        Story::Cancelled => {
            look.cancelled = true;
            take_out(plan, at, |_, organises| organises);
        }
        Story::TakenOut | Story::CleanedUp => {
            take_out(plan, at, |person, organises| !organises && person != ROOM);
            return;
        }
        Story::MadePrivate => {
            look.sensitivity = "private";
            (look.outcome, look.reason) = (Outcome::Private, None);
        }
        Story::LastOutsiderLeaves => {
            look.attendees
                .retain(|one| world.addresses[one.address as usize].internal);
            (look.outcome, look.reason) = (mail::internal(world), None);
        }
        Story::ExcludedTitle => {
            look.subject = format!(
                "{} with {}",
                dice.pick(&text::EXCLUDED_SUBJECTS),
                look.subject
            )
            .into();
            (look.outcome, look.reason) = (Outcome::Excluded, Some("subject"));
        }
        Story::SeriesMoved => look.wall = hour_later(look.wall),
        Story::SeriesEndedEarly => end_at(&mut look, later(meeting::date_of(at), 6)),
        Story::SeriesExtended => end_at(&mut look, later(meeting::date_of(at), 60)),
        _ => return occurrence(world, dice, plan, at),
    }
    plan.meeting.looks.push(look);
}

fn hour_later(wall: Time) -> Time {
    wall.saturating_add(1.hours())
}

fn shift(look: &mut Look, days: i64) {
    look.wall = hour_later(look.wall);
    if let When::Once(day) = &mut look.when
        && later(*day, days).month() == day.month()
    {
        *day = later(*day, days);
    }
}

fn other_month(dice: &mut Dice, look: &mut Look) {
    if let When::Once(day) = &mut look.when {
        *day = later(day.last_of_month(), dice.between(1, 11));
    }
}

fn end_at(look: &mut Look, day: Date) {
    if let When::Series(_, Range { end, .. }) = &mut look.when {
        *end = End::Date(day);
    }
}

fn take_out(plan: &mut Plan, at: Micros, whose: impl Fn(usize, bool) -> bool) {
    for (person, holding) in &mut plan.holdings {
        if whose(*person, holding.organises) {
            holding.gone = Some(at);
        }
    }
}

fn colleague(world: &World, dice: &mut Dice, plan: &Plan) -> Option<usize> {
    let mut free = world.active.clone();
    free.retain(|one| plan.holdings.iter().all(|(holder, _)| holder != one));
    (!free.is_empty()).then(|| *dice.pick(&free))
}

/// A contact that is not among those who take part.
fn contact(world: &World, dice: &mut Dice, plan: &Plan) -> Option<u32> {
    let one = *dice.pick(&world.cast.email);
    let stored = |number: u32| &world.addresses[number as usize].stored;
    let mut others = plan.meeting.looks[0]
        .attendees
        .iter()
        .map(|other| other.address);
    let is_new = stored(plan.meeting.organizer) != stored(one)
        && others.all(|other| stored(other) != stored(one));
    is_new.then_some(one)
}

fn added(world: &World, dice: &mut Dice, plan: &mut Plan, look: &mut Look) {
    let inside = if dice.chance(50) {
        colleague(world, dice, plan)
    } else {
        None
    };
    if let Some(person) = inside {
        let mut one = invent::attendee(dice, world.cast.people[person], Story::Answered);
        one.response = "notResponded";
        look.attendees.push(one);
        plan.holdings
            .push((person, invent::holding(look.from, one.response)));
    } else if let Some(address) = contact(world, dice, plan) {
        look.attendees
            .push(invent::attendee(dice, address, Story::Answered));
    }
}

/// A colleague, or one outsider of several, is invited no more.
fn removed(world: &World, dice: &mut Dice, plan: &mut Plan, look: &mut Look) {
    let of = |one: &Attendee| &world.addresses[one.address as usize];
    let organizer = &world.addresses[plan.meeting.organizer as usize];
    let outsiders = look
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
    let candidates: Vec<Attendee> = look
        .attendees
        .iter()
        .filter(|one| may_go(one))
        .copied()
        .collect();
    if candidates.is_empty() {
        return;
    }
    let gone = *dice.pick(&candidates);
    look.attendees.retain(|one| *one != gone);
    if let Some(person) = of(&gone).person {
        take_out(plan, look.from, |holder, organises| {
            holder == person && !organises
        });
    }
}

fn answer(world: &World, plan: &mut Plan, look: &mut Look, answers: &[&'static str]) {
    let holders = plan
        .holdings
        .iter_mut()
        .filter(|(person, one)| !one.organises && *person != ROOM);
    for (number, (person, holding)) in holders.enumerate() {
        let answer = answers[number % answers.len()];
        holding.responses.push((look.from, answer));
        for one in &mut look.attendees {
            if world.addresses[one.address as usize].person == Some(*person) {
                one.response = answer;
            }
        }
    }
}

/// Something happens to the first occurrence that is two days ahead or more; of whole days, which
/// may be moved back, three.
fn occurrence(world: &World, dice: &mut Dice, plan: &mut Plan, at: Micros) {
    let today = meeting::date_of(at);
    let days = plan.meeting.days(&plan.meeting.looks[0], later(today, 40));
    let ahead = if plan.meeting.all_day { 3 } else { 2 };
    let Some(day) = days.into_iter().find(|day| *day > later(today, ahead)) else {
        return;
    };
    let story = plan.meeting.story;
    differ(world, dice, plan, story, day, at);
}

/// One occurrence differs from now on.
fn differ(world: &World, dice: &mut Dice, plan: &mut Plan, story: Story, day: Date, at: Micros) {
    let look = &plan.meeting.looks[0];
    let mut one = Exception {
        day,
        from: at,
        moved: None,
        subject: None,
        attendees: None,
        cancelled: false,
    };
    let mut attendees = look.attendees.clone();
    match story {
        Story::OccurrenceMoved => {
            one.moved = Some(if plan.meeting.all_day {
                whole_days::moved(dice, day, look.minutes)
            } else {
                let to = later(day, dice.between(0, 3));
                (to, hour_later(look.wall), look.minutes + 15)
            });
        }
        Story::OccurrenceRenamed => one.subject = Some(text::meeting(dice.bits()).into()),
        Story::OccurrenceAttendees => {
            let Some(address) = contact(world, dice, plan) else {
                return;
            };
            attendees.push(invent::attendee(dice, address, Story::Answered));
            one.attendees = Some(attendees);
        }
        Story::OccurrenceGuest => {
            let Some(person) = colleague(world, dice, plan) else {
                return;
            };
            let guest = invent::attendee(dice, world.cast.people[person], Story::Answered);
            attendees.push(guest);
            one.attendees = Some(attendees);
            let mut holding = invent::holding(at, guest.response);
            holding.guest = Some(day);
            plan.holdings.push((person, holding));
        }
        Story::OccurrenceCancelled => one.cancelled = true,
        _ => {
            for (person, holding) in &mut plan.holdings {
                if !holding.organises && *person != ROOM {
                    holding.absent.push((day, at));
                }
            }
            return;
        }
    }
    plan.meeting.exceptions.push(one);
}

/// What happened to occurrences of a series before anyone looked.
fn past(world: &World, dice: &mut Dice, plan: &mut Plan) {
    let meeting = &plan.meeting;
    let ordinary = matches!(meeting.class, Class::Contact | Class::FromContact);
    if !meeting.is_series() || meeting.all_day || !ordinary || dice.chance(30) {
        return;
    }
    let today = meeting::date_of(world.start());
    let inside = world.addresses[meeting.organizer as usize].internal;
    let mut days = meeting.days(&meeting.looks[0], later(today, 45));
    days.retain(|day| *day > later(today, -300));
    let created = meeting.created();
    for _ in 0..=dice.below(3) {
        if days.is_empty() {
            return;
        }
        let day = days.swap_remove(dice.below(days.len()));
        let story = match dice.below(6) {
            0 => Story::OccurrenceMoved,
            1 => Story::OccurrenceRenamed,
            2 => Story::OccurrenceAttendees,
            3 if inside => Story::OccurrenceGuest,
            4 => Story::OccurrenceCancelled,
            _ => Story::OccurrenceTakenOut,
        };
        let begin = plan.meeting.span(&plan.meeting.looks[0], day).0;
        let latest = begin.min(world.start()).plus(-2 * DAY);
        differ(world, dice, plan, story, day, latest.max(created));
    }
}
