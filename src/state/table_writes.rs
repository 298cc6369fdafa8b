//! Writes to one table of the state file that wait for their commit, compressed: rows of meetings
//! take a tenth of what they take as structs.

use std::marker::PhantomData;

use redb::Key;
use redb::TableDefinition;
use redb::Value;
use redb::WriteTransaction;

use crate::state::error::StateError;

/// Low, as for the files of the lake: they are read once, some seconds later.
const LEVEL: i32 = 1;
/// Bytes before each key and each value: its length, or [`REMOVED`].
const LENGTH_BYTES: usize = 8;
/// The length of a value where the key is to be removed.
const REMOVED: u64 = u64::MAX;

/// Writes in their order. Of several to one key the last one counts.
pub(crate) struct TableWrites<K, V> {
    bytes: Vec<u8>,
    table: PhantomData<fn() -> (K, V)>,
}

/// The same, compressed.
pub(crate) struct PackedWrites<K, V> {
    compressed: Box<[u8]>,
    /// Of what is compressed; 0: there are none.
    bytes: usize,
    table: PhantomData<fn() -> (K, V)>,
}

impl<K: Key + 'static, V: Value + 'static> TableWrites<K, V> {
    /// Adds a write; without a value the key is removed.
    pub(crate) fn put(&mut self, key: &K::SelfType<'_>, value: Option<&V::SelfType<'_>>) {
        self.push(K::as_bytes(key).as_ref());
        match value {
            Some(value) => self.push(V::as_bytes(value).as_ref()),
            None => self.bytes.extend(REMOVED.to_le_bytes()),
        }
    }

    fn push(&mut self, part: &[u8]) {
        self.bytes.extend((part.len() as u64).to_le_bytes());
        self.bytes.extend(part);
    }

    /// Compresses them.
    pub(crate) fn pack(self) -> Result<PackedWrites<K, V>, StateError> {
        let compressed = match self.bytes.as_slice() {
            [] => Vec::new(),
            bytes => zstd::bulk::compress(bytes, LEVEL).map_err(StateError::Compression)?,
        };
        Ok(PackedWrites {
            compressed: compressed.into(),
            bytes: self.bytes.len(),
            table: PhantomData,
        })
    }
}

impl<K: Key + 'static, V: Value + 'static> PackedWrites<K, V> {
    /// The bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        self.compressed.len()
    }

    /// Writes them to their table.
    pub(crate) fn apply(
        &self,
        transaction: &WriteTransaction,
        table: TableDefinition<'_, K, V>,
    ) -> Result<(), StateError> {
        if self.bytes == 0 {
            return Ok(());
        }
        let bytes = zstd::bulk::decompress(&self.compressed, self.bytes);
        let bytes = bytes.map_err(StateError::Compression)?;
        let mut table = transaction.open_table(table).map_err(StateError::of)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let key = next_part(&mut rest)?.ok_or(StateError::Damaged)?;
            let key = K::from_bytes(key);
            match next_part(&mut rest)? {
                Some(value) => table.insert(key, V::from_bytes(value)),
                None => table.remove(key),
            }
            .map_err(StateError::of)?;
        }
        Ok(())
    }
}

/// Takes a part from the front; `None`: the mark of a removal.
fn next_part<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, StateError> {
    let (length, after) = rest
        .split_first_chunk::<LENGTH_BYTES>()
        .ok_or(StateError::Damaged)?;
    *rest = after;
    let length = u64::from_le_bytes(*length);
    if length == REMOVED {
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| StateError::Damaged)?;
    let (part, after) = rest.split_at_checked(length).ok_or(StateError::Damaged)?;
    *rest = after;
    Ok(Some(part))
}

impl<K, V> Default for TableWrites<K, V> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            table: PhantomData,
        }
    }
}

impl<K, V> Default for PackedWrites<K, V> {
    fn default() -> Self {
        Self {
            compressed: Box::default(),
            bytes: 0,
            table: PhantomData,
        }
    }
}
