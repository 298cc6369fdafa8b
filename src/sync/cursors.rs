//! What the cursors of a mailbox say before a run.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::model::cursor::ABSENT_KEY;
use crate::model::cursor::AbsentCursor;
use crate::model::cursor::CALENDAR_KEY;
use crate::model::cursor::CONFIRMED_KEY;
use crate::model::cursor::CalendarCursor;
use crate::model::cursor::ConfirmedCursor;
use crate::model::cursor::CursorRecord;
use crate::model::cursor::FailedItem;
use crate::model::cursor::FolderCursor;
use crate::model::cursor::LEDGER_KEY_PREFIX;
use crate::model::cursor::LIST_KEY_PREFIX;
use crate::model::cursor::ListCursor;
use crate::model::cursor::MAIL_KEY_PREFIX;
use crate::model::cursor::MAILBOX_KEY;
use crate::model::cursor::MailboxCursor;
use crate::model::cursor::UNLINKED_KEY;
use crate::model::cursor::UnlinkedCursor;
use crate::model::time::Timestamp;

/// The cursors of one mailbox.
#[derive(Debug, Default)]
pub(crate) struct SavedCursors {
    /// What is kept of the mailbox as a whole; `None`: it was never connected.
    pub mailbox: Option<MailboxCursor>,
    /// Where the chain of each folder continues, by folder id.
    pub deltas: BTreeMap<String, FolderCursor>,
    /// Where the chain of the calendar continues; `None`: it was never read.
    pub calendar: Option<CalendarCursor>,
    /// Folders that were read by plain lists, by folder id.
    pub lists: BTreeMap<String, ListCursor>,
    /// Items that could not be read, by the provider's id.
    pub ledger: BTreeMap<String, FailedItem>,
    /// The service said that there is no such mailbox.
    pub absent: Option<AbsentCursor>,
    /// That it is unlinked.
    pub unlinked: Option<UnlinkedCursor>,
    /// Cursors of other kinds, by their keys: those of other sources, and of newer versions.
    pub others: BTreeMap<String, String>,
}

/// A cursor that cannot be read. It is never taken for "start again".
#[derive(Debug, thiserror::Error)]
#[error(
    "the cursor `{key}` of this mailbox cannot be read; it may be of a newer touchpoint, or \
     damaged: run `touchpoint verify`"
)]
pub struct CursorUnreadable {
    /// Which.
    pub key: String,
}

impl SavedCursors {
    /// Reads the records of one mailbox.
    pub(crate) fn read(records: Vec<CursorRecord>) -> Result<Self, CursorUnreadable> {
        let mut known = Self::default();
        for record in records {
            let Some(value) = &record.value else { continue };
            if record.key == MAILBOX_KEY {
                known.mailbox = Some(parse(&record.key, value)?);
            } else if record.key == CALENDAR_KEY {
                known.calendar = Some(parse(&record.key, value)?);
            } else if let Some(folder) = record.key.strip_prefix(MAIL_KEY_PREFIX) {
                known
                    .deltas
                    .insert(folder.to_owned(), parse(&record.key, value)?);
            } else if let Some(folder) = record.key.strip_prefix(LIST_KEY_PREFIX) {
                known
                    .lists
                    .insert(folder.to_owned(), parse(&record.key, value)?);
            } else if let Some(id) = record.key.strip_prefix(LEDGER_KEY_PREFIX) {
                known
                    .ledger
                    .insert(id.to_owned(), parse(&record.key, value)?);
            } else if record.key == ABSENT_KEY {
                known.absent = Some(parse(&record.key, value)?);
            } else if record.key == UNLINKED_KEY {
                known.unlinked = Some(parse(&record.key, value)?);
            } else if record.key == CONFIRMED_KEY {
                let _: ConfirmedCursor = parse(&record.key, value)?;
            } else {
                known.others.insert(record.key, value.clone());
            }
        }
        Ok(known)
    }
}

fn parse<T: DeserializeOwned>(key: &str, value: &str) -> Result<T, CursorUnreadable> {
    serde_json::from_str(value).map_err(|_| CursorUnreadable {
        key: key.to_owned(),
    })
}

/// The record of a mailbox as a whole.
pub(crate) fn mailbox_record(mailbox_id: &str, cursor: &MailboxCursor) -> CursorRecord {
    record(mailbox_id, MAILBOX_KEY.to_owned(), Some(json(cursor)))
}

/// The record of a calendar's chain.
pub(crate) fn calendar_record(mailbox_id: &str, cursor: &CalendarCursor) -> CursorRecord {
    record(mailbox_id, CALENDAR_KEY.to_owned(), Some(json(cursor)))
}

/// The record of a folder's chain.
pub(crate) fn folder_cursor_record(
    mailbox_id: &str,
    folder: &str,
    cursor: &FolderCursor,
) -> CursorRecord {
    record(
        mailbox_id,
        format!("{MAIL_KEY_PREFIX}{folder}"),
        Some(json(cursor)),
    )
}

/// The record that takes a folder's chain away.
pub(crate) fn delete_folder_cursor(mailbox_id: &str, folder: &str) -> CursorRecord {
    record(mailbox_id, format!("{MAIL_KEY_PREFIX}{folder}"), None)
}

/// The record of a folder that was read by plain lists; `None` takes it away.
pub(crate) fn list_record(
    mailbox_id: &str,
    folder: &str,
    cursor: Option<&ListCursor>,
) -> CursorRecord {
    let key = format!("{LIST_KEY_PREFIX}{folder}");
    record(mailbox_id, key, cursor.map(json))
}

/// The record of an item that could not be read; `None` takes it away.
pub(crate) fn ledger_record(
    mailbox_id: &str,
    id: &str,
    entry: Option<&FailedItem>,
) -> CursorRecord {
    let key = format!("{LEDGER_KEY_PREFIX}{id}");
    record(mailbox_id, key, entry.map(json))
}

/// The record that a mailbox was admitted.
pub(crate) fn confirmed_record(mailbox_id: &str, at: Timestamp) -> CursorRecord {
    let cursor = ConfirmedCursor { at };
    record(mailbox_id, CONFIRMED_KEY.to_owned(), Some(json(&cursor)))
}

/// The record that a mailbox is unlinked; `None` links it again.
pub(crate) fn unlinked_record(mailbox_id: &str, cursor: Option<&UnlinkedCursor>) -> CursorRecord {
    record(mailbox_id, UNLINKED_KEY.to_owned(), cursor.map(json))
}

/// The record of a user without a mailbox; `None` takes it away.
pub(crate) fn absent_record(mailbox_id: &str, cursor: Option<&AbsentCursor>) -> CursorRecord {
    record(mailbox_id, ABSENT_KEY.to_owned(), cursor.map(json))
}

/// The record of a cursor of another kind.
#[cfg(test)]
pub(crate) fn other_record(mailbox_id: &str, key: &str, value: String) -> CursorRecord {
    record(mailbox_id, key.to_owned(), Some(value))
}

fn record(mailbox_id: &str, key: String, value: Option<String>) -> CursorRecord {
    CursorRecord {
        mailbox_id: mailbox_id.to_owned(),
        key,
        value,
    }
}

#[expect(
    clippy::expect_used,
    reason = "a cursor has no map with keys other than text"
)]
fn json<T: serde::Serialize>(cursor: &T) -> String {
    serde_json::to_string(cursor).expect("a cursor can always be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cursor::KeptWindow;
    use crate::model::mailbox::MailboxKind;

    #[test]
    fn a_mailbox_of_an_earlier_version_has_one_window_for_mail_and_meetings() {
        let start = Timestamp(7);
        let mut cursor = MailboxCursor::new(MailboxKind::User, Timestamp(9), Some(start));
        let text = json(&cursor);
        assert!(!text.contains("meeting_window"), "{text}");
        cursor = serde_json::from_str(&text).unwrap();
        assert_eq!(cursor.meeting_window(), cursor.mail_window());
        let windows = [Some(6), Some(7), None].map(|start| KeptWindow {
            start: start.map(Timestamp),
        });
        let wider = windows.map(|window| window.is_wider_than(cursor.mail_window()));
        assert_eq!(wider, [true, false, true]);
        let everything = KeptWindow { start: None };
        assert!(
            !windows
                .iter()
                .any(|window| window.is_wider_than(everything))
        );
    }

    #[test]
    fn a_torn_cursor_is_an_error_and_not_a_fresh_start() {
        let delta = FolderCursor {
            link: "https://x".to_owned(),
            is_delta: true,
            fetched_at: crate::model::time::Timestamp(1),
            begun_at: crate::model::time::Timestamp(1),
            selection: None,
            items: 3,
            completeness: None,
        };
        let mut record = folder_cursor_record("m", "f", &delta);
        assert_eq!(
            SavedCursors::read(vec![record.clone()]).unwrap().deltas["f"],
            delta
        );
        record.value = Some("{\"link\":\"https".to_owned());
        assert_eq!(SavedCursors::read(vec![record]).unwrap_err().key, "mail/f");
    }
}
