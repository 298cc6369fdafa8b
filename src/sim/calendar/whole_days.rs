//! Series of whole days, planned all around the world, of which one occurrence changes: it is
//! renamed where it is, or moved by a day or more (facts 13).

use jiff::civil::Date;
use jiff::civil::Time;

use crate::model::time::Micros;
use crate::sim::calendar::forms;
use crate::sim::calendar::forms::later;
use crate::sim::calendar::invent;
use crate::sim::calendar::invent::Class;
use crate::sim::calendar::invent::Timing;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::stories;
use crate::sim::calendar::stories::Story;
use crate::sim::calendar::zones::ZONES;
use crate::sim::dice::Dice;
use crate::sim::recurrence::End;
use crate::sim::recurrence::On;
use crate::sim::recurrence::Pattern;
use crate::sim::recurrence::Range;
use crate::sim::world::World;

/// By how many days an occurrence is moved. A day back or ahead is where the other side of the
/// world begins its day at the same instant.
const MOVES: [i64; 4] = [-1, 1, 2, 5];

/// Plants two of them for each zone.
pub fn plant(world: &mut World) {
    let mut dice = world.dice(7);
    for zone in 0..ZONES.len() {
        for story in [Story::OccurrenceRenamed, Story::OccurrenceMoved] {
            let story = stories::possible(world, story);
            let class = *dice.pick(&[Class::Contact, Class::FromContact]);
            let at = stories::moment(world, &mut dice);
            let timing = timing(&mut dice, at);
            invent::of_whole_days(world, &mut dice, (class, story, zone), timing, at);
        }
    }
}

/// A week before something happens to them they begin: every day, every other, or once a week.
fn timing(dice: &mut Dice, at: Micros) -> Timing {
    let start = later(meeting::date_of(at), -7);
    let when = if dice.chance(50) {
        let pattern = Pattern {
            interval: i32::try_from(1 + dice.below(2)).unwrap_or(1),
            on: On::Daily,
        };
        let end = End::Date(later(start, dice.between(18, 24)));
        When::Series(pattern, Range { start, end })
    } else {
        forms::sparse(dice, later(start, 21), End::Never)
    };
    let first = match &when {
        When::Series(_, range) => range.start,
        When::Once(day) => *day,
    };
    let first = Micros(i64::from(meeting::number_of(first)) * crate::model::time::DAY);
    Timing {
        created: first.plus(-dice.between(2, 20) * crate::model::time::DAY),
        when,
    }
}

/// Where an occurrence of a whole day is moved to.
pub fn moved(dice: &mut Dice, day: Date, minutes: i64) -> (Date, Time, i64) {
    (later(day, *dice.pick(&MOVES)), Time::midnight(), minutes)
}
