//! The id by which Exchange knows a meeting in every mailbox (MS-OXOCAL 2.2.1.27), and the original
//! date that it holds for an occurrence.

use std::fmt::Write;
use std::ops::Range;

use jiff::civil::Date;

use crate::model::event::Event;

/// The prefix of every Global Object ID (MS-OXOCAL 2.2.1.27).
const GLOBAL_OBJECT_ID: [u8; 16] = [
    0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xe0, 0x00, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08,
];

/// The bytes with the original date of an occurrence: year (high byte first), month, day.
const DATE_BYTES: Range<usize> = 16..20;

/// The original date encoded in the id of an event, if any (facts 2.3).
pub(crate) fn date_of_uid(event: &Event) -> Option<Date> {
    global_object_id(event.ical_uid.as_deref()?.trim())?.1
}

/// A Global Object ID without its date, and the date, if it is set (facts 2.3).
pub(crate) fn global_object_id(uid: &str) -> Option<(String, Option<Date>)> {
    let mut bytes = bytes_of_hex(uid)?;
    if !bytes.starts_with(&GLOBAL_OBJECT_ID) {
        return None;
    }
    let date_bytes = bytes.get_mut(DATE_BYTES)?;
    let date = match date_bytes {
        [high, low, month, day] => {
            let year = i16::from_be_bytes([*high, *low]);
            let date = |month: i8, day: i8| Date::new(year, month, day).ok();
            let month = i8::try_from(*month).ok();
            month
                .zip(i8::try_from(*day).ok())
                .and_then(|(m, d)| date(m, d))
        }
        _ => None,
    };
    date_bytes.fill(0);
    let mut key = String::with_capacity(uid.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(key, "{byte:02X}");
    }
    Some((key, date))
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((digit(high)? << 4) | digit(low)?),
        _ => None,
    };
    pairs.map(byte).collect()
}
