//! Keys and values: short hashes, led by the slot so that all of a slot lie together.

use crate::model::id::Id128;
use crate::model::mailbox;
use crate::model::outcome::Outcome;
use crate::model::time::Timestamp;

/// The slot in the first byte, then 120 bits of hash.
pub(crate) type Key = [u8; 16];
/// Slot, mailbox id, interaction id.
pub(crate) type MeetingKey = (u8, String, Id128);
/// Slot, mailbox id and the provider's id of the series' master.
pub(crate) type SeriesKey = (u8, String, String);
/// Slot and mailbox id.
pub(crate) type MarkKey = (u8, String);

/// Key of an item that was read.
pub(crate) fn item(mailbox_id: &str, source_id: &str) -> Key {
    led_by_slot(
        mailbox_id,
        &[b"item", mailbox_id.as_bytes(), source_id.as_bytes()],
    )
}

/// Key of an interaction that a mailbox has recorded.
pub(crate) fn recorded(mailbox_id: &str, interaction_id: Id128) -> Key {
    led_by_slot(
        mailbox_id,
        &[b"recorded", mailbox_id.as_bytes(), &interaction_id.0],
    )
}

fn led_by_slot(mailbox_id: &str, parts: &[&[u8]]) -> Key {
    let mut key = Id128::of(parts).0;
    key[0] = mailbox::slot(mailbox_id);
    key
}

/// What became of an item when it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its outcome then.
    pub outcome: Outcome,
    /// Of what was read then.
    pub fingerprint: i64,
}

/// The number under which an outcome is stored: its place in [`Outcome::ALL`], which is part of
/// the format.
pub(crate) fn outcome_code(outcome: Outcome) -> u8 {
    let place = Outcome::ALL.iter().position(|known| *known == outcome);
    place.map_or(u8::MAX, |place| u8::try_from(place).unwrap_or(u8::MAX))
}

/// Reads what [`outcome_code`] wrote.
pub(crate) fn outcome_of(code: u8) -> Option<Outcome> {
    Outcome::ALL.get(usize::from(code)).copied()
}

/// What is kept of the mail that was recorded under an interaction id: enough to tell a copy of it
/// from another mail that a machine gave the same Message-ID (design section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordedMail(pub u64);

impl RecordedMail {
    /// Of a row as it is stored: `subject` is `None` where the policy hid it.
    pub fn of(subject: Option<&str>, occurred_at: Timestamp) -> Self {
        let subject_bits = subject.map_or(0, subject_bits);
        // The low 32 bits of the minute rise for 8,000 years before they meet again.
        let minute = occurred_at.minute().cast_unsigned() & u64::from(u32::MAX);
        Self(u64::from(subject_bits) << 32 | minute)
    }

    /// Whether the other is another mail: another subject *and* another minute. A hidden subject
    /// says nothing, so it is never another one.
    pub fn is_another_mail(self, other: Self) -> bool {
        let (subject, minute) = (self.0 >> 32, self.0 & u64::from(u32::MAX));
        let (other_subject, other_minute) = (other.0 >> 32, other.0 & u64::from(u32::MAX));
        subject != 0 && other_subject != 0 && subject != other_subject && minute != other_minute
    }
}

/// 32 bits of hash; 0 is kept for "hidden".
fn subject_bits(subject: &str) -> u32 {
    let hash = Id128::of(&[b"subject", subject.as_bytes()]).0;
    u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    #[test]
    fn keys_of_a_slot_lie_together_and_do_not_meet() {
        let first = item("ann", "1");
        assert_eq!(first[0], mailbox::slot("ann"));
        assert_ne!(first, item("ann", "2"));
        assert_ne!(item("ann1", ""), item("ann", "1"));
        assert_ne!(recorded("ann", Id128([0; 16])), item("ann", "\0\0"));
    }

    #[test]
    fn every_outcome_has_a_code_that_reads_back() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome_of(outcome_code(outcome)), Some(outcome));
        }
        assert_eq!(outcome_of(200), None);
    }

    #[test]
    fn another_mail_differs_in_subject_and_minute() {
        let minute = 60 * SECOND;
        let first = RecordedMail::of(Some("report"), Timestamp(0));
        assert!(first.is_another_mail(RecordedMail::of(Some("other"), Timestamp(minute))));
        assert!(!first.is_another_mail(RecordedMail::of(Some("other"), Timestamp(minute - 1))));
        assert!(!first.is_another_mail(RecordedMail::of(Some("report"), Timestamp(minute))));
        assert!(!first.is_another_mail(RecordedMail::of(None, Timestamp(minute))));
        assert!(!first.is_another_mail(first));
    }
}
