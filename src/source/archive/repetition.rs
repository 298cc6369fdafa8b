//! Source ids of messages that have no file name of their own: what they say, and how often.

use hashbrown::HashMap;

use crate::model::id::Id128;

/// Numbers messages of equal bytes within a mailbox. Keeps 20 bytes for each different message.
#[derive(Debug, Default)]
pub(super) struct Repetition(HashMap<Id128, u32>);

impl Repetition {
    /// The digits of the hash, and from the second message of these bytes on its number.
    pub(super) fn id(&mut self, hash: &blake3::Hash) -> String {
        let key = Id128::beginning(hash);
        let number = self.0.entry(key).or_insert(0);
        *number += 1;
        match number {
            1 => key.to_string(),
            number => format!("{key}-{number}"),
        }
    }
}
