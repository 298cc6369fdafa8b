//! Ranks matches: copies of one interaction count once, and a conversation or series is one entry.

use std::cmp::Ordering;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;

use hashbrown::HashMap;
use hashbrown::HashSet;
use hashbrown::hash_map::Entry;
use tantivy::DocAddress;

use crate::index::collect::Match;
use crate::index::order::Grouping;
use crate::index::order::Sort;

/// The keys are hashes already.
#[derive(Default)]
pub(super) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}

type BitsMap<T> = HashMap<u64, T, BuildHasherDefault<Unhashed>>;
/// A set of hashes.
pub(super) type BitsSet = HashSet<u64, BuildHasherDefault<Unhashed>>;

/// What matches, counted and in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranked {
    /// Different interactions.
    pub(super) interactions: usize,
    /// Different conversations, series and single interactions.
    pub(super) groups: usize,
    /// The requested entries, in order.
    pub(super) listed: Vec<Listed>,
}

/// A conversation or series, by its first interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// The matching copies of the interaction.
    pub(super) copies: Vec<DocAddress>,
    /// How many of its interactions match.
    pub(super) interactions: usize,
}

/// Ranks matches and lists those after `offset`, at most `limit`.
pub(super) fn rank(
    matches: &[Match],
    (sort, grouping): (Sort, Grouping),
    (offset, limit): (usize, usize),
) -> Ranked {
    let group_of = |found: &Match| match grouping {
        Grouping::Conversations => found.group,
        Grouping::Interactions => found.interaction,
    };
    let mut interactions = BitsSet::default();
    let mut groups: BitsMap<&Match> = BitsMap::default();
    for found in matches {
        interactions.insert(found.interaction);
        match groups.entry(group_of(found)) {
            Entry::Vacant(free) => {
                free.insert(found);
            }
            Entry::Occupied(mut first) => {
                if compare(sort, found, first.get()).is_lt() {
                    first.insert(found);
                }
            }
        }
    }
    let total = groups.len();
    let mut firsts: Vec<&Match> = groups.into_values().collect();
    let deep = offset.saturating_add(limit);
    if deep < firsts.len() {
        firsts.select_nth_unstable_by(deep, |a, b| compare(sort, a, b));
        firsts.truncate(deep);
    }
    firsts.sort_unstable_by(|a, b| compare(sort, a, b));
    let firsts = firsts.get(offset..).unwrap_or_default();
    Ranked {
        interactions: interactions.len(),
        groups: total,
        listed: listed(matches, firsts, group_of),
    }
}

/// Newest or best first; what is equal in an order that does not depend on where it lies.
fn compare(sort: Sort, a: &Match, b: &Match) -> Ordering {
    let by_score = match sort {
        Sort::Relevance => b.score.total_cmp(&a.score),
        Sort::Date => Ordering::Equal,
    };
    let by_time = b.occurred_at.cmp(&a.occurred_at);
    by_score
        .then(by_time)
        .then(a.interaction.cmp(&b.interaction))
}

fn listed(matches: &[Match], firsts: &[&Match], group_of: impl Fn(&Match) -> u64) -> Vec<Listed> {
    let numbered = firsts.iter().enumerate();
    let places: BitsMap<(usize, u64)> = numbered
        .map(|(place, first)| (group_of(first), (place, first.interaction)))
        .collect();
    let mut copies = vec![Vec::new(); firsts.len()];
    let mut members = vec![BitsSet::default(); firsts.len()];
    if places.is_empty() {
        return Vec::new();
    }
    for found in matches {
        if let Some((place, first)) = places.get(&group_of(found)) {
            members[*place].insert(found.interaction);
            if *first == found.interaction {
                copies[*place].push(found.address);
            }
        }
    }
    let pairs = copies.into_iter().zip(members);
    pairs
        .map(|(copies, members)| Listed {
            copies,
            interactions: members.len(),
        })
        .collect()
}
