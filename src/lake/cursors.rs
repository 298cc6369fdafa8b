//! The cursors of a lake: chains of cursor files, one for each slot, newest link wins.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde::Deserialize;
use serde::Serialize;

use crate::lake::commit::MailboxTally;
use crate::lake::cursor_file::CursorReader;
use crate::lake::cursor_file::Entry;
use crate::lake::cursor_file::EntryKind;
use crate::lake::cursor_file::Footers;
use crate::lake::error::LakeError;
use crate::model::coverage::Cost;
use crate::model::cursor::CursorRecord;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Tally;
use crate::model::time::Micros;

/// A slot's chain of files is merged from this length on, once it holds as much as the last full
/// file: then the work of merging stays in proportion to what was written.
const LINKS_BEFORE_MERGE: usize = 16;
/// A chain is merged at this length in any case: its files are open at the same time.
const LINKS_MAX: usize = 128;

/// What a cursor file says of a slot as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SlotRecord {
    /// The version of this file.
    pub version: i64,
    /// The files before it, newest first, back to the last full one; none where this one is full.
    pub before: Vec<i64>,
    /// The version before this one, of a full file as well; files of old do not tell.
    #[serde(default)]
    pub previous: Option<i64>,
    /// Rows of the slot in `interactions`, this commit's included.
    pub rows: u64,
    /// Wrapping sum of their hashes.
    pub hash_sum: u64,
    /// Digest of the book in force.
    pub book: String,
    /// Entries of the last full one.
    pub full_entries: u64,
    /// Entries of the files since.
    pub link_entries: u64,
}

impl SlotRecord {
    /// The record of a slot that has nothing yet.
    pub fn new(version: i64, book: &str) -> Self {
        Self {
            version,
            before: Vec::new(),
            previous: None,
            rows: 0,
            hash_sum: 0,
            book: book.to_owned(),
            full_entries: 0,
            link_entries: 0,
        }
    }

    /// Adds what was there before; where that is due for a merge, this file must be a full one.
    pub fn follow(&mut self, before: Self, entries: u64) {
        self.previous = Some(before.version);
        self.rows += before.rows;
        self.hash_sum = self.hash_sum.wrapping_add(before.hash_sum);
        if !before.is_merge_due() {
            self.full_entries = before.full_entries;
            self.link_entries = before.link_entries + entries;
            self.before = vec![before.version];
            self.before.extend(before.before);
        }
    }

    /// Whether the next file of this slot should be a full one.
    pub fn is_merge_due(&self) -> bool {
        let links = self.before.len();
        links >= LINKS_MAX
            || (links >= LINKS_BEFORE_MERGE && self.link_entries >= self.full_entries)
    }
}

/// What was counted for a mailbox in a run, as JSON in a cursor file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Count {
    address: String,
    kind: String,
    tenant: String,
    pub started_at: Micros,
    pub ended_at: Micros,
    pub tally: Tally,
    requests: u64,
    bytes: u64,
    waited_seconds: f64,
}

impl Count {
    pub fn new(counted: &MailboxTally, started_at: Micros, ended_at: Micros) -> Self {
        Self {
            address: counted.mailbox.address.to_string(),
            kind: counted.mailbox.kind.as_str().to_owned(),
            tenant: counted.mailbox.tenant.to_string(),
            started_at,
            ended_at,
            tally: counted.tally.clone(),
            requests: counted.cost.requests,
            bytes: counted.cost.bytes,
            waited_seconds: counted.cost.waited_seconds,
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.started_at = self.started_at.min(other.started_at);
        self.ended_at = self.ended_at.max(other.ended_at);
        self.tally.add(&other.tally);
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.waited_seconds += other.waited_seconds;
    }

    pub fn cost(&self) -> Cost {
        Cost {
            requests: self.requests,
            bytes: self.bytes,
            waited_seconds: self.waited_seconds,
        }
    }

    pub fn mailbox(&self, id: &str) -> Mailbox {
        Mailbox {
            id: id.into(),
            address: Arc::from(self.address.as_str()),
            kind: MailboxKind::parse(&self.kind).unwrap_or(MailboxKind::User),
            tenant: Arc::from(self.tenant.as_str()),
            own_addresses: Vec::new(),
        }
    }
}

/// Writes a value of a cursor file.
pub(super) fn to_json<T: Serialize>(value: &T, path: &Path) -> Result<String, LakeError> {
    serde_json::to_string(value).map_err(|e| LakeError::bad_file(path)(&e))
}

fn from_json<T: for<'a> Deserialize<'a>>(entry: &Entry, path: &Path) -> Result<T, LakeError> {
    serde_json::from_str(entry.value.as_deref().unwrap_or_default())
        .map_err(|e| LakeError::bad_file(path)(&e))
}

/// The folder of cursor files, and what was read of them lately.
pub(super) struct CursorFolder {
    /// Where it lies.
    pub path: PathBuf,
    /// The newest record of each slot that was read or written. Its version tells whether it is
    /// the one that is asked for.
    records: Mutex<HashMap<u8, SlotRecord>>,
    footers: Footers,
}

impl CursorFolder {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            records: Mutex::default(),
            footers: Footers::default(),
        }
    }

    /// The cursor file of a version.
    pub fn file(&self, version: i64) -> PathBuf {
        self.path.join(format!("{version}.parquet"))
    }

    fn open(&self, version: i64, slot: u8) -> Result<CursorReader, LakeError> {
        CursorReader::open(&self.file(version), version, slot, &self.footers)
    }

    /// Keeps a record that was just written; it counts only once its version is committed.
    pub fn remember(&self, slot: u8, record: SlotRecord) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.insert(slot, record);
    }

    /// What the file of a version says of a slot.
    pub fn slot_record(&self, version: i64, slot: u8) -> Result<SlotRecord, LakeError> {
        let known = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = known.get(&slot)
            && record.version == version
        {
            return Ok(record.clone());
        }
        drop(known);
        let path = self.file(version);
        let record: SlotRecord = match self.open(version, slot)?.next() {
            Some(Ok(entry)) if entry.kind == EntryKind::Slot => from_json(&entry, &path)?,
            Some(Err(error)) => return Err(error),
            _ => return Err(LakeError::bad_file(&path)(&format!("it lacks slot {slot}"))),
        };
        self.remember(slot, record.clone());
        Ok(record)
    }

    /// The files of a slot's chain, newest first, back to a full one.
    pub fn chain(&self, newest: i64, slot: u8) -> Result<Vec<i64>, LakeError> {
        let before = self.slot_record(newest, slot)?.before;
        Ok(std::iter::once(newest).chain(before).collect())
    }

    /// Whether a slot had the version `before` on its way to `newest`, as far back as the last full
    /// file tells.
    pub fn has_passed(&self, newest: i64, slot: u8, before: i64) -> Result<bool, LakeError> {
        let record = self.slot_record(newest, slot)?;
        if newest == before || record.before.contains(&before) {
            return Ok(true);
        }
        let full = match record.before.last() {
            Some(full) => self.slot_record(*full, slot)?,
            None => record,
        };
        Ok(full.previous == Some(before))
    }

    /// Cursors and counts of a slot as of a version, in order, as a stream.
    pub fn merged(&self, newest: i64, slot: u8) -> Result<Merged, LakeError> {
        let mut files = Vec::new();
        for version in self.chain(newest, slot)? {
            files.push((self.open(version, slot)?, self.file(version)));
        }
        let mut merged = Merged {
            slot,
            files,
            heads: BinaryHeap::new(),
        };
        for age in 0..merged.files.len() {
            merged.advance(age)?;
        }
        Ok(merged)
    }
}

/// The entries of several files of one slot, merged.
pub(super) struct Merged {
    slot: u8,
    files: Vec<(CursorReader, PathBuf)>,
    /// The next entry of each file; of equal ones, that of the newest file first.
    heads: BinaryHeap<Reverse<Head>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    place: (EntryKind, String, String),
    age: usize,
    value: Option<String>,
}

impl Merged {
    fn advance(&mut self, age: usize) -> Result<(), LakeError> {
        let Some((file, _)) = self.files.get_mut(age) else {
            return Ok(());
        };
        for entry in file {
            let entry = entry?;
            if entry.kind != EntryKind::Slot {
                self.heads.push(Reverse(Head {
                    place: (entry.kind, entry.mailbox_id, entry.key),
                    age,
                    value: entry.value,
                }));
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next place and what the files say of it, newest first.
    fn take(&mut self) -> Result<Option<Entries>, LakeError> {
        let Some(Reverse(first)) = self.heads.pop() else {
            return Ok(None);
        };
        self.advance(first.age)?;
        let mut said = vec![(first.age, first.value)];
        while let Some(Reverse(head)) = self.heads.peek()
            && head.place == first.place
        {
            if let Some(Reverse(head)) = self.heads.pop() {
                self.advance(head.age)?;
                said.push((head.age, head.value));
            }
        }
        let (kind, mailbox_id, key) = first.place;
        Ok(Some(Entries {
            kind,
            mailbox_id,
            key,
            said,
        }))
    }

    /// The next entry: the newest cursor, or the sum of the counts of a mailbox and run.
    fn next_entry(&mut self) -> Result<Option<Entry>, LakeError> {
        while let Some(entries) = self.take()? {
            let mut entry = Entry {
                slot: self.slot,
                kind: entries.kind,
                mailbox_id: entries.mailbox_id,
                key: entries.key,
                value: None,
            };
            if entry.kind == EntryKind::Count {
                entry.value = self.sum_of(&entry, &entries.said)?;
            } else {
                entry.value = entries.said.into_iter().next().and_then(|(_, value)| value);
            }
            if entry.value.is_some() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn sum_of(
        &self,
        entry: &Entry,
        said: &[(usize, Option<String>)],
    ) -> Result<Option<String>, LakeError> {
        let mut sum: Option<Count> = None;
        let mut path = Path::new("");
        for (age, value) in said {
            path = self.files.get(*age).map_or(path, |(_, path)| path);
            let count: Count = from_json(
                &Entry {
                    value: value.clone(),
                    ..entry.clone()
                },
                path,
            )?;
            match &mut sum {
                Some(sum) => sum.add(&count),
                None => sum = Some(count),
            }
        }
        sum.map(|sum| to_json(&sum, path)).transpose()
    }
}

struct Entries {
    kind: EntryKind,
    mailbox_id: String,
    key: String,
    said: Vec<(usize, Option<String>)>,
}

impl Iterator for Merged {
    type Item = Result<Entry, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_entry().transpose()
    }
}

/// Only the cursors among merged entries.
pub(super) fn cursors_of(merged: Merged) -> impl Iterator<Item = Result<CursorRecord, LakeError>> {
    merged.filter_map(|entry| match entry {
        Ok(entry) if entry.kind == EntryKind::Cursor => Some(Ok(CursorRecord {
            mailbox_id: entry.mailbox_id,
            key: entry.key,
            value: entry.value,
        })),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

/// What is left of an older and a newer entry of the same place; nothing of a cursor that goes.
pub(super) fn newest(old: Option<Entry>, new: Entry) -> Result<Option<Entry>, LakeError> {
    let path = Path::new("a cursor file");
    match old {
        Some(old) if new.kind == EntryKind::Count => {
            let mut sum: Count = from_json(&old, path)?;
            sum.add(&from_json(&new, path)?);
            let value = Some(to_json(&sum, path)?);
            Ok(Some(Entry { value, ..new }))
        }
        _ => Ok(new.value.is_some().then_some(new)),
    }
}

/// Counts by run and mailbox.
pub(super) type Counts = BTreeMap<(String, String), Count>;

/// Adds the counts among merged entries to `counts`.
pub(super) fn add_counts(merged: Merged, counts: &mut Counts) -> Result<(), LakeError> {
    for entry in merged {
        let entry = entry?;
        if entry.kind == EntryKind::Count {
            let count: Count = from_json(&entry, Path::new("a cursor file"))?;
            counts.insert((entry.key, entry.mailbox_id), count);
        }
    }
    Ok(())
}
