//! Packs bodies as the service does.

use libdeflater::CompressionLvl;
use libdeflater::Compressor;

/// The fastest level that compresses at all.
const GZIP_LEVEL: i32 = 1;

/// A body as it is sent to those who accept gzip.
pub fn gzipped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut compressor = Compressor::new(CompressionLvl::new(GZIP_LEVEL).ok()?);
    let mut packed = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut packed).ok()?;
    packed.truncate(length);
    Some(packed)
}
