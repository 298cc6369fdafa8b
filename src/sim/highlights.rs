//! Names what the first simulated day shows: a moved series, a cancelled meeting, a new contact.

use crate::model::time::Timestamp;
use crate::sim::world::World;

/// What changes between the start and a day later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlights {
    /// Title of a series with a contact that is moved by an hour.
    pub moved_series: String,
    /// When it is moved.
    pub moved_at: Timestamp,
    /// Title of a single meeting with a contact that is cancelled. Attendees see `Canceled: `
    /// before it.
    pub cancelled: String,
    /// When it is cancelled.
    pub cancelled_at: Timestamp,
    /// Id of a contact that is added to the CRM, of somebody who has written before.
    pub contact_id: String,
    /// Its name.
    pub contact_name: String,
    /// Its address.
    pub contact_email: String,
}

/// What the first day of a world shows; nothing where it has no meetings, no days after the start
/// or no changes of the CRM.
pub fn of(world: &World) -> Option<Highlights> {
    let first_day = world.first_day.as_ref()?;
    let (_, contact) = world.newcomer.as_ref()?;
    let series = world.meetings.get(first_day.moved_series)?;
    let cancelled = world.meetings.get(first_day.cancelled)?;
    Some(Highlights {
        moved_series: series.states[0].subject.to_string(),
        moved_at: series.states.get(1)?.from,
        cancelled: cancelled.states[0].subject.to_string(),
        cancelled_at: cancelled.states.get(1)?.from,
        contact_id: contact.id.clone(),
        contact_name: contact.name.clone(),
        contact_email: contact.email.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::DAY;
    use crate::sim::truth;

    #[test]
    fn the_first_day_of_a_default_world_has_all_three_highlights() {
        let world = World::generated(1, 16);
        let found = of(&world).unwrap();
        let day = world.start().plus(DAY);
        for at in [found.moved_at, found.cancelled_at] {
            assert!(at > world.start() && at < day);
        }
        let (mut moved, mut cancelled, mut met) = (0, 0, 0);
        truth::print(&world, day, |line| {
            let versions = line["versions"].as_array();
            let newest = versions.and_then(|all| all.last());
            if let Some((newest, all)) = newest.zip(versions) {
                let title = newest["full_subject"].as_str().unwrap_or_default();
                let has_changed =
                    all.len() > 1 && all[0]["from"].as_str() < Some(&world.start().rfc3339());
                moved += usize::from(title == found.moved_series && has_changed);
                let is_cancelled = newest["state"] == "cancelled" && has_changed;
                cancelled += usize::from(title.ends_with(&found.cancelled) && is_cancelled);
            } else if let Some(contact_matches) = line["touches"].as_array() {
                met += contact_matches
                    .iter()
                    .filter(|one| one["contact_id"] == found.contact_id.as_str())
                    .count();
            }
        });
        assert!(
            moved > 2 && cancelled > 1 && met > 0,
            "{moved} {cancelled} {met}"
        );
    }
}
