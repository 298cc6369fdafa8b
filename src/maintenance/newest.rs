//! The current row of each interaction in each mailbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::id::Id128;
use crate::model::interaction::State;

/// Which copy a row is of: the mailbox and the interaction.
pub(crate) type Copy = (Arc<str>, Id128);
/// A row with its copy, and what decides which of several is current.
pub(crate) type Keyed<R> = (Copy, (i32, State), R);

/// The rows of the highest revision; the row that closes a month is none, unless there is no other.
pub(crate) fn newest<R>(rows: impl Iterator<Item = Keyed<R>>) -> BTreeMap<Copy, R> {
    let mut newest = BTreeMap::<Copy, (_, R)>::new();
    for (copy, (revision, state), row) in rows {
        let order = (revision, state != State::Superseded);
        match newest.get(&copy) {
            Some((known, _)) if *known >= order => {}
            _ => drop(newest.insert(copy, (order, row))),
        }
    }
    let newest = newest.into_iter();
    newest.map(|(copy, (_, row))| (copy, row)).collect()
}
