//! Explores all states of a small world, and random interleavings in a larger one.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;

use crate::invariants::Invariant;
use crate::invariants::broken;
use crate::invariants::broken_in_the_end;
use crate::mutation::Rules;
use crate::outside;
use crate::outside::Event;
use crate::system::Budget;
use crate::system::SystemState;

/// Moments that a search may visit: a scenario that has more is too large for a test.
const MOMENTS_MAX: usize = 2_000_000;
/// Steps of a random way.
const STEPS_MAX: usize = 600;

/// An invariant that does not hold, and how that came about.
#[derive(Debug)]
pub(crate) struct Defect {
    pub invariant: Invariant,
    pub events: Vec<Event>,
}

/// How a search ended.
#[derive(Debug)]
pub(crate) struct Searched {
    pub defect: Option<Defect>,
    pub states: usize,
}

/// Searches all reachable states breadth-first, to the end or the first defect.
pub(crate) fn search(budget: Budget, rules: &Rules) -> Searched {
    let first = SystemState::first(budget);
    let mut came_from: HashMap<u64, Option<(u64, Event)>> = HashMap::new();
    came_from.insert(first.hash64(), None);
    let mut queue = VecDeque::from([first]);
    let mut looked_at = HashSet::new();
    while let Some(system) = queue.pop_front() {
        let hash = system.hash64();
        // What may yet go wrong makes no difference to what holds now.
        let is_new = looked_at.insert(system.hash64_without_budget());
        if let Some(invariant) = is_new.then(|| look_at(&system, rules)).flatten() {
            let events = way_to(&came_from, hash);
            return Searched {
                defect: Some(Defect { invariant, events }),
                states: came_from.len(),
            };
        }
        for (event, next) in outside::next(&system, rules) {
            let of_next = next.hash64();
            came_from.entry(of_next).or_insert_with(|| {
                queue.push_back(next);
                Some((hash, event))
            });
        }
        assert!(came_from.len() <= MOMENTS_MAX, "the scenario is too large");
    }
    Searched {
        defect: None,
        states: came_from.len(),
    }
}

/// The invariant that a state violates; if no process is running, a final run is simulated as well.
fn look_at(system: &SystemState, rules: &Rules) -> Option<Invariant> {
    let is_quiet = system.processes.iter().all(Option::is_none);
    broken(system).or_else(|| is_quiet.then(|| broken_in_the_end(system, rules)).flatten())
}

fn way_to(came_from: &HashMap<u64, Option<(u64, Event)>>, last: u64) -> Vec<Event> {
    let mut events = Vec::new();
    let mut at = last;
    while let Some(Some((before, event))) = came_from.get(&at) {
        events.push(*event);
        at = *before;
    }
    events.reverse();
    events
}

/// One random way; the same seed goes the same way. Steps of processes are taken more often than
/// anything from outside, so that runs come to something.
pub(crate) fn walk(budget: Budget, rules: &Rules, seed: u64) -> Option<Defect> {
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % limit.max(1) as u64).unwrap_or(0)
    };
    let mut system = SystemState::first(budget);
    let mut events = Vec::new();
    for _ in 0..STEPS_MAX {
        let next = outside::next(&system, rules);
        let is_step = |(event, _): &(Event, SystemState)| matches!(event, Event::Step(..));
        let (steps, others): (Vec<_>, Vec<_>) = next.into_iter().partition(is_step);
        let takes_step = !steps.is_empty() && (others.is_empty() || below(12) > 0);
        let mut choices = if takes_step { steps } else { others };
        if choices.is_empty() {
            break;
        }
        let (event, next) = choices.swap_remove(below(choices.len()));
        events.push(event);
        system = next;
        if let Some(invariant) = broken(&system) {
            return Some(Defect { invariant, events });
        }
    }
    system.processes = [None, None];
    let invariant = broken_in_the_end(&system, rules)?;
    Some(Defect { invariant, events })
}
