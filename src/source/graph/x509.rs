//! What a sign-in needs of a certificate in DER form (RFC 5280): its dates and its public key.

use crate::model::time::Timestamp;

/// Tags of DER.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The field with the version, which certificates of version 1 lack.
const VERSION: u8 = 0xa0;

/// The fields of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields<'a> {
    /// From when it holds.
    pub not_before: Timestamp,
    /// Until when it holds.
    pub not_after: Timestamp,
    /// The public key as its algorithm writes it: of RSA, `RSAPublicKey`.
    pub public_key: &'a [u8],
}

/// Reads a certificate; `None`: it is none. (Nothing is verified: it is the user's own, and whether it
/// fits the private key decides.)
pub fn read(der: &[u8]) -> Option<Fields<'_>> {
    let mut certificate = Der(Der(der).value(SEQUENCE)?);
    let mut fields = Der(certificate.value(SEQUENCE)?);
    if fields.0.first() == Some(&VERSION) {
        fields.value(VERSION)?;
    }
    fields.value(INTEGER)?; // serial number
    fields.value(SEQUENCE)?; // algorithm of the issuer's signature
    fields.value(SEQUENCE)?; // issuer
    let mut validity = Der(fields.value(SEQUENCE)?);
    let not_before = time(&mut validity)?;
    let not_after = time(&mut validity)?;
    fields.value(SEQUENCE)?; // subject
    let mut key = Der(fields.value(SEQUENCE)?);
    key.value(SEQUENCE)?; // algorithm of the key
    // The first byte counts the bits that are left over at the end: a key has none.
    let public_key = key.value(BIT_STRING)?.strip_prefix(&[0])?;
    Some(Fields {
        not_before,
        not_after,
        public_key,
    })
}

/// What is left of a sequence of elements.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which has this tag.
    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (length, rest) = length(self.0.strip_prefix(&[tag])?)?;
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }
}

/// The length at the beginning of some bytes, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(*first & 0x7f))?;
    // Of a file of 64 kB; none at all is the indefinite form, which DER does not have.
    if !(1..=3).contains(&digits.len()) {
        return None;
    }
    let length = digits
        .iter()
        .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
    Some((length, rest))
}

/// `YYMMDDhhmmssZ` for 1950 to 2049, or `YYYYMMDDhhmmssZ`.
fn time(fields: &mut Der<'_>) -> Option<Timestamp> {
    let text = if fields.0.first() == Some(&UTC_TIME) {
        let text = str::from_utf8(fields.value(UTC_TIME)?).ok()?;
        let century = if text.get(..2)? < "50" { "20" } else { "19" };
        format!("{century}{text}")
    } else {
        str::from_utf8(fields.value(GENERALIZED_TIME)?)
            .ok()?
            .to_owned()
    };
    if text.len() != "YYYYMMDDhhmmssZ".len() {
        return None;
    }
    if text.starts_with("9999") {
        // It has no end (RFC 5280, 4.1.2.5), and the last days of that year are none of a timestamp.
        return Some(Timestamp(i64::MAX));
    }
    let part = |from: usize, to: usize| text.get(from..to);
    Timestamp::parse_rfc3339(&format!(
        "{}-{}-{}T{}:{}:{}",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 15)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        let long: &[u8] = if length < 0x80 { &[] } else { &[0x81] };
        [&[tag], long, &[length], value].concat()
    }

    fn certificate(version: &[u8], from: &[u8], until: &[u8]) -> Vec<u8> {
        let any = element(SEQUENCE, &[]);
        let validity = element(SEQUENCE, &[from, until].concat());
        let bits = element(BIT_STRING, &[0, 1, 2, 3]);
        let key = element(SEQUENCE, &[any.clone(), bits].concat());
        let serial = element(INTEGER, &[7]);
        let subject = element(SEQUENCE, &[9; 60]);
        let fields = [version, &serial, &any, &any, &validity, &subject, &key].concat();
        let fields = element(SEQUENCE, &fields);
        element(SEQUENCE, &[fields, any].concat())
    }

    #[test]
    fn dates_and_key_are_read_in_all_forms() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let old = element(UTC_TIME, b"991231235959Z");
        let new = element(UTC_TIME, b"491231235959Z");
        let late = element(GENERALIZED_TIME, b"20500101000000Z");
        let endless = element(GENERALIZED_TIME, b"99991231235959Z");
        let version = element(VERSION, &element(INTEGER, &[2]));
        for (version, from, until, expected) in [
            (&version, &old, &new, at("2049-12-31T23:59:59Z")),
            (&version, &old, &late, at("2050-01-01T00:00:00Z")),
            (&Vec::new(), &old, &endless, Timestamp(i64::MAX)),
        ] {
            let der = certificate(version, from, until);
            let fields = read(&der).unwrap();
            assert_eq!(fields.not_before, at("1999-12-31T23:59:59Z"));
            assert_eq!(fields.not_after, expected);
            assert_eq!(fields.public_key, [1, 2, 3]);
            for cut in 0..der.len() {
                assert_eq!(read(&der[..cut]), None, "{cut}");
            }
        }
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let wrong = [
            element(UTC_TIME, b"2601010000Z"),
            element(UTC_TIME, b"26010100000\xff0"),
            element(UTC_TIME, b"261301000000Z"),
            element(GENERALIZED_TIME, b"20260101000000.5Z"),
            element(INTEGER, &[1]),
        ];
        for time in wrong {
            assert_eq!(read(&certificate(&[], &time, &time)), None, "{time:x?}");
        }
        for wrong in [
            &[0x30, 0x80][..],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            b"x",
        ] {
            assert_eq!(read(wrong), None);
        }
    }
}
