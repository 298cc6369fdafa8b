//! Messages that a server stores packed (Dovecot's zlib plugin): gzip and zstd, by their first
//! bytes.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::source::archive::limits::MESSAGE_BYTES_MAX;
use crate::source::archive::limits::SMALL_MESSAGE_BYTES;

const GZIP: &[u8] = b"\x1f\x8b\x08";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Why a packed message cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ends early, or is broken.
    Broken,
    /// It is larger than a message may be.
    TooLarge,
}

/// The message in some packed bytes; `None` where they are not packed. `room` is called before more
/// than [`SMALL_MESSAGE_BYTES`] of it are held.
pub(super) fn unpacked(
    bytes: &[u8],
    room: &mut dyn FnMut(usize),
) -> Option<Result<Vec<u8>, Fault>> {
    if bytes.starts_with(GZIP) {
        Some(drained(MultiGzDecoder::new(bytes), room))
    } else if bytes.starts_with(ZSTD) {
        let reader = zstd::stream::read::Decoder::with_buffer(bytes);
        let reader = reader.map_err(|_| Fault::Broken);
        Some(reader.and_then(|reader| drained(reader, room)))
    } else {
        None
    }
}

fn drained(mut reader: impl Read, room: &mut dyn FnMut(usize)) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    read_up_to(&mut reader, SMALL_MESSAGE_BYTES, &mut out)?;
    if out.len() > SMALL_MESSAGE_BYTES {
        room(MESSAGE_BYTES_MAX);
        // Copies that double would take more than the message.
        out.reserve_exact(MESSAGE_BYTES_MAX + 1 - out.len());
        read_up_to(&mut reader, MESSAGE_BYTES_MAX, &mut out)?;
    }
    if out.len() > MESSAGE_BYTES_MAX {
        return Err(Fault::TooLarge);
    }
    Ok(out)
}

/// Reads on until there is one byte more than `limit`.
fn read_up_to(reader: &mut impl Read, most: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let left = (most + 1).saturating_sub(out.len()) as u64;
    let read = reader.take(left).read_to_end(out);
    read.map(|_| ()).map_err(|_| Fault::Broken)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(plain, 3).unwrap()
    }

    #[test]
    fn a_packed_message_comes_back_and_reserves_room_if_large() {
        for size in [10, SMALL_MESSAGE_BYTES, SMALL_MESSAGE_BYTES + 1] {
            let plain = vec![b'x'; size];
            for packed in [gzip(&plain), zstd(&plain)] {
                let mut asked = 0;
                let unpacked = unpacked(&packed, &mut |_| asked += 1).unwrap().unwrap();
                assert!(unpacked == plain, "{size}");
                assert_eq!(asked, usize::from(size > SMALL_MESSAGE_BYTES), "{size}");
            }
        }
    }

    #[test]
    fn what_is_broken_or_too_large_is_told() {
        for pack in [gzip, zstd] {
            let bomb = pack(&vec![0; MESSAGE_BYTES_MAX + 1]);
            let mut asked = 0;
            let found = unpacked(&bomb, &mut |_| asked += 1);
            assert_eq!((found, asked), (Some(Err(Fault::TooLarge)), 1));
            let cut = pack(b"Subject: x\n\nsome text");
            let cut = &cut[..cut.len() - 5];
            assert_eq!(unpacked(cut, &mut |_| {}), Some(Err(Fault::Broken)));
        }
        assert_eq!(unpacked(b"Subject: x\n", &mut |_| {}), None);
        let members = [gzip(b"Subject: "), gzip(b"x\n")].concat();
        let whole = unpacked(&members, &mut |_| {}).unwrap().unwrap();
        assert_eq!(whole, b"Subject: x\n");
    }
}
