//! `[capture] recorded`: which meetings are taken for recorded.

use hashbrown::HashSet;

use crate::config::capture::Recorded;
use crate::model::address::is_within;
use crate::model::event::Event;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;

/// The rule, indexed for lookups.
#[derive(Debug, Clone)]
pub(crate) struct RecordedRule {
    online: bool,
    organizer_internal: bool,
    external_min: usize,
    domains: HashSet<String>,
}

impl RecordedRule {
    /// The rule of the configuration.
    pub(crate) fn new(recorded: &Recorded) -> Self {
        Self {
            online: recorded.online,
            organizer_internal: recorded.organizer_internal,
            external_min: usize::try_from(recorded.external_min).unwrap_or(usize::MAX),
            domains: recorded.domains.iter().cloned().collect(),
        }
    }

    /// Whether a meeting satisfies every condition that is set, as far as this copy of it shows who
    /// takes part.
    pub(crate) fn holds(&self, event: &Event, people: &[Participant]) -> bool {
        (!self.online || event.is_online == Some(true))
            && (!self.organizer_internal || is_organized_inside(event, people))
            && self.has_enough_outsiders(people)
            && (self.domains.is_empty() || people.iter().any(|one| self.is_of_domain(one)))
    }

    /// Rooms and equipment are no people.
    fn has_enough_outsiders(&self, people: &[Participant]) -> bool {
        let outsiders = people.iter().filter(|one| {
            let is_counted = one.is_address && one.role != Role::Resource;
            is_counted && !one.internal
        });
        let addresses: HashSet<&str> = outsiders.map(|one| one.address.as_str()).collect();
        addresses.len() >= self.external_min
    }

    fn is_of_domain(&self, one: &Participant) -> bool {
        let domain = one.address.split_once('@').map(|(_, domain)| domain);
        one.is_address && domain.is_some_and(|domain| is_within(domain, &self.domains))
    }
}

fn is_organized_inside(event: &Event, people: &[Participant]) -> bool {
    let mut organizers = people.iter().filter(|one| one.role == Role::Organizer);
    event.is_organizer == Some(true) || organizers.any(|one| one.internal)
}
