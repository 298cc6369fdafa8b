//! A round may contain several copies of an event (facts 1.4): which of them counts.

use hashbrown::HashMap;

use crate::model::event::DecodedEvent;
use crate::reconcile::calendar::input;

/// One copy of each item, in the order of their first copies: the one that was changed last, if
/// they say so, else the last one (facts 1.4).
pub(super) fn newest_copies(items: Vec<DecodedEvent>) -> Vec<DecodedEvent> {
    let mut positions: HashMap<String, usize> = HashMap::new();
    let mut newest: Vec<DecodedEvent> = Vec::with_capacity(items.len());
    for item in items {
        let position = input::source_id(&item).and_then(|id| positions.get(id).copied());
        match position.and_then(|position| newest.get_mut(position)) {
            Some(held) if is_older(&item, held) => {}
            Some(held) => *held = item,
            None => {
                if let Some(id) = input::source_id(&item) {
                    positions.insert(id.to_owned(), newest.len());
                }
                newest.push(item);
            }
        }
    }
    newest
}

/// Whether an item was changed before another, if both say when.
fn is_older(item: &DecodedEvent, other: &DecodedEvent) -> bool {
    let modified = |item: &DecodedEvent| match item {
        DecodedEvent::Event(event) => event.modified,
        _ => None,
    };
    match (modified(item), modified(other)) {
        (Some(item), Some(other)) => item < other,
        _ => false,
    }
}
