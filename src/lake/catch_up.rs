//! Bringing `contact_activity` to the versions of `interactions`, after whatever came between.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::lake::activities;
use crate::lake::activities::Stamp;
use crate::lake::commit::Batch;
use crate::lake::commit::Plan;
use crate::lake::compare::difference;
use crate::lake::error::LakeError;
use crate::lake::open::Lake;
use crate::lake::read::Since;
use crate::lake::table::SlotStep;
use crate::model::activity::Activity;
use crate::model::activity::Touch;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;
use crate::model::run::RunStamp;
use crate::runtime::clock;
use crate::runtime::random;

/// Rows that are held before they are written: bounds the memory of a catch-up from nothing.
const ROWS_PER_FLUSH: usize = 250_000;

/// What a catch-up did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaughtUp {
    /// The slots that were behind.
    pub slots: Vec<u8>,
    /// Rows that were appended.
    pub activities: usize,
    /// Whether everything had to be compared: another book, or somebody else merged files.
    pub compared_all: bool,
}

impl Lake {
    /// The slots in which `contact_activity` is behind, by digest of the book in force there.
    pub fn slots_behind(&self) -> Result<BTreeMap<String, Vec<u8>>, LakeError> {
        let reached = self.activity_versions()?;
        let mut behind: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (slot, version) in self.interaction_versions()? {
            if reached.get(&slot) != Some(&version) {
                let record = self.cursors.slot_record(version, slot)?;
                behind.entry(record.book).or_default().push(slot);
            }
        }
        Ok(behind)
    }

    /// Brings the view to the versions of `interactions` in the slots that are behind and whose
    /// book in force is `book` (see [`Lake::slots_behind`]); `matcher` must ask that book.
    ///
    /// It writes the same versions as the commits would have, so that of two processes that catch
    /// up the same slot one finds it done. Blocks, as [`Lake::commit`] does.
    pub fn catch_up_activities(
        &self,
        run: &RunStamp,
        book: &str,
        matcher: impl Fn(&Interaction) -> Vec<Touch>,
    ) -> Result<CaughtUp, LakeError> {
        let _turn = self.take_turn();
        self.bring_up(run, book, &matcher, false)
    }

    /// Commits a changed book for all slots of this process that have another one in force, and
    /// gives the interactions of which it says something else a new generation. With `full`,
    /// slots that have this book are compared as well.
    ///
    /// A crash in between is made up for by [`Lake::catch_up_activities`].
    pub fn rematch(
        &self,
        run: &RunStamp,
        book: &str,
        full: bool,
        matcher: impl Fn(&Interaction) -> Vec<Touch>,
    ) -> Result<CaughtUp, LakeError> {
        let _turn = self.take_turn();
        let mut slots = BTreeSet::new();
        for (slot, record) in self.slot_records()? {
            if self.check_held(slot).is_ok() && (full || record.book != book) {
                slots.insert(slot);
            }
        }
        let batch = Batch {
            run: run.clone(),
            rows: Vec::new(),
            cursors: Vec::new(),
            tallies: Vec::new(),
            book_digest: book.into(),
        };
        if !slots.is_empty() {
            let plan = self.plan_slots(&slots, run.clone(), book.into())?;
            self.write_cursors(&plan, &batch)?;
            self.interactions.append(&[], &plan.steps)?;
        }
        self.bring_up(run, book, &matcher, full)
    }

    fn bring_up(
        &self,
        run: &RunStamp,
        book: &str,
        matcher: &impl Fn(&Interaction) -> Vec<Touch>,
        full: bool,
    ) -> Result<CaughtUp, LakeError> {
        let slots = self.slots_behind()?.remove(book).unwrap_or_default();
        let mut steps = Vec::with_capacity(slots.len());
        for &slot in &slots {
            self.check_held(slot)?;
            steps.push(SlotStep {
                slot,
                previous: self.activities.slot_version(slot)?,
                version: self.interactions.slot_version(slot)?.unwrap_or_default(),
            });
        }
        let mut done = CaughtUp {
            slots,
            activities: 0,
            compared_all: false,
        };
        if steps.is_empty() {
            return Ok(done);
        }
        let mut writing = Writing::new(self, run, book, steps);
        let mut since = Since::Unknown;
        if !full && !self.has_book_changed(&writing.plan.steps, book) {
            let steps = writing.plan.steps.iter();
            since = self.interactions_since(&steps.map(|s| (s.slot, s.previous)).collect())?;
        }
        match since {
            Since::Rows(rows) => {
                for row in rows {
                    let row = row?;
                    let stamp = writing.stamp(&row);
                    let touches = matcher(&row);
                    writing.push(activities::derive(&row, &touches, &stamp).collect())?;
                }
            }
            Since::Unknown => {
                done.compared_all = true;
                self.for_each_pair(&done.slots, |row, current| {
                    let stamp = writing.stamp(&row);
                    writing.push(difference(&row, &matcher(&row), &stamp, current))
                })?;
            }
        }
        done.activities = writing.rows;
        writing.commit()?;
        Ok(done)
    }
}

impl Lake {
    /// Whether the view may have been made with another book: then older rows count, too. Where
    /// the old cursor file is gone (merged), nobody can tell.
    fn has_book_changed(&self, steps: &[SlotStep], book: &str) -> bool {
        let mut befores = steps.iter().filter_map(|step| {
            let version = step.previous?;
            Some(self.cursors.slot_record(version, step.slot))
        });
        !befores.all(|before| before.is_ok_and(|before| before.book == book))
    }
}

/// Files of the view that are being written for one commit.
struct Writing<'a> {
    lake: &'a Lake,
    plan: Plan,
    pending: BTreeMap<String, Vec<Activity>>,
    pending_rows: usize,
    adds: Vec<RecordBatch>,
    rows: usize,
}

impl<'a> Writing<'a> {
    fn new(lake: &'a Lake, run: &RunStamp, book: &str, steps: Vec<SlotStep>) -> Self {
        let newest = steps.iter().map(|step| step.version).max();
        let stamp = Stamp {
            // Readers pass over files by the version in their name, so it is the newest.
            generation: newest.unwrap_or_default(),
            matched_at: clock::now(),
            crm_snapshot: book.into(),
            run_id: Arc::clone(&run.run_id),
            content: lake.settings.activity_content,
        };
        // The commit that is made up for may have left files under its names, from the same run.
        let attempt = format!("{}_{:08x}", run.run_id, random::bits() >> 32);
        let run = RunStamp {
            run_id: attempt.into(),
            started_at: run.started_at,
        };
        Self {
            lake,
            plan: Plan { steps, run, stamp },
            pending: BTreeMap::new(),
            pending_rows: 0,
            adds: Vec::new(),
            rows: 0,
        }
    }

    /// The stamp for the rows of an interaction: its slot's version.
    fn stamp(&self, row: &Interaction) -> Stamp {
        let own = slot(&row.mailbox.id);
        let step = self.plan.steps.iter().find(|step| step.slot == own);
        Stamp {
            generation: step.map_or(self.plan.stamp.generation, |step| step.version),
            ..self.plan.stamp.clone()
        }
    }

    fn push(&mut self, rows: Vec<Activity>) -> Result<(), LakeError> {
        let Some(first) = rows.first() else {
            return Ok(());
        };
        let month = first.occurred_at.month();
        self.rows += rows.len();
        self.pending_rows += rows.len();
        self.pending.entry(month).or_default().extend(rows);
        if self.pending_rows >= ROWS_PER_FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LakeError> {
        let months = std::mem::take(&mut self.pending);
        self.pending_rows = 0;
        let first = self.adds.len();
        let (adds, _) = self.lake.write_activities(&self.plan, &months, first)?;
        self.adds.extend(adds);
        Ok(())
    }

    fn commit(mut self) -> Result<(), LakeError> {
        self.flush()?;
        self.lake.activities.append(&self.adds, &self.plan.steps)
    }
}
