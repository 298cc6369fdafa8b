//! Bodies: drained with a limit, and unpacked in one go with a limit.

use bytes::Bytes;
use libdeflater::DecompressionError;
use libdeflater::Decompressor;

/// Why a body is unavailable.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// It ended early, or is no gzip: worth repeating.
    Broken,
    /// Longer than the limit, as received or as unpacked.
    TooLarge,
}

/// Packed bodies up to this size are unpacked where they arrive (some 0.3 ms); larger ones on a
/// thread that may block.
const UNPACKED_IN_PLACE_BYTES: usize = 128 * 1024;

/// Gzip packs at most about 1 : 1032; what claims more is lying, and is not believed in advance.
const FIRST_GUESS_RATIO: usize = 16;

/// Drains the body of an answer and unpacks it; gives also how many bytes were received.
pub async fn read(
    mut response: reqwest::Response,
    limit: usize,
) -> (Result<Bytes, BodyFault>, usize) {
    let encoding = response.headers().get(reqwest::header::CONTENT_ENCODING);
    let is_gzip = encoding.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"gzip"));
    let expected = response.content_length().unwrap_or(0);
    let mut raw = Vec::with_capacity(usize::try_from(expected).unwrap_or(0).min(limit));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if raw.len() + chunk.len() > limit => {
                return (Err(BodyFault::TooLarge), raw.len());
            }
            Ok(Some(chunk)) => raw.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => return (Err(BodyFault::Broken), raw.len()),
        }
    }
    let received = raw.len();
    let body = if !is_gzip {
        Ok(raw.into())
    } else if received <= UNPACKED_IN_PLACE_BYTES {
        gunzip(&raw, limit)
    } else {
        let unpacked = tokio::task::spawn_blocking(move || gunzip(&raw, limit)).await;
        unpacked.unwrap_or(Err(BodyFault::Broken))
    };
    (body, received)
}

/// Unpacks a gzip body of at most `limit` bytes.
pub fn gunzip(packed: &[u8], limit: usize) -> Result<Bytes, BodyFault> {
    if packed.is_empty() {
        return Ok(Bytes::new());
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
                return Ok(out.into());
            }
            Err(DecompressionError::InsufficientSpace) if room < limit => {
                room = room.saturating_mul(4).min(limit);
            }
            Err(DecompressionError::InsufficientSpace) => return Err(BodyFault::TooLarge),
            Err(DecompressionError::BadData) => return Err(BodyFault::Broken),
        }
    }
}

#[cfg(test)]
mod tests {
    use libdeflater::CompressionLvl;
    use libdeflater::Compressor;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut out = vec![0; compressor.gzip_compress_bound(plain.len())];
        let length = compressor.gzip_compress(plain, &mut out).unwrap();
        out.truncate(length);
        out
    }

    #[test]
    fn a_body_comes_back_as_it_was_packed() {
        for plain in [vec![], vec![b'x'], vec![b'a'; 100_000]] {
            assert_eq!(gunzip(&gzip(&plain), 1 << 20).unwrap(), plain);
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let bomb = gzip(&vec![0; 1 << 20]);
        assert_eq!(gunzip(&bomb, (1 << 20) - 1), Err(BodyFault::TooLarge));
        assert!(gunzip(&bomb, 1 << 20).is_ok());
    }

    #[test]
    fn a_lying_length_neither_fills_memory_nor_loses_the_body() {
        let mut packed = gzip(&[b'a'; 10_000]);
        let end = packed.len();
        packed[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(gunzip(&packed, 1 << 20), Err(BodyFault::Broken));
        assert_eq!(gunzip(b"not gzip", 1 << 20), Err(BodyFault::Broken));
        let whole = gzip(&[b'a'; 10_000]);
        assert_eq!(
            gunzip(&whole[..whole.len() - 9], 1 << 20),
            Err(BodyFault::Broken)
        );
    }
}
