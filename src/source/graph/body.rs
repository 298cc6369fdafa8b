//! Bodies: drained with a limit, and unpacked in one go with a limit.

use bytes::Bytes;

use crate::source::gunzip::Fault;
use crate::source::gunzip::gunzip;

/// Why a body could not be had.
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
        unpacked(&raw, limit)
    } else {
        let unpacked = tokio::task::spawn_blocking(move || unpacked(&raw, limit)).await;
        unpacked.unwrap_or(Err(BodyFault::Broken))
    };
    (body, received)
}

fn unpacked(packed: &[u8], limit: usize) -> Result<Bytes, BodyFault> {
    match gunzip(packed, limit) {
        Ok(body) => Ok(body.into()),
        Err(Fault::Broken) => Err(BodyFault::Broken),
        Err(Fault::TooLarge) => Err(BodyFault::TooLarge),
    }
}
