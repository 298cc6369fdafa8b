//! Decodes items of Graph pages: complete mails, partial changes, and removal marks (facts 1.4,
//! 1.5).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hashbrown::HashSet;
use serde::Deserialize;

use crate::decode::author;
use crate::decode::author::Claims;
use crate::decode::bulk;
use crate::decode::bulk::Headers;
use crate::decode::graph::raw::RawItem;
use crate::decode::kept::Kept;
use crate::decode::lenient;
use crate::decode::lenient::Many;
use crate::decode::lenient::RawBody;
use crate::decode::lenient::RawRecipient;
use crate::decode::lenient::instant;
use crate::model::address::Address;
use crate::model::content_hash::ContentHash;
use crate::model::interaction::Role;
use crate::model::limits;
use crate::model::mail::ContentLevel;
use crate::model::mail::Decoded;
use crate::model::mail::Mail;
use crate::model::mail::MailClass;
use crate::model::mail::RawParticipant;
use crate::model::mail::Sensitivity;

mod raw;
#[cfg(test)]
mod tests;

/// Decodes one item of a page. `container` is the folder whose chain returned it.
pub fn item(bytes: &[u8], container: &Arc<str>, content: ContentLevel) -> Decoded {
    let mut mended = Vec::new();
    let Some(raw) = lenient::parse::<RawItem<'_>>(bytes, &mut mended) else {
        return Decoded::Unreadable {
            source_id: None,
            reason: "malformed".into(),
        };
    };
    let Some(id) = raw.id.filled() else {
        return Decoded::Unreadable {
            source_id: None,
            reason: "no_id".into(),
        };
    };
    let source_id = id.to_owned();
    let seen = raw.seen;
    if seen.removed {
        return Decoded::Removed { source_id };
    }
    // A complete item has all selected properties; a changed one at least those that changed.
    if !(seen.subject && seen.date && seen.people) {
        return Decoded::Partial {
            source_id,
            has_news: seen.news,
        };
    }
    Decoded::Mail(Box::new(mail(&raw, source_id, container, content)))
}

/// The id of an item, without reading anything else.
pub fn id(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyId {
        id: String,
    }
    let item = serde_json::from_slice::<OnlyId>(json);
    item.ok().map(|item| item.id)
}

fn mail(raw: &RawItem<'_>, source_id: String, container: &Arc<str>, content: ContentLevel) -> Mail {
    let mut kept = Kept::default();
    let mut participants = participants(raw, &mut kept);
    let headers = headers(raw);
    let subject = raw.subject.filled();
    let bulk_reason = bulk_reason(&participants, subject, headers.as_deref());
    author::restore(
        &mut participants,
        &Claims::of(|name| header(headers.as_deref(), name)),
    );
    let mut mail = Mail {
        source_id,
        former_ids: Vec::new(),
        container: Arc::clone(container),
        message_id: raw.internet_message_id.filled().and_then(message_id),
        sent: raw.sent.filled().and_then(instant),
        received: raw.received.filled().and_then(instant),
        subject: subject.map(|text| kept.subject(text)),
        preview: raw
            .body_preview
            .filled()
            .filter(|_| content >= ContentLevel::Preview)
            .map(|text| text.chars().take(limits::PREVIEW_CHARS).collect()),
        body_text: raw
            .body
            .0
            .as_ref()
            .filter(|_| content >= ContentLevel::Full)
            .and_then(|body: &RawBody<'_>| body.text(&mut kept)),
        bulk_reason,
        participants,
        is_draft: raw.is_draft.0.unwrap_or(false),
        labels: Vec::new(),
        sensitivity: Sensitivity::Unknown,
        class: class(raw.odata_type.filled()),
        thread_id: raw.conversation_index.filled().and_then(thread_id),
        fingerprint: 0,
        bytes_key: None,
        content_key: None,
        is_shortened: kept.is_shortened,
    };
    mail.fingerprint = fingerprint(&mail);
    mail
}

/// The relevant header fields, as names and values; `None` if none were returned.
fn headers<'a>(raw: &'a RawItem<'_>) -> Option<Vec<(&'a str, &'a str)>> {
    let Many(fields) = raw.headers.as_ref()?;
    let fields = fields.iter().filter_map(|field| {
        let name = field.name.filled()?;
        let mut wanted = bulk::FIELDS.iter().chain(&author::FIELDS);
        let is_wanted = wanted.any(|one| one.eq_ignore_ascii_case(name));
        is_wanted.then(|| (name, field.value.filled().unwrap_or_default()))
    });
    Some(fields.collect())
}

/// The first header field of a name.
fn header(headers: Option<&[(&str, &str)]>, name: &str) -> Option<String> {
    let mut fields = headers.unwrap_or_default().iter();
    let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
    field.map(|(_, value)| (*value).to_owned())
}

/// Why a mail is bulk, taking header fields into account if they were returned.
fn bulk_reason(
    participants: &[RawParticipant],
    subject: Option<&str>,
    headers: Option<&[(&str, &str)]>,
) -> Option<&'static str> {
    let mut people = participants.iter();
    let from = people.find(|somebody| somebody.role == Role::From);
    let from = from.map(|somebody| somebody.address.as_str());
    bulk::reason(from, subject, headers.map(Headers::new).as_ref())
}

/// The inside of the first `<…>`, else the trimmed text.
fn message_id(text: &str) -> Option<String> {
    let inside = text
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(inside, _)| inside);
    let id = inside.unwrap_or(text).trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// The GUID that all mails of a conversation share in all mailboxes (facts 1.9).
fn thread_id(conversation_index: &str) -> Option<String> {
    let bytes = STANDARD.decode(conversation_index.trim()).ok()?;
    let guid: &[u8; 16] = bytes.get(6..22)?.try_into().ok()?;
    Some(format!("{:032x}", u128::from_be_bytes(*guid)))
}

fn class(odata_type: Option<&str>) -> MailClass {
    // eventMessage, eventMessageRequest, eventMessageResponse (facts 1.4).
    let is_meeting = odata_type.is_some_and(|name| name.contains("eventMessage"));
    if is_meeting {
        MailClass::Meeting
    } else {
        MailClass::Plain
    }
}

/// From, sender (only where its address differs), to, cc, bcc; one entry for each address and role.
fn participants(raw: &RawItem<'_>, kept: &mut Kept) -> Vec<RawParticipant> {
    let mut found: Vec<RawParticipant> = Vec::new();
    let from = raw.from.0.iter();
    found.extend(from.flat_map(|raw| participants_of(raw, Role::From, kept)));
    let sender = raw.sender.0.iter();
    let sender = sender.flat_map(|raw| participants_of(raw, Role::Sender, kept));
    let mut sender: Vec<_> = sender.collect();
    sender.retain(|sender| {
        let from = found.first();
        from.is_none_or(|from| !is_same(&from.address, &sender.address))
    });
    found.append(&mut sender);
    let lists = [
        (Role::To, &raw.to.0),
        (Role::Cc, &raw.cc.0),
        (Role::Bcc, &raw.bcc.0),
    ];
    for (role, recipients) in lists {
        let mut known = HashSet::with_capacity(recipients.len().min(limits::PARTICIPANTS));
        for recipient in recipients {
            if !kept.has_room(found.len()) {
                break;
            }
            for listed in participants_of(recipient, role, kept) {
                if !kept.has_room(found.len()) {
                    break;
                }
                // Most mails have one recipient: no set is needed for them.
                if recipients.len() < 2 || known.insert(comparable(&listed.address)) {
                    found.push(listed);
                }
            }
        }
    }
    found
}

fn is_same(one: &str, other: &str) -> bool {
    one == other || comparable(one) == comparable(other)
}

fn participants_of(
    recipient: &RawRecipient<'_>,
    role: Role,
    kept: &mut Kept,
) -> Vec<RawParticipant> {
    let address = recipient.email_address.0.as_ref();
    let named = address.map_or_else(Vec::new, |address| address.named(kept));
    let named = named.into_iter().map(|(name, address)| RawParticipant {
        role,
        name,
        address,
    });
    named.collect()
}

fn comparable(address: &str) -> String {
    Address::parse(address)
        .map_or_else(|| address.to_lowercase(), |known| known.as_str().to_owned())
}

/// Covers the content without folder and read flag, so that moving a mail does not change it.
fn fingerprint(mail: &Mail) -> i64 {
    let mut content = ContentHash::default();
    for text in [
        &mail.message_id,
        &mail.subject,
        &mail.preview,
        &mail.body_text,
        &mail.thread_id,
    ] {
        content.text(text.as_deref());
    }
    for participant in &mail.participants {
        content.text(Some(participant.role.as_str()));
        content.text(participant.name.as_deref());
        content.text(Some(&participant.address));
    }
    content.flags([mail.is_draft, mail.class == MailClass::Meeting]);
    for instant in [mail.sent, mail.received] {
        content.number(instant.map_or(i64::MIN, |instant| instant.0));
    }
    content.finish()
}
