//! Decodes a mail in RFC 5322 form, as stored in archives (design section 4).

mod body;
mod charset;
mod entries;
mod fields;
mod flowed;
mod journal;
mod marks;
mod parts;
pub mod recipients;
mod stable_bytes;
mod transfer;
mod words;

use std::borrow::Cow;

use hashbrown::HashSet;

use crate::decode::author;
use crate::decode::author::Claims;
use crate::decode::bulk;
use crate::decode::mime::body::Body;
use crate::decode::mime::fields::Fields;
use crate::decode::mime::recipients::Found;
use crate::model::address::Address;
use crate::model::id::Id128;
use crate::model::interaction::Role;
use crate::model::mail::Decoded;
use crate::model::mail::Mail;
use crate::model::mail::RawParticipant;
use crate::model::mail::Sensitivity;
use crate::model::mail_date;
use crate::model::page::ArchiveMessage;
use crate::model::reason::Reason;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;

/// What is to be read besides the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Fill `body_text`, which costs its memory.
    pub body_text: bool,
    /// Fill `content_key` (`identity = "content"`).
    pub content_key: bool,
}

/// Decodes a message. Any bytes give a mail or an unreadable item with a reason: `not_mail` (it
/// does not start with a header field), `too_large`, `no_date`, `no_journal_mail` (a journal report
/// without the reported mail), or `malformed` if parsing its parts fails.
pub fn mail(message: &ArchiveMessage, options: Options) -> Decoded {
    let unreadable = |code| Decoded::Unreadable {
        source_id: Some(message.source_id.clone()),
        reason: Reason::from(code),
    };
    if let Some(code) = message.unreadable {
        return unreadable(code);
    }
    // A third-party parser reads the parts, and a mail that makes it panic must not end every run.
    let read = std::panic::catch_unwind(|| read(message, options));
    match read.unwrap_or(Err("malformed")) {
        Ok(mail) => Decoded::Mail(Box::new(mail)),
        Err(code) => unreadable(code),
    }
}

/// Nesting depth of journal reports that is followed.
const REPORTS_MAX: usize = 3;

/// Decodes a message, or the mail in a journal report.
fn read(message: &ArchiveMessage, options: Options) -> Result<Mail, &'static str> {
    let mut body: Cow<'_, [u8]> = Cow::Borrowed(&message.bytes);
    let mut receipt = message.received;
    let mut envelope = Found::default();
    for _ in 0..REPORTS_MAX {
        let fields = Fields::read(&body);
        receipt = received(&fields).or(receipt);
        if !journal::is_report(&fields) {
            break;
        }
        let Some(report) = journal::read(&body) else {
            if journal::is_by_exchange(&fields) {
                return Err("no_journal_mail");
            }
            break;
        };
        receipt = receipt.or_else(|| sent(&fields));
        envelope = report.envelope;
        body = report.mail.into();
    }
    let source = Source {
        message,
        fields: Fields::read(&body),
        body: &body,
    };
    source.read(receipt, envelope, options)
}

fn sent(fields: &Fields<'_>) -> Option<Timestamp> {
    mail_date::parse(&fields.first("date")?)
}

/// A mail in RFC 5322 form, and the message that contains it.
struct Source<'a> {
    message: &'a ArchiveMessage,
    fields: Fields<'a>,
    body: &'a [u8],
}

impl Source<'_> {
    fn read(
        &self,
        received: Option<Timestamp>,
        envelope: Found,
        options: Options,
    ) -> Result<Mail, &'static str> {
        let sent = sent(&self.fields);
        if sent.is_none() && received.is_none() {
            return Err("no_date");
        }
        let body = body::read(self.body);
        Ok(self.assemble(body, envelope, (sent, received), options))
    }

    fn assemble(
        &self,
        body: Body,
        envelope: Found,
        (sent, received): (Option<Timestamp>, Option<Timestamp>),
        options: Options,
    ) -> Mail {
        let (message, fields) = (self.message, &self.fields);
        let mut found = participants(fields);
        journal::add_envelope(&mut found, envelope);
        let bulk_from = of_role(&found.participants, Role::From).next().cloned();
        author::restore(
            &mut found.participants,
            &Claims::of(|name| fields.first(name)),
        );
        let Found {
            participants,
            mut kept,
        } = found;
        kept.is_shortened |= fields.is_cut || body.is_cut;
        let labels = marks::labels(fields);
        let message_id = fields
            .first("message-id")
            .and_then(|value| message_id(&value));
        let subject = fields.first("subject").map(|value| words::decoded(&value));
        let text = body.text.as_deref().unwrap_or_default();
        let content_key = options
            .content_key
            .then(|| content_key(sent, &participants, subject.as_deref(), text));
        let mut mail = Mail {
            source_id: message.source_id.clone(),
            former_ids: message.former_ids.clone(),
            container: message.container.clone(),
            thread_id: thread_id(fields, message_id.as_deref()),
            bulk_reason: bulk_reason(fields, bulk_from.as_ref(), subject.as_deref()),
            bytes_key: message_id
                .is_none()
                .then(|| stable_bytes::key(&message.bytes)),
            message_id,
            sent,
            received,
            subject: subject.as_deref().map(|text| kept.subject(text)),
            preview: body::preview(text),
            body_text: None,
            participants,
            is_draft: message.is_draft || marks::is_unsent(fields, &labels),
            labels,
            sensitivity: sensitivity(fields),
            class: body.class,
            fingerprint: 0,
            content_key,
            is_shortened: kept.is_shortened,
        };
        mail.fingerprint = fingerprint(&mail, text);
        mail.body_text = body.text.filter(|_| options.body_text);
        mail
    }
}

/// The date of the topmost `Received`: the text after its last semicolon.
fn received(fields: &Fields<'_>) -> Option<Timestamp> {
    let bare = mail_date::without_comments(&fields.first("received")?);
    let (_, date) = bare.rsplit_once(';')?;
    mail_date::parse(date)
}

/// Of `From` and `Sender` the first field counts; recipients of repeated fields are merged.
fn participants(fields: &Fields<'_>) -> Found {
    let mut found = Found::default();
    for (name, role) in [("from", Role::From), ("sender", Role::Sender)] {
        if let Some(value) = fields.all(name).next() {
            found.named_in(value, role);
        }
    }
    let authors = of_role(&found.participants, Role::From);
    let authors: HashSet<String> = authors.map(comparable).collect();
    let is_other = |entry: &RawParticipant| !authors.contains(&comparable(entry));
    let people = &mut found.participants;
    people.retain(|entry| entry.role == Role::From || is_other(entry));
    for (name, role) in [("to", Role::To), ("cc", Role::Cc), ("bcc", Role::Bcc)] {
        for value in fields.all(name) {
            found.named_in(value, role);
        }
    }
    found
}

fn of_role(participants: &[RawParticipant], role: Role) -> impl Iterator<Item = &RawParticipant> {
    participants.iter().filter(move |entry| entry.role == role)
}

fn comparable(entry: &RawParticipant) -> String {
    match Address::parse(&entry.address) {
        Some(address) => address.as_str().to_owned(),
        None => entry.address.trim().to_lowercase(),
    }
}

/// The inside of the first `<…>`, else the trimmed text.
fn message_id(value: &str) -> Option<String> {
    let inside = value
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or(value, |(inside, _)| inside);
    let id = inside.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// The first Message-ID in References, else in In-Reply-To, else its own.
fn thread_id(fields: &Fields<'_>, own: Option<&str>) -> Option<String> {
    let references = fields.first("references");
    let first = references.and_then(|value| {
        let is_bracketed = value.contains('<');
        let first = if is_bracketed {
            Some(value.as_str())
        } else {
            value
                .split_whitespace()
                .next()
                .filter(|id| id.contains('@'))
        };
        message_id(first?)
    });
    let first = first.or_else(|| answered(&fields.first("in-reply-to")?));
    let root = first.as_deref().or(own)?;
    Some(Id128::of(&[b"thread", root.as_bytes()]).to_string())
}

/// The Message-ID of the parent. Older programs put text around it or write no id at all (`Your
/// message of Monday`, RFC 822 section 4.6.2).
fn answered(value: &str) -> Option<String> {
    let is_alone = value.contains('@') && !value.contains(char::is_whitespace);
    let bracketed = value.find('<').and_then(|at| value.get(at..));
    let bracketed = bracketed.filter(|text| text.contains('>'));
    message_id(bracketed.or(Some(value).filter(|_| is_alone))?)
}

/// `from` is the author as written in the header, before a group is replaced by the author.
fn bulk_reason(
    fields: &Fields<'_>,
    from: Option<&RawParticipant>,
    subject: Option<&str>,
) -> Option<&'static str> {
    let values: Vec<(&str, String)> = bulk::FIELDS
        .iter()
        .filter_map(|name| Some((*name, fields.first(name)?)))
        .collect();
    let view: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let headers = bulk::Headers::new(&view);
    bulk::reason(
        from.map(|entry| entry.address.as_str()),
        subject,
        Some(&headers),
    )
}

fn sensitivity(fields: &Fields<'_>) -> Sensitivity {
    let value = fields.first("sensitivity").unwrap_or_default();
    match value.to_ascii_lowercase().as_str() {
        "personal" | "private" | "company-confidential" => Sensitivity::Private,
        _ => Sensitivity::Normal,
    }
}

/// Design section 4, `identity = "content"`.
fn content_key(
    sent: Option<Timestamp>,
    participants: &[RawParticipant],
    subject: Option<&str>,
    text: &str,
) -> Id128 {
    let seconds = sent.map(|sent| sent.0.div_euclid(SECOND).to_le_bytes());
    let from = of_role(participants, Role::From).next().map(comparable);
    let subject: Vec<&str> = subject.unwrap_or_default().split_whitespace().collect();
    let text: String = text.split_whitespace().collect();
    Id128::of(&[
        b"content",
        seconds.as_ref().map_or(&[], <[u8; 8]>::as_slice),
        from.unwrap_or_default().as_bytes(),
        subject.join(" ").as_bytes(),
        text.as_bytes(),
    ])
}

fn fingerprint(mail: &Mail, text: &str) -> i64 {
    let mut hasher = blake3::Hasher::new();
    let mut put = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    put(mail.message_id.as_deref().unwrap_or_default().as_bytes());
    for instant in [mail.sent, mail.received] {
        put(&instant.map_or(i64::MIN, |instant| instant.0).to_le_bytes());
    }
    put(mail.subject.as_deref().unwrap_or_default().as_bytes());
    put(text.as_bytes());
    for entry in &mail.participants {
        put(entry.role.as_str().as_bytes());
        put(entry.name.as_deref().unwrap_or_default().as_bytes());
        put(entry.address.as_bytes());
    }
    put(mail.thread_id.as_deref().unwrap_or_default().as_bytes());
    put(mail.bulk_reason.unwrap_or_default().as_bytes());
    put(&[
        u8::from(mail.sensitivity == Sensitivity::Private),
        u8::from(mail.class == crate::model::mail::MailClass::Meeting),
    ]);
    let mut head = [0; 8];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    i64::from_le_bytes(head)
}

#[cfg(test)]
mod tests;
