//! What was decided but is not committed yet: a batch of many mailboxes.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::model::cursor::CursorRecord;
use crate::model::id::Id128;
use crate::model::mailbox;
use crate::state::calendar::MarkKey;
use crate::state::calendar::SeriesKey;
use crate::state::calendar::WaitingSeries;
use crate::state::key;
use crate::state::key::Key;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::meetings::MeetingKey;
use crate::state::meetings::MeetingRecord;

/// Slot, mailbox id and cursor key.
pub(crate) type CursorKey = (u8, String, String);

/// Decisions of one batch. Lookups see them before the file; dropping them discards them.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    pub(crate) items: HashMap<Key, Seen>,
    pub(crate) recorded: HashMap<Key, RecordedMail>,
    pub(crate) cursors: BTreeMap<CursorKey, Option<String>>,
    pub(crate) meetings: BTreeMap<MeetingKey, MeetingRecord>,
    pub(crate) series: BTreeMap<SeriesKey, Option<WaitingSeries>>,
    pub(crate) calendar_marks: BTreeMap<MarkKey, String>,
}

impl Pending {
    /// Notes what became of an item. A later note of the same item replaces an earlier one.
    pub fn note_item(&mut self, mailbox_id: &str, source_id: &str, seen: Seen) {
        self.items.insert(key::item(mailbox_id, source_id), seen);
    }

    /// Notes that a mailbox records an interaction. The first mail of an id stays.
    pub fn note_recorded(&mut self, mailbox_id: &str, interaction_id: Id128, mail: RecordedMail) {
        let key = key::recorded(mailbox_id, interaction_id);
        self.recorded.entry(key).or_insert(mail);
    }

    /// Notes where a chain goes on; a record without value takes the cursor away.
    pub fn note_cursor(&mut self, record: CursorRecord) {
        let slot = mailbox::slot(&record.mailbox_id);
        self.cursors
            .insert((slot, record.mailbox_id, record.key), record.value);
    }

    /// Puts the notes of a later batch over these.
    pub fn append(&mut self, later: Self) {
        self.items.extend(later.items);
        for (key, mail) in later.recorded {
            self.recorded.entry(key).or_insert(mail);
        }
        self.cursors.extend(later.cursors);
        self.meetings.extend(later.meetings);
        self.series.extend(later.series);
        self.calendar_marks.extend(later.calendar_marks);
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
            && self.recorded.is_empty()
            && self.cursors.is_empty()
            && self.meetings.is_empty()
            && self.series.is_empty()
            && self.calendar_marks.is_empty()
    }
}
