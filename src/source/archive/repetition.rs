//! Source ids of messages that have no file name of their own: what they say, and how often.

use hashbrown::HashMap;

/// Numbers messages of equal bytes within a mailbox. Keeps 20 bytes for each different message.
#[derive(Debug, Default)]
pub(super) struct Repetition(HashMap<[u8; 16], u32>);

impl Repetition {
    /// 32 hex digits of the hash, and from the second message of these bytes on its number.
    pub fn id(&mut self, hash: &blake3::Hash) -> String {
        let mut key = [0; 16];
        key.copy_from_slice(&hash.as_bytes()[..16]);
        let number = self.0.entry(key).or_insert(0);
        *number += 1;
        let hex = u128::from_be_bytes(key);
        match number {
            1 => format!("{hex:032x}"),
            number => format!("{hex:032x}-{number}"),
        }
    }
}
