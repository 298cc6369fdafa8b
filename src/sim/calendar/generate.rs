//! Fills the calendars: each variant and each lifecycle at least a few times, then ordinary
//! traffic.

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::calendar::changes;
use crate::sim::calendar::compose;
use crate::sim::calendar::lifecycle::Lifecycle;
use crate::sim::calendar::meeting::CalendarCopy;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::variants::MEETING_VARIANTS;
use crate::sim::calendar::variants::MIN_PER_VARIANT;
use crate::sim::calendar::variants::MeetingVariant;
use crate::sim::calendar::whole_days;
use crate::sim::rng::Rng;
use crate::sim::world::FirstDay;
use crate::sim::world::World;

const HOUR: i64 = 3600 * SECOND;

/// Fills all calendars of a world.
pub fn fill(world: &mut World) {
    let wanted = world.active.len() * world.spec.meetings_per_user;
    if wanted == 0 {
        return;
    }
    let mut rng = world.rng(5);
    highlights(world, &mut rng);
    let each = world.spec.meetings_per_user.min(MIN_PER_VARIANT);
    let mut form = 0;
    for (variant, _) in MEETING_VARIANTS {
        // A draft lies in one calendar only.
        let count = if variant == MeetingVariant::Draft {
            2 * each
        } else {
            each
        };
        for _ in 0..count {
            ordinary(world, &mut rng, variant, Lifecycle::None, form);
            form += 1;
        }
    }
    for lifecycle in Lifecycle::ALL {
        // What happens to a whole series happens to many meetings at once.
        let count = if lifecycle.is_of_whole_series() {
            each.div_ceil(2)
        } else {
            each
        };
        for _ in 0..count {
            let variant = *rng.pick(&[
                MeetingVariant::Contact,
                MeetingVariant::Contact,
                MeetingVariant::FromContact,
            ]);
            ordinary(world, &mut rng, variant, lifecycle, form);
            form += 1;
        }
    }
    while world.meetings_held < wanted {
        let variant = weighted(&mut rng);
        let eventful = matches!(
            variant,
            MeetingVariant::Contact | MeetingVariant::FromContact
        ) && rng.chance(12);
        let lifecycle = if eventful {
            *rng.pick(&Lifecycle::ALL)
        } else {
            Lifecycle::None
        };
        ordinary(world, &mut rng, variant, lifecycle, form);
        form += 1;
    }
    whole_days::add(world);
    for mailbox in &mut world.mailboxes {
        for copy in &mut mailbox.calendar {
            settle(&world.meetings[copy.meeting as usize], copy);
        }
    }
}

/// Collects when anything of a copy changes.
fn settle(meeting: &Meeting, copy: &mut CalendarCopy) {
    let mut changes: Vec<Timestamp> = vec![copy.arrives];
    changes.extend(copy.gone);
    changes.extend(copy.responses.iter().map(|(when, _)| *when));
    changes.extend(copy.absent.iter().map(|(_, when)| *when));
    changes.extend(meeting.states.iter().map(|state| state.from));
    changes.extend(meeting.exceptions.iter().map(|one| one.from));
    changes.retain(|when| *when >= copy.arrives);
    changes.sort_unstable();
    changes.dedup();
    copy.changes = changes;
}

fn weighted(rng: &mut Rng) -> MeetingVariant {
    let total: usize = MEETING_VARIANTS.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.below(total);
    for (variant, weight) in MEETING_VARIANTS {
        if left < weight {
            return variant;
        }
        left -= weight;
    }
    MeetingVariant::Contact
}

fn ordinary(
    world: &mut World,
    rng: &mut Rng,
    variant: MeetingVariant,
    lifecycle: Lifecycle,
    form: usize,
) {
    let lifecycle = changes::possible(world, lifecycle);
    let variant = if lifecycle.needs_organizer_inside() {
        MeetingVariant::Contact
    } else {
        variant
    };
    let at = changes::moment(world, rng);
    compose::one(world, rng, variant, lifecycle, form, at);
}

/// Adds what the first simulated day shows.
fn highlights(world: &mut World, rng: &mut Rng) {
    if changes::possible(world, Lifecycle::SeriesMoved) == Lifecycle::None {
        return;
    }
    let at = world.start().plus(9 * HOUR);
    let moved_series = compose::one(
        world,
        rng,
        MeetingVariant::Contact,
        Lifecycle::SeriesMoved,
        1,
        at,
    );
    let cancelled = compose::one(
        world,
        rng,
        MeetingVariant::Contact,
        Lifecycle::Cancelled,
        1,
        at.plus(HOUR),
    );
    world.first_day = Some(FirstDay {
        moved_series,
        cancelled,
    });
}
