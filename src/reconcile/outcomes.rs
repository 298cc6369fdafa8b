//! What became of the items of some pages.

use hashbrown::HashMap;

use crate::model::activity::MatchedInteraction;
use crate::model::outcome::Tally;
use crate::reconcile::unread::Unread;
use crate::state::key::Seen;
use crate::state::pending::Pending;

/// Rows, outcomes and marks of some pages.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    /// Rows of `interactions` with the contacts of each.
    pub rows: Vec<MatchedInteraction>,
    /// Outcomes, without the number received.
    pub tally: Tally,
    /// What is written to the state cache once the rows are committed.
    pub seen: Pending,
    /// Items that could not be read.
    pub unread: Vec<Unread>,
    /// The outcomes of the items that were decided, by the provider's id.
    pub decided: HashMap<String, Seen>,
}
