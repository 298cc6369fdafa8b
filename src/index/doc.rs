//! One document: its searchable fields, and the stored fields that a hit shows.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::Document;
use tantivy::schema::Field;
use tantivy::schema::Value;

use crate::index::condition::Property;
use crate::index::group;
use crate::index::schema::Fields;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchedInteraction;
use crate::model::address;
use crate::model::address::Address;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::limits;
use crate::model::time::Timestamp;

/// Text further down in a mail is nearly always the quoted parent, which has a document of its own.
const BODY_BYTES_MAX: usize = 32 << 10;
/// A hit of a mail to hundreds of people shows the first of them.
const PARTICIPANTS_SHOWN_MAX: usize = 30;
/// The number that can be searched. No mail read today has more; a lake of an earlier version may.
const PARTICIPANTS_MAX: usize = limits::PARTICIPANTS;
/// Searchable bytes of a name, an address, an id or the subject, whatever a lake contains.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Searchable parent domains of an address. Few domains have more than five labels.
const DOMAINS_MAX: usize = 8;
/// Between id and name of what is counted; no CRM file has it in an id.
const COUNTED_SEPARATOR: char = '\u{1f}';

/// A change of the index: a document that replaces the one with the same key, or the removal of
/// that one.
#[derive(Debug, Clone)]
pub struct IndexDoc {
    pub(crate) key: String,
    pub(crate) document: Option<TantivyDocument>,
    /// Whether there may be a document of an earlier revision.
    pub(crate) replaces: bool,
}

impl IndexDoc {
    /// The change that a row of the highest revision causes. A `withdrawn` row removes its
    /// document; a `superseded` row has no effect, since its successor of the same revision
    /// replaces the document.
    pub fn of(matched: &MatchedInteraction) -> Option<Self> {
        let row = &matched.interaction;
        let key = key(row.interaction_id, &row.mailbox.id);
        let document = match row.state {
            State::Superseded => return None,
            state => has_document(state).then(|| document(&key, matched)),
        };
        Some(Self {
            key,
            document,
            replaces: row.revision > 1,
        })
    }

    /// A rough size in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        const FIXED: usize = 256;
        const VALUE: usize = 16;
        let values = self.document.iter();
        let values = values.flat_map(Document::iter_fields_and_values);
        let texts = values.map(|(_, value)| VALUE + value.as_str().map_or(0, str::len));
        FIXED + self.key.len() + texts.sum::<usize>()
    }
}

/// Whether a row of the highest revision that is in this state has a document.
pub fn has_document(state: State) -> bool {
    match state {
        State::Active | State::Cancelled | State::Declined | State::Removed => true,
        State::Superseded | State::Withdrawn => false,
    }
}

/// The key of a document.
pub fn key(interaction_id: Id128, mailbox_id: &str) -> String {
    format!("{interaction_id}|{mailbox_id}")
}

/// Parses a key: interaction and mailbox id.
pub fn parse_key(key: &str) -> Option<(Id128, &str)> {
    let (interaction_id, mailbox_id) = key.split_once('|')?;
    Some((Id128::parse(interaction_id)?, mailbox_id))
}

/// What a hit shows, as it is stored in the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown<'a> {
    /// 32 hex digits.
    pub interaction_id: String,
    /// Whose copy it is.
    pub mailbox_id: Cow<'a, str>,
    /// When it took place, or begins, in microseconds.
    pub occurred_at: Timestamp,
    /// When a meeting ends.
    pub ended_at: Option<Timestamp>,
    /// `email`, `meeting`.
    pub kind: Cow<'a, str>,
    /// `active`, `cancelled`, `declined`, `removed`.
    pub state: Cow<'a, str>,
    /// `inbound`, `outbound`, `internal`.
    pub direction: Cow<'a, str>,
    /// The colleague whose mailbox it is.
    pub user_address: Cow<'a, str>,
    /// The best role of the mailbox's owner.
    pub user_role: Option<Cow<'a, str>>,
    /// The folder or calendar.
    pub container: Cow<'a, str>,
    /// The conversation of a mail.
    pub thread_id: Option<Cow<'a, str>>,
    /// The series of a meeting.
    pub series_id: Option<Cow<'a, str>>,
    /// Whether the sensitivity was known when it was read.
    pub sensitivity_known: bool,
    /// Subject as the lake has it.
    pub subject: Option<Cow<'a, str>>,
    /// Preview as the lake has it.
    pub preview: Option<Cow<'a, str>>,
    /// Matched contacts.
    pub contacts: Vec<ShownContact<'a>>,
    /// Matched accounts, each once.
    pub accounts: Vec<ShownAccount<'a>>,
    /// The first participants.
    pub participants: Vec<ShownParticipant<'a>>,
    /// The number of participants.
    pub participants_total: usize,
}

/// A matched contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownContact<'a> {
    /// The CRM's id.
    pub id: Cow<'a, str>,
    /// Name in the CRM.
    pub name: Cow<'a, str>,
    /// The contact's address in the interaction.
    pub address: Cow<'a, str>,
    /// The contact's account.
    pub account_id: Option<Cow<'a, str>>,
}

/// A matched account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownAccount<'a> {
    /// The CRM's id.
    pub id: Cow<'a, str>,
    /// Name, where the CRM has one.
    pub name: Option<Cow<'a, str>>,
}

/// A participant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownParticipant<'a> {
    /// Address, or the raw text in its place.
    pub address: Cow<'a, str>,
    /// Display name.
    pub name: Option<Cow<'a, str>>,
    /// `from`, `to`, …
    pub role: Cow<'a, str>,
    /// Whether it belongs to the company.
    pub internal: bool,
}

impl<'a> Shown<'a> {
    fn of(matched: &'a MatchedInteraction) -> Self {
        let row = &matched.interaction;
        Self {
            interaction_id: row.interaction_id.to_string(),
            mailbox_id: (&*row.mailbox.id).into(),
            occurred_at: row.occurred_at,
            ended_at: row.ended_at,
            kind: row.kind.as_str().into(),
            state: row.state.as_str().into(),
            direction: row.direction.as_str().into(),
            user_address: (&*row.mailbox.address).into(),
            user_role: row.user_role.map(|role| role.as_str().into()),
            container: cut(&row.container),
            thread_id: row.thread_id.as_deref().map(cut),
            series_id: row.series_id.as_deref().map(cut),
            sensitivity_known: row.sensitivity_known,
            subject: row.subject.as_deref().map(cut),
            preview: row.preview.as_deref().map(cut),
            contacts: contacts(matched),
            accounts: accounts(matched),
            participants: participants(row),
            participants_total: row.participants.len(),
        }
    }
}

fn contacts(matched: &MatchedInteraction) -> Vec<ShownContact<'_>> {
    matched.contact_matches.iter().filter_map(contact).collect()
}

fn contact(contact_match: &ContactMatch) -> Option<ShownContact<'_>> {
    let (id, name) = contact_match.contact.as_ref()?;
    let account_id = contact_match
        .account
        .as_ref()
        .map(|(id, _)| Cow::from(&**id));
    Some(ShownContact {
        id: (&**id).into(),
        name: (&**name).into(),
        address: cut(&contact_match.address),
        account_id,
    })
}

fn accounts(matched: &MatchedInteraction) -> Vec<ShownAccount<'_>> {
    let mut accounts: Vec<ShownAccount<'_>> = Vec::new();
    for (id, name) in matched
        .contact_matches
        .iter()
        .filter_map(|t| t.account.as_ref())
    {
        if accounts.iter().all(|known| known.id != **id) {
            accounts.push(ShownAccount {
                id: (&**id).into(),
                name: name.as_deref().map(Cow::from),
            });
        }
    }
    accounts
}

fn participants(row: &Interaction) -> Vec<ShownParticipant<'_>> {
    let shown = row.participants.iter().take(PARTICIPANTS_SHOWN_MAX);
    shown
        .map(|participant| ShownParticipant {
            address: cut(&participant.address),
            name: participant.name.as_deref().map(cut),
            role: participant.role.as_str().into(),
            internal: participant.internal,
        })
        .collect()
}

fn document(key: &str, matched: &MatchedInteraction) -> TantivyDocument {
    let row = &matched.interaction;
    let mut document = TantivyDocument::new();
    document.add_text(Fields::KEY, key);
    if let Some(subject) = &row.subject {
        document.add_text(Fields::SUBJECT, cut(subject));
    }
    if let Some(text) = row.body_text.as_deref().or(row.preview.as_deref()) {
        document.add_text(Fields::TEXT, limits::cut(text, BODY_BYTES_MAX));
    }
    add_people(&mut document, matched);
    add_contact_matches(&mut document, matched);
    // For an archive without an address, the folder name takes its place, in any case.
    document.add_text(Fields::USER, row.mailbox.address.to_lowercase());
    document.add_text(Fields::USER, &row.mailbox.id);
    document.add_text(Fields::CONTAINER, cut(&row.container));
    for property in properties(row) {
        document.add_text(Fields::PROPERTY, property.as_str());
    }
    document.add_i64(Fields::OCCURRED_AT, row.occurred_at.0);
    document.add_u64(Fields::INTERACTION, group::bits(row.interaction_id));
    document.add_u64(Fields::GROUP, group::bits_of_group(row));
    document.add_text(Fields::KIND, row.kind.as_str());
    document.add_text(Fields::COLLEAGUE, &row.mailbox.address);
    document.add_i64(Fields::REVISION, row.revision.into());
    // Strings, numbers and lists of them always have a JSON form.
    let shown = serde_json::to_string(&Shown::of(matched)).unwrap_or_default();
    document.add_text(Fields::SHOWN, shown);
    // Thousands of documents wait in queues.
    document.shrink_to_fit();
    document
}

/// The properties of a row. Whether a meeting that counts is planned or was held depends on the time
/// of a search; it is `planned` here.
fn properties(row: &Interaction) -> impl Iterator<Item = Property> {
    let kind = match row.kind {
        Kind::Email => Property::Email,
        Kind::Meeting => Property::Meeting,
    };
    let direction = match row.direction {
        Direction::Inbound => Property::Inbound,
        Direction::Outbound => Property::Outbound,
        Direction::Internal => Property::Internal,
    };
    let state = match row.state {
        State::Active => (row.kind == Kind::Meeting).then_some(Property::Planned),
        State::Cancelled => Some(Property::Cancelled),
        State::Declined => Some(Property::Declined),
        State::Removed => Some(Property::Removed),
        State::Superseded | State::Withdrawn => None,
    };
    let others = [
        row.is_bulk.then_some(Property::Bulk),
        (row.is_online_meeting == Some(true)).then_some(Property::Online),
        (row.is_recurring == Some(true)).then_some(Property::Recurring),
        (row.is_all_day == Some(true)).then_some(Property::AllDay),
        state,
    ];
    [kind, direction]
        .into_iter()
        .chain(others.into_iter().flatten())
}

/// The fields in which somebody with a role is found by name.
fn people_fields(role: Role) -> &'static [Field] {
    match role {
        Role::From | Role::Sender | Role::Organizer => &[Fields::PEOPLE, Fields::AUTHOR],
        Role::To | Role::Cc | Role::Bcc | Role::Required | Role::Optional => {
            &[Fields::PEOPLE, Fields::RECIPIENTS]
        }
        Role::Resource => &[Fields::PEOPLE],
    }
}

fn add_people(document: &mut TantivyDocument, matched: &MatchedInteraction) {
    let people = &matched.interaction.participants;
    for participant in people.iter().take(PARTICIPANTS_MAX) {
        for field in people_fields(participant.role) {
            if let Some(name) = &participant.name {
                document.add_text(*field, cut(name));
            }
            document.add_text(*field, cut(&participant.address));
        }
        if is_outside(participant) {
            add_address(document, Fields::CONTACT, &participant.address);
        }
    }
}

/// A room is never a contact.
fn is_outside(participant: &Participant) -> bool {
    participant.is_address && !participant.internal && participant.role != Role::Resource
}

fn add_contact_matches(document: &mut TantivyDocument, matched: &MatchedInteraction) {
    for contact_match in matched.contact_matches.iter().take(PARTICIPANTS_MAX) {
        let fields = people_fields(contact_match.role);
        if let Some((id, name)) = &contact_match.contact {
            for field in fields {
                document.add_text(*field, cut(name));
            }
            document.add_text(Fields::CONTACT, id);
            document.add_text(Fields::CONTACT_NAME, counted(id, name));
        }
        if let Some((id, name)) = &contact_match.account {
            for field in fields {
                if let Some(name) = name {
                    document.add_text(*field, cut(name));
                }
            }
            document.add_text(Fields::ACCOUNT, id);
            add_address(document, Fields::ACCOUNT, &contact_match.address);
        }
    }
    for account in accounts(matched).iter().take(PARTICIPANTS_MAX) {
        let name = account.name.as_deref().unwrap_or_default();
        document.add_text(Fields::ACCOUNT_NAME, counted(&account.id, name));
    }
}

/// Id and name as one value that is counted.
fn counted(id: &str, name: &str) -> String {
    format!("{}{COUNTED_SEPARATOR}{}", cut(id), cut(name))
}

/// The id and the name of a value that is counted.
pub(crate) fn counted_parts(value: &str) -> (&str, Option<&str>) {
    let (id, name) = value.split_once(COUNTED_SEPARATOR).unwrap_or((value, ""));
    (id, Some(name).filter(|name| !name.is_empty()))
}

/// The address, its domain and its parent domains with a dot, the highest of them.
fn add_address(document: &mut TantivyDocument, field: Field, address: &str) {
    let address = &*cut(address);
    document.add_text(field, address);
    let domain = address.split_once('@').map_or("", |(_, domain)| domain);
    if domain.is_empty() {
        return;
    }
    document.add_text(field, domain);
    let dots = memchr::memrchr_iter(b'.', domain.as_bytes());
    for dot in dots.skip(1).take(DOMAINS_MAX) {
        document.add_text(field, domain.get(dot + 1..).unwrap_or_default());
    }
}

/// The part of a text that is searched and shown.
fn cut(text: &str) -> Cow<'_, str> {
    limits::cut(text, TEXT_BYTES_MAX).into()
}

/// The terms by which a typed id, address or domain may be indexed in an exact field.
pub(crate) fn exact_terms(typed: &str) -> Vec<String> {
    let typed = typed.trim();
    let mut terms = vec![
        typed.to_owned(),
        typed.to_lowercase(),
        address::domain(typed),
    ];
    terms.extend(Address::parse(typed).map(|address| address.as_str().to_owned()));
    terms.sort();
    terms.dedup();
    terms
}
