//! The cursors of a lake: chains of cursor files, one for each slot, newest link wins.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::lake::cursors::entry::Entry;
use crate::lake::cursors::entry::EntryKind;
use crate::lake::cursors::file::CursorReader;
use crate::lake::cursors::file::Footers;
use crate::lake::cursors::record::Count;
use crate::lake::cursors::record::Counts;
use crate::lake::cursors::record::SlotRecord;
use crate::lake::cursors::record::from_json;
use crate::lake::cursors::record::to_json;
use crate::lake::error::LakeError;
use crate::lake::reported::Reported;
use crate::model::cursor::CursorRecord;
use crate::model::time::Timestamp;

/// The folder of cursor files, and what was read of them lately.
pub(crate) struct CursorFolder {
    /// Where it lies.
    pub path: PathBuf,
    /// The newest record of each slot that was read or written. Its version shows whether it is
    /// the requested one.
    records: Mutex<HashMap<u8, SlotRecord>>,
    footers: Footers,
}

impl CursorFolder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            records: Mutex::default(),
            footers: Footers::default(),
        }
    }

    /// The cursor file of a version.
    pub(crate) fn file(&self, version: i64) -> PathBuf {
        self.path.join(format!("{version}.parquet"))
    }

    fn open(&self, version: i64, slot: u8) -> Result<CursorReader, LakeError> {
        CursorReader::open(&self.file(version), version, slot, &self.footers)
    }

    /// Keeps a record that was just written; it counts only once its version is committed.
    pub(crate) fn remember(&self, slot: u8, record: SlotRecord) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.insert(slot, record);
    }

    /// What the file of a version says of a slot.
    pub(crate) fn slot_record(&self, version: i64, slot: u8) -> Result<SlotRecord, LakeError> {
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
    pub(crate) fn chain(&self, newest: i64, slot: u8) -> Result<Vec<i64>, LakeError> {
        let before = self.slot_record(newest, slot)?.before;
        Ok(std::iter::once(newest).chain(before).collect())
    }

    /// Whether a slot had the version `before` on its way to `newest`, as far back as the last full
    /// file records.
    pub(crate) fn has_passed(&self, newest: i64, slot: u8, before: i64) -> Result<bool, LakeError> {
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
    pub(crate) fn merged(&self, newest: i64, slot: u8) -> Result<Merged, LakeError> {
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

    /// The runs that counted something in a slot, as far back as the last full file, each with its
    /// start.
    pub(crate) fn counted_runs(
        &self,
        newest: i64,
        slot: u8,
    ) -> Result<BTreeMap<String, Timestamp>, LakeError> {
        let mut runs = BTreeMap::new();
        for version in self.chain(newest, slot)? {
            let path = self.file(version);
            if let Some(counted) = self.footers.counted(&path, version)? {
                let counted = counted.of_slot(slot);
                runs.extend(counted.map(|(run, started_at)| (run.to_owned(), started_at)));
                continue;
            }
            for entry in self.open(version, slot)? {
                let entry = entry?;
                if entry.kind == EntryKind::Count {
                    let count: Count = from_json(&entry, &path)?;
                    runs.insert(entry.key, count.started_at);
                }
            }
        }
        Ok(runs)
    }

    /// Everything a slot's chain holds and this commit adds, as one full list in order, but for
    /// the counts of runs that `mailboxes` reports.
    pub(crate) fn merge_slot(
        &self,
        before: &SlotRecord,
        slot: u8,
        added: Vec<Entry>,
        reported: &Reported,
    ) -> Result<Vec<Entry>, LakeError> {
        let mut entries = BTreeMap::new();
        for entry in self.merged(before.version, slot)? {
            let entry = entry?;
            let is_reported = entry.kind == EntryKind::Count && reported.contains(&entry.key, slot);
            if !is_reported {
                let place = (entry.kind, entry.mailbox_id.clone(), entry.key.clone());
                entries.insert(place, entry);
            }
        }
        for entry in added {
            let place = (entry.kind, entry.mailbox_id.clone(), entry.key.clone());
            let old = entries.remove(&place);
            if let Some(entry) = newest(old, entry)? {
                entries.insert(place, entry);
            }
        }
        Ok(entries.into_values().collect())
    }
}

/// The entries of several files of one slot, merged.
pub(crate) struct Merged {
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
        let mut values = vec![(first.age, first.value)];
        while let Some(Reverse(head)) = self.heads.peek()
            && head.place == first.place
        {
            if let Some(Reverse(head)) = self.heads.pop() {
                self.advance(head.age)?;
                values.push((head.age, head.value));
            }
        }
        let (kind, mailbox_id, key) = first.place;
        Ok(Some(Entries {
            kind,
            mailbox_id,
            key,
            values,
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
                entry.value = self.sum_of(&entry, &entries.values)?;
            } else {
                entry.value = entries
                    .values
                    .into_iter()
                    .next()
                    .and_then(|(_, value)| value);
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
        values: &[(usize, Option<String>)],
    ) -> Result<Option<String>, LakeError> {
        let mut sum: Option<Count> = None;
        let mut path = Path::new("");
        for (age, value) in values {
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
    values: Vec<(usize, Option<String>)>,
}

impl Iterator for Merged {
    type Item = Result<Entry, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_entry().transpose()
    }
}

/// Only the cursors among merged entries.
pub(crate) fn cursors_of(merged: Merged) -> impl Iterator<Item = Result<CursorRecord, LakeError>> {
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
pub(crate) fn newest(old: Option<Entry>, new: Entry) -> Result<Option<Entry>, LakeError> {
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

/// Adds the counts among merged entries to `counts`.
pub(crate) fn add_counts(merged: Merged, counts: &mut Counts) -> Result<(), LakeError> {
    for entry in merged {
        let entry = entry?;
        if entry.kind == EntryKind::Count {
            let count: Count = from_json(&entry, Path::new("a cursor file"))?;
            counts.insert((entry.key, entry.mailbox_id), count);
        }
    }
    Ok(())
}
