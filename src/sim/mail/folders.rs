//! The folders of a mailbox: well-known ones with localised names, nested ones, hidden ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::mail::mailbox::Folder;
use crate::sim::rng::mix;
use crate::sim::spec::Spec;

/// The folder that the exported configuration leaves out.
pub const EXCLUDED: &str = "Private notes";
/// Numbers of the folders, the same in each mailbox.
pub const ROOT: u16 = 0;
/// The inbox.
pub const INBOX: u16 = 1;
/// Sent mail.
pub const SENT: u16 = 2;
/// Drafts.
pub const DRAFTS: u16 = 3;
/// Deleted mail, which is read.
pub const DELETED: u16 = 4;
/// Junk.
pub const JUNK: u16 = 5;
/// The archive folder, which is read.
pub const ARCHIVE: u16 = 7;
/// The folder left out by the configuration.
pub const PRIVATE: u16 = 17;
/// Folders to which people file mail.
pub const FILED: [u16; 5] = [ARCHIVE, 13, 14, 15, 16];
/// Folders that touchpoint never reads.
pub const UNREAD: [u16; 6] = [DRAFTS, JUNK, 6, 8, 9, 19];
/// A folder that comes into being after the start.
pub const LATE: u16 = 22;

type Row = (
    &'static str,
    &'static str,
    Option<u16>,
    Option<&'static str>,
    bool,
);

// English name, German name, parent, well-known name, read. The order is that of the numbers above.
const TREE: [Row; 23] = [
    (
        "Top of Information Store",
        "Oberste Ebene des Informationsspeichers",
        None,
        Some("msgfolderroot"),
        false,
    ),
    ("Inbox", "Posteingang", Some(ROOT), Some("inbox"), true),
    (
        "Sent Items",
        "Gesendete Elemente",
        Some(ROOT),
        Some("sentitems"),
        true,
    ),
    ("Drafts", "Entwürfe", Some(ROOT), Some("drafts"), false),
    (
        "Deleted Items",
        "Gelöschte Elemente",
        Some(ROOT),
        Some("deleteditems"),
        true,
    ),
    (
        "Junk Email",
        "Junk-E-Mail",
        Some(ROOT),
        Some("junkemail"),
        false,
    ),
    ("Outbox", "Postausgang", Some(ROOT), Some("outbox"), false),
    ("Archive", "Archiv", Some(ROOT), Some("archive"), true),
    (
        "Conversation History",
        "Aufgezeichnete Unterhaltungen",
        Some(ROOT),
        Some("conversationhistory"),
        false,
    ),
    (
        "Sync Issues",
        "Synchronisierungsprobleme",
        Some(ROOT),
        Some("syncissues"),
        false,
    ),
    ("Conflicts", "Konflikte", Some(9), Some("conflicts"), false),
    (
        "Local Failures",
        "Lokale Fehler",
        Some(9),
        Some("localfailures"),
        false,
    ),
    (
        "Server Failures",
        "Serverfehler",
        Some(9),
        Some("serverfailures"),
        false,
    ),
    ("Customers", "Kunden", Some(ROOT), None, true),
    ("Key accounts", "Großkunden", Some(13), None, true),
    ("2025", "2025", Some(14), None, true),
    ("To read", "Zu lesen", Some(INBOX), None, true),
    (EXCLUDED, EXCLUDED, Some(ROOT), None, true),
    ("Empty", "Leer", Some(ROOT), None, true),
    (
        "Conversation Action Settings",
        "Conversation Action Settings",
        Some(ROOT),
        None,
        false,
    ),
    (
        "Search Folders",
        "Suchordner",
        Some(ROOT),
        Some("searchfolders"),
        false,
    ),
    (
        "Unread mail",
        "Ungelesene Nachrichten",
        Some(ROOT),
        None,
        false,
    ),
    ("Fair 2026", "Messe 2026", Some(13), None, true),
];

/// The folders of the mailbox with this number.
pub fn tree(spec: &Spec, number: usize) -> Vec<Folder> {
    let german = number.is_multiple_of(4);
    TREE.iter()
        .enumerate()
        .map(
            |(position, (english, german_name, parent, well_known, read))| Folder {
                id: id(spec.seed, number, position),
                name: (if german { *german_name } else { *english }).to_owned(),
                parent: *parent,
                well_known: *well_known,
                hidden: matches!(position, 19 | 20),
                search: position == 21,
                read: *read,
                created: if position == usize::from(LATE) {
                    spec.start().plus(2 * DAY)
                } else {
                    Timestamp(i64::MIN)
                },
            },
        )
        .collect()
}

/// Folder ids are constant whatever the preference (facts 1.8). Some hold `+` and `/`.
fn id(seed: u64, mailbox: usize, folder: usize) -> String {
    let mut bytes = vec![0x00, 0x32, 0x06, 0x80];
    for part in 0..6_u64 {
        bytes.extend(mix(&[seed, mailbox as u64, folder as u64, part, 77]).to_be_bytes());
    }
    if mailbox % 2 == 1 {
        format!(
            "AQMk{}==",
            STANDARD.encode(&bytes[..50]).trim_end_matches('=')
        )
    } else {
        format!("AAMk{}", URL_SAFE.encode(&bytes[..50]))
    }
}
