//! What is said of all accounts: relationships that cool, and accounts that one colleague knows.

use std::collections::BTreeMap;

use crate::insight::relations;
use crate::insight::relations::Relation;
use crate::insight::relations::Subject;
use crate::insight::score::Strength;

/// Relationships of all accounts, as far as an overview needs them.
#[derive(Debug, Default)]
pub struct Overview {
    cooling: Vec<Relation>,
    mutual: BTreeMap<Subject, Known>,
}

/// By whom an account is known.
#[derive(Debug)]
struct Known {
    colleagues: u64,
    first: Relation,
}

impl Overview {
    /// Takes relations in. All relations of a colleague must come at once.
    pub fn add(&mut self, relations: Vec<Relation>) {
        for relation in relations {
            // One that cools may be weak by now.
            if relation.cooling.is_some() {
                self.cooling.push(relation.clone());
            }
            if relation.score.strength() != Strength::Mutual {
                continue;
            }
            let known = self.mutual.entry(relation.subject.clone());
            let known = known.or_insert_with(|| Known {
                colleagues: 0,
                first: relation,
            });
            known.colleagues += 1;
        }
    }

    /// The relationships that cool, the strongest first.
    pub fn cooling(self) -> Vec<Relation> {
        let mut cooling = self.cooling;
        relations::sort(&mut cooling);
        cooling.sort_by_key(|relation| {
            std::cmp::Reverse(relation.cooling.map(|cooling| cooling.before))
        });
        cooling
    }

    /// The one relationship of each account that has one only, the strongest first.
    pub fn single(self) -> Vec<Relation> {
        let known = self.mutual.into_values();
        let single = known.filter(|known| known.colleagues == 1);
        let mut single: Vec<Relation> = single.map(|known| known.first).collect();
        relations::sort(&mut single);
        single
    }
}
