//! Ranks matches: copies of one interaction count once, and a conversation or series is one entry.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use tantivy::DocAddress;

use crate::index::collect::Match;
use crate::index::numbers::Sizes;
use crate::index::order::Grouping;
use crate::index::order::Sort;

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

/// Ranks numbered matches and lists those after `offset`, at most `limit`.
pub(super) fn rank(
    matches: &[Match],
    sizes: Sizes,
    (sort, grouping): (Sort, Grouping),
    (offset, limit): (usize, usize),
) -> Ranked {
    let group_of = |found: &Match| match grouping {
        Grouping::Conversations => found.group_number as usize,
        Grouping::Interactions => found.interaction_number as usize,
    };
    let groups = match grouping {
        Grouping::Conversations => sizes.groups,
        Grouping::Interactions => sizes.interactions,
    };
    let mut interactions = Marks::new(sizes.interactions);
    let mut first_of: Vec<Option<&Match>> = vec![None; groups];
    for found in matches {
        interactions.set(found.interaction_number as usize);
        if let Some(first) = first_of.get_mut(group_of(found))
            && first.is_none_or(|first| compare(sort, found, first).is_lt())
        {
            *first = Some(found);
        }
    }
    let mut firsts: Vec<&Match> = first_of.into_iter().flatten().collect();
    let total = firsts.len();
    let deep = offset.saturating_add(limit);
    if deep < firsts.len() {
        firsts.select_nth_unstable_by(deep, |a, b| compare(sort, a, b));
        firsts.truncate(deep);
    }
    firsts.sort_unstable_by(|a, b| compare(sort, a, b));
    let firsts = firsts.get(offset..).unwrap_or_default();
    Ranked {
        interactions: interactions.count(),
        groups: total,
        listed: listed(matches, firsts, group_of),
    }
}

/// A set of numbers, as bits.
pub(super) struct Marks(Vec<u64>);

impl Marks {
    /// None of `size` numbers is in it.
    pub(super) fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    /// Puts a number in; whether it was new.
    pub(super) fn set(&mut self, number: usize) -> bool {
        let bit = 1 << (number % 64);
        match self.0.get_mut(number / 64) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                true
            }
            _ => false,
        }
    }

    fn has(&self, number: usize) -> bool {
        let word = self.0.get(number / 64);
        word.is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
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

fn listed(matches: &[Match], firsts: &[&Match], group_of: impl Fn(&Match) -> usize) -> Vec<Listed> {
    let most = firsts.iter().map(|first| group_of(first)).max();
    let Some(most) = most else { return Vec::new() };
    let mut wanted = Marks::new(most + 1);
    for first in firsts {
        wanted.set(group_of(first));
    }
    let numbered = firsts.iter().enumerate();
    let places: BTreeMap<usize, (usize, u64)> = numbered
        .map(|(place, first)| (group_of(first), (place, first.interaction)))
        .collect();
    let mut copies = vec![Vec::new(); firsts.len()];
    let mut members = vec![BTreeSet::new(); firsts.len()];
    for found in matches.iter().filter(|found| wanted.has(group_of(found))) {
        if let Some((place, first)) = places.get(&group_of(found)) {
            members[*place].insert(found.interaction_number);
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
