//! Series of whole days, planned all around the world, of which one occurrence changes: it is
//! renamed where it is, or moved by a day or more (facts 13).

use crate::model::time::Timestamp;
use crate::sim::calendar::changes;
use crate::sim::calendar::compose;
use crate::sim::calendar::lifecycle::Lifecycle;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::When;
use crate::sim::calendar::plan::Timing;
use crate::sim::calendar::schedules;
use crate::sim::calendar::schedules::later;
use crate::sim::calendar::variants::MeetingVariant;
use crate::sim::calendar::zones::ZONES;
use crate::sim::recurrence::End;
use crate::sim::recurrence::On;
use crate::sim::recurrence::Pattern;
use crate::sim::recurrence::Range;
use crate::sim::rng::Rng;
use crate::sim::world::World;

/// Adds two of them for each zone.
pub fn add(world: &mut World) {
    let mut rng = world.rng(7);
    for zone in 0..ZONES.len() {
        for lifecycle in [Lifecycle::OccurrenceRenamed, Lifecycle::OccurrenceMoved] {
            let lifecycle = changes::possible(world, lifecycle);
            let variant = *rng.pick(&[MeetingVariant::Contact, MeetingVariant::FromContact]);
            let at = changes::moment(world, &mut rng);
            let timing = timing(&mut rng, at);
            compose::of_whole_days(world, &mut rng, (variant, lifecycle, zone), timing, at);
        }
    }
}

/// A week before something happens to them they begin: every day, every other, or once a week.
fn timing(rng: &mut Rng, at: Timestamp) -> Timing {
    let start = later(meeting::date_of(at), -7);
    let when = if rng.chance(50) {
        let pattern = Pattern {
            interval: i32::try_from(1 + rng.below(2)).unwrap_or(1),
            on: On::Daily,
        };
        let end = End::Date(later(start, rng.between(18, 24)));
        When::Series(pattern, Range { start, end })
    } else {
        schedules::sparse(rng, later(start, 21), End::Never)
    };
    let first = match &when {
        When::Series(_, range) => range.start,
        When::Once(day) => *day,
    };
    let first = Timestamp(i64::from(meeting::number_of(first)) * crate::model::time::DAY);
    Timing {
        created: first.plus(-rng.between(2, 20) * crate::model::time::DAY),
        when,
    }
}
