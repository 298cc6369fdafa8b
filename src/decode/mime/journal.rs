//! Journal reports of Exchange: a report about a mail, which contains the mail as an attachment.
//!
//! The report's text names the recipients of the envelope, including those of blind copies and
//! expanded lists: `Sender:`, `To:`, `Cc:`, `Bcc:`, `Recipient:`, each on a line of its own
//! (Microsoft Learn, "Journaling in Exchange Online").

use hashbrown::HashSet;

use crate::decode::mime::body;
use crate::decode::mime::fields::Fields;
use crate::decode::mime::parts;
use crate::decode::mime::parts::Kind;
use crate::decode::mime::recipients::Found;
use crate::model::address::Address;
use crate::model::interaction::Role;
use crate::model::limits;
use crate::model::mail::RawParticipant;

/// The suffix of a recipient's address that was reached through a list or by forwarding.
const ROUTING_SUFFIXES: [&str; 2] = [", expanded:", ", forwarded:"];

/// The content of a report.
pub(super) struct Report {
    /// The mail, as contained in the report.
    pub mail: Vec<u8>,
    /// The people on its envelope.
    pub envelope: Found,
}

/// Whether a mail is a journal report.
pub(super) fn is_report(fields: &Fields<'_>) -> bool {
    let is_there = |name| fields.all(name).next().is_some();
    let names_itself = |name| {
        let value = fields.first(name).unwrap_or_default();
        value
            .trim_matches(['<', '>'])
            .eq_ignore_ascii_case("exjournalreport")
    };
    is_there("x-ms-journal-report")
        || is_there("x-ms-exchange-journal-report")
        || is_there("x-ms-exchange-organization-journal-report")
        || names_itself("content-identifier")
        || names_itself("content-identifer")
}

/// Whether Exchange sent it. Other mail may contain the header of a report.
pub(super) fn is_by_exchange(fields: &Fields<'_>) -> bool {
    let from = fields.first("from").unwrap_or_default();
    let local = from.rsplit(['<', '"', ' ']).next().unwrap_or_default();
    let local = local.to_ascii_lowercase();
    ["microsoftexchange", "postmaster@", "journal"]
        .iter()
        .any(|begin| local.starts_with(begin))
}

/// Reads a report; `None` if it contains no mail or no envelope: then it is not a report.
pub(super) fn read(report: &[u8]) -> Option<Report> {
    let parts = parts::read(report).found;
    let mail = parts.iter().find(|part| part.kind == Kind::Mail)?;
    let text = parts.iter().find(|part| part.kind == Kind::Plain)?;
    let envelope = envelope(&body::text(text).0)?;
    let mail = mail.encoding.decode(mail.body).into_owned();
    Some(Report { mail, envelope })
}

/// The people on an envelope; `None` if a text is not an envelope, which has a sender and a
/// recipient, or the id of the mail.
fn envelope(text: &str) -> Option<Found> {
    let mut found = Found::default();
    let (mut has_sender, mut has_more) = (false, false);
    for line in limits::cut(text, limits::HEADER_BYTES).lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let role = match name.trim().to_ascii_lowercase().as_str() {
            "sender" => Role::Sender,
            "to" => Role::To,
            "cc" => Role::Cc,
            "bcc" | "recipient" => Role::Bcc,
            "message-id" => {
                has_more = true;
                continue;
            }
            _ => continue,
        };
        has_sender |= role == Role::Sender;
        has_more |= role != Role::Sender;
        found.named_in(recipient(value).as_bytes(), role);
    }
    (has_sender && has_more).then_some(found)
}

fn recipient(value: &str) -> &str {
    let lower = value.to_ascii_lowercase();
    let end = ROUTING_SUFFIXES
        .iter()
        .filter_map(|way| lower.find(way))
        .min();
    value.get(..end.unwrap_or(value.len())).unwrap_or(value)
}

/// Adds the people on the envelope that the mail itself does not name.
pub(super) fn add_envelope(found: &mut Found, envelope: Found) {
    let key = |one: &RawParticipant| {
        let is_recipient = one.role > Role::Sender;
        Address::parse(&one.address).map(|address| (is_recipient, address))
    };
    found.kept.is_shortened |= envelope.kept.is_shortened;
    let mut named: HashSet<_> = found.participants.iter().filter_map(key).collect();
    for one in envelope.participants {
        let is_new = key(&one).is_none_or(|key| named.insert(key));
        if is_new && found.kept.has_room(found.participants.len()) {
            found.participants.push(one);
        }
    }
    found.participants.sort_by_key(|one| one.role);
}
