//! When a mail was sent, and which interaction it is (design section 4).

use crate::model::id::Id128;
use crate::model::mail::Mail;
use crate::model::mailbox::Mailbox;
use crate::model::time::DAY;
use crate::model::time::Timestamp;

/// How long after the receipt a Sent date is still accepted.
const SENT_AFTER_RECEIPT_MAX: i64 = 2 * DAY;
/// 1990-01-01 UTC: there was no such mail before, so an earlier Sent date comes from a wrong clock.
pub(crate) const SENT_MIN: Timestamp = Timestamp(7305 * DAY);

/// When a mail was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentTime {
    /// The effective instant.
    pub at: Timestamp,
    /// Whether it is the Sent date, which all copies share, and not the receipt.
    pub is_sent: bool,
}

/// Sent, unless the receipt is known and Sent is missing, before 1990 or more than 48 hours after
/// it. `None` where neither is known.
pub(crate) fn sent_time(sent: Option<Timestamp>, received: Option<Timestamp>) -> Option<SentTime> {
    let by_sent = |at| SentTime { at, is_sent: true };
    let by_receipt = |at| SentTime { at, is_sent: false };
    match (sent, received) {
        (Some(sent), Some(received)) => {
            let is_odd = sent < SENT_MIN || sent > received.plus(SENT_AFTER_RECEIPT_MAX);
            Some(if is_odd {
                by_receipt(received)
            } else {
                by_sent(sent)
            })
        }
        (Some(sent), None) => Some(by_sent(sent)),
        (None, Some(received)) => Some(by_receipt(received)),
        (None, None) => None,
    }
}

/// The interaction id of a mail: the same for every copy.
pub(crate) fn interaction_id(mail: &Mail, mailbox: &Mailbox, time: SentTime) -> Id128 {
    if let Some(content) = mail.content_key {
        return Id128::of(&[b"content", &content.0]);
    }
    match &mail.message_id {
        Some(message_id) => message_id_on(message_id, time.is_sent.then(|| time.at.day())),
        None => match mail.bytes_key {
            Some(key) => Id128::of(&[b"bytes", mailbox.id.as_bytes(), &key.0]),
            None => item_id(&mailbox.id, &mail.source_id),
        },
    }
}

/// The interaction id of a mail by its Message-ID and the UTC day on which it was sent; `None`: that is
/// unknown.
pub(crate) fn message_id_on(message_id: &str, day: Option<i64>) -> Id128 {
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    Id128::of(&[b"mail", message_id.as_bytes(), day.as_bytes()])
}

/// The interaction id of an item without a Message-ID: by the Graph id, which does not change.
/// Archives used it as well before their mails without a Message-ID were identified by their bytes.
pub(crate) fn item_id(mailbox_id: &str, source_id: &str) -> Id128 {
    Id128::of(&[b"item", mailbox_id.as_bytes(), source_id.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;
    use crate::policy::capture_policy::fixtures;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn sent_counts_unless_the_receipt_says_better() {
        let noon = at("2026-03-02T12:00:00Z");
        let sent = |at| Some(SentTime { at, is_sent: true });
        let receipt = |at| Some(SentTime { at, is_sent: false });
        let old = at("1989-12-31T23:59:59Z");
        let first = at("1990-01-01T00:00:00Z");
        let edge = noon.plus(2 * DAY);
        for (given, received, expected) in [
            (Some(noon), Some(noon.plus(SECOND)), sent(noon)),
            (Some(noon), Some(noon.plus(90 * DAY)), sent(noon)),
            (Some(edge), Some(noon), sent(edge)),
            (Some(edge.plus(1)), Some(noon), receipt(noon)),
            (Some(old), Some(noon), receipt(noon)),
            (Some(first), Some(noon), sent(first)),
            (None, Some(noon), receipt(noon)),
            (Some(old), None, sent(old)),
            (Some(noon), None, sent(noon)),
            (None, None, None),
        ] {
            assert_eq!(
                sent_time(given, received),
                expected,
                "{given:?} {received:?}"
            );
        }
    }

    #[test]
    fn copies_in_other_mailboxes_are_the_same_interaction() {
        let (ann, bob) = (fixtures::mailbox("ann"), fixtures::mailbox("bob"));
        let mail = fixtures::mail();
        let time = sent_time(mail.sent, mail.received).unwrap();
        let id = interaction_id(&mail, &ann, time);
        let mut copy = mail.clone();
        copy.source_id = "other".into();
        copy.subject = Some("[list] other".into());
        copy.received = copy.received.map(|received| received.plus(DAY));
        copy.participants.clear();
        assert_eq!(interaction_id(&copy, &bob, time), id);
        copy.message_id = Some("Other@x".into());
        assert_ne!(interaction_id(&copy, &bob, time), id);
    }

    #[test]
    fn ids_never_change() {
        // A change here would record every mail of every lake a second time.
        let ann = fixtures::mailbox("ann");
        let mut mail = fixtures::mail();
        let time = sent_time(mail.sent, mail.received).unwrap();
        let mut id = |change: fn(&mut Mail), is_sent| {
            change(&mut mail);
            interaction_id(&mail, &ann, SentTime { is_sent, ..time }).to_string()
        };
        assert_eq!(id(|_| (), true), "4e237f123f55282d7e13867077021759");
        assert_eq!(id(|_| (), false), "754a96279e92337471d0147408a65199");
        assert_eq!(
            id(|mail| mail.message_id = None, true),
            "c456af49f479b94e70461b7d710728cd"
        );
        assert_eq!(
            id(|mail| mail.bytes_key = Some(Id128([9; 16])), true),
            "ee1dda968caf7754fa85f3093c1a632c"
        );
        assert_eq!(
            id(|mail| mail.content_key = Some(Id128([7; 16])), true),
            "fb7699385540d42291d4ff311678b967"
        );
    }

    #[test]
    fn reused_message_ids_are_distinguished_by_the_day_sent() {
        let ann = fixtures::mailbox("ann");
        let mail = fixtures::mail();
        let id = |at, is_sent| interaction_id(&mail, &ann, SentTime { at, is_sent });
        let noon = at("2026-03-02T12:00:00Z");
        assert_eq!(id(noon, true), id(at("2026-03-02T23:59:59Z"), true));
        assert_ne!(id(noon, true), id(at("2026-03-03T00:00:00Z"), true));
        // The receipt differs from copy to copy, so its day is ignored.
        assert_eq!(id(noon, false), id(noon.plus(9 * DAY), false));
        assert_ne!(id(noon, false), id(noon, true));
    }

    #[test]
    fn without_a_message_id_the_source_id_identifies_a_mail() {
        let (ann, bob) = (fixtures::mailbox("ann"), fixtures::mailbox("bob"));
        let mut mail = fixtures::mail();
        mail.message_id = None;
        let time = sent_time(mail.sent, mail.received).unwrap();
        let id = interaction_id(&mail, &ann, time);
        assert_ne!(interaction_id(&mail, &bob, time), id);
        mail.source_id = "other".into();
        assert_ne!(interaction_id(&mail, &ann, time), id);
    }

    #[test]
    fn a_content_key_stands_above_the_message_id() {
        let (ann, bob) = (fixtures::mailbox("ann"), fixtures::mailbox("bob"));
        let mut mail = fixtures::mail();
        mail.content_key = Some(Id128([7; 16]));
        let time = sent_time(mail.sent, mail.received).unwrap();
        let id = interaction_id(&mail, &ann, time);
        mail.message_id = Some("re-minted@x".into());
        assert_eq!(interaction_id(&mail, &bob, time), id);
    }
}
