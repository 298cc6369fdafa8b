//! The colleagues and contacts around an account or a contact, and who of them knows whom: as many as
//! a picture can show.

use std::collections::HashMap;
use std::sync::Arc;

use crate::insight::answer::Named;
use crate::insight::relations::Relation;
use crate::insight::relations::Subject;
use crate::insight::score::Strength;

/// At most this many of each side are shown, 30 in all; the rest is counted.
pub const SIDE_MAX: usize = 15;

/// Two columns of people, and lines between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// Addresses of colleagues, the best connected first.
    pub colleagues: Vec<Arc<str>>,
    /// Contacts, so that few lines cross.
    pub contacts: Vec<Named>,
    /// Who knows whom.
    pub links: Vec<Link>,
    /// Colleagues who are not shown.
    pub more_colleagues: usize,
    /// Contacts who are not shown.
    pub more_contacts: usize,
}

/// A relationship between two people of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Position in [`Network::colleagues`].
    pub colleague: usize,
    /// Position in [`Network::contacts`].
    pub contact: usize,
    /// The relationship.
    pub relation: Relation,
}

impl Network {
    /// Draws relations with contacts, the best first; those without direct exchanges are left out.
    pub fn of(relations: Vec<Relation>, named: impl Fn(&Subject) -> Named) -> Self {
        let is_known = |relation: &Relation| relation.score.strength() > Strength::None;
        let relations: Vec<Relation> = relations.into_iter().filter(is_known).collect();
        let (colleagues, more_colleagues) = first(relations.iter().map(|one| &one.colleague));
        let (subjects, more_contacts) = first(relations.iter().map(|one| &one.subject));
        let rows = places(&colleagues);
        let subjects = with_few_crossings(subjects, &relations, &rows);
        let columns = places(&subjects);
        let links = relations.iter().filter_map(|relation| {
            Some(Link {
                colleague: *rows.get(&relation.colleague)?,
                contact: *columns.get(&relation.subject)?,
                relation: relation.clone(),
            })
        });
        Self {
            links: links.collect(),
            contacts: subjects.iter().map(named).collect(),
            colleagues,
            more_colleagues,
            more_contacts,
        }
    }
}

/// The first different values, and how many more there are.
fn first<'a, T: Clone + Eq + std::hash::Hash + 'a>(
    values: impl Iterator<Item = &'a T>,
) -> (Vec<T>, usize) {
    let mut seen = std::collections::HashSet::new();
    let mut different: Vec<T> = values
        .filter(|value| seen.insert(*value))
        .cloned()
        .collect();
    let more = different.len().saturating_sub(SIDE_MAX);
    different.truncate(SIDE_MAX);
    (different, more)
}

fn places<T: Clone + Eq + std::hash::Hash>(values: &[T]) -> HashMap<T, usize> {
    values.iter().cloned().zip(0..).collect()
}

/// Contacts in the order of the mean position of the colleagues who know them.
fn with_few_crossings(
    mut subjects: Vec<Subject>,
    relations: &[Relation],
    rows: &HashMap<Arc<str>, usize>,
) -> Vec<Subject> {
    let mut sums: HashMap<&Subject, (usize, usize)> = HashMap::new();
    for relation in relations {
        if let Some(row) = rows.get(&relation.colleague) {
            let (sum, count) = sums.entry(&relation.subject).or_default();
            *sum += row;
            *count += 1;
        }
    }
    let mean = |subject: &Subject| match sums.get(subject) {
        Some((sum, count)) => 1_000 * sum / count,
        // Only colleagues who are not shown know them.
        None => usize::MAX,
    };
    subjects.sort_by_key(mean);
    subjects
}
