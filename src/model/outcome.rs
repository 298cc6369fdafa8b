//! What becomes of an item: exactly one outcome, counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::activity::ContactMatch;

/// The outcomes, in the order in which the first that applies is taken (design section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It left the folder.
    Removed,
    /// It cannot be read, for a reported reason.
    Unreadable,
    /// A series master that only describes its occurrences.
    Series,
    /// This provider id was read before and says nothing new.
    Unchanged,
    /// Not sent yet.
    Draft,
    /// Older than the window.
    OutsideWindow,
    /// The member's, team's or tenant's settings leave it out.
    NotCaptured,
    /// Marked personal, private or confidential.
    Private,
    /// A rule of the exclusions.
    Excluded,
    /// All participants belong to the company.
    InternalOnly,
    /// Another copy of an interaction that this mailbox has recorded.
    Duplicate,
    /// No participant is in the CRM, and `unmatched = "skip"`.
    Unmatched,
    /// It became a row.
    Recorded,
}

impl Outcome {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Removed,
        Self::Unreadable,
        Self::Series,
        Self::Unchanged,
        Self::Draft,
        Self::OutsideWindow,
        Self::NotCaptured,
        Self::Private,
        Self::Excluded,
        Self::InternalOnly,
        Self::Duplicate,
        Self::Unmatched,
        Self::Recorded,
    ];

    /// The word in reports and the column in `mailboxes`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Unreadable => "unreadable",
            Self::Series => "series",
            Self::Unchanged => "unchanged",
            Self::Draft => "draft",
            Self::OutsideWindow => "outside_window",
            Self::NotCaptured => "not_captured",
            Self::Private => "private",
            Self::Excluded => "excluded",
            Self::InternalOnly => "internal_only",
            Self::Duplicate => "duplicate",
            Self::Unmatched => "unmatched",
            Self::Recorded => "recorded",
        }
    }
}

/// How many items were received and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Items counted where a page was split, before anything was decided.
    pub received: u64,
    /// Items by outcome and reason (reason: empty where the outcome says it all).
    pub outcomes: BTreeMap<Outcome, BTreeMap<String, u64>>,
    /// Of the duplicates, those that share only their Message-ID and day (design section 4).
    pub id_reused: u64,
    /// Derived rows: those without an item that was read.
    pub derived: u64,
    /// Of the recorded, those that say more than is kept (`model::limits`).
    #[serde(default)]
    pub shortened: u64,
    /// Recorded items with a contact match, by the best rule that matched.
    #[serde(default)]
    pub matched: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts one decided item.
    pub fn count(&mut self, outcome: Outcome, reason: &str) {
        let reasons = self.outcomes.entry(outcome).or_default();
        match reasons.get_mut(reason) {
            Some(count) => *count += 1,
            None => {
                reasons.insert(reason.to_owned(), 1);
            }
        }
    }

    /// Counts the contact match of a recorded item, and whether its content was shortened.
    pub fn note_recorded(&mut self, contact_matches: &[ContactMatch], is_shortened: bool) {
        self.shortened += u64::from(is_shortened);
        if let Some(rule) = contact_matches
            .iter()
            .map(|contact_match| contact_match.rule)
            .min()
        {
            let rule = rule.as_str().to_owned();
            *self.matched.entry(rule).or_default() += 1;
        }
    }

    /// Items with an outcome, whatever the reason.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes
            .get(&outcome)
            .map_or(0, |reasons| reasons.values().sum())
    }

    /// Items that were decided.
    pub fn decided(&self) -> u64 {
        self.outcomes.values().flat_map(BTreeMap::values).sum()
    }

    /// Whether every item that was received has an outcome, and none has two.
    pub fn is_balanced(&self) -> bool {
        self.received == self.decided()
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.id_reused += other.id_reused;
        self.derived += other.derived;
        self.shortened += other.shortened;
        for (rule, count) in &other.matched {
            *self.matched.entry(rule.clone()).or_default() += count;
        }
        for (outcome, reasons) in &other.outcomes {
            let mine = self.outcomes.entry(*outcome).or_default();
            for (reason, count) in reasons {
                *mine.entry(reason.clone()).or_default() += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_balances_when_each_item_has_one_outcome() {
        let mut tally = Tally {
            received: 2,
            ..Tally::default()
        };
        tally.count(Outcome::Recorded, "");
        assert!(!tally.is_balanced());
        tally.count(Outcome::Excluded, "domain");
        assert!(tally.is_balanced());
        tally.count(Outcome::Excluded, "domain");
        assert!(!tally.is_balanced());
        assert_eq!(tally.of(Outcome::Excluded), 2);
    }
}
