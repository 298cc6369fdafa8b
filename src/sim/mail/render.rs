//! Writes messages as Graph does: ids, properties as selected, one string without detours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE;

use crate::model::time::Timestamp;
use crate::sim::mail::mailbox::Copy;
use crate::sim::mail::mailbox::Event;
use crate::sim::mail::mailbox::Mail;
use crate::sim::permissions::Shown;
use crate::sim::rng::guid;
use crate::sim::rng::mix;
use crate::sim::role::Role;
use crate::sim::text;
use crate::sim::world::Address;
use crate::sim::world::World;

/// Properties in the order of the bits that select them; all but the last come unasked.
const NAMES: [&str; 24] = [
    "createdDateTime",
    "lastModifiedDateTime",
    "changeKey",
    "categories",
    "receivedDateTime",
    "sentDateTime",
    "hasAttachments",
    "internetMessageId",
    "subject",
    "bodyPreview",
    "importance",
    "parentFolderId",
    "conversationId",
    "conversationIndex",
    "isRead",
    "isDraft",
    "body",
    "sender",
    "from",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "internetMessageHeaders",
];
const HEADERS: u32 = 1 << 23;
/// The bit of `isRead`, whose flips are reported only where it is selected (facts 1.5).
pub const IS_READ: u32 = 1 << 14;
const BODY_PREVIEW: u32 = 1 << 9;
const BODY: u32 = 1 << 16;
/// The bit of the subject.
pub const SUBJECT: u32 = 1 << 8;
/// The bit of the folder, which comes with every partial update.
pub const FOLDER: u32 = 1 << 11;
/// Bytes of an id.
pub const ID_BYTES: usize = 53;
const IMMUTABLE: u16 = u16::MAX;
/// Copies with numbers from here on are gone before anyone looked.
pub const PHANTOM_REMOVALS: u32 = 0x8000_0000;

/// Properties of which a permission shows what it shows.
pub fn shown(shown: Shown) -> u32 {
    match shown {
        Shown::Whole => u32::MAX,
        Shown::Basic => !(BODY_PREVIEW | BODY),
    }
}

/// Which properties a request selects.
pub fn fields(select: Option<&[String]>) -> u32 {
    let Some(select) = select else {
        return HEADERS - 1;
    };
    let mut bits = 0;
    for (position, name) in NAMES.iter().enumerate() {
        if select.iter().any(|one| one.eq_ignore_ascii_case(name)) {
            bits |= 1 << position;
        }
    }
    bits
}

/// The id of a copy: immutable, or such that it changes with each move (facts 1.8).
pub fn item_id(world: &World, mailbox: usize, copy: u32, moves: Option<u32>) -> String {
    let moves = moves.map_or(IMMUTABLE, |moves| u16::try_from(moves).unwrap_or(0));
    let mut bytes = Vec::with_capacity(ID_BYTES + 8);
    bytes.extend([0x00, 0x09, 0x00, 0x2e]);
    let mailbox_number = u32::try_from(mailbox).unwrap_or(u32::MAX);
    bytes.extend(mailbox_number.to_be_bytes());
    bytes.extend(copy.to_be_bytes());
    bytes.extend(moves.to_be_bytes());
    let mut part = 0;
    while bytes.len() < ID_BYTES {
        let bits = mix(&[
            world.spec.seed,
            mailbox as u64,
            u64::from(copy),
            u64::from(moves),
            part,
        ]);
        bytes.extend(bits.to_be_bytes());
        part += 1;
    }
    id_of(mailbox, bytes)
}

/// The first bytes of an id in the way in which this mailbox writes ids (facts 1.8).
pub fn id_of(mailbox: usize, mut bytes: Vec<u8>) -> String {
    bytes.truncate(ID_BYTES);
    if mailbox % 2 == 1 {
        STANDARD.encode(&bytes)
    } else {
        URL_SAFE.encode(&bytes)
    }
}

/// The bytes of an id, if it is as long as ids are.
pub fn bytes_of(mailbox: usize, id: &str) -> Option<Vec<u8>> {
    let bytes = if mailbox % 2 == 1 {
        STANDARD.decode(id)
    } else {
        URL_SAFE.decode(id)
    };
    bytes.ok().filter(|bytes| bytes.len() == ID_BYTES)
}

/// The copy that an id names, and the number of moves it speaks of (`None`: immutable).
pub fn read_id(world: &World, mailbox: usize, id: &str) -> Option<(u32, Option<u32>)> {
    let bytes = bytes_of(mailbox, id)?;
    let copy = u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?);
    let moves = u16::from_be_bytes(bytes.get(12..14)?.try_into().ok()?);
    let moves = (moves != IMMUTABLE).then(|| u32::from(moves));
    (item_id(world, mailbox, copy, moves) == id).then_some((copy, moves))
}

/// What a page of messages needs to know.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The world.
    pub world: &'a World,
    /// Number of the mailbox.
    pub mailbox: usize,
    /// The instant at which it is looked at.
    pub at: Timestamp,
    /// Ids are immutable.
    pub immutable: bool,
    /// `isRead` is written as a string.
    pub string_booleans: bool,
    /// It is a page of delta.
    pub is_delta: bool,
}

impl View<'_> {
    /// The id of a copy as it is now.
    pub fn id(&self, copy: u32) -> String {
        let copies = &self.world.mailboxes[self.mailbox].copies;
        let moves = copies
            .get(copy as usize)
            .and_then(|copy| copy.place(self.at))
            .map_or(0, |(_, moves)| moves);
        item_id(
            self.world,
            self.mailbox,
            copy,
            (!self.immutable).then_some(moves),
        )
    }

    /// Writes a message with these properties.
    pub fn message(&self, out: &mut String, copy: u32, fields: u32) {
        let world = self.world;
        let held = &world.mailboxes[self.mailbox].copies[copy as usize];
        let mail = &world.mails[held.mail as usize];
        let changed = held.changed(self.at);
        let key = mix(&[u64::from(copy), changed.0.cast_unsigned(), 5]);
        out.push('{');
        // Plain lists name derived types only; delta names each.
        if self.is_delta || mail.meeting.is_some() {
            out.push_str("\"@odata.type\":\"#microsoft.graph.");
            out.push_str(mail.meeting.unwrap_or("message"));
            out.push_str("\",");
        }
        out.push_str("\"@odata.etag\":\"W/\\\"CQAAAB");
        push_hex(out, key);
        out.push_str("\\\"\",\"id\":");
        string(out, &self.id(copy));
        for (position, name) in NAMES.iter().enumerate() {
            if fields & (1 << position) != 0 {
                out.push_str(",\"");
                out.push_str(name);
                out.push_str("\":");
                self.property(out, position, held, mail, changed, key);
            }
        }
        out.push('}');
    }

    /// Writes that an item is gone.
    pub fn removed(&self, out: &mut String, copy: u32, moves: u32) {
        let moves = (!self.immutable).then_some(moves);
        out.push_str("{\"@odata.type\":\"#microsoft.graph.message\",\"id\":");
        string(out, &item_id(self.world, self.mailbox, copy, moves));
        out.push_str(",\"@removed\":{\"reason\":\"deleted\"}}");
    }

    fn property(
        &self,
        out: &mut String,
        position: usize,
        copy: &Copy,
        mail: &Mail,
        changed: Timestamp,
        key: u64,
    ) {
        match position {
            0 => time(out, Some(copy.arrives)),
            1 => time(out, Some(changed)),
            2 => {
                out.push_str("\"CQAAAB");
                push_hex(out, key);
                out.push('"');
            }
            4 => time(out, mail.received),
            5 => time(out, mail.sent),
            6 => out.push_str(if mail.text.is_multiple_of(5) {
                "true"
            } else {
                "false"
            }),
            7 => optional(out, mail.message_id.as_deref()),
            8 => string(out, &self.subject(copy, mail)),
            9 => string(out, &text::preview(mail.text)),
            10 => out.push_str("\"normal\""),
            11 => self.folder(out, copy),
            12 => {
                let id = mix(&[self.mailbox as u64, u64::from(mail.thread), 9]);
                string(out, &format!("AAQkAG{id:016x}EAA="));
            }
            13 => conversation(out, self.world, mail),
            14 => {
                let read = copy.flipped(self.at, Event::Read);
                let quote = if self.string_booleans { "\"" } else { "" };
                out.push_str(quote);
                out.push_str(if read { "true" } else { "false" });
                out.push_str(quote);
            }
            15 => out.push_str(if mail.draft { "true" } else { "false" }),
            16 => {
                out.push_str("{\"contentType\":\"html\",\"content\":");
                let escaped = text::body(mail.text).replace('&', "&amp;");
                string(out, &format!("<html><body><p>{escaped}</p></body></html>"));
                out.push('}');
            }
            17 | 18 => self.author(out, mail, position == 17),
            19 => self.recipients(out, mail, Role::To),
            20 => self.recipients(out, mail, Role::Cc),
            21 if copy.bcc || mail.draft => self.recipients(out, mail, Role::Bcc),
            3 | 21 | 22 => out.push_str("[]"),
            _ => headers(out, mail),
        }
    }

    /// The subject as it is now.
    fn subject(&self, copy: &Copy, mail: &Mail) -> String {
        if copy.flipped(self.at, Event::Subject) {
            format!("{} (edited)", mail.subject)
        } else {
            mail.subject.to_string()
        }
    }

    fn folder(&self, out: &mut String, copy: &Copy) {
        let folder = copy
            .place(self.at)
            .map_or(copy.folder, |(folder, _)| folder);
        string(
            out,
            &self.world.mailboxes[self.mailbox].folders[usize::from(folder)].id,
        );
    }

    fn author(&self, out: &mut String, mail: &Mail, sender: bool) {
        let of = |role| mail.parts.iter().find(|(one, _)| *one == role);
        let found = if sender {
            of(Role::Sender).or(of(Role::From))
        } else {
            of(Role::From)
        };
        match found {
            Some((_, number)) => address(out, &self.world.addresses[*number as usize]),
            None => out.push_str("null"),
        }
    }

    fn recipients(&self, out: &mut String, mail: &Mail, role: Role) {
        out.push('[');
        let mut first = true;
        for (_, number) in mail.parts.iter().filter(|(one, _)| *one == role) {
            if !first {
                out.push(',');
            }
            first = false;
            address(out, &self.world.addresses[*number as usize]);
        }
        out.push(']');
    }
}

fn address(out: &mut String, address: &Address) {
    out.push_str("{\"emailAddress\":{\"name\":");
    string(out, &address.name);
    out.push_str(",\"address\":");
    string(out, &address.raw);
    out.push_str("}}");
}

fn headers(out: &mut String, mail: &Mail) {
    out.push_str("[{\"name\":\"MIME-Version\",\"value\":\"1.0\"}");
    if mail.bulk {
        out.push_str(",{\"name\":\"List-Unsubscribe\",\"value\":\"<https://example.net/stop>\"}");
        out.push_str(",{\"name\":\"Precedence\",\"value\":\"bulk\"}");
    }
    out.push(']');
}

/// A header of 22 bytes of which 16 are the GUID of the conversation, then 5 bytes per reply
/// (facts 1.9).
fn conversation(out: &mut String, world: &World, mail: &Mail) {
    let mut bytes = vec![1, 0xdc, 0x1a, 0x2b, 0x3c, 0x4d];
    let thread = u64::from(mail.thread);
    bytes.extend(mix(&[world.spec.seed, thread, 21]).to_be_bytes());
    bytes.extend(mix(&[world.spec.seed, thread, 22]).to_be_bytes());
    if mail.subject.starts_with("RE: ") {
        bytes.extend(&mail.text.to_be_bytes()[..5]);
    }
    string(out, &STANDARD.encode(&bytes));
}

/// The conversation's GUID as a label of the truth.
pub fn thread_label(world: &World, mail: &Mail) -> String {
    let thread = u64::from(mail.thread);
    guid(
        mix(&[world.spec.seed, thread, 21]),
        mix(&[world.spec.seed, thread, 22]),
    )
    .replace('-', "")
}

/// Writes a JSON string.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn optional(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => out.push_str("null"),
    }
}

fn time(out: &mut String, at: Option<Timestamp>) {
    match at {
        Some(at) => string(out, &at.rfc3339()),
        None => out.push_str("null"),
    }
}

fn push_hex(out: &mut String, bits: u64) {
    for digit in 0..16 {
        let nibble = u32::try_from((bits >> (60 - 4 * digit)) & 15).unwrap_or(0);
        out.push(char::from_digit(nibble, 16).unwrap_or('0'));
    }
}
