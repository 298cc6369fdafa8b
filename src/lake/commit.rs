//! One batch, one commit: files, cursor file, then the commit point, then the first view.
//!
//! The steps are functions of their own, so that a test can stop between any two of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::RecordBatch;
use futures_util::future::join_all;

use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::batch::Committed;
use crate::lake::cursors::entry::Entry;
use crate::lake::cursors::entry::EntryKind;
use crate::lake::cursors::file::CursorWriter;
use crate::lake::cursors::record::Count;
use crate::lake::cursors::record::SlotRecord;
use crate::lake::cursors::record::to_json;
use crate::lake::delta::data_file;
use crate::lake::delta::table::SlotStep;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::packed::Batches;
use crate::lake::packed::PackedRows;
use crate::lake::reported::Reported;
use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::version::next_version;
use crate::lake::view::derive::RowProvenance;
use crate::model::activity::Activity;
use crate::model::mailbox::slot;
use crate::model::run::RunStamp;
use crate::runtime::clock;
use crate::runtime::clock::Stopwatch;

/// What was decided before anything is written.
pub(super) struct Plan {
    pub steps: Vec<SlotStep>,
    pub run: RunStamp,
    pub provenance: RowProvenance,
}

/// Files that are written but not committed.
pub(super) struct Files {
    pub interactions: Vec<RecordBatch>,
    pub activities: Vec<RecordBatch>,
    pub activity_rows: usize,
}

impl Lake {
    /// Commits a batch: afterwards all of it has happened, or nothing.
    ///
    /// Blocks on disk and on the CPU pool: call it from a blocking thread, not from a task. Of two
    /// calls at once the second waits for the first.
    pub fn commit(&self, batch: &CommitBatch) -> Result<Committed, LakeError> {
        let _lock = self.lock_commits();
        let watch = Stopwatch::start();
        let mut batch = Cow::Borrowed(batch);
        if !batch.rows.is_empty() {
            self.encode(batch.to_mut())?;
        }
        let batch = &*batch;
        let plan = self.plan(batch)?;
        if plan.steps.is_empty() {
            return Ok(Committed::default());
        }
        let files = self.write_files(&plan, batch)?;
        self.write_cursors(&plan, batch)?;
        self.commit_interactions(&plan, &files)?;
        self.commit_activities(&plan, &files)?;
        tracing::info!(
            version = plan.provenance.generation,
            rows = batch.packed.len(),
            activities = files.activity_rows,
            files = files.interactions.len() + files.activities.len(),
            slots = plan.steps.len(),
            seconds = watch.elapsed().as_secs_f64(),
            "a commit was written"
        );
        Ok(Committed {
            version: plan.provenance.generation,
            slots: plan.steps.iter().map(|step| step.slot).collect(),
            interactions: batch.packed.len(),
            activities: files.activity_rows,
        })
    }

    /// Encodes the rows of a batch that is not committed yet, and lets them wait on the disk. Blocks
    /// on the CPU pool.
    pub fn spill(&self, batch: &mut CommitBatch) -> Result<(), LakeError> {
        self.encode(batch)?;
        batch.packed.spill(&self.root.join("_touchpoint"))
    }

    /// Encodes the rows of a batch that is not committed yet. Blocks on the CPU pool.
    pub fn encode(&self, batch: &mut CommitBatch) -> Result<(), LakeError> {
        let rows = std::mem::take(&mut batch.rows);
        let content = self.settings.activity_content;
        self.cpu.lend(|| batch.packed.add(&rows, content))
    }

    /// All rows of a batch, encoded.
    fn packed<'a>(&self, batch: &'a CommitBatch) -> Result<Cow<'a, PackedRows>, LakeError> {
        if batch.rows.is_empty() {
            return Ok(Cow::Borrowed(&batch.packed));
        }
        let mut batch = batch.clone();
        self.encode(&mut batch)?;
        Ok(Cow::Owned(batch.packed))
    }

    /// Checks the batch and gives it a version.
    pub(super) fn plan(&self, batch: &CommitBatch) -> Result<Plan, LakeError> {
        let unbalanced = batch.tallies.iter().filter(|t| !t.tally.is_balanced());
        let mailboxes = unbalanced.count();
        if mailboxes > 0 {
            return Err(LakeError::Unbalanced { mailboxes });
        }
        let cursors = batch.cursors.iter().map(|cursor| &*cursor.mailbox_id);
        let ids = cursors.chain(batch.tallies.iter().map(|tally| &*tally.mailbox.id));
        let mut slots: BTreeSet<u8> = ids.map(slot).collect();
        slots.extend(self.packed(batch)?.slots().keys());
        self.plan_slots(
            &slots,
            batch.run.clone(),
            Arc::clone(&batch.snapshot_digest),
        )
    }

    /// Gives a commit on some slots its version.
    pub(super) fn plan_slots(
        &self,
        slots: &BTreeSet<u8>,
        run: RunStamp,
        snapshot: Arc<str>,
    ) -> Result<Plan, LakeError> {
        self.check_snapshot(&snapshot)?;
        let mut steps = Vec::with_capacity(slots.len());
        for &slot in slots {
            self.check_held(slot)?;
            let previous = self.interactions.slot_version(slot)?;
            if self.activities.slot_version(slot)? != previous {
                return Err(LakeError::ViewBehind { slot });
            }
            steps.push(SlotStep {
                slot,
                previous,
                version: 0,
            });
        }
        let newest = steps.iter().filter_map(|step| step.previous).max();
        let version = next_version(newest);
        for step in &mut steps {
            step.version = version;
        }
        Ok(Plan {
            steps,
            provenance: RowProvenance {
                generation: version,
                matched_at: clock::now(),
                crm_snapshot: snapshot,
                run_id: Arc::clone(&run.run_id),
                content: self.settings.activity_content,
            },
            run,
        })
    }

    /// Step 1: the Parquet files of both tables, synced.
    pub(super) fn write_files(&self, plan: &Plan, batch: &CommitBatch) -> Result<Files, LakeError> {
        let packed = self.packed(batch)?;
        let rows = packed.interactions();
        let interactions = self.write_months(&self.interactions, plan, rows, 0)?;
        let rows = packed.activities(&plan.provenance);
        Ok(Files {
            interactions,
            activities: self.write_months(&self.activities, plan, rows, 0)?,
            activity_rows: packed.activity_rows(),
        })
    }

    /// Writes the files of `contact_activity` by month, numbered from `first`; gives their number of rows, too.
    pub(super) fn write_activities(
        &self,
        plan: &Plan,
        activities: &BTreeMap<String, Vec<Activity>>,
        first: usize,
    ) -> Result<(Vec<RecordBatch>, usize), LakeError> {
        let mut batches = Vec::new();
        for (month, rows) in activities {
            let rows: Vec<&Activity> = rows.iter().collect();
            let batch = ACTIVITIES
                .to_batch(&rows)
                .map_err(|e| LakeError::encode(self.activities.name.as_str(), &e))?;
            let batches_of_month: Batches = Box::new(std::iter::once(Ok(batch)));
            batches.push((month.clone(), batches_of_month));
        }
        let adds = self.write_months(&self.activities, plan, batches, first)?;
        Ok((adds, activities.values().map(Vec::len).sum()))
    }

    /// Writes one file for each month, on all cores.
    pub(super) fn write_months(
        &self,
        table: &Table,
        plan: &Plan,
        months: Vec<(String, Batches)>,
        first: usize,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let mut writes = Vec::with_capacity(months.len());
        for (number, (month, batches)) in (first..).zip(months) {
            let context = table.write_context(&month)?;
            let name = data_file::name(plan.provenance.generation, &plan.run.run_id, number);
            let table = table.name;
            let write = move || data_file::write(table, &context, batches, &name);
            writes.push(self.cpu.run(write));
        }
        let lost = |error: crate::runtime::cpu::TaskPanicked| LakeError::Encode {
            table: table.name.as_str(),
            why: error.to_string(),
        };
        let written = self.handle.block_on(join_all(writes));
        written
            .into_iter()
            .map(|add| add.map_err(lost).and_then(|add| add))
            .collect()
    }

    /// Step 2: the cursor file of this version.
    pub(super) fn write_cursors(&self, plan: &Plan, batch: &CommitBatch) -> Result<(), LakeError> {
        let path = self.cursors.file(plan.provenance.generation);
        let mut before = BTreeMap::new();
        for step in &plan.steps {
            if let Some(version) = step.previous {
                before.insert(step.slot, self.cursors.slot_record(version, step.slot)?);
            }
        }
        let reported = if before.values().any(SlotRecord::is_merge_due) {
            self.reported()?
        } else {
            Reported::default()
        };
        let mut writer = CursorWriter::create(&path)?;
        let packed = self.packed(batch)?;
        let mut added = SlotAdditions::of(batch, &packed, &path)?;
        for step in &plan.steps {
            let mut record = SlotRecord::new(step.version, &plan.provenance.crm_snapshot);
            let added = added.remove(&step.slot).unwrap_or_default();
            record.rows = added.rows;
            record.hash_sum = added.hash_sum;
            let mut entries: Vec<Entry> = added.entries.into_values().collect();
            if let Some(before) = before.remove(&step.slot) {
                if before.is_merge_due() {
                    entries = self
                        .cursors
                        .merge_slot(&before, step.slot, entries, &reported)?;
                }
                record.follow(before, entries.len() as u64);
            }
            if record.before.is_empty() {
                record.full_entries = entries.len() as u64;
            }
            writer.push(Entry {
                slot: step.slot,
                kind: EntryKind::Slot,
                mailbox_id: String::new(),
                key: String::new(),
                value: Some(to_json(&record, &path)?),
            })?;
            self.cursors.remember(step.slot, record);
            entries
                .into_iter()
                .try_for_each(|entry| writer.push(entry))?;
        }
        writer.finish()
    }

    /// Step 3: the commit point. From here on the batch has happened.
    pub(super) fn commit_interactions(&self, plan: &Plan, files: &Files) -> Result<(), LakeError> {
        self.interactions.append(&files.interactions, &plan.steps)
    }

    /// Step 4: the first view reaches the same versions.
    pub(super) fn commit_activities(&self, plan: &Plan, files: &Files) -> Result<(), LakeError> {
        self.activities.append(&files.activities, &plan.steps)
    }
}

/// What a batch adds to a slot.
#[derive(Default)]
struct SlotAdditions {
    rows: u64,
    hash_sum: u64,
    entries: BTreeMap<(EntryKind, String, String), Entry>,
}

impl SlotAdditions {
    fn of(
        batch: &CommitBatch,
        rows: &PackedRows,
        path: &std::path::Path,
    ) -> Result<BTreeMap<u8, Self>, LakeError> {
        let mut slots: BTreeMap<u8, Self> = BTreeMap::new();
        for (slot, rows) in rows.slots() {
            let added = slots.entry(*slot).or_default();
            (added.rows, added.hash_sum) = (rows.rows, rows.hash_sum);
        }
        for cursor in &batch.cursors {
            let (id, key) = (cursor.mailbox_id.clone(), cursor.key.clone());
            let added = slots.entry(slot(&id)).or_default();
            added.put(EntryKind::Cursor, id, key, cursor.value.clone());
        }
        let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
        for counted in &batch.tallies {
            let count = Count::new(counted, batch.run.started_at, clock::now());
            let sum = counts.entry(&counted.mailbox.id);
            sum.and_modify(|sum| sum.add(&count)).or_insert(count);
        }
        for (id, count) in counts {
            let added = slots.entry(slot(id)).or_default();
            let (id, run) = (id.to_owned(), batch.run.run_id.to_string());
            added.put(EntryKind::Count, id, run, Some(to_json(&count, path)?));
        }
        Ok(slots)
    }

    fn put(&mut self, kind: EntryKind, mailbox_id: String, key: String, value: Option<String>) {
        let entry = Entry {
            slot: slot(&mailbox_id),
            kind,
            mailbox_id: mailbox_id.clone(),
            key: key.clone(),
            value,
        };
        self.entries.insert((kind, mailbox_id, key), entry);
    }
}
