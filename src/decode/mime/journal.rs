//! Journal reports of Exchange: a mail about a mail, which lies in the report as an attachment.
//!
//! The report's text names the recipients of the envelope, those of blind copies and of expanded
//! lists among them: `Sender:`, `To:`, `Cc:`, `Bcc:`, `Recipient:`, each on a line of its own
//! (Microsoft Learn, "Journaling in Exchange Online").

use crate::decode::mime::body;
use crate::decode::mime::fields::Fields;
use crate::decode::mime::parts;
use crate::decode::mime::parts::Kind;
use crate::decode::mime::recipients::Found;
use crate::model::address::Address;
use crate::model::interaction::Role;
use crate::model::limits;

/// What is behind the address of a recipient to whom a list was expanded, or a mail forwarded.
const BY_WHICH_WAY: [&str; 2] = [", expanded:", ", forwarded:"];

/// What a report holds.
pub(super) struct Report {
    /// The mail, as it stands in the report.
    pub mail: Vec<u8>,
    /// Who stands on its envelope.
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

/// Whether it is sent as reports are: any other mail may have kept a mark of one.
pub(super) fn is_by_exchange(fields: &Fields<'_>) -> bool {
    let from = fields.first("from").unwrap_or_default();
    let local = from.rsplit(['<', '"', ' ']).next().unwrap_or_default();
    let local = local.to_ascii_lowercase();
    ["microsoftexchange", "postmaster@", "journal"]
        .iter()
        .any(|begin| local.starts_with(begin))
}

/// Reads a report; `None` where no mail is in it.
pub(super) fn read(report: &[u8]) -> Option<Report> {
    let parts = parts::read(report).found;
    let mail = parts.iter().find(|part| part.kind == Kind::Mail)?;
    let mail = mail.encoding.decode(mail.body).into_owned();
    let text = parts.iter().find(|part| part.kind == Kind::Plain);
    let text = text.map(|part| body::text(part).0).unwrap_or_default();
    Some(Report {
        mail,
        envelope: envelope(&text),
    })
}

fn envelope(text: &str) -> Found {
    let mut found = Found::default();
    for line in limits::cut(text, limits::HEADER_BYTES).lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let role = match name.trim().to_ascii_lowercase().as_str() {
            "sender" => Role::Sender,
            "to" => Role::To,
            "cc" => Role::Cc,
            "bcc" | "recipient" => Role::Bcc,
            _ => continue,
        };
        found.named_in(recipient(value).as_bytes(), role);
    }
    found
}

fn recipient(value: &str) -> &str {
    let lower = value.to_ascii_lowercase();
    let end = BY_WHICH_WAY.iter().filter_map(|way| lower.find(way)).min();
    value.get(..end.unwrap_or(value.len())).unwrap_or(value)
}

/// Adds those of the envelope whom the mail itself does not name.
pub(super) fn add_envelope(found: &mut Found, envelope: Found) {
    let is_recipient = |role| matches!(role, Role::To | Role::Cc | Role::Bcc);
    found.kept.is_shortened |= envelope.kept.is_shortened;
    for one in envelope.participants {
        let address = Address::parse(&one.address);
        let is_named = found.participants.iter().any(|other| {
            let is_of_kind = is_recipient(other.role) == is_recipient(one.role);
            is_of_kind && address.is_some() && Address::parse(&other.address) == address
        });
        if !is_named && found.kept.has_room(found.participants.len()) {
            found.participants.push(one);
        }
    }
    found.participants.sort_by_key(|one| one.role);
}
