//! What hits are grouped by: the conversation of a mail, the series of a meeting, or the interaction.

use crate::model::id::Id128;
use crate::model::interaction::Interaction;

/// The first 64 bits of an id: enough to rank by; what is shown is compared as a whole.
pub(crate) fn bits(id: Id128) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id.0[..8]);
    u64::from_be_bytes(first)
}

/// 64 bits of the conversation or series of a row; of one without, those of its id.
pub(crate) fn bits_of_group(row: &Interaction) -> u64 {
    let hash = |kind: &str, id: &str| Id128::of(&[kind.as_bytes(), id.as_bytes()]);
    let group = match (&row.thread_id, &row.series_id) {
        (Some(thread), _) => hash("conversation", thread),
        (None, Some(series)) => hash("series", series),
        (None, None) => row.interaction_id,
    };
    bits(group)
}
