//! Identifiers that are hashes: 128 bits, 32 hex digits in the tables.

use std::fmt;

/// A 128-bit hash that names an interaction, an activity or a thread.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id128(pub [u8; 16]);

impl Id128 {
    /// The hash of some parts, each led by its length so that no two lists of parts run together.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self::beginning(&hasher.finalize())
    }

    /// The first half of a hash, enough to distinguish contents.
    pub fn beginning(hash: &blake3::Hash) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        Self(id)
    }

    /// Reads 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(())?;
        u128::from_str_radix(text, 16)
            .ok()
            .map(|bits| Self(bits.to_be_bytes()))
    }
}

impl fmt::Display for Id128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Id128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(Id128::of(&[b"ab", b"c"]), Id128::of(&[b"a", b"bc"]));
        assert_ne!(Id128::of(&[b"ab"]), Id128::of(&[b"ab", b""]));
    }

    #[test]
    fn the_text_form_reads_back() {
        let id = Id128::of(&[b"x"]);
        assert_eq!(Id128::parse(&id.to_string()), Some(id));
        assert_eq!(Id128::parse("+0000000000000000000000000000000"), None);
        assert_eq!(Id128::parse("no"), None);
    }
}
