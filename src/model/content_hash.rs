//! A hash over content that was read or is stored, part by part, to detect changes.

/// Takes parts in order; different lists of parts never hash the same input as long as the kinds of
/// parts come in a fixed order.
#[derive(Debug, Default)]
pub struct ContentHash(blake3::Hasher);

impl ContentHash {
    /// A number of 8 bytes.
    pub fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }

    /// Flags, one byte each; always the same number.
    pub fn flags<const N: usize>(&mut self, flags: [bool; N]) {
        self.0.update(&flags.map(u8::from));
    }

    /// A text, prefixed with its length plus one, so that a missing and an empty text differ.
    pub fn text(&mut self, text: Option<&str>) {
        let length = text.map_or(0, |text| text.len() as u64 + 1);
        self.0.update(&length.to_le_bytes());
        self.0.update(text.unwrap_or_default().as_bytes());
    }

    /// The first 8 bytes of BLAKE3, little endian.
    pub fn finish(&self) -> i64 {
        let hash = self.0.finalize();
        let first = hash.as_bytes().first_chunk::<8>();
        first.map_or(0, |bytes| i64::from_le_bytes(*bytes))
    }
}
