//! Gzip, unpacked in one go with a limit.

use libdeflater::DecompressionError;
use libdeflater::Decompressor;

/// Why packed bytes cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// They end early, or are no gzip.
    Broken,
    /// Longer than the limit.
    TooLarge,
}

/// Gzip packs at most about 1 : 1032; what claims more is lying, and is not believed in advance.
const FIRST_GUESS_RATIO: usize = 16;

/// Unpacks gzip of at most `limit` bytes.
pub fn gunzip(packed: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    let mut decompressor = Decompressor::new();
    // The last four bytes say the length: a hint that a hostile body can set to anything.
    let claimed = packed
        .last_chunk::<4>()
        .map_or(0, |tail| u32::from_le_bytes(*tail) as usize);
    let mut room = claimed
        .clamp(1, packed.len().saturating_mul(FIRST_GUESS_RATIO))
        .min(limit);
    loop {
        let mut out = vec![0; room];
        match decompressor.gzip_decompress(packed, &mut out) {
            Ok(length) => {
                out.truncate(length);
                return Ok(out);
            }
            Err(DecompressionError::InsufficientSpace) if room < limit => {
                room = room.saturating_mul(4).min(limit);
            }
            Err(DecompressionError::InsufficientSpace) => return Err(Fault::TooLarge),
            Err(DecompressionError::BadData) => return Err(Fault::Broken),
        }
    }
}

/// Packs bytes, for tests.
#[cfg(test)]
pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; compressor.gzip_compress_bound(plain.len())];
    let length = compressor.gzip_compress(plain, &mut out).unwrap();
    out.truncate(length);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_back_as_it_was_packed() {
        for plain in [vec![], vec![b'x'], vec![b'a'; 100_000]] {
            assert_eq!(gunzip(&gzip(&plain), 1 << 20).unwrap(), plain);
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let bomb = gzip(&vec![0; 1 << 20]);
        assert_eq!(gunzip(&bomb, (1 << 20) - 1), Err(Fault::TooLarge));
        assert!(gunzip(&bomb, 1 << 20).is_ok());
    }

    #[test]
    fn a_lying_length_neither_fills_memory_nor_loses_the_body() {
        let mut packed = gzip(&[b'a'; 10_000]);
        let end = packed.len();
        packed[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(gunzip(&packed, 1 << 20), Err(Fault::Broken));
        assert_eq!(gunzip(b"not gzip", 1 << 20), Err(Fault::Broken));
        let whole = gzip(&[b'a'; 10_000]);
        assert_eq!(
            gunzip(&whole[..whole.len() - 9], 1 << 20),
            Err(Fault::Broken)
        );
    }
}
