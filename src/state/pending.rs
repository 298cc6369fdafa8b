//! What is being decided: the decisions of one mailbox batch.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::model::id::Id128;
use crate::model::mailbox;
use crate::state::key;
use crate::state::key::Key;
use crate::state::key::MarkKey;
use crate::state::key::MeetingKey;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::key::SeriesKey;
use crate::state::records::MeetingRecord;
use crate::state::records::WaitingSeries;

/// Decisions of one batch, until they are
/// [packed](crate::state::packed::PackedDecisions). Lookups see them before the file; dropping them
/// discards them.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    pub(crate) items: HashMap<Key, Seen>,
    pub(crate) recorded: HashMap<Key, RecordedMail>,
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

    /// Notes what a mailbox records of a meeting. A later note of the same meeting replaces an
    /// earlier one.
    pub fn note_meeting(&mut self, mailbox_id: &str, id: Id128, record: MeetingRecord) {
        let key = (mailbox::slot(mailbox_id), mailbox_id.to_owned(), id);
        self.meetings.insert(key, record);
    }

    /// Notes the waiting occurrences of a series; `None` removes them.
    pub fn note_series(
        &mut self,
        mailbox_id: &str,
        master_id: &str,
        series: Option<WaitingSeries>,
    ) {
        let slot = mailbox::slot(mailbox_id);
        let key = (slot, mailbox_id.to_owned(), master_id.to_owned());
        self.series.insert(key, series);
    }

    /// Notes up to which link the notes of a mailbox's calendar are complete.
    pub fn note_calendar_mark(&mut self, mailbox_id: &str, mark: String) {
        let key = (mailbox::slot(mailbox_id), mailbox_id.to_owned());
        self.calendar_marks.insert(key, mark);
    }
}
